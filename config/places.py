"""Answers for parts of an organisation and which of two is the more specific one.

Organisation < department < deeper department < team < person. Whoever lies in several places belongs to the most
specific of them, and there is only one: of departments those around a person are nested, and a person is in one team.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from config.practice_schema import ScopePart
from domain.cadences import Scope
from domain.ids import PersonId


class Level(IntEnum):
    """Kinds of places; the greater is the more specific."""

    DEPARTMENT = 1
    TEAM = 2
    PERSON = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A department with all below it, a manager's direct reports, or one person.

    Attributes:
        level: Which of the three.
        name: The department's path, the manager's id, or the person's.
    """

    level: Level
    name: str

    @property
    def label(self) -> str:
        """Return the place as names of variants show it: ``department:研发/平台``."""
        return f"{self.level.name.lower()}:{self.name}"

    @property
    def rank(self) -> tuple[int, int]:
        """Order places from the least specific on; places of one rank share nobody."""
        return (self.level, self.name.count("/") if self.level is Level.DEPARTMENT else 0)

    @property
    def scope(self) -> Scope:
        """Return whom it holds."""
        return scope_of_places([self])

    def is_department_around(self, other: Place) -> bool:
        """Tell whether both are departments and the other one lies somewhere in this one."""
        both = self.level is other.level is Level.DEPARTMENT
        return both and other.name.startswith(self.name + "/")

    def may_hold(self, other: Place) -> bool:
        """Tell whether the other place is more specific and may share people with this one."""
        if self.level is Level.DEPARTMENT and other.level is Level.DEPARTMENT:
            return self.is_department_around(other)
        return other.level > self.level


def scope_of_places(places: Iterable[Place]) -> Scope:
    """Return whom several places hold together; of no place at all that would be everybody, so give at least one."""
    names: dict[Level, list[str]] = {level: [] for level in Level}
    for place in sorted(places, key=lambda each: (each.rank, each.name)):
        names[place.level].append(place.name)
    teams, people = (tuple(map(PersonId, names[level])) for level in (Level.TEAM, Level.PERSON))
    return Scope(tuple(names[Level.DEPARTMENT]), teams, people)


def places_of(part: ScopePart | None) -> list[Place]:
    """Return the places that a scope of the configuration names."""
    if part is None:
        return []
    named = ((Level.DEPARTMENT, part.departments), (Level.TEAM, part.teams), (Level.PERSON, part.people))
    return [Place(level, name) for level, names in named for name in names or ()]
