"""What an HRBP can do with a matter that has had no answer: look after it, call it normal, hand it to the deputy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domain.cards import Answer, Card, CardKey, Toast, ToastKind
from domain.duties import ANSWER, hand_over, waive
from domain.errors import Refused
from domain.events import CardClicked
from domain.ids import DutyId
from domain.people import Person
from handlers import follow_up, reply, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter


def clicked(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Handle a click on an escalation card by somebody it was sent to."""
    duty = ctx.store.duties.get(DutyId(event.card.subject)) if event.card else None
    matter = follow_up.matter_of(ctx, duty) if duty else None
    act = _ACTIONS.get(event.action)
    if duty is None or matter is None or act is None:
        raise Refused("card.gone")
    if not _was_asked(ctx, duty.duty_id, actor):
        raise Refused("card.not_yours")
    if not duty.is_open:
        toast = Toast(ToastKind.INFO, ctx.speaker(actor).say("reply.toast.already"))
        return Answer(toast, follow_up.escalation_face(ctx, matter, actor))
    return act(ctx, event, actor, matter)


def _was_asked(ctx: Context, duty_id: DutyId, actor: Person) -> bool:
    asked = ctx.store.outbox.readers(CardKey(reply_cards.ESCALATION, duty_id))
    return actor.person_id in asked or actor.person_id in ctx.policy.admins


def _follow(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    ctx.store.history.note("escalation.followed", matter.duty.duty_id, actor.person_id, ctx.now, {})
    watched = replace(matter, hrbp_name=actor.name)
    if matter.duty.kind != ANSWER:
        card = reply_cards.reminder(ctx.speaker(matter.debtor), watched, matter.debtor)
        ctx.show(matter.debtor.person_id, card)
    speaker = ctx.speaker(actor)
    sentence = speaker.say("escalation.followed", {"name": actor.name, "manager": matter.debtor.name})
    return _said(ctx, actor, sentence, reply_cards.escalation_settled(speaker, matter, sentence))


def _normal(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    done = reply.settle(ctx, matter.duty, waive(matter.duty, ctx.now, actor.person_id, "normal"))
    ctx.store.history.note("duty.waived", done.subject, actor.person_id, ctx.now, {"reason": "normal"})
    settled = replace(matter, duty=done)
    reply.tell_waived(ctx, settled, actor)
    follow_up.refresh(ctx, matter.checkin, clicked=event.message)
    sentence = ctx.speaker(actor).say("duty.toast.normal")
    return _said(ctx, actor, sentence, follow_up.escalation_face(ctx, settled, actor))


def _deputy(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    deputy = ctx.store.people.person(matter.debtor.deputy_id) if matter.debtor.deputy_id else None
    if matter.duty.kind == ANSWER:
        raise Refused("card.unknown")
    if deputy is None or not deputy.active or deputy.person_id == matter.author.person_id:
        raise Refused("escalation.no_deputy", {"manager": matter.debtor.name})
    transfer(ctx, matter, deputy, actor, clicked=event.message)
    speaker = ctx.speaker(actor)
    sentence = speaker.say("escalation.handed", {"name": deputy.name})
    handed = replace(matter, duty=hand_over(matter.duty, deputy.person_id), debtor=deputy)
    return _said(ctx, actor, sentence, reply_cards.escalation_settled(speaker, handed, sentence))


def transfer(ctx: Context, matter: Matter, to: Person, actor: Person | None, *, clicked: str = "") -> None:
    """Make somebody else owe a follow-up: they are asked, the former debtor's cards say who has it now.

    Args:
        ctx: The world.
        matter: What is owed.
        to: Who owes it from now on.
        actor: Who decided it; `None` if it follows from a change of the directory.
        clicked: The platform's id of the message whose callback carries the new face itself.
    """
    handed = hand_over(matter.duty, to.person_id)
    ctx.keep(handed)
    ctx.store.outbox.withdraw(handed.duty_id)
    detail = {"from": matter.debtor.person_id, "to": to.person_id}
    by = actor.person_id if actor else None
    ctx.store.history.note("duty.handed_over", handed.duty_id, by, ctx.now, detail)
    moved = replace(matter, duty=handed, debtor=to)
    follow_up.ask(ctx, moved)
    follow_up.refresh(ctx, matter.checkin, clicked=clicked)


def _said(ctx: Context, actor: Person, sentence: str, card: Card) -> Answer:
    return Answer(Toast(ToastKind.SUCCESS, sentence), card)


_ACTIONS: dict[str, Callable[[Context, CardClicked, Person, Matter], Answer]] = {
    "follow": _follow,
    "normal": _normal,
    "deputy": _deputy,
}
