"""What an HRBP can do with a matter that has had no answer: look after it, call it normal, hand it to the deputy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from domain.cards import Answer, Toast, ToastKind
from domain.duties import ANSWER, Duty, due_at, follow, hand_over, waive
from domain.errors import Refused
from domain.events import CardClicked
from domain.ids import DutyId
from domain.people import Person
from handlers import escalated, escalation_cards, follow_up, reply
from handlers.context import Context
from handlers.reply_cards import Matter


def clicked(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Handle a click on an escalation card by somebody it was sent to."""
    duty = ctx.store.duties.get(DutyId(event.card.subject)) if event.card else None
    matter = follow_up.matter_of(ctx, duty) if duty else None
    act = _ACTIONS.get(event.action)
    if duty is None or matter is None or act is None:
        raise Refused("card.gone")
    if not _was_asked(ctx, duty, actor):
        raise Refused("card.not_yours")
    if not duty.is_open:
        toast = Toast(ToastKind.INFO, ctx.speaker(actor).say("reply.toast.already"))
        return Answer(toast, escalated.face(ctx, matter, actor))
    return act(ctx, event, actor, matter)


def _was_asked(ctx: Context, duty: Duty, actor: Person) -> bool:
    asked = ctx.store.outbox.readers(escalation_cards.key_of(duty))
    return actor.person_id in asked or actor.person_id in ctx.policy.admins


def _follow(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    followed = follow(matter.duty, ctx.now, actor.person_id)
    if followed is not matter.duty:
        ctx.keep(followed)
        ctx.store.history.note("escalation.followed", followed.duty_id, actor.person_id, ctx.now, {})
        _show_all(ctx, followed, event.message)
    values = {"name": matter.author.name, "manager": matter.debtor.name}
    key = "escalation.toast.followed_own" if matter.duty.kind == ANSWER else "escalation.toast.followed"
    return _said(ctx, actor, key, values, followed)


def _normal(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    done = reply.settle(ctx, matter.duty, waive(matter.duty, ctx.now, actor.person_id, "normal"))
    ctx.store.history.note("duty.waived", done.subject, actor.person_id, ctx.now, {"reason": "normal"})
    reply.tell_waived(ctx, replace(matter, duty=done), actor)
    _show_all(ctx, done, event.message)
    return _said(ctx, actor, "duty.toast.normal", {}, done)


def _deputy(ctx: Context, event: CardClicked, actor: Person, matter: Matter) -> Answer:
    deputy = ctx.store.people.person(matter.debtor.deputy_id) if matter.debtor.deputy_id else None
    if matter.duty.kind == ANSWER:
        raise Refused("card.unknown")
    if deputy is None or not deputy.active or deputy.person_id == matter.author.person_id:
        raise Refused("escalation.no_deputy", {"manager": matter.debtor.name})
    # Whoever has found somebody for it has taken it in hand: it must not look as if nobody had seen it.
    followed = replace(matter, duty=follow(matter.duty, ctx.now, actor.person_id), follower=actor)
    handed = transfer(ctx, followed, deputy, actor, clicked=event.message)
    return _said(ctx, actor, "escalation.handed", {"name": deputy.name}, handed)


def _show_all(ctx: Context, duty: Duty, clicked: str) -> None:
    """Give every card of a matter its present face, those of the one asked and of the ones told alike."""
    matter = follow_up.matter_of(ctx, duty)
    if matter is None:
        return
    if duty.kind == ANSWER:
        escalated.refresh(ctx, matter, clicked)
    if duty.kind != ANSWER or not duty.is_open:
        follow_up.refresh(ctx, matter.checkin, clicked=clicked)


def transfer(ctx: Context, matter: Matter, to: Person, actor: Person | None, *, clicked: str = "") -> Duty:
    """Make somebody else owe a follow-up: they are asked, the former debtor's cards say who has it now.

    Args:
        ctx: The world.
        matter: What is owed.
        to: Who owes it from now on.
        actor: Who decided it; `None` if it follows from a change of the directory.
        clicked: The platform's id of the message whose callback carries the new face itself.

    Returns:
        The duty as they owe it.
    """
    pace = ctx.pace(to, matter.duty.kind)
    moved = hand_over(matter.duty, to.person_id)
    handed = replace(moved, due_at=due_at(moved.ladder, moved.opened_at, pace))
    ctx.keep(handed)
    ctx.store.outbox.withdraw(handed.duty_id)
    detail = {"from": matter.debtor.person_id, "to": to.person_id}
    by = actor.person_id if actor else None
    ctx.store.history.note("duty.handed_over", handed.duty_id, by, ctx.now, detail)
    follow_up.ask(ctx, replace(matter, duty=handed, debtor=to), f":{ctx.new_id()}")
    follow_up.refresh(ctx, matter.checkin, clicked=clicked)
    return handed


def _said(ctx: Context, actor: Person, key: str, values: Mapping[str, object], duty: Duty) -> Answer:
    """Return the toast with the present face of the actor's card."""
    matter = follow_up.matter_of(ctx, duty)
    card = escalated.face(ctx, matter, actor) if matter else None
    return Answer(Toast(ToastKind.SUCCESS, ctx.speaker(actor).say(key, values)), card)


_ACTIONS: dict[str, Callable[[Context, CardClicked, Person, Matter], Answer]] = {
    "follow": _follow,
    "normal": _normal,
    "deputy": _deputy,
}
