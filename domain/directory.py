"""Comparing what a platform's directory shows with whom we know: who joined, changed, vanished.

A directory read that lost most of the company is a fault of the reading, not of the company: above a share the change
is refused and a human is asked. Whoever cannot be reached any more (frozen, or taken back out of the app) is lost like
whoever is not shown: either way all they owe would be closed.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.ids import OrgId, PersonId
from domain.people import Person, reporting_cycle
from domain.ports import DirectoryPerson

VANISH_SHARE = 0.2
"""More than this share of the active people lost at once is refused (requirements 2.2, shrink guard)."""

VANISH_FLOOR = 3
"""In small companies, so many may be lost at once whatever the share."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What an organisation's own people file says about somebody, over the platform; `None` says nothing.

    Attributes:
        platform: Where to write to them first; unless it is `pinned`, they move to where they write to the bot.
    """

    manager_id: PersonId | None = None
    hrbp_id: PersonId | None = None
    deputy_id: PersonId | None = None
    mail: str | None = None
    zone: str | None = None
    locale: str | None = None
    department: str | None = None
    platform: str | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """What a whole reading of a directory changes.

    Attributes:
        people: Everybody new or changed, as they are now; those who vanished are inactive.
        identities: External id to person, for everybody seen.
        vanished: Active until now, and not seen any more or seen as inactive.
        refused: Whether so many were lost that nothing must be changed.
        cycle: Ids along a cycle of reporting lines; its last link is left out of `people`.
    """

    people: tuple[Person, ...]
    identities: Mapping[str, PersonId]
    vanished: tuple[PersonId, ...]
    refused: bool
    cycle: tuple[PersonId, ...] | None


def compare(
    org_id: OrgId,
    platform: str,
    seen: Sequence[DirectoryPerson],
    known: Sequence[Person],
    identities: Mapping[str, PersonId],
    overlays: Mapping[PersonId, Overlay],
    org_zone: str,
) -> DirectoryChange:
    """Work out what a reading changes, in two phases: first who is who, then the lines between them.

    Args:
        org_id: The organisation.
        platform: Whose directory was read.
        seen: Everybody it shows, each once.
        known: Everybody we know, those who left included.
        identities: The platform's external ids we know already.
        overlays: The organisation's own statements, by our id.
        org_zone: The organisation's zone; somebody in it needs none of their own.
    """
    ids = {person.external_id: identities.get(person.external_id, PersonId(person.external_id)) for person in seen}
    before = {person.person_id: person for person in known}
    # Who has left is not seen, but still says whose manager is in charge instead.
    links = {**identities, **ids}
    now = [_merge(org_id, platform, person, links, before, overlays, org_zone) for person in seen]
    now, cycle = _without_cycles(now)
    gone = _unseen(frozenset(identities.values()), known, {person.person_id for person in now})
    after = (*now, *gone)
    changed = [person for person in after if before.get(person.person_id) != person]
    answered_for = {person.person_id for person in after} & {person.person_id for person in known if person.active}
    vanished = vanished_of(known, after)
    return DirectoryChange(tuple(changed), ids, vanished, too_many(len(vanished), len(answered_for)), cycle)


def _unseen(of_platform: Container[PersonId], known: Sequence[Person], here: Container[PersonId]) -> list[Person]:
    """Return those of a directory who were active and are not seen any more, wherever we write to them, as left."""
    ours = (person for person in known if person.active and person.person_id in of_platform)
    return [replace(person, active=False) for person in ours if person.person_id not in here]


def vanished_of(known: Sequence[Person], now: Sequence[Person]) -> tuple[PersonId, ...]:
    """Return who of the active people known until now is inactive from now on."""
    active = {person.person_id for person in known if person.active}
    return tuple(person.person_id for person in now if not person.active and person.person_id in active)


def too_many(lost: int, active: int) -> bool:
    """Tell whether so many of the active people cannot have left at once: then the reading is at fault."""
    return lost > max(VANISH_FLOOR, VANISH_SHARE * active)


def _without_cycles(people: list[Person]) -> tuple[list[Person], tuple[PersonId, ...] | None]:
    """Cut one line of every cycle; return the people and the first cycle found."""
    first: tuple[PersonId, ...] | None = None
    while (cycle := reporting_cycle(people)) is not None:
        first = first or cycle
        people = [replace(each, manager_id=None) if each.person_id == cycle[-2] else each for each in people]
    return people, first


def _merge(
    org_id: OrgId,
    platform: str,
    seen: DirectoryPerson,
    ids: Mapping[str, PersonId],
    before: Mapping[PersonId, Person],
    overlays: Mapping[PersonId, Overlay],
    org_zone: str,
) -> Person:
    person_id = ids[seen.external_id]
    old = before.get(person_id)
    overlay = overlays.get(person_id, Overlay())
    person = Person(
        org_id=org_id,
        person_id=person_id,
        name=seen.name,
        department=seen.department,
        manager_id=ids.get(seen.manager),
        dotted_id=ids.get(seen.dotted),
        hrbp_id=ids.get(seen.hrbp),
        deputy_id=old.deputy_id if old else None,
        mail=seen.mail or (old.mail if old else None),
        zone=old.zone if old else None,
        locale=old.locale if old else None,
        platform=old.platform if old and old.platform else overlay.platform or platform,
        active=seen.active,
    )
    return overlaid(person, overlay, org_zone)


def overlaid(person: Person, overlay: Overlay, org_zone: str) -> Person:
    """Return the person with everything the overlay states; somebody in the organisation's zone needs none."""
    zone = overlay.zone or person.zone
    return replace(
        person,
        manager_id=overlay.manager_id or (person.manager_id if person.manager_id != person.person_id else None),
        hrbp_id=overlay.hrbp_id or person.hrbp_id,
        deputy_id=overlay.deputy_id or person.deputy_id,
        mail=overlay.mail or person.mail,
        zone=None if zone == org_zone else zone,
        locale=overlay.locale or person.locale,
        department=overlay.department or person.department,
        platform=overlay.platform if overlay.pinned else person.platform,
    )
