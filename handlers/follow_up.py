"""What an answer makes others owe: opening the duty, finding its parts again, and keeping every face of it true."""

from __future__ import annotations

from collections.abc import Sequence

from domain.cadences import Owner
from domain.cards import Card, CardKey
from domain.checkin import Checkin, Reply
from domain.duties import Act, Duty, due_at, next_at
from domain.ids import CheckinId, DutyId
from domain.messages import Draft, Priority
from domain.people import Person, hrbps, manager_in_charge, present
from handlers import checkin_cards, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter
from handlers.report import report_card


def open_for(ctx: Context, author: Person, checkin: Checkin) -> Duty | None:
    """Open the duty that an answer calls for and ask whoever owes it; `None` if nobody does, or did already."""
    follow_up = checkin.cadence.follow_up
    debtor = owner_of(ctx, follow_up.by, author) if follow_up else None
    if follow_up is None or debtor is None:
        return None
    pace = ctx.pace(debtor, follow_up.kind)
    duty = Duty(
        org_id=ctx.policy.org_id,
        duty_id=DutyId(ctx.new_id()),
        kind=follow_up.kind,
        subject=checkin.checkin_id,
        debtor_id=debtor.person_id,
        about_id=author.person_id,
        ladder=follow_up.ladder,
        opened_at=ctx.now,
        due_at=due_at(follow_up.ladder, ctx.now, pace),
    )
    if not ctx.store.duties.open(duty, next_at(duty, pace)):
        return None
    ask(ctx, Matter(duty, checkin, author, debtor))
    return duty


def owner_of(ctx: Context, owner: Owner, author: Person) -> Person | None:
    """Return who owes a follow-up to somebody now; `None` if nobody does."""
    people = ctx.store.people
    if owner is Owner.HRBP:
        found = (people.person(person_id) for person_id in hrbps(author, people))
        return next((person for person in found if person and person.active), None)
    if owner is Owner.DOTTED and author.dotted_id:
        dotted = people.person(author.dotted_id)
        if dotted and dotted.active:
            return dotted
    return manager_in_charge(author, people)


def ask(ctx: Context, matter: Matter) -> None:
    """Show the answer to whoever owes the follow-up, or to the deputy while they are away."""
    found = present(ctx.store.people, matter.debtor.person_id, ctx.today(matter.debtor))
    stands_in = found is not None and found.person.person_id != matter.author.person_id
    reader = found.person if found and stands_in else matter.debtor
    card = reply_cards.request(ctx.speaker(reader), matter, reader)
    ctx.store.outbox.put(
        Draft(
            to=reader.person_id,
            body=card,
            priority=Priority.PERSONAL,
            dedupe=f"ask:{matter.duty.duty_id}:{matter.duty.debtor_id}:{reader.person_id}",
            duty_id=matter.duty.duty_id,
        )
    )


def matter_of(ctx: Context, duty: Duty, hrbp_name: str = "") -> Matter | None:
    """Return a follow-up duty with its parts; `None` if what it is about is gone."""
    checkin = ctx.store.checkins.get(CheckinId(duty.subject))
    if checkin is None:
        return None
    return Matter(duty, checkin, ctx.person(duty.about_id), ctx.person(duty.debtor_id), hrbp_name)


def duty_of(ctx: Context, checkin: Checkin) -> Duty | None:
    """Return the follow-up duty of a check-in, an open one before closed ones."""
    follow_up = checkin.cadence.follow_up
    if follow_up is None:
        return None
    return next(iter(ctx.store.duties.find(follow_up.kind, checkin.checkin_id)), None)


def named_replies(ctx: Context, checkin: Checkin) -> Sequence[tuple[str, Reply]]:
    """Return the replies to a check-in, each with its author's name."""
    return [(ctx.person(reply.author_id).name, reply) for reply in ctx.store.checkins.replies(checkin.checkin_id)]


def refresh(ctx: Context, checkin: Checkin, *, clicked: str = "") -> None:
    """Give every card about a check-in its present face, except the one whose click is being answered.

    Args:
        ctx: The world.
        checkin: In its new state, already stored.
        clicked: The platform's id of the message whose callback carries the new face itself.
    """
    speaker = ctx.speaker(ctx.person(checkin.person_id))
    ctx.show(checkin.person_id, checkin_cards.face(speaker, checkin) or report_card(ctx, checkin), clicked)
    duty = duty_of(ctx, checkin)
    if duty is None:
        return
    matter = Matter(duty, checkin, ctx.person(duty.about_id), ctx.person(duty.debtor_id))
    _refresh_requests(ctx, matter, clicked)
    refresh_escalations(ctx, matter, clicked)


def _refresh_requests(ctx: Context, matter: Matter, clicked: str) -> None:
    for reader_id in ctx.store.outbox.readers(reply_cards.key_of(matter.checkin)):
        reader = ctx.person(reader_id)
        if matter.duty.is_open or _may_go_on_reading(ctx, matter, reader):
            ctx.show(reader_id, request_face(ctx, matter, reader), clicked)


def _may_go_on_reading(ctx: Context, matter: Matter, reader: Person) -> bool:
    """Tell whether somebody who once was asked may see what has been written since: the one in charge now."""
    follow_up = matter.checkin.cadence.follow_up
    owner = owner_of(ctx, follow_up.by, matter.author) if follow_up else None
    in_charge = {matter.debtor.person_id} if owner is None else {owner.person_id, owner.deputy_id}
    return reader.person_id in in_charge or (
        reader.person_id == matter.duty.closed_by and matter.debtor.person_id in in_charge
    )


def request_face(ctx: Context, matter: Matter, reader: Person) -> Card:
    """Return the present face of a follow-up card for one of its readers."""
    speaker = ctx.speaker(reader)
    concerned = (matter.debtor.person_id, matter.debtor.deputy_id, matter.duty.closed_by)
    if reader.person_id not in concerned:
        return reply_cards.moved(speaker, matter)
    if not matter.duty.is_open:
        return reply_cards.closed(speaker, matter, _closer(ctx, matter), named_replies(ctx, matter.checkin))
    return reply_cards.request(speaker, matter, reader)


def _closer(ctx: Context, matter: Matter) -> Person:
    return ctx.person(matter.duty.closed_by) if matter.duty.closed_by else matter.debtor


def refresh_escalations(ctx: Context, matter: Matter, clicked: str = "") -> None:
    """Give the escalation cards of a duty their present face; asks the store only if any was ever sent."""
    if not any(rung.act in (Act.ESCALATE, Act.NOTIFY) for rung in matter.duty.ladder.rungs[: matter.duty.step]):
        return
    for reader_id in ctx.store.outbox.readers(CardKey(reply_cards.ESCALATION, matter.duty.duty_id)):
        ctx.show(reader_id, escalation_face(ctx, matter, ctx.person(reader_id)), clicked)


def escalation_face(ctx: Context, matter: Matter, reader: Person) -> Card:
    """Return the present face of an escalation for one of its readers."""
    speaker = ctx.speaker(reader)
    if matter.duty.is_open:
        return reply_cards.escalation(speaker, matter, matter.duty.duty_id)
    sentence = reply_cards.closing_sentence(speaker, matter.duty, _closer(ctx, matter))
    return reply_cards.escalation_settled(speaker, matter, sentence)
