"""Who works here: taking over a directory's changes, and what they do to open duties."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from domain.cadences import Owner
from domain.directory import DirectoryChange, Overlay, compare, too_many
from domain.duties import ANSWER, Duty, waive
from domain.ids import PersonId
from domain.messages import Draft, Priority
from domain.people import Person, manager_in_charge
from domain.ports import DirectoryPerson
from handlers import escalation, follow_up, leave
from handlers.context import Context
from handlers.reply_cards import Matter


def apply(
    ctx: Context,
    platform: str,
    seen: Sequence[DirectoryPerson],
    overlays: Mapping[PersonId, Overlay],
    own_ids: Mapping[str, PersonId],
) -> DirectoryChange:
    """Take over a whole reading of a platform's directory, unless too many have vanished.

    Args:
        ctx: The world.
        platform: Whose directory was read.
        seen: Everybody it shows.
        overlays: What the organisation's own file says over it.
        own_ids: External ids for which that file names our id.

    Returns:
        What changed; with `refused` set nothing was stored and the admins are told.
    """
    people = ctx.store.people
    known = people.everybody()
    identities = {**own_ids, **people.identities(platform)}
    change = compare(ctx.policy.org_id, platform, seen, known, identities, overlays, ctx.policy.zone)
    if change.refused:
        _tell_admins(ctx, len(change.vanished))
        return change
    store_people(ctx, known, change.people)
    for external_id, person_id in change.identities.items():
        people.bind(platform, external_id, person_id)
    return change


def apply_list(ctx: Context, named: Sequence[Person], identities: Mapping[tuple[str, str], PersonId]) -> None:
    """Take over a complete list of people, unless too many of those we know are missing from it.

    Args:
        ctx: The world.
        named: Everybody; whoever is not named has left.
        identities: Platform and external id of everybody who has one.
    """
    known = ctx.store.people.everybody()
    before, here = {person.person_id: person for person in known}, {person.person_id for person in named}
    gone = [replace(person, active=False) for person in known if person.active and person.person_id not in here]
    if too_many(len(gone), sum(person.active for person in known)):
        _tell_admins(ctx, len(gone))
        return
    store_people(ctx, known, [person for person in (*named, *gone) if before.get(person.person_id) != person])
    for (platform, external_id), person_id in identities.items():
        ctx.store.people.bind(platform, external_id, person_id)


def store_people(ctx: Context, known: Sequence[Person], changed: Sequence[Person]) -> None:
    """Store people as they are now, and let everything they owe follow them."""
    before = {person.person_id: person for person in known}
    for person in changed:
        ctx.store.people.save(person)
    for person in changed:
        old = before.get(person.person_id)
        if old is not None:
            _follow(ctx, old, person)


def _follow(ctx: Context, old: Person, new: Person) -> None:
    if old.active and not new.active:
        ctx.store.history.note("person.left", new.person_id, None, ctx.now, {})
        close_for_leaver(ctx, new)
    elif old.manager_id != new.manager_id:
        _change_manager(ctx, old, new)
    if (old.deputy_id, old.zone) != (new.deputy_id, new.zone) and new.active:
        leave.retime(ctx, new)


def close_for_leaver(ctx: Context, leaver: Person) -> None:
    """Close what somebody who left owes or waits for, and pass on what others wait for."""
    for duty in ctx.store.duties.about(leaver.person_id):
        _waive_for_leaver(ctx, duty)
    for duty in ctx.store.duties.owed_by(leaver.person_id):
        matter = follow_up.matter_of(ctx, duty) if duty.kind != ANSWER else None
        heir = manager_in_charge(matter.author, ctx.store.people) if matter else None
        if matter is None or heir is None:
            _waive_for_leaver(ctx, duty)
        else:
            escalation.transfer(ctx, matter, heir, None)


def _waive_for_leaver(ctx: Context, duty: Duty) -> None:
    ctx.keep(waive(duty, ctx.now, None, "left"))
    ctx.store.outbox.withdraw(duty.duty_id)
    ctx.store.history.note("duty.waived", duty.subject, None, ctx.now, {"reason": "left"})
    matter = follow_up.matter_of(ctx, duty) if duty.kind != ANSWER else None
    if matter is not None:
        follow_up.refresh(ctx, matter.checkin)


def _change_manager(ctx: Context, old: Person, new: Person) -> None:
    manager = manager_in_charge(new, ctx.store.people)
    if manager is None:
        return
    before = _in_charge_before(ctx, old)
    for duty in ctx.store.duties.about(new.person_id):
        moves = duty.kind != ANSWER and duty.debtor_id in before and duty.debtor_id != manager.person_id
        matter = follow_up.matter_of(ctx, duty) if moves else None
        if matter is not None and _is_the_managers(matter):
            escalation.transfer(ctx, matter, manager, None)


def _in_charge_before(ctx: Context, old: Person) -> Container[PersonId | None]:
    """Return who was somebody's manager, and who stood in for a manager that had left."""
    stood_in = manager_in_charge(old, ctx.store.people)
    return (old.manager_id, stood_in.person_id if stood_in else None)


def _is_the_managers(matter: Matter) -> bool:
    follow = matter.checkin.cadence.follow_up
    return follow is not None and follow.by is not Owner.HRBP


def _tell_admins(ctx: Context, vanished: int) -> None:
    ctx.store.history.note("directory.refused", "", None, ctx.now, {"vanished": str(vanished)})
    for admin_id in ctx.policy.admins:
        admin = ctx.store.people.person(admin_id)
        if admin is not None:
            words = ctx.speaker(admin).say("admin.directory_refused", {"count": vanished})
            dedupe = f"directory:{ctx.today(admin).isoformat()}:{admin_id}"
            ctx.store.outbox.put(Draft(admin_id, words, Priority.ESCALATION, dedupe))


def mark_left(ctx: Context, platform: str, external_ids: Sequence[str]) -> None:
    """Close the books of people whom the platform has just reported as gone."""
    for external_id in external_ids:
        person = ctx.store.people.by_identity(platform, external_id)
        if person is not None and person.active:
            store_people(ctx, [person], [replace(person, active=False)])
