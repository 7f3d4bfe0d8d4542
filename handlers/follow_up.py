"""What an answer makes others owe: opening the duty, finding its parts again, and keeping every face of it true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from domain.cadences import Owner
from domain.calendar import local_instant
from domain.cards import Card
from domain.checkin import Checkin, Reply
from domain.duties import Duty, due_at, next_at
from domain.ids import CheckinId, DutyId
from domain.messages import Draft, Priority
from domain.people import Person, hrbps, manager_in_charge, present
from handlers import checkin_cards, escalated, reply_cards
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
    if owner is Owner.HRBP:  # nobody owes an answer to themselves, be they their own HRBP
        found = (people.person(person_id) for person_id in hrbps(author, people) if person_id != author.person_id)
        return next((person for person in found if person and person.active), None)
    if owner is Owner.DOTTED and author.dotted_id:
        dotted = people.person(author.dotted_id)
        if dotted and dotted.active:
            return dotted
    return manager_in_charge(author, people)


def ask(ctx: Context, matter: Matter, occasion: str = "") -> None:
    """Show the answer to whoever owes the follow-up; while they are away to the deputy, and to them when they are back.

    Args:
        ctx: The world.
        matter: What is owed.
        occasion: Why somebody is asked who may have been asked before, such as a hand-over; each is told of once. Empty
            for the first time, and for further deputies.
    """
    reader = _who_is_there(ctx, matter)
    if reader.person_id == matter.debtor.person_id and matter.duty.tell_at is not None:
        occasion = occasion or f":{matter.duty.tell_at.isoformat()}"
    ctx.store.outbox.put(
        Draft(
            to=reader.person_id,
            body=request_face(ctx, matter, reader),
            priority=Priority.PERSONAL,
            dedupe=f"ask:{matter.duty.duty_id}:{matter.duty.debtor_id}:{reader.person_id}{occasion}",
            duty_id=matter.duty.duty_id,
        )
    )
    tell_at = None
    if reader.person_id != matter.debtor.person_id and (occasion or not _was_told(ctx, matter)):
        tell_at = back_at(ctx, matter.debtor)
    if tell_at != matter.duty.tell_at:
        ctx.keep(replace(matter.duty, tell_at=tell_at))


def _who_is_there(ctx: Context, matter: Matter) -> Person:
    found = present(ctx.store.people, matter.debtor.person_id, ctx.today(matter.debtor))
    return matter.debtor if found is None or found.person.person_id == matter.author.person_id else found.person


def _was_told(ctx: Context, matter: Matter) -> bool:
    shown_to = ctx.store.outbox.readers(reply_cards.key_of(matter.checkin))
    return matter.duty.tell_at is None and matter.debtor.person_id in shown_to


def tell(ctx: Context, matter: Matter) -> None:
    """Show it to a debtor who was away when it was opened; whoever is still away is told when they are back."""
    if ctx.store.people.away(matter.debtor.person_id, ctx.today(matter.debtor)):
        ctx.keep(replace(matter.duty, tell_at=back_at(ctx, matter.debtor)))
        return
    ctx.store.history.note("duty.told", matter.duty.duty_id, None, ctx.now, {"debtor": matter.debtor.person_id})
    ask(ctx, matter, f":{ctx.new_id()}")


def back_at(ctx: Context, person: Person) -> datetime:
    """Return when somebody's present leave ends: the first midnight after it where they are; now for who is here."""
    today = day = ctx.today(person)
    leave = ctx.store.people.leave_of(person.person_id)
    while ends := [taken.ends_on for taken in leave if taken.covers(day)]:
        day = max(ends) + timedelta(days=1)
    return ctx.now if day == today else local_instant(day, time.min, ctx.policy.zone_of(person))


def matter_of(ctx: Context, duty: Duty) -> Matter | None:
    """Return a follow-up duty with its parts; `None` if what it is about is gone."""
    checkin = ctx.store.checkins.get(CheckinId(duty.subject))
    return _matter(ctx, duty, checkin) if checkin is not None else None


def _matter(ctx: Context, duty: Duty, checkin: Checkin) -> Matter:
    others = duty.followed_by if duty.followed_by != duty.debtor_id else None
    follower = ctx.person(others) if others else None
    there = follower if follower is not None and follower.active else None
    return Matter(duty, checkin, ctx.person(duty.about_id), ctx.person(duty.debtor_id), there)


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
    matter = _matter(ctx, duty, checkin)
    _refresh_requests(ctx, matter, clicked)
    escalated.refresh(ctx, matter, clicked)


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
        closer = ctx.person(matter.duty.closed_by) if matter.duty.closed_by else matter.debtor
        return reply_cards.closed(speaker, matter, closer, named_replies(ctx, matter.checkin))
    return reply_cards.request(speaker, escalated.with_asked(ctx, matter), reader)
