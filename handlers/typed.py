"""Words typed to the bot: commands, answers to a question it has asked, and answers to a card that was quoted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from domain.cards import Card, CardKey
from domain.checkin import Checkin, CheckinState
from domain.duties import ANSWER
from domain.errors import Refused
from domain.events import TextSaid
from domain.ids import CheckinId, OccurrenceId
from domain.messages import Body, Draft, Priority
from domain.people import Person
from domain.questionnaire import Question, QuestionKind, read_typed, typed_value
from domain.repositories import Conversation
from handlers import ask_again, checkin, checkin_cards, follow_up, leave, reply, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter

PATIENCE = timedelta(hours=24)
"""How long a question asked in words waits for its answer."""

_Command = Callable[[Context, Person, str], Body]

_SLASHES = ("/", "／")
_STOP_WORDS = frozenset({"取消", "算了", "cancel", "stop"})
_PASS_WORDS = frozenset({"跳过", "pass", "skip", "-"})


def said(ctx: Context, event: TextSaid, actor: Person) -> None:
    """Handle a message: say something true and useful, whatever was typed."""
    try:
        body = _respond(ctx, event, actor)
    except Refused as refusal:
        body = ctx.speaker(actor).say(refusal.key, refusal.args_for_sentence)
    dedupe = f"said:{event.origin.platform}:{event.origin.event_id}"
    ctx.store.outbox.put(Draft(actor.person_id, body, Priority.ANSWER, dedupe, asked=True))


def _respond(ctx: Context, event: TextSaid, actor: Person) -> Body:
    command = _command_of(event.text)
    if command is not None:
        ctx.store.conversations.end(actor.person_id)
        act, rest = command
        return act(ctx, actor, rest)
    quoted = ctx.store.outbox.subject_of(event.reply_to) if event.reply_to else None
    if quoted is not None:
        return _about_card(ctx, actor, quoted, event.text)
    conversation = ctx.store.conversations.get(actor.person_id, ctx.now)
    if conversation is not None:
        return _go_on(ctx, actor, conversation, event.text)
    return _unprompted(ctx, actor, event.text)


def _command_of(text: str) -> tuple[_Command, str] | None:
    """Return the command that a text begins with, and what follows it; without a slash it must stand alone."""
    name, rest = _first_word(text)
    if not name.startswith(_SLASHES):
        return (_COMMANDS[name.casefold()], "") if not rest and name.casefold() in _COMMANDS else None
    name = name[1:]
    if name.casefold() in _COMMANDS:
        return _COMMANDS[name.casefold()], rest
    # Chinese is written without blanks: "/请假到 12-01".
    glued = next((known for known in _COMMANDS if not known.isascii() and name.startswith(known)), None)
    return (_COMMANDS[glued], f"{name.removeprefix(glued)} {rest}".strip()) if glued else None


def _first_word(text: str) -> tuple[str, str]:
    words = text.split(maxsplit=1)
    return (words[0] if words else ""), (words[1] if len(words) > 1 else "")


def _about_card(ctx: Context, actor: Person, card: CardKey, text: str) -> Body:
    if card.kind == checkin_cards.KIND:
        found = ctx.store.checkins.of_round(OccurrenceId(card.subject), actor.person_id)
        if found is not None:
            return _answer_or_ask(ctx, actor, found, text)
    if card.kind == reply_cards.KIND:
        found = ctx.store.checkins.get(CheckinId(card.subject))
        if found is not None:
            return _reply(ctx, actor, found, text)
    return _help(ctx, actor, "")


def _unprompted(ctx: Context, actor: Person, text: str) -> Body:
    latest = ctx.store.checkins.latest(actor.person_id)
    if latest is not None and latest.state is not CheckinState.SUBMITTED:
        return _answer_or_ask(ctx, actor, latest, text)
    return _help(ctx, actor, "")


def _answer_or_ask(ctx: Context, actor: Person, found: Checkin, text: str) -> Body:
    answers = read_typed(found.questionnaire, text)
    if answers is None or found.questionnaire.pending(answers):
        return _ask_from(ctx, actor, found, answers or {}, after=None)
    card, _ = checkin.accept(ctx, actor, found, answers)
    return card


def _ask_from(
    ctx: Context, actor: Person, found: Checkin, answers: dict[str, str | tuple[str, ...]], after: str | None
) -> Body:
    question = _next_question(found, answers, after)
    if question is None:
        ctx.store.conversations.end(actor.person_id)
        card, _ = checkin.accept(ctx, actor, found, answers)
        return card
    topic = checkin_cards.key_of(found.occurrence_id)
    conversation = Conversation(actor.person_id, topic, question.name, answers, ctx.now + PATIENCE)
    ctx.store.conversations.put(conversation)
    return question_text(ctx, actor, found, question)


def _next_question(found: Checkin, answers: dict[str, str | tuple[str, ...]], after: str | None) -> Question | None:
    asked = found.questionnaire.asked(answers)
    names = [question.name for question in found.questionnaire.questions]
    past = names.index(after) if after in names else -1
    return next((q for q in asked if names.index(q.name) > past and q.name not in answers), None)


def question_text(ctx: Context, actor: Person, found: Checkin, question: Question) -> str:
    """Return one question in words, with numbered options."""
    speaker = ctx.speaker(actor)
    names = [q.name for q in found.questionnaire.questions]
    values = {"number": names.index(question.name) + 1, "count": len(names), "question": question.text}
    lines = [speaker.say("typed.question", values)]
    lines += [f"{number}. {option.label}" for number, option in enumerate(question.options, start=1)]
    hint = {QuestionKind.TEXT: "typed.hint.text", QuestionKind.CHOICES: "typed.hint.choices"}
    lines.append(speaker.say(hint.get(question.kind, "typed.hint.choice")))
    if not question.required:
        lines.append(speaker.say("typed.hint.optional"))
    return "\n".join(lines)


def _go_on(ctx: Context, actor: Person, conversation: Conversation, text: str) -> Body:
    if text.casefold() in _STOP_WORDS:
        ctx.store.conversations.end(actor.person_id)
        return ctx.speaker(actor).say("typed.stopped")
    if conversation.topic.kind == reply_cards.KIND:
        found = ctx.store.checkins.get(CheckinId(conversation.topic.subject))
        return _reply(ctx, actor, found, text) if found else _help(ctx, actor, "")
    found = ctx.store.checkins.of_round(OccurrenceId(conversation.topic.subject), actor.person_id)
    return _take(ctx, actor, found, conversation, text) if found else _help(ctx, actor, "")


def _take(ctx: Context, actor: Person, found: Checkin, conversation: Conversation, text: str) -> Body:
    question = next(q for q in found.questionnaire.questions if q.name == conversation.step)
    answers = dict(conversation.answers)
    if not (text.casefold() in _PASS_WORDS and not question.required):
        value = typed_value(question, text)
        if value is None:
            unclear = ctx.speaker(actor).say("typed.unclear")
            return f"{unclear}\n{question_text(ctx, actor, found, question)}"
        answers[question.name] = value
    return _ask_from(ctx, actor, found, answers, after=question.name)


def _reply(ctx: Context, actor: Person, found: Checkin, text: str) -> Body:
    question = reply_cards.takes_words(found)
    matter = reply.matter_for(ctx, found, actor)
    words = typed_value(question, text) if question else None
    if question is None or words is None:
        return follow_up.request_face(ctx, matter, actor)
    ctx.store.conversations.end(actor.person_id)
    reply.accept(ctx, actor, matter, {question.name: words})
    return ctx.speaker(actor).say("reply.toast.sent", {"name": matter.author.name})


def _weekly(ctx: Context, actor: Person, rest: str) -> Body:
    return ask_again.latest_card(ctx, actor)


def _reply_command(ctx: Context, actor: Person, rest: str) -> Body:
    name, words = _first_word(rest)
    matters = _waiting_under(ctx, actor, name)
    if not matters:
        return ctx.speaker(actor).say("reply.none_from", {"name": name or "?"})
    if len(matters) > 1:
        return _show_each(ctx, actor, matters)
    (matter,) = matters
    if not words.strip():
        topic = reply_cards.key_of(matter.checkin)
        ctx.store.conversations.put(Conversation(actor.person_id, topic, "", {}, ctx.now + PATIENCE))
    return _reply(ctx, actor, matter.checkin, words)


def _waiting_under(ctx: Context, actor: Person, name: str) -> list[Matter]:
    owed = (duty for duty in ctx.store.duties.owed_by(actor.person_id) if duty.kind != ANSWER)
    found = [matter for duty in owed if (matter := follow_up.matter_of(ctx, duty)) and matter.author.name == name]
    first_of_each = {matter.author.person_id: matter for matter in reversed(found)}
    return list(first_of_each.values())


def _show_each(ctx: Context, actor: Person, matters: list[Matter]) -> Body:
    """Show the cards of several people of one name: which of them is meant only their words tell."""
    *others, last = (follow_up.request_face(ctx, matter, actor) for matter in matters)
    for card in others:
        ctx.store.outbox.put(Draft(actor.person_id, card, Priority.ANSWER, f"which:{ctx.new_id()}", asked=True))
    return last


def _leave(ctx: Context, actor: Person, rest: str) -> Body:
    return leave.take(ctx, actor, rest)


def _back(ctx: Context, actor: Person, rest: str) -> Body:
    return leave.come_back(ctx, actor)


def _open_matters(ctx: Context, actor: Person, rest: str) -> Body:
    speaker = ctx.speaker(actor)
    duties = ctx.store.duties.owed_by(actor.person_id)
    if not duties:
        return speaker.say("todo.none")
    lines = [speaker.say("todo.lead", {"count": len(duties)})]
    for duty in duties[:20]:
        about = ctx.person(duty.about_id).name
        key = "todo.answer" if duty.kind == ANSWER else "todo.reply"
        lines.append(speaker.say(key, {"name": about, "due": speaker.when(duty.due_at)}))
    return "\n".join(lines)


def _help(ctx: Context, actor: Person, rest: str) -> Card | str:
    return ctx.speaker(actor).say("help.text", {"count": len(ctx.store.duties.owed_by(actor.person_id))})


_COMMANDS: dict[str, _Command] = {
    "周报": _weekly,
    "复盘": _weekly,
    "weekly": _weekly,
    "回复": _reply_command,
    "reply": _reply_command,
    "请假": _leave,
    "leave": _leave,
    "销假": _back,
    "回来": _back,
    "back": _back,
    "待办": _open_matters,
    "todo": _open_matters,
    "帮助": _help,
    "help": _help,
}
