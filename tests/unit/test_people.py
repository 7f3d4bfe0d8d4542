"""Reporting lines, and who hears for a role when people are away, gone, or in a circle."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Leave
from domain.ids import PersonId
from domain.people import (
    Person,
    Recipient,
    Role,
    acts_for,
    hrbps,
    manager_in_charge,
    present,
    reporting_cycle,
    resolve,
    upwards,
)
from tests.builders import ADMIN, CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, Roll, person, roll, staff
from tests.strategies import Org, org_charts

TODAY = date(2026, 12, 1)
OFF = (Leave(TODAY, TODAY),)
DEPUTY = PersonId("deputy")
FOREIGN_ROLES = (Role.MANAGER, Role.HRBP, Role.ADMIN)


def _known(people: Roll, person_id: PersonId) -> Person:
    known = people.person(person_id)
    assert known is not None
    return known


def _with(*changed: Person, away: tuple[PersonId, ...] = ()) -> Roll:
    """Return the cast with some of it changed or added, and some of it away today."""
    return roll((*staff(), *changed), dict.fromkeys(away, OFF))


def _hears(role: Role, people: Roll, admins: tuple[PersonId, ...] = (ADMIN,)) -> PersonId | None:
    """Return who hears when Li Hua owes Wang Lei something."""
    found = resolve(role, _known(people, LI_HUA), _known(people, WANG_LEI), people, TODAY, admins)
    return found.person.person_id if found else None


class TestWhoIsThere:
    def test_somebody_who_works_today_hears_for_themselves(self) -> None:
        people = roll()
        assert present(people, LI_HUA, TODAY) == Recipient(_known(people, LI_HUA))

    def test_the_deputy_of_somebody_away_hears_and_knows_for_whom(self) -> None:
        li_hua = person(LI_HUA, "李华", deputy=ZHAO_MIN)
        people = _with(li_hua, away=(LI_HUA,))
        assert present(people, LI_HUA, TODAY) == Recipient(_known(people, ZHAO_MIN), instead_of=li_hua)

    def test_the_deputy_of_somebody_who_left_hears(self) -> None:
        people = _with(person(LI_HUA, "李华", deputy=ZHAO_MIN, active=False))
        found = present(people, LI_HUA, TODAY)
        assert found is not None
        assert found.person.person_id == ZHAO_MIN

    def test_leave_on_another_day_does_not_matter(self) -> None:
        people = roll(absent={LI_HUA: (Leave(date(2026, 12, 2), date(2026, 12, 9)),)})
        assert present(people, LI_HUA, TODAY) == Recipient(_known(people, LI_HUA))

    @pytest.mark.parametrize("deputy", [None, "nobody-knows", ZHAO_MIN])
    def test_nobody_is_there_if_the_deputy_is_not_either(self, deputy: str | None) -> None:
        people = _with(person(LI_HUA, "李华", deputy=deputy), away=(LI_HUA, ZHAO_MIN))
        assert present(people, LI_HUA, TODAY) is None

    @pytest.mark.parametrize("nobody", [None, PersonId("nobody-knows")])
    def test_nobody_is_there_under_an_unknown_id(self, nobody: PersonId | None) -> None:
        assert present(roll(), nobody, TODAY) is None

    @given(org_charts(), st.data())
    def test_whoever_is_found_is_there_and_is_the_person_or_the_deputy(self, org: Org, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(org.people))
        found = present(org.roll, wanted.person_id, org.day)
        if found is None:
            assert not org.is_there(wanted.person_id)
            assert not org.is_there(wanted.deputy_id)
        else:
            assert org.is_there(found.person.person_id)
            assert found.person == wanted if found.instead_of is None else found.person.person_id == wanted.deputy_id


class TestWhoHears:
    @pytest.mark.parametrize(
        ("role", "person_id"),
        [
            (Role.DEBTOR, LI_HUA),
            (Role.ABOUT, WANG_LEI),
            (Role.MANAGER, ZHAO_MIN),
            (Role.HRBP, CHEN_JING),
            (Role.ADMIN, ADMIN),
        ],
    )
    def test_each_role_has_its_own_person(self, role: Role, person_id: PersonId) -> None:
        assert _hears(role, roll()) == person_id

    def test_an_absent_hrbp_is_stood_in_for_by_the_deputy(self) -> None:
        assert _hears(
            Role.HRBP, _with(person(CHEN_JING, "陈静", deputy=DEPUTY), person(DEPUTY), away=(CHEN_JING,))
        ) == (DEPUTY)

    def test_without_a_deputy_the_next_hrbp_above_hears(self) -> None:
        people = _with(person(ZHAO_MIN, "赵敏", hrbp=DEPUTY), person(DEPUTY), away=(CHEN_JING,))
        assert _hears(Role.HRBP, people) == DEPUTY

    def test_without_any_hrbp_the_debtors_manager_hears(self) -> None:
        assert _hears(Role.HRBP, _with(away=(CHEN_JING,))) == ZHAO_MIN

    def test_without_anybody_above_an_admin_hears(self) -> None:
        assert _hears(Role.HRBP, _with(away=(CHEN_JING, ZHAO_MIN))) == ADMIN

    def test_the_second_admin_hears_if_the_first_is_away(self) -> None:
        assert _hears(Role.ADMIN, _with(away=(ADMIN,)), (ADMIN, CHEN_JING)) == CHEN_JING

    def test_nobody_hears_if_truly_nobody_is_there(self) -> None:
        assert _hears(Role.HRBP, _with(away=(CHEN_JING, ZHAO_MIN, ADMIN))) is None

    @pytest.mark.parametrize("role", [Role.DEBTOR, Role.ABOUT])
    def test_what_is_said_to_one_person_goes_to_nobody_else_but_the_deputy(self, role: Role) -> None:
        assert _hears(role, _with(away=(LI_HUA, WANG_LEI))) is None

    def test_the_one_who_waits_is_not_reminded_of_their_own_matter_as_the_debtors_deputy(self) -> None:
        assert _hears(Role.DEBTOR, _with(person(LI_HUA, "李华", deputy=WANG_LEI), away=(LI_HUA,))) is None

    def test_the_debtor_does_not_hear_for_the_one_who_waits_as_their_deputy(self) -> None:
        assert _hears(Role.ABOUT, _with(person(WANG_LEI, "王磊", deputy=LI_HUA), away=(WANG_LEI,))) is None

    def test_any_other_deputy_hears_for_either_side(self) -> None:
        li_hua, wang_lei = person(LI_HUA, "李华", deputy=DEPUTY), person(WANG_LEI, "王磊", deputy=DEPUTY)
        people = _with(li_hua, wang_lei, person(DEPUTY), away=(LI_HUA, WANG_LEI))
        assert (_hears(Role.DEBTOR, people), _hears(Role.ABOUT, people)) == (DEPUTY, DEPUTY)

    def test_a_manager_who_is_hrbp_of_the_matter_is_passed_over_when_owing_it(self) -> None:
        people = _with(person(WANG_LEI, "王磊", manager=LI_HUA, hrbp=LI_HUA))
        assert _hears(Role.HRBP, people) == CHEN_JING

    def test_a_debtor_who_is_deputy_of_the_hrbp_is_passed_over(self) -> None:
        people = _with(person(CHEN_JING, "陈静", deputy=LI_HUA), away=(CHEN_JING,))
        assert _hears(Role.HRBP, people) == ZHAO_MIN

    def test_a_debtor_who_is_admin_is_passed_over(self) -> None:
        assert _hears(Role.ADMIN, roll(), (LI_HUA, ADMIN)) == ADMIN

    def test_an_hrbp_who_waits_is_asked_to_look_after_it_only_if_nobody_else_is_there(self) -> None:
        own_hrbp = person(WANG_LEI, "王磊", manager=LI_HUA, hrbp=WANG_LEI)
        assert _hears(Role.HRBP, _with(own_hrbp)) == CHEN_JING
        assert _hears(Role.HRBP, _with(own_hrbp, away=(CHEN_JING, ZHAO_MIN, ADMIN))) == WANG_LEI

    def test_a_manager_who_left_is_passed_over_for_the_one_above(self) -> None:
        people = _with(
            person(LI_HUA, "李华", manager="left"),
            replace(person("left", manager=ZHAO_MIN), active=False),
        )
        assert _hears(Role.MANAGER, people) == ZHAO_MIN


class TestAnyChart:
    @given(org_charts(), st.sampled_from(Role), st.data())
    def test_whoever_hears_is_there_today(self, org: Org, role: Role, data: st.DataObject) -> None:
        found = _resolve(org, role, data)
        assert found is None or org.is_there(found.person.person_id)

    @given(org_charts(), st.sampled_from(FOREIGN_ROLES), st.data())
    def test_no_foreign_role_falls_to_the_debtor(self, org: Org, role: Role, data: st.DataObject) -> None:
        debtor = data.draw(st.sampled_from(org.people))
        about = data.draw(st.sampled_from(org.people))
        found = resolve(role, debtor, about, org.roll, org.day, org.admins)
        assert found is None or found.person.person_id != debtor.person_id

    @given(org_charts(), st.sampled_from(FOREIGN_ROLES), st.data())
    def test_somebody_hears_whenever_anybody_of_the_chain_is_there(
        self, org: Org, role: Role, data: st.DataObject
    ) -> None:
        debtor = data.draw(st.sampled_from(org.people))
        about = data.draw(st.sampled_from(org.people))
        found = resolve(role, debtor, about, org.roll, org.day, org.admins)
        assert (found is not None) == bool(_chain_that_is_there(org, role, debtor, about))

    @given(org_charts(), st.data())
    def test_the_nearest_manager_who_is_there_hears_first(self, org: Org, data: st.DataObject) -> None:
        debtor = data.draw(st.sampled_from(org.people))
        found = resolve(Role.MANAGER, debtor, debtor, org.roll, org.day, org.admins)
        chain = _chain_that_is_there(org, Role.MANAGER, debtor, debtor)
        assert (found.person.person_id if found else None) == (chain[0] if chain else None)


def _resolve(org: Org, role: Role, data: st.DataObject) -> Recipient | None:
    debtor, about = data.draw(st.sampled_from(org.people)), data.draw(st.sampled_from(org.people))
    return resolve(role, debtor, about, org.roll, org.day, org.admins)


def _chain_that_is_there(org: Org, role: Role, debtor: Person, about: Person) -> list[PersonId]:
    """Return by plain search who of the chain, or whose deputy, could hear; the debtor cannot."""
    lines: list[PersonId | None] = []
    if role is Role.HRBP:
        lines += [known.hrbp_id for known in (*_climb(org, about), *_climb(org, debtor))]
    if role is not Role.ADMIN:
        lines += [known.person_id for known in _climb(org, debtor)[1:]]
    heard: list[PersonId] = []
    for line in (*lines, *org.admins):
        known = org.roll.people.get(line) if line else None
        stand_ins = (known.person_id, known.deputy_id) if known else ()
        there = [one for one in stand_ins if one is not None and org.is_there(one)][:1]
        heard += [one for one in there if one != debtor.person_id]
    return heard


def _climb(org: Org, start: Person) -> list[Person]:
    """Return a person and everybody above, up to the top, an unknown manager, or the point where the circle closes."""
    path = [start]
    while (above := org.roll.people.get(path[-1].manager_id or PersonId(""))) is not None and above not in path:
        path.append(above)
    return path


class TestLines:
    def test_managers_come_nearest_first(self) -> None:
        people = roll()
        assert [line.person_id for line in upwards(_known(people, WANG_LEI), people)] == [LI_HUA, ZHAO_MIN]

    def test_a_manager_nobody_knows_ends_the_line(self) -> None:
        assert list(upwards(person(manager="nobody-knows"), roll())) == []

    def test_a_circle_ends_the_line_before_it_closes(self) -> None:
        people = roll([person("a", manager="b"), person("b", manager="c"), person("c", manager="b")])
        assert [line.person_id for line in upwards(_known(people, PersonId("a")), people)] == ["b", "c"]

    def test_an_hrbp_is_inherited_from_the_managers_above(self) -> None:
        people = roll([person("a", manager="b"), person("b", manager="c", hrbp="x"), person("c", hrbp="y")])
        assert list(hrbps(_known(people, PersonId("a")), people)) == ["x", "y"]

    def test_an_hrbp_of_several_in_the_line_is_named_once(self) -> None:
        people = roll()
        assert list(hrbps(_known(people, WANG_LEI), people)) == [CHEN_JING]

    @given(org_charts(), st.data())
    def test_a_line_never_names_anybody_twice_nor_its_beginning(self, org: Org, data: st.DataObject) -> None:
        start = data.draw(st.sampled_from(org.people))
        line = [above.person_id for above in upwards(start, org.roll)]
        assert len({start.person_id, *line}) == len(line) + 1


class TestWhoMayAct:
    def test_the_debtor_and_the_deputy_may_do_what_is_owed(self) -> None:
        owes = person(LI_HUA, "李华", deputy=DEPUTY)
        assert acts_for(owes, owes)
        assert acts_for(person(DEPUTY), owes)

    def test_nobody_else_may(self) -> None:
        assert not acts_for(person(WANG_LEI), person(LI_HUA, "李华", manager=WANG_LEI, hrbp=WANG_LEI))


class TestManagerInCharge:
    def test_it_is_the_line_manager(self) -> None:
        people = roll()
        assert manager_in_charge(_known(people, WANG_LEI), people) == _known(people, LI_HUA)

    def test_a_manager_who_left_is_passed_over_and_one_who_is_away_is_not(self) -> None:
        left = _with(person(LI_HUA, "李华", manager=ZHAO_MIN, active=False), away=(ZHAO_MIN,))
        assert manager_in_charge(_known(left, WANG_LEI), left) == _known(left, ZHAO_MIN)

    def test_there_is_none_at_the_top(self) -> None:
        people = roll()
        assert manager_in_charge(_known(people, ZHAO_MIN), people) is None

    @given(org_charts(), st.data())
    def test_it_is_never_oneself_nor_somebody_who_left(self, org: Org, data: st.DataObject) -> None:
        start = data.draw(st.sampled_from(org.people))
        found = manager_in_charge(start, org.roll)
        assert found == next((above for above in _climb(org, start)[1:] if above.active), None)


class TestCycles:
    def test_a_tree_has_none(self) -> None:
        assert reporting_cycle(staff()) is None

    def test_somebody_who_manages_themselves_is_one(self) -> None:
        assert reporting_cycle([person("a", manager="a")]) == ("a", "a")

    def test_the_ids_along_it_are_named_and_those_who_lead_into_it_are_not(self) -> None:
        people = [
            person("a", manager="b"),
            person("b", manager="c"),
            person("c", manager="d"),
            person("d", manager="b"),
        ]
        assert reporting_cycle(people) == ("b", "c", "d", "b")

    def test_a_line_that_joins_another_is_none(self) -> None:
        assert reporting_cycle([person("b", manager="c"), person("a", manager="b"), person("c")]) is None

    @given(org_charts())
    def test_it_is_found_exactly_where_somebody_is_above_themselves(self, org: Org) -> None:
        found = reporting_cycle(org.people)
        assert (found is not None) == any(_is_above_themselves(org, one) for one in org.people)
        if found is not None:
            assert found[0] == found[-1]
            managers = [org.roll.people[one].manager_id for one in found[:-1]]
            assert managers == list(found[1:])
            assert len(set(found)) == len(found) - 1


def _is_above_themselves(org: Org, start: Person) -> bool:
    current: PersonId | None = start.person_id
    for _ in org.people:
        known = org.roll.people.get(current) if current else None
        current = known.manager_id if known else None
        if current == start.person_id:
            return True
    return False
