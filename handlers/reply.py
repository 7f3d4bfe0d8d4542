"""Follow-ups: replying to an answer, saying that one has talked, and what the person says to a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from domain.cards import Answer, Card, Toast, ToastKind
from domain.checkin import Checkin, Reaction, Reply
from domain.duties import Duty, fulfil, waive
from domain.errors import Refused
from domain.events import CardClicked
from domain.ids import CheckinId
from domain.messages import Draft, Priority
from domain.people import Person, acts_for
from domain.questionnaire import Answers, Questionnaire, fields_of, read_form
from handlers import follow_up, reply_cards
from handlers.context import Context
from handlers.duty_acts import snooze_open
from handlers.reply_cards import Matter


def clicked(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Handle a click on a follow-up card."""
    checkin = ctx.store.checkins.get(CheckinId(event.card.subject)) if event.card else None
    if checkin is None:
        raise Refused("card.gone")
    act = _ACTIONS.get(event.action)
    if act is None:
        raise Refused("card.unknown")
    return act(ctx, event, actor, matter_for(ctx, checkin, actor))


def matter_for(ctx: Context, checkin: Checkin, actor: Person) -> Matter:
    """Return the follow-up of a check-in if the actor may act in it.

    Raises:
        Refused: Nothing is owed, or somebody else owes it; the sentence names who.
    """
    duty = follow_up.duty_of(ctx, checkin)
    matter = follow_up.matter_of(ctx, duty) if duty else None
    if matter is None:
        raise Refused("card.gone")
    if not acts_for(actor, matter.debtor) or actor.person_id == matter.author.person_id:
        raise Refused("reply.not_yours", {"manager": matter.debtor.name})
    return matter


