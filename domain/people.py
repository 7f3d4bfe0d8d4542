"""People, their reporting lines, and who stands in for whom.

A duty is never dropped because somebody is away: the deputy stands in, else the next in the chain is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from domain.ids import OrgId, PersonId


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of an organisation.

    Attributes:
        org_id: The organisation.
        person_id: Our own id, stable across platforms.
        name: As colleagues write it; may hold any characters.
        department: Path from the top, joined by "/" ("研发/平台"); empty if unknown.
        manager_id: The line manager, `None` at the top.
        dotted_id: A second manager who reads along, or `None`.
        hrbp_id: The HR business partner, or `None` to inherit the manager's.
        deputy_id: Who stands in during leave, or `None`.
        mail: Address for mail, or `None`.
        zone: Named IANA zone, or `None` for the organisation's.
        locale: "zh-CN" or "en", or `None` for the organisation's.
        platform: The platform on which the bot speaks to them, or `None` if it cannot.
        active: False once they have left.
    """

    org_id: OrgId
    person_id: PersonId
    name: str
    department: str = ""
    manager_id: PersonId | None = None
    dotted_id: PersonId | None = None
    hrbp_id: PersonId | None = None
    deputy_id: PersonId | None = None
    mail: str | None = None
    zone: str | None = None
    locale: str | None = None
    platform: str | None = None
    active: bool = True


class Role(StrEnum):
    """A part in a duty, as ladders name it."""

    DEBTOR = "debtor"
    """Who owes."""
    ABOUT = "about"
    """Whom the matter is about, such as the employee who waits for a reply."""
    MANAGER = "manager"
    """The debtor's line manager."""
    HRBP = "hrbp"
    """The HRBP of whom the matter is about."""
    ADMIN = "admin"
    """Whoever runs the bot in this organisation."""


_NAMED = (Role.DEBTOR, Role.ABOUT)


class Directory(Protocol):
    """Looks people up; an implementation may read the store."""

    def person(self, person_id: PersonId) -> Person | None:
        """Return the person, also when they left, or `None` if never known."""

    def away(self, person_id: PersonId, day: date) -> bool:
        """Tell whether the person is on leave on that local day."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a message in the end, and for whom they stand in (`None`: for themselves)."""

    person: Person
    instead_of: Person | None = None


def present(directory: Directory, person_id: PersonId | None, day: date) -> Recipient | None:
    """Return the person, or their deputy when away or gone, or `None` when neither is there."""
    person = directory.person(person_id) if person_id else None
    if person is None:
        return None
    if person.active and not directory.away(person.person_id, day):
        return Recipient(person)
    deputy = directory.person(person.deputy_id) if person.deputy_id else None
    if deputy and deputy.active and not directory.away(deputy.person_id, day):
        return Recipient(deputy, instead_of=person)
    return None


def resolve(
    role: Role, debtor: Person, about: Person, directory: Directory, day: date, admins: Sequence[PersonId]
) -> Recipient | None:
    """Find who shall hear for a role today: the person, else the deputy, else the next in the chain, else an admin.

    Nobody is told about a matter that they owe themselves as if it were somebody else's: the chain passes over the
    debtor unless the role is the debtor's own. Nor does one side stand in for the other as its deputy, nor is somebody
    who waits asked to look after it in the HRBP's part unless nobody else is there.

    Returns:
        The recipient, or `None` if truly nobody of the chain is there today.
    """
    waiting: Recipient | None = None
    for candidate in _chain(role, debtor, about, directory, admins):
        found = present(directory, candidate, day)
        if found is None or _is_the_wrong_side(role, found, debtor, about):
            continue
        if role is not Role.HRBP or found.person.person_id != about.person_id:
            return found
        waiting = waiting or found
    return waiting


def _is_the_wrong_side(role: Role, found: Recipient, debtor: Person, about: Person) -> bool:
    if role in _NAMED:
        return found.instead_of is not None and found.person.person_id in (debtor.person_id, about.person_id)
    return found.person.person_id == debtor.person_id


def _chain(
    role: Role, debtor: Person, about: Person, directory: Directory, admins: Sequence[PersonId]
) -> Iterator[PersonId | None]:
    if role is Role.DEBTOR:
        yield debtor.person_id
        return
    if role is Role.ABOUT:
        yield about.person_id
        return
    if role is Role.HRBP:
        yield from hrbps(about, directory)
        yield from hrbps(debtor, directory)
    if role is not Role.ADMIN:
        yield from (line.person_id for line in upwards(debtor, directory))
    yield from admins


def upwards(person: Person, directory: Directory) -> Iterator[Person]:
    """Yield the managers above a person, nearest first; a cycle in bad data ends the walk."""
    seen = {person.person_id}
    current = person
    while current.manager_id and current.manager_id not in seen:
        seen.add(current.manager_id)
        above = directory.person(current.manager_id)
        if above is None:
            return
        yield above
        current = above


def hrbps(person: Person, directory: Directory) -> Iterator[PersonId]:
    """Yield the person's HRBP, then those of the managers above, nearest first, without repetition."""
    seen: set[PersonId] = set()
    for candidate in (person, *upwards(person, directory)):
        if candidate.hrbp_id and candidate.hrbp_id not in seen:
            seen.add(candidate.hrbp_id)
            yield candidate.hrbp_id


def reporting_cycle(people: Sequence[Person]) -> tuple[PersonId, ...] | None:
    """Return the ids along one cycle of line managers, or `None` if there is none."""
    managers = {person.person_id: person.manager_id for person in people}
    cleared: set[PersonId] = set()
    for start in managers:
        path: list[PersonId] = []
        current: PersonId | None = start
        while current is not None and current not in cleared:
            if current in path:
                return (*path[path.index(current) :], current)
            path.append(current)
            current = managers.get(current)
        cleared.update(path)
    return None


def acts_for(actor: Person, debtor: Person) -> bool:
    """Tell whether somebody may do what another owes: the debtor, or the debtor's deputy."""
    return actor.person_id == debtor.person_id or (debtor.deputy_id is not None and actor.person_id == debtor.deputy_id)


def manager_in_charge(person: Person, directory: Directory) -> Person | None:
    """Return the nearest active manager above somebody, or `None` at the top."""
    return next((manager for manager in upwards(person, directory) if manager.active), None)
