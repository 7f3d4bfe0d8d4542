"""Answers for how many people a practice would reach, for a forecast: counted from a file of people, or guessed.

Where a platform's directory says who there is, a plan knows at most their number. The guess then is a company of the
usual shape, and every practice is counted as if it were for everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.cadences import Audience, AudienceRole, Listener, Owner
from domain.ids import OrgId, PersonId
from domain.people import Person, hrbps, manager_in_charge

TEAM_SIZE = 8
"""Direct reports of each manager in a guessed company."""

CARED_FOR = 100
"""People for each HRBP in a guessed company."""


@dataclass(frozen=True, slots=True)
class Roll:
    """People and what follows from their lines; a `domain.people.Directory` on a day when nobody is away.

    Attributes:
        people: By id.
        zone: IANA name, for those without their own.
        guessed: Whether the people only stand for a number, so that departments and names say nothing.
        managers: Who has at least one direct report, with all of them.
        hrbps: Who is somebody's HRBP.
    """

    people: Mapping[PersonId, Person]
    zone: str
    guessed: bool = False
    managers: Mapping[PersonId, Sequence[Person]] = field(init=False)
    hrbps: Collection[PersonId] = field(init=False)

    def __post_init__(self) -> None:
        reports: dict[PersonId, list[Person]] = {}
        for person in self.people.values():
            if person.manager_id:
                reports.setdefault(person.manager_id, []).append(person)
        object.__setattr__(self, "managers", reports)
        object.__setattr__(self, "hrbps", frozenset(p.hrbp_id for p in self.people.values() if p.hrbp_id))

    @classmethod
    def of(cls, people: Iterable[Person], zone: str) -> Roll:
        """Return the roll of people who are known."""
        return cls({person.person_id: person for person in people}, zone)

    @classmethod
    def guess(cls, size: int, zone: str, platform: str) -> Roll:
        """Return the roll of so many people of whom no more is known than the platform they are on."""
        people = (_guessed(number, platform) for number in range(size))
        return cls({person.person_id: person for person in people}, zone, guessed=True)

    def person(self, person_id: PersonId) -> Person | None:
        """Return the person of an id, or `None`."""
        return self.people.get(person_id)

    def away(self, person_id: PersonId, day: date) -> bool:
        """Return that nobody is: a forecast is about the worst."""
        return False

    def zones(self) -> list[str]:
        """Return the zones in which people are, the organisation's first."""
        return list(dict.fromkeys([self.zone, *(person.zone for person in self.people.values() if person.zone)]))

    def asked(self, audience: Audience, zone: str) -> list[Person]:
        """Return who of a zone is in an audience."""
        of_zone = (person for person in self.people.values() if (person.zone or self.zone) == zone)
        return [person for person in of_zone if self._holds(audience, person)]

    def told(self, listener: Listener, audience: Audience, zone: str) -> list[Sequence[Person]]:
        """Return who of a zone hears about a practice: in groups, within each of which all hear the same."""
        if listener is Listener.AUDIENCE:
            return [self.asked(audience, zone)]
        leaders = self.hrbps if listener is Listener.HRBPS else self.managers
        found = (self.people[each] for each in sorted(leaders) if each in self.people)
        groups = (self._group(listener, audience, leader) for leader in found if (leader.zone or self.zone) == zone)
        return [group for group in groups if group]

    def owner(self, owner: Owner, author: Person) -> Person | None:
        """Return who owes a follow-up to somebody, or `None`."""
        if owner is Owner.HRBP:
            return next((self.people[each] for each in hrbps(author, self) if each in self.people), None)
        dotted = self.people.get(author.dotted_id) if owner is Owner.DOTTED and author.dotted_id else None
        return dotted or manager_in_charge(author, self)

    def _group(self, listener: Listener, audience: Audience, leader: Person) -> Sequence[Person]:
        if listener is Listener.HRBPS:
            return [leader]
        members = [person for person in self.managers[leader.person_id] if self._holds(audience, person)]
        if not members:
            return []
        return [leader, *members] if listener is Listener.TEAM else [leader]

    def _holds(self, audience: Audience, person: Person) -> bool:
        roles: dict[AudienceRole, Collection[PersonId]] = {
            AudienceRole.MANAGERS: self.managers.keys(),
            AudienceRole.HRBPS: self.hrbps,
        }
        in_role = audience.role not in roles or person.person_id in roles[audience.role]
        return in_role and (self.guessed or audience.holds(person))


def _guessed(number: int, platform: str) -> Person:
    return Person(
        org_id=OrgId(""),
        person_id=_id(number),
        name="",
        manager_id=_id((number - 1) // TEAM_SIZE) if number else None,
        hrbp_id=_id(number - number % CARED_FOR),
        platform=platform,
    )


def _id(number: int) -> PersonId:
    return PersonId(f"{number:08}")
