"""What a reading of a directory changes, and what it must not be allowed to change: most of the company at once."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.directory import VANISH_FLOOR, VANISH_SHARE, DirectoryChange, Overlay, compare
from domain.ids import PersonId
from domain.people import Person
from domain.ports import DirectoryPerson
from tests.builders import ORG, person

ZONE = "Asia/Shanghai"


def company(size: int, platform: str = "feishu") -> list[Person]:
    return [replace(person(f"{platform}{number}", f"员工{number}"), platform=platform) for number in range(size)]


def shown(people: Sequence[Person], *, frozen: int = 0) -> list[DirectoryPerson]:
    """Return people as a platform shows them; so many of the last ones cannot be reached any more."""
    here = len(people) - frozen
    return [
        DirectoryPerson(f"ou_{each.person_id}", each.name, each.department, mail=each.mail or "", active=place < here)
        for place, each in enumerate(people)
    ]


def read(known: Sequence[Person], seen: Sequence[DirectoryPerson], elsewhere: Sequence[Person] = ()) -> DirectoryChange:
    """Read Feishu's directory, which knows everybody but those who are elsewhere."""
    identities = {f"ou_{each.person_id}": each.person_id for each in known}
    return compare(ORG, "feishu", seen, [*known, *elsewhere], identities, {}, ZONE)


class TestGuard:
    def test_people_who_are_frozen_count_like_people_who_vanished(self) -> None:
        staff = company(20)
        assert not read(staff, shown(staff, frozen=4)).refused
        change = read(staff, shown(staff, frozen=5))
        assert change.refused
        assert change.vanished == tuple(each.person_id for each in staff[-5:])

    def test_some_vanished_and_some_frozen_are_too_many_together(self) -> None:
        staff = company(20)
        assert read(staff, shown(staff[3:], frozen=2)).refused
        assert not read(staff, shown(staff[2:], frozen=2)).refused

    def test_whoever_was_inactive_before_is_not_lost_again(self) -> None:
        staff = company(20)
        left = [replace(each, active=False) for each in staff[-10:]]
        change = read([*staff[:10], *left], shown(staff, frozen=10))
        assert not change.refused
        assert change.vanished == ()

    def test_newcomers_who_have_not_joined_yet_are_no_loss(self) -> None:
        staff = company(10)
        assert not read(staff[:2], shown(staff, frozen=8)).refused

    def test_a_reading_answers_for_nobody_whom_its_platform_does_not_know(self) -> None:
        here, elsewhere = company(10), company(30, "wecom")
        assert read(here, shown(here), elsewhere).vanished == ()
        assert read(here, shown(here, frozen=4), elsewhere).refused

    def test_a_reading_answers_for_whoever_its_platform_knows_wherever_we_write_to_them(self) -> None:
        both = [*company(10), *company(30, "wecom")]
        assert not read(both, shown(both, frozen=8)).refused
        assert read(both, shown(both, frozen=9)).refused

    @given(st.integers(1, 60), st.data())
    def test_more_than_a_fifth_and_more_than_three_are_refused_however_they_are_lost(
        self, size: int, data: st.DataObject
    ) -> None:
        vanished = data.draw(st.integers(0, size))
        frozen = data.draw(st.integers(0, size - vanished))
        staff = company(size)
        change = read(staff, shown(staff[vanished:], frozen=frozen))
        assert len(change.vanished) == vanished + frozen
        assert change.refused == (vanished + frozen > max(VANISH_FLOOR, VANISH_SHARE * size))


class TestMerging:
    def test_a_second_reading_of_the_same_changes_nothing(self) -> None:
        first = read([], shown(company(5)))
        again = read(first.people, shown(company(5)))
        assert (again.people, again.vanished, again.refused) == ((), (), False)

    def test_whoever_vanished_is_kept_as_having_left(self) -> None:
        staff = company(5)
        change = read(staff, shown(staff[1:]))
        assert [(each.person_id, each.active) for each in change.people if not each.active] == [("feishu0", False)]

    @pytest.mark.parametrize("stated", ["zhaomin", None])
    def test_the_organisations_own_statement_wins_over_the_platforms(self, stated: str | None) -> None:
        seen = [DirectoryPerson("ou_a", "甲", manager="ou_b"), DirectoryPerson("ou_b", "乙")]
        overlay = Overlay(manager_id=PersonId(stated)) if stated else Overlay()
        change = compare(ORG, "feishu", seen, [], {}, {PersonId("ou_a"): overlay}, ZONE)
        assert change.people[0].manager_id == (stated or "ou_b")

    def test_of_a_cycle_of_reporting_lines_one_line_is_cut_and_told(self) -> None:
        seen = [DirectoryPerson("a", "甲", manager="b"), DirectoryPerson("b", "乙", manager="a")]
        change = compare(ORG, "feishu", seen, [], {}, {}, ZONE)
        assert change.cycle is not None
        assert sorted(each.manager_id is None for each in change.people) == [False, True]
