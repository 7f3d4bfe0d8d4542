"""Questions: what may be asked, what counts as an answer, and which question follows from which.

Answers are a mapping of question name to text, to one option's value, or to several values. A conditional question is
asked only while its condition holds; an answer to a question that is no longer asked is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase

from domain.cards import ChoiceField, Field, Option, TextField
from domain.errors import Refused
from domain.events import FormValue

Answers = Mapping[str, str | tuple[str, ...]]


class QuestionKind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"
    CHOICES = "choices"
    SCALE = "scale"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """One choice.

    Attributes:
        value: What is stored.
        label: What is shown.
        score: Its place on the question's scale for comparisons, or `None` if it has none.
    """

    value: str
    label: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What a weekly report says about an answer compared with the team's mean; empty says nothing."""

    below: str = ""
    level: str = ""
    above: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        name: Stable key of the answer.
        text: The question itself.
        kind: How it is answered.
        options: The choices, for every kind but text.
        required: Whether a submission needs it.
        shared: Whether its answer may be read out to the team; the asked person is told so.
        placeholder: A hint inside the empty field.
        max_length: Characters, for text.
        only_if: Ask only if that earlier question has one of those values, or always if `None`.
        advice: What to say when compared with the team.
    """

    name: str
    text: str
    kind: QuestionKind = QuestionKind.TEXT
    options: tuple[AnswerOption, ...] = ()
    required: bool = True
    shared: bool = False
    placeholder: str = ""
    max_length: int = 1000
    only_if: tuple[str, tuple[str, ...]] | None = None
    advice: Advice | None = None

    def label_of(self, value: str) -> str:
        """Return what is shown for a stored value; free text shows itself."""
        return next((option.label for option in self.options if option.value == value), value)

    @property
    def unlettered(self) -> tuple[str, ...]:
        """What the options say in a list that counts them: without the letters A, B, C, if each bears its own."""
        lettered = list(zip(ascii_uppercase, (option.label for option in self.options), strict=False))
        if len(lettered) < len(self.options) or not all(label.startswith(f"{letter} ") for letter, label in lettered):
            return tuple(option.label for option in self.options)
        return tuple(label.removeprefix(f"{letter} ") for letter, label in lettered)

    def score_of(self, value: str) -> float | None:
        """Return the score of a stored value, `None` where it has none."""
        return next((option.score for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """An ordered set of questions with the words around them."""

    name: str
    title: str
    questions: tuple[Question, ...]
    intro: str = ""

    def asked(self, answers: Answers) -> tuple[Question, ...]:
        """Return the questions to be asked, given what is answered so far.

        They are judged from first to last: an answer to a question that is not asked itself brings up no other.
        """
        asked: list[Question] = []
        counted: dict[str, str | tuple[str, ...]] = {}
        for question in self.questions:
            if _applies(question, counted):
                asked.append(question)
                counted[question.name] = answers.get(question.name, "")
        return tuple(asked)

    def relevant(self, answers: Answers) -> dict[str, str | tuple[str, ...]]:
        """Return the answers to the questions that are asked, in their order; orphaned and empty ones are left out."""
        return {q.name: answers[q.name] for q in self.asked(answers) if answers.get(q.name)}

    def pending(self, answers: Answers) -> tuple[Question, ...]:
        """Return the required questions that are asked and not yet answered."""
        return tuple(q for q in self.asked(answers) if q.required and not answers.get(q.name))


def _applies(question: Question, answers: Answers) -> bool:
    if question.only_if is None:
        return True
    name, values = question.only_if
    given = answers.get(name, ())
    return bool(set(values) & set((given,) if isinstance(given, str) else given))


def read_form(questionnaire: Questionnaire, form: Mapping[str, FormValue]) -> dict[str, str | tuple[str, ...]]:
    """Turn what a form brought back into answers, dropping what was left empty.

    Raises:
        Refused: An unknown option or too long a text, naming the question.
    """
    answers = {q.name: _clean(q, form.get(q.name, "")) for q in questionnaire.questions}
    return questionnaire.relevant(answers)


def _clean(question: Question, value: FormValue) -> str | tuple[str, ...]:
    if question.kind is QuestionKind.TEXT:
        return _short_enough(question, value.strip() if isinstance(value, str) else "")
    chosen = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    chosen = tuple(item for item in chosen if item)
    known = {option.value for option in question.options}
    if not set(chosen) <= known:
        raise Refused("answer.no_such_option", {"question": question.text})
    if question.kind is QuestionKind.CHOICES:
        return _in_order(question, chosen)
    return chosen[0] if chosen else ""


def _short_enough(question: Question, text: str) -> str:
    if len(text) > question.max_length:
        raise Refused("answer.too_long", {"question": question.text, "most": question.max_length})
    return text


def _in_order(question: Question, values: Sequence[str]) -> tuple[str, ...]:
    # One set of choices is stored one way, so that ticking the same boxes in another order is no change.
    return tuple(option.value for option in question.options if option.value in values)


def fields_of(questions: Sequence[Question], answers: Answers) -> tuple[Field, ...]:
    """Return the card fields for questions, numbered if there are several, filled with what is answered already."""
    if len(questions) == 1:
        return (_field(questions[0].text, questions[0], answers),)
    return tuple(_field(f"{number}. {each.text}", each, answers) for number, each in enumerate(questions, start=1))


def _field(label: str, question: Question, answers: Answers) -> Field:
    given = answers.get(question.name, "")
    if question.kind is QuestionKind.TEXT:
        text = given if isinstance(given, str) else ""
        return TextField(question.name, label, question.required, True, question.max_length, text, question.placeholder)
    options = tuple(Option(option.value, option.label) for option in question.options)
    initial = ((given,) if given else ()) if isinstance(given, str) else given
    multiple = question.kind is QuestionKind.CHOICES
    return ChoiceField(question.name, label, options, question.required, multiple, initial, question.placeholder)


_COARSE = re.compile(r"[\n,，、;；|｜]+")
_FINE = re.compile(r"[\s,，、;；|｜/／]+")
_NUMBER = r"(?:[(（]?(\d{1,2})(?:[)）、]|[.．:：](?!\d))|([①-⑳])[.．、:：]?)\s*"
_NUMBERS_AT_LINES = re.compile(r"^\s*" + _NUMBER, re.MULTILINE)
_NUMBERS_AT_BLANKS = re.compile(r"(?:^|(?<=\s))" + _NUMBER)
_SIGNS = " ().,、。:;"
_CHOSEN_BY_ONE_SIGN = frozenset({QuestionKind.CHOICE, QuestionKind.SCALE})


def typed_value(question: Question, text: str) -> str | tuple[str, ...] | None:
    """Read one typed answer: a number, a letter or the label of an option, or free text.

    Returns:
        The value to store, or `None` if the text names no option.

    Raises:
        Refused: Too long a text, naming the question.
    """
    value = _typed(question, text)
    return _short_enough(question, value) if question.kind is QuestionKind.TEXT and isinstance(value, str) else value


def _typed(question: Question, text: str) -> str | tuple[str, ...] | None:
    if question.kind is QuestionKind.TEXT:
        return text.strip() or None
    if question.kind is QuestionKind.CHOICES:
        return _options(question, text)
    return _option(question, text)


def _options(question: Question, text: str) -> tuple[str, ...] | None:
    for parts in _splits(text):
        picked = [value for part in parts if (value := _option(question, part)) is not None]
        if picked and len(picked) == len(parts):
            return _in_order(question, picked)
    return None


def _option(question: Question, text: str) -> str | None:
    values = [option.value for option in question.options]
    # What is seen wins over what is counted: on a scale that starts at 0, "1" is a label and not the first option.
    names = (
        [_plain(option.label) for option in question.options],
        [_plain(label) for label in question.unlettered],
        [str(number) for number in range(1, len(values) + 1)],
        list(ascii_lowercase),
        [_plain(value) for value in values],
    )
    typed = _plain(text)
    for wanted in filter(None, (typed, typed.strip(_SIGNS))):
        for row in names:
            if wanted in row[: len(values)]:
                return values[row.index(wanted)]
    return None


def _plain(text: str) -> str:
    # NFKC (Unicode annex 15) makes full-width letters, digits and signs, and ① as well, the plain ones.
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _splits(text: str) -> Iterator[list[str]]:
    """Yield ever finer ways to take a line of choices apart: not at all, at commas, at blanks, sign by sign."""
    yield [text]
    for separators in (_COARSE, _FINE):
        yield [part for part in separators.split(text) if part.strip()]
    packed = _plain(text)
    if packed.isascii() and packed.isalnum():
        yield list(packed)


def read_typed(questionnaire: Questionnaire, text: str) -> dict[str, str | tuple[str, ...]] | None:
    """Read a whole questionnaire typed in one message ("1 2 3", "BAC", or numbered lines).

    Numbers before answers say which question is meant, in the order in which they are asked.

    Returns:
        The answers, or `None` if the message is not a complete set: then the questions are asked one by one.

    Raises:
        Refused: The set is complete, but a text in it is too long; names the question.
    """
    fits = (_fit(questionnaire, parts, kinds) for parts, kinds in _readings(text))
    answers = next((fit for fit in fits if fit is not None), None)
    return None if answers is None else read_form(questionnaire, answers)


def _readings(text: str) -> Iterator[tuple[list[str], frozenset[QuestionKind]]]:
    """Yield how a message may fall into answers, and which kinds of question may be answered in that way."""
    for numbers in (_NUMBERS_AT_LINES, _NUMBERS_AT_BLANKS):
        yield _numbered(numbers, text), frozenset(QuestionKind)
    yield [text], _CHOSEN_BY_ONE_SIGN | {QuestionKind.CHOICES}
    for parts in _splits(text):
        yield parts, _CHOSEN_BY_ONE_SIGN


def _fit(
    questionnaire: Questionnaire, parts: Sequence[str], kinds: frozenset[QuestionKind]
) -> dict[str, str | tuple[str, ...]] | None:
    answers: dict[str, str | tuple[str, ...]] = {}
    left = list(parts)
    for question in questionnaire.questions:
        if not _applies(question, answers):
            continue
        if question.kind not in kinds or not left:
            return None
        part = left.pop(0)
        value = _typed(question, part)
        if value is not None:
            answers[question.name] = value
        elif question.required or part.strip():
            return None
    return None if left else answers


def _numbered(numbers: re.Pattern[str], text: str) -> list[str]:
    """Return the parts behind 1, 2, 3 in that order; none if the numbers are not exactly these, or words precede."""
    marks = list(numbers.finditer(text))
    if len(marks) < 2 or text[: marks[0].start()].strip():
        return []  # one number alone is rather an option ("1、3" picks two) than a list
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = {_number(mark): text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}
    return [parts[number] for number in sorted(parts)] if sorted(parts) == list(range(1, len(marks) + 1)) else []


def _number(mark: re.Match[str]) -> int:
    return int(_plain(mark.group(1) or mark.group(2)))