def _submit(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    questionnaire = _questionnaire(matter)
    answers = read_form(questionnaire, event.form)
    pending = questionnaire.pending(answers)
    if pending:
        speaker = ctx.speaker(actor)
        toast = Toast(ToastKind.INFO, speaker.say("answer.missing", {"question": pending[0].text}))
        card = follow_up.request_face(ctx, matter, actor)
        return Answer(toast, replace(card, fields=fields_of(questionnaire.asked(answers), answers)))
    if _said_before(ctx, actor, matter, answers):
        return _present_face(ctx, actor, matter)
    ctx.end_conversation(actor, event.card)
    card = accept(ctx, actor, matter, answers, clicked=event.message)
    return _said(ctx, actor, "reply.toast.sent", {"name": matter.author.name}, card)


def _said_before(ctx: Context, actor: Person, matter: Matter, answers: Answers) -> bool:
    """Tell whether the actor has just said the same to the same version: a second click, not a second reply."""
    replies = ctx.store.checkins.replies(matter.checkin.checkin_id)
    return any(
        reply.author_id == actor.person_id and reply.version == matter.checkin.version and reply.answers == answers
        for reply in replies
    )


def _questionnaire(matter: Matter) -> Questionnaire:
    if matter.checkin.cadence.follow_up is None:
        raise Refused("card.gone")
    return matter.checkin.cadence.follow_up.questionnaire


def accept(ctx: Context, actor: Person, matter: Matter, answers: Answers, *, clicked: str = "") -> Card:
    """Take a complete follow-up, from a card or typed: file it, settle the duty, tell the person who waits.

    Returns:
        The present face of the follow-up card.
    """
    reply = Reply(
        org_id=ctx.policy.org_id,
        reply_id=ctx.new_id(),
        checkin_id=matter.checkin.checkin_id,
        version=matter.checkin.version,
        author_id=actor.person_id,
        answers=answers,
        written_at=ctx.now,
    )
    ctx.store.checkins.add_reply(reply)
    replied = replace(matter.checkin, replied_at=ctx.now)
    ctx.store.checkins.save(replied, keep_version=False)
    done = settle(ctx, matter.duty, fulfil(matter.duty, ctx.now, actor.person_id))
    ctx.store.history.note("reply.written", replied.checkin_id, actor.person_id, ctx.now, {"kind": done.kind})
    card = reply_cards.answered(ctx.speaker(matter.author), replied, reply, actor)
    dedupe = f"answered:{reply.reply_id}"
    ctx.store.outbox.put(Draft(matter.author.person_id, card, Priority.PERSONAL, dedupe))
    follow_up.refresh(ctx, replied, clicked=clicked)
    return follow_up.request_face(ctx, replace(matter, duty=done, checkin=replied), actor)


def settle(ctx: Context, before: Duty, after: Duty) -> Duty:
    """Store a duty that was closed, and withdraw what was still to be said about it."""
    if after is not before:
        ctx.keep(after)
        ctx.store.outbox.withdraw(after.duty_id)
    return after


def _meet(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    question = reply_cards.takes_words(matter.checkin)
    if question is None:
        raise Refused("card.unknown")
    if not matter.duty.is_open:
        return _present_face(ctx, actor, matter)
    ctx.end_conversation(actor, event.card)
    words = ctx.speaker(matter.author).say("reply.meet.words", {"name": actor.name})
    card = accept(ctx, actor, matter, {question.name: words}, clicked=event.message)
    return _said(ctx, actor, "reply.toast.meet", {"name": matter.author.name}, card)


def _waive(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    if not matter.duty.is_open:
        return _present_face(ctx, actor, matter)
    ctx.end_conversation(actor, event.card)
    done = settle(ctx, matter.duty, waive(matter.duty, ctx.now, actor.person_id, event.action))
    ctx.store.history.note("duty.waived", done.subject, actor.person_id, ctx.now, {"reason": event.action})
    tell_waived(ctx, replace(matter, duty=done), actor)
    follow_up.refresh(ctx, matter.checkin, clicked=event.message)
    card = follow_up.request_face(ctx, replace(matter, duty=done), actor)
    return _said(ctx, actor, f"duty.toast.{event.action}", {"name": matter.author.name}, card)


def tell_waived(ctx: Context, matter: Matter, actor: Person) -> None:
    """Tell the person who waited that no written reply will come, and who said why, unless it was they."""
    if actor.person_id == matter.author.person_id:
        return
    speaker = ctx.speaker(matter.author)
    said = reply_cards.closing_sentence(speaker, matter.duty, actor)
    sentence = speaker.say("list.labelled", {"label": matter.checkin.cadence.title, "text": said})
    draft = Draft(matter.author.person_id, sentence, Priority.PERSONAL, f"waived:{matter.duty.duty_id}")
    ctx.store.outbox.put(draft)


def _later(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    if not matter.duty.is_open:
        return _present_face(ctx, actor, matter)
    return snooze_open(ctx, actor, matter.duty)


def _present_face(ctx: Context, actor: Person, matter: Matter) -> Answer:
    toast = Toast(ToastKind.INFO, ctx.speaker(actor).say("reply.toast.already"))
    return Answer(toast, follow_up.request_face(ctx, matter, actor))


def _said(ctx: Context, actor: Person, key: str, values: Mapping[str, object], card: Card) -> Answer:
    return Answer(Toast(ToastKind.SUCCESS, ctx.speaker(actor).say(key, values)), card)


def reacted(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Handle what the person says to a reply; it is shown to whoever wrote it and later counts for them."""
    reply = ctx.store.checkins.reply(event.card.subject) if event.card else None
    checkin = ctx.store.checkins.get(reply.checkin_id) if reply else None
    if reply is None or checkin is None:
        raise Refused("card.gone")
    if checkin.person_id != actor.person_id:
        raise Refused("card.not_yours")
    if event.action not in list(Reaction):
        raise Refused("card.unknown")
    updated = reply.react(Reaction(event.action))
    author = ctx.person(reply.author_id)
    if updated != reply:
        ctx.store.checkins.save_reply(updated)
        detail = {"reaction": event.action, "author": author.person_id}
        ctx.store.history.note("reply.reacted", reply.reply_id, actor.person_id, ctx.now, detail)
        follow_up.refresh(ctx, checkin)
    card = reply_cards.answered(ctx.speaker(actor), checkin, updated, author)
    ctx.show(actor.person_id, card, event.message)
    return _said(ctx, actor, f"reaction.given.{event.action}", {}, card)


_ACTIONS: dict[str, Callable[[Context, CardClicked, Person, Matter], Answer]] = {
    "submit": _submit,
    "meet": _meet,
    "later": _later,
    "handled": _waive,
    "normal": _waive,
}
