"""One question after the other in the chat: what is open, what a text answers, and what comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.cards import CardKey
from domain.messages import Body
from domain.people import Person
from domain.questionnaire import Answers, Question, QuestionKind, Questionnaire, typed_value
from domain.repositories import Conversation
from handlers.context import Context, Speaker

PATIENCE = timedelta(hours=24)
"""How long a question asked in words waits for its answer."""

STOP_WORDS = frozenset({"取消", "算了", "cancel", "stop"})
PASS_WORDS = frozenset({"跳过", "pass", "skip", "-"})
YES_WORDS = frozenset({"是", "是的", "确认", "好", "好的", "yes", "y", "ok", "confirm"})
NO_WORDS = frozenset({"否", "不", "不是", "不要", "no", "n"})

SURE = "#sure"
"""How the names of questions begin that ask whether somebody is sure; no field's name begins with such a sign."""

YES, NO = "yes", "no"
"""The answers to whether somebody is sure."""

_LONGEST_KEPT = 60


@dataclass(frozen=True, slots=True)
class Asking:
    """Something that is asked in words.

    Attributes:
        conversation: Where it stands; what was answered so far is in it.
        questionnaire: What is asked.
        kept: What stays as it is if its question is passed over.
        finish: Takes all answers and returns what is said about them.
        title: What it is about, in the reader's words.
    """

    conversation: Conversation
    questionnaire: Questionnaire
    kept: Answers
    finish: Callable[[Answers], Body]
    title: str

    @property
    def question(self) -> Question | None:
        """The open question; `None` before the first, or if the practice has lost it since."""
        return next((q for q in self.questionnaire.questions if q.name == self.conversation.step), None)

    @property
    def wants_any_words(self) -> bool:
        """Whether whatever is typed now is an answer."""
        return self.question is not None and self.question.kind is QuestionKind.TEXT

    def with_answers(self, answers: Answers) -> Asking:
        """Return it with other answers given so far."""
        return replace(self, conversation=replace(self.conversation, answers=answers))

    def understands(self, text: str) -> bool:
        """Tell whether a text can be an answer to the open question.

        Raises:
            Refused: It is one, but too long.
        """
        return self.question is not None and (
            self.may_pass(self.question, text) or _value(self.question, text) is not None
        )

    def may_pass(self, question: Question, text: str) -> bool:
        """Tell whether a text passes over a question that may be passed over."""
        return text.casefold() in PASS_WORDS and (not question.required or question.name in self.kept)


def opened(ctx: Context, actor: Person, topic: CardKey, answers: Answers) -> Conversation:
    """Return a conversation about a card before its first question; it is not stored yet."""
    return Conversation(actor.person_id, topic, "", answers, ctx.now + PATIENCE)


def ask(ctx: Context, actor: Person, asking: Asking, *, after: str | None = None) -> Body:
    """Ask the next question that has no answer, or finish if there is none.

    Args:
        ctx: The world.
        actor: Who is asked.
        asking: With the answers given so far.
        after: The question just dealt with, by name; earlier ones are not asked again.
    """
    question = _next_question(asking, after)
    if question is None:
        ctx.store.conversations.end(actor.person_id)
        return asking.finish(asking.questionnaire.relevant(asking.conversation.answers))
    waiting = replace(asking.conversation, step=question.name, expires_at=ctx.now + PATIENCE)
    ctx.store.conversations.put(waiting)
    return question_text(ctx.speaker(actor), asking, question)


def _next_question(asking: Asking, after: str | None) -> Question | None:
    answers = asking.conversation.answers
    names = [question.name for question in asking.questionnaire.questions]
    past = names.index(after) if after in names else -1
    asked = asking.questionnaire.asked(answers)
    return next((q for q in asked if names.index(q.name) > past and q.name not in answers), None)


def question_text(speaker: Speaker, asking: Asking, question: Question) -> str:
    """Return one question in words, with numbered options and how to answer, to pass it over and to stop."""
    if question.name.startswith(SURE):
        return f"{question.text}\n{speaker.say('typed.hint.sure')}"
    names = [each.name for each in asking.questionnaire.questions]
    values = {"number": names.index(question.name) + 1, "count": len(names), "question": question.text}
    lines = [speaker.say("typed.question", values)]
    lines += [f"{number}. {label}" for number, label in enumerate(question.unlettered, start=1)]
    hint = {QuestionKind.TEXT: "typed.hint.text", QuestionKind.CHOICES: "typed.hint.choices"}
    lines.append(speaker.say(hint.get(question.kind, "typed.hint.choice")))
    if question.name in asking.kept:
        lines.append(speaker.say("typed.hint.keep", {"value": _readable(speaker, question, asking.kept)}))
    elif not question.required:
        lines.append(speaker.say("typed.hint.optional"))
    return "\n".join(lines)


def _readable(speaker: Speaker, question: Question, kept: Answers) -> str:
    value = kept[question.name]
    words = speaker.listed([question.label_of(each) for each in ((value,) if isinstance(value, str) else value)])
    return words if len(words) <= _LONGEST_KEPT else f"{words[:_LONGEST_KEPT]}…"


def take(ctx: Context, actor: Person, asking: Asking, text: str) -> Body:
    """Take a text as the answer to the open question, and ask the next one or finish.

    Raises:
        Refused: It is too long; the question stays open.
    """
    question = asking.question
    if question is None:
        return ask(ctx, actor, asking)
    answers = dict(asking.conversation.answers)
    if not asking.may_pass(question, text):
        value = _value(question, text)
        if value is None:
            speaker = ctx.speaker(actor)
            return f"{speaker.say('typed.unclear')}\n{question_text(speaker, asking, question)}"
        answers[question.name] = value
    elif question.name in asking.kept:
        answers[question.name] = asking.kept[question.name]
    return ask(ctx, actor, asking.with_answers(answers), after=question.name)


def _value(question: Question, text: str) -> str | tuple[str, ...] | None:
    if question.name.startswith(SURE):
        said = text.strip().casefold()
        return YES if said in YES_WORDS else NO if said in NO_WORDS else None
    return typed_value(question, text)
