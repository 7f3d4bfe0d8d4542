"""Draws small firms: who works there, under whom, in which zone, who is away, who stands in for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.calendar import Leave
from domain.ids import PersonId
from domain.people import Person
from tests import builders

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin")
"""Where people of a firm live: one zone that never changes its clocks, two that do, on different days."""

DEPARTMENTS = ("研发", "研发/平台", "销售")


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm as it is at the beginning.

    Attributes:
        zone: The organisation's own zone, IANA name.
        people: Everybody; the first is at the top, whoever comes later answers to somebody before them.
        leave: Days off known from the start, by person.
    """

    zone: str
    people: Sequence[Person]
    leave: Mapping[PersonId, Sequence[Leave]]


def person_id(number: int) -> PersonId:
    """Return the id of the person with that place in the firm, counted from 0."""
    return PersonId(f"p{number:02}")


@st.composite
def firms(draw: DrawFn, first_day: date) -> Firm:
    """Draw a firm of five to fifteen people on two or three levels, of whom some are away around a day."""
    zone = draw(st.sampled_from(ZONES))
    size = draw(st.integers(5, 15))
    leaders = draw(st.integers(0, min(4, size - 3)))
    people = [draw(_people(number, leaders, size, zone)) for number in range(size)]
    absent = draw(st.dictionaries(st.integers(0, size - 1), absences(), max_size=4))
    leave = {person_id(number): leaves_of(spans, first_day) for number, spans in absent.items()}
    return Firm(zone, people, leave)


@st.composite
def _people(draw: DrawFn, number: int, leaders: int, size: int, org_zone: str) -> Person:
    somebody = _somebody_but(number, size)
    zone = draw(st.sampled_from([org_zone, org_zone, *ZONES]))
    known = builders.person(
        person_id(number),
        f"员工{number:02}",
        manager=draw(_manager(number, leaders)),
        hrbp=draw(somebody),
        deputy=draw(somebody),
        department=draw(st.sampled_from(DEPARTMENTS)),
        zone=None if zone == org_zone else zone,
    )
    unreachable = draw(st.integers(0, 20)) == 20
    return replace(
        known,
        dotted_id=draw(somebody),
        locale=draw(st.sampled_from([None, "en"])),
        mail=draw(st.sampled_from([known.mail, known.mail, None])),
        platform=None if unreachable else "feishu",
    )


@cache
def _somebody_but(number: int, size: int) -> SearchStrategy[PersonId | None]:
    others = [person_id(other) for other in range(size) if other != number]
    return st.none() | st.sampled_from(others)


@cache
def _manager(number: int, leaders: int) -> SearchStrategy[str | None]:
    if number == 0:
        return st.none()
    top = st.just(str(person_id(0)))
    return top if number <= leaders or leaders == 0 else st.integers(1, leaders).map(person_id) | top


@cache
def absences() -> SearchStrategy[list[tuple[int, int]]]:
    """Draw up to two leaves, each as the days after some day on which it begins and on which it ends."""
    begin, length = st.integers(-3, 14), st.integers(0, 8)
    return st.lists(st.builds(lambda first, more: (first, first + more), begin, length), max_size=2)


def leaves_of(absent: Iterable[tuple[int, int]], day: date) -> tuple[Leave, ...]:
    """Return drawn absences as leaves around a day."""
    return tuple(Leave(day + timedelta(days=first), day + timedelta(days=last)) for first, last in absent)
