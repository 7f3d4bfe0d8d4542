"""Commands typed to the bot, with a slash or without, and what each of them does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.cards import Card
from domain.checkin import Checkin
from domain.duties import ANSWER, Duty
from domain.messages import Body, Draft, Priority
from domain.people import Person, present
from domain.questionnaire import typed_value
from handlers import ask_again, follow_up, in_words, leave, reply, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter

Command = Callable[[Context, Person, str], Body]
"""Obeys somebody's command with what follows it, and returns what to say."""

MOST_LINES = 20
"""Lines of a list of open matters."""

_SLASHES = ("/", "／")


def find(text: str) -> tuple[Command, str] | None:
    """Return the command that a text begins with, and what follows it; without a slash it must stand alone."""
    name, rest = _first_word(text)
    if not name.startswith(_SLASHES):
        return (COMMANDS[name.casefold()], "") if not rest and name.casefold() in COMMANDS else None
    name = name[1:]
    if name.casefold() in COMMANDS:
        return COMMANDS[name.casefold()], rest
    return _glued(name, rest)


def _glued(name: str, rest: str) -> tuple[Command, str] | None:
    # Chinese is written without blanks: "/请假到 12-01".
    known = next((known for known in COMMANDS if not known.isascii() and name.startswith(known)), None)
    return (COMMANDS[known], f"{name.removeprefix(known)} {rest}".strip()) if known else None


def find_without_slash(ctx: Context, actor: Person, text: str) -> tuple[Command, str] | None:
    """Return a command and its words where no slash is needed because nothing else can be meant.

    That is leave with nothing but days after it, and a reply to somebody of that name who waits for one.
    """
    name, rest = _first_word(text)
    command = COMMANDS.get(name.casefold())
    found = (command, rest) if command is not None else _glued(name, rest)
    if found is None:
        return None
    command, rest = found
    if command is _leave and leave.is_nothing_but_days(rest):
        return found
    who, _ = _first_word(rest)
    return found if command is _reply_to and who and _waiting_under(ctx, actor, who) else None


def _first_word(text: str) -> tuple[str, str]:
    words = text.split(maxsplit=1)
    return (words[0] if words else ""), (words[1] if len(words) > 1 else "")


def reply_in_words(ctx: Context, actor: Person, found: Checkin, text: str) -> Body:
    """Take words as the follow-up of a check-in, or show what it asks if words alone cannot be that.

    Raises:
        Refused: Nothing is owed, or somebody else owes it.
    """
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


def _reply_to(ctx: Context, actor: Person, rest: str) -> Body:
    name, words = _first_word(rest)
    matters = _waiting_under(ctx, actor, name)
    if not matters:
        return ctx.speaker(actor).say("reply.none_from", {"name": name or "?"})
    if len(matters) > 1:
        return _show_each(ctx, actor, matters)
    (matter,) = matters
    question = reply_cards.takes_words(matter.checkin)
    if not words.strip() and question is not None:
        opened = in_words.about_reply(ctx, actor, matter.checkin).conversation
        ctx.store.conversations.put(replace(opened, step=question.name))
    return reply_in_words(ctx, actor, matter.checkin, words)


def _waiting_under(ctx: Context, actor: Person, name: str) -> list[Matter]:
    """Return what somebody may reply to, their own or as a deputy, one a person of that name who waits."""
    stood_in_for = ctx.store.people.stood_in_for(actor.person_id)
    debtors = [actor.person_id, *(person.person_id for person in stood_in_for)]
    owed = [duty for debtor in debtors for duty in ctx.store.duties.owed_by(debtor) if _may_act(actor, duty)]
    found = [matter for duty in owed if (matter := follow_up.matter_of(ctx, duty)) and matter.author.name == name]
    first_of_each = {matter.author.person_id: matter for matter in reversed(found)}
    return list(first_of_each.values())


def _may_act(actor: Person, duty: Duty) -> bool:
    # Nobody answers for another, and nobody replies to themselves, also as a deputy.
    return duty.kind != ANSWER and duty.about_id != actor.person_id


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


def _list_open(ctx: Context, actor: Person, rest: str) -> Body:
    speaker = ctx.speaker(actor)
    duties = open_matters(ctx, actor)
    if not duties:
        return speaker.say("todo.none")
    lines = [speaker.say("todo.lead", {"count": len(duties)})]
    return "\n".join(lines + [_line(ctx, actor, duty) for duty in duties[:MOST_LINES]])


def open_matters(ctx: Context, actor: Person) -> Sequence[Duty]:
    """Return what waits for somebody, soonest due first: what they owe, and what they look after now as a deputy."""
    duties = list(ctx.store.duties.owed_by(actor.person_id))
    for debtor in ctx.store.people.stood_in_for(actor.person_id):
        found = present(ctx.store.people, debtor.person_id, ctx.today(debtor))
        if found is not None and found.person.person_id == actor.person_id:
            duties += [duty for duty in ctx.store.duties.owed_by(debtor.person_id) if _may_act(actor, duty)]
    return sorted(duties, key=lambda duty: duty.due_at)


def _line(ctx: Context, actor: Person, duty: Duty) -> str:
    speaker = ctx.speaker(actor)
    values = {
        "name": ctx.person(duty.about_id).name,
        "manager": ctx.person(duty.debtor_id).name,
        "due": speaker.when(duty.due_at),
    }
    if duty.debtor_id != actor.person_id:
        return speaker.say("todo.stand_in", values)
    return speaker.say("todo.answer" if duty.kind == ANSWER else "todo.reply", values)


def help_text(ctx: Context, actor: Person, rest: str = "") -> Card | str:
    """Return what can be typed."""
    return ctx.speaker(actor).say("help.text", {"count": len(open_matters(ctx, actor))})


COMMANDS: dict[str, Command] = {
    "周报": _weekly,
    "复盘": _weekly,
    "weekly": _weekly,
    "回复": _reply_to,
    "reply": _reply_to,
    "请假": _leave,
    "leave": _leave,
    "销假": _back,
    "回来": _back,
    "back": _back,
    "待办": _list_open,
    "todo": _list_open,
    "帮助": help_text,
    "help": help_text,
}
"""Every command by its words, in lower case."""
