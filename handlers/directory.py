"""Who works here: taking over a directory's changes, and what they do to open duties."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from domain.cadences import Owner
from domain.directory import DirectoryChange, Overlay, compare, too_many, vanished_of
from domain.duties import ANSWER, Duty, waive
from domain.ids import PersonId
from domain.messages import Draft, Priority
from domain.people import Person, manager_in_charge
from domain.ports import DirectoryPerson
from handlers import escalated, escalation, follow_up, leave
from handlers.context import Context
from handlers.reply_cards import Matter


def apply(
    ctx: Context,
    platform: str,
    seen: Sequence[DirectoryPerson],
    overlays: Mapping[PersonId, Overlay],
    own_ids: Mapping[tuple[str, str], PersonId],
) -> DirectoryChange:
    """Take over a whole reading of a platform's directory, unless too many are lost.

    Args:
        ctx: The world.
        platform: Whose directory was read.
        seen: Everybody it shows.
        overlays: What the organisation's own file says over it.
        own_ids: Platform and external id to our id, as that file names them, of all platforms.

    Returns:
        What changed; with `refused` set nothing was stored and the admins are told.
    """
    people = ctx.store.people
    known = people.everybody()
    here = {external_id: person_id for (where, external_id), person_id in own_ids.items() if where == platform}
    identities = {**here, **people.identities(platform)}
    change = compare(ctx.policy.org_id, platform, seen, known, identities, overlays, ctx.policy.zone)
    if change.refused:
        _tell_admins(ctx, len(change.vanished))
        return change
    store_people(ctx, known, change.people)
    for external_id, person_id in change.identities.items():
        people.bind(platform, external_id, person_id)
    _bind_elsewhere(ctx, platform, own_ids)
    return change


def _bind_elsewhere(ctx: Context, platform: str, own_ids: Mapping[tuple[str, str], PersonId]) -> None:
    """Note the other platforms' ids of those whom we know; of the read one, only its directory tells."""
    for (where, external_id), person_id in own_ids.items():
        if where != platform and ctx.store.people.person(person_id) is not None:
            ctx.store.people.bind(where, external_id, person_id)


def apply_list(
    ctx: Context,
    named: Sequence[Person],
    identities: Mapping[tuple[str, str], PersonId],
    pinned: Container[PersonId] = frozenset(),
) -> None:
    """Take over a complete list of people, unless too many of those we know are missing or inactive in it.

    Args:
        ctx: The world.
        named: Everybody; whoever is not named has left.
        identities: Platform and external id of everybody who has one.
        pinned: Whose platform the list fixes; the others stay where they last wrote to the bot.
    """
    known = ctx.store.people.everybody()
    named = _where_they_are(named, known, identities, pinned)
    before, here = {person.person_id: person for person in known}, {person.person_id for person in named}
    gone = [replace(person, active=False) for person in known if person.active and person.person_id not in here]
    vanished = vanished_of(known, (*named, *gone))
    if too_many(len(vanished), sum(person.active for person in known)):
        _tell_admins(ctx, len(vanished))
        return
    store_people(ctx, known, [person for person in (*named, *gone) if before.get(person.person_id) != person])
    for (platform, external_id), person_id in identities.items():
        ctx.store.people.bind(platform, external_id, person_id)


def _where_they_are(
    named: Sequence[Person],
    known: Sequence[Person],
    identities: Mapping[tuple[str, str], PersonId],
    pinned: Container[PersonId],
) -> Sequence[Person]:
    reachable = {(person_id, platform) for (platform, _), person_id in identities.items()}
    last = {
        person.person_id: person.platform
        for person in known
        if person.person_id not in pinned and (person.person_id, person.platform) in reachable
    }
    return [replace(person, platform=last.get(person.person_id, person.platform)) for person in named]


def follow_to(ctx: Context, person: Person, platform: str) -> Person:
    """Write to somebody from now on where they have just written to us; returns the person as they are now."""
    if person.platform == platform or ctx.store.people.identity(person.person_id, platform) is None:
        return person
    moved = replace(person, platform=platform)
    ctx.store.people.save(moved)
    ctx.store.history.note("person.platform", person.person_id, person.person_id, ctx.now, {"platform": platform})
    return moved


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
    elif _lines(old) != _lines(new):
        _change_owners(ctx, old, new)
    if (old.deputy_id, old.zone) != (new.deputy_id, new.zone) and new.active:
        leave.retime(ctx, new)
        if old.deputy_id != new.deputy_id and ctx.store.people.away(new.person_id, ctx.today(new)):
            _ask_deputy(ctx, new)


def _lines(person: Person) -> tuple[PersonId | None, ...]:
    return (person.manager_id, person.dotted_id, person.hrbp_id)


def close_for_leaver(ctx: Context, leaver: Person) -> None:
    """Close what somebody who left owes or waits for, and pass on what others wait for."""
    for duty in ctx.store.duties.about(leaver.person_id):
        _waive_for_leaver(ctx, duty)
    for duty in ctx.store.duties.owed_by(leaver.person_id):
        matter = follow_up.matter_of(ctx, duty) if duty.kind != ANSWER else None
        heir = _owner_now(ctx, matter) or manager_in_charge(matter.author, ctx.store.people) if matter else None
        if matter is None or heir is None:
            _waive_for_leaver(ctx, duty)
        else:
            escalation.transfer(ctx, matter, heir, None)


def _waive_for_leaver(ctx: Context, duty: Duty) -> None:
    ctx.keep(waive(duty, ctx.now, None, "left"))
    ctx.store.outbox.withdraw(duty.duty_id)
    ctx.store.history.note("duty.waived", duty.subject, None, ctx.now, {"reason": "left"})
    matter = follow_up.matter_of(ctx, duty)
    if matter is None:
        return
    if duty.kind == ANSWER:
        escalated.refresh(ctx, matter)
    else:
        follow_up.refresh(ctx, matter.checkin)


def _change_owners(ctx: Context, old: Person, new: Person) -> None:
    for duty in ctx.store.duties.about(new.person_id):
        matter = follow_up.matter_of(ctx, duty) if duty.kind != ANSWER else None
        owner = _owner_now(ctx, matter) if matter else None
        if matter is None or owner is None or owner.person_id == duty.debtor_id:
            continue
        if duty.debtor_id in _owners_before(ctx, matter, old):
            escalation.transfer(ctx, matter, owner, None)


def _owner_now(ctx: Context, matter: Matter) -> Person | None:
    follow = matter.checkin.cadence.follow_up
    return follow_up.owner_of(ctx, follow.by, matter.author) if follow else None


def _owners_before(ctx: Context, matter: Matter, old: Person) -> Container[PersonId | None]:
    """Return who may have owed something for somebody as the lines were: by role, or for a manager who had left."""
    follow = matter.checkin.cadence.follow_up
    owner = follow_up.owner_of(ctx, follow.by, old) if follow else None
    of_line = old.manager_id if follow is not None and follow.by is not Owner.HRBP else None
    return {person_id for person_id in (owner.person_id if owner else None, of_line) if person_id is not None}


def _ask_deputy(ctx: Context, away: Person) -> None:
    """Show a new deputy what somebody owes who is away."""
    for duty in ctx.store.duties.owed_by(away.person_id):
        matter = follow_up.matter_of(ctx, duty) if duty.kind != ANSWER else None
        if matter is not None:
            follow_up.ask(ctx, matter)


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
