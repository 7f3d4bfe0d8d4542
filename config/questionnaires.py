"""Answers for questionnaires (问卷): whether questions make sense together, and the domain's value of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from config.practice_schema import OptionPart, QuestionnairePart, QuestionPart
from config.problems import Finding, near
from domain.questionnaire import Advice, AnswerOption, Question, QuestionKind, Questionnaire

_NUMBER = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,3})?")


def questionnaire_of(name: str, part: QuestionnairePart) -> Questionnaire:
    """Return the domain's questionnaire."""
    return Questionnaire(name, part.title, tuple(_question(question) for question in part.questions), part.intro)


def _question(part: QuestionPart) -> Question:
    return Question(
        name=part.name,
        text=part.text,
        kind=part.kind,
        options=tuple(_option(part.kind, option) for option in part.options),
        required=part.required,
        shared=part.shared,
        placeholder=part.placeholder,
        max_length=part.max_length,
        only_if=(part.only_if.question, part.only_if.values) if part.only_if else None,
        advice=Advice(part.advice.below, part.advice.level, part.advice.above) if part.advice else None,
    )


def _option(kind: QuestionKind, part: OptionPart) -> AnswerOption:
    value = _value(part)
    score = _number(value) if kind is QuestionKind.SCALE and part.score is None else part.score
    return AnswerOption(value, part.label, score)


def _value(option: OptionPart) -> str:
    return option.value or option.label


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def questionnaire_findings(part: QuestionnairePart) -> Iterator[Finding]:
    """Tell what is wrong with a questionnaire whose parts are each of the right form."""
    names: set[str] = set()
    for index, question in enumerate(part.questions):
        if question.name in names:
            yield Finding(("questions", index, "name"), f"{question.name!r} is the name of a question above")
        names.add(question.name)
        findings = [
            *_option_findings(question),
            *_score_findings(question),
            *_condition_findings(question, part.questions[:index]),
        ]
        yield from (finding.under("questions", index) for finding in findings)


def _option_findings(question: QuestionPart) -> Iterator[Finding]:
    if question.kind is QuestionKind.TEXT:
        if question.options:
            yield Finding(("options",), "a text has no options", "kind: choice, choices or scale with options")
        return
    if len(question.options) < 2:
        yield Finding(("options",) if question.options else (), f"a {question.kind} needs at least two options")
    if "max_length" in question.model_fields_set:
        yield Finding(("max_length",), "is for texts only", "kind: text with max_length")
    for word in _repeated(map(_value, question.options)) or _repeated(option.label for option in question.options):
        yield Finding(("options",), f"{word!r} is there twice; whoever types it could mean either")


def _repeated(words: Iterable[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def _score_findings(question: QuestionPart) -> Iterator[Finding]:
    is_scale = question.kind is QuestionKind.SCALE
    scored = [is_scale or option.score is not None for option in question.options]
    for index, option in enumerate(question.options):
        if is_scale and _number(_value(option)) is None:
            yield Finding(("options", index), "a scale's options have numbers as values", "1, 2, 3, 4, 5")
    if any(scored) and not all(scored):
        yield Finding(("options",), "some options have a score and some have none")
    if question.advice is not None and (question.kind is QuestionKind.CHOICES or not scored or not all(scored)):
        yield Finding(("advice",), "can be given on scores only", "kind: scale, or choice with a score at each option")


def _condition_findings(question: QuestionPart, earlier: Sequence[QuestionPart]) -> Iterator[Finding]:
    if question.only_if is None:
        return
    asked = {each.name: each for each in earlier if each.kind is not QuestionKind.TEXT}
    wanted = question.only_if.question
    if wanted not in asked:
        known = ", ".join(asked) or "none here"
        yield Finding(
            ("only_if", "question"), f"{wanted!r} is no question with options above{near(wanted, asked)}", known
        )
        return
    known_values = [_value(option) for option in asked[wanted].options]
    for index, value in enumerate(question.only_if.values):
        if value not in known_values:
            message = f"{value!r} is no value of {wanted!r}{near(value, known_values)}"
            yield Finding(("only_if", "is", index), message, ", ".join(known_values))
