"""Practices: whom they ask, and the stages through which a round walks."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadences import (
    Audience,
    Cadence,
    Listener,
    Notice,
    Scope,
    Section,
    Stage,
    Summary,
    stage_after,
    stage_times,
)
from domain.people import Person
from tests.builders import FRIDAY, LI_HUA, WANG_LEI, cadence, hours, occurrence, person
from tests.strategies import audiences, lengths, person_ids, scopes

NOTICE = Notice(before=timedelta(days=1))
SUMMARY = Summary(Listener.TEAM, (Section.COUNTS,), after=hours(48))

practices = st.builds(
    lambda before, asks, after: replace(
        cadence(),
        notice=None if before is None else Notice(before),
        questionnaire=cadence().questionnaire if asks else None,
        summary=None if after is None else Summary(Listener.TEAM, (Section.COUNTS,), after),
    ),
    st.none() | lengths(),
    st.booleans(),
    st.none() | lengths(),
)


@st.composite
def someone(draw: st.DrawFn) -> Person:
    departments = st.sampled_from(["", "研发", "研发/平台", "研发/平台/存储", "研发二部", "人力资源"])
    return person(draw(person_ids()), manager=draw(st.none() | person_ids()), department=draw(departments))


class TestScope:
    def test_an_empty_scope_is_everybody(self) -> None:
        assert Scope().is_everybody
        assert Scope().holds(person(department=""))

    @pytest.mark.parametrize(
        ("department", "held"),
        [
            ("研发", True),
            ("研发/平台", True),
            ("研发/平台/存储", True),
            ("研发二部", False),
            ("人力资源", False),
            ("", False),
        ],
    )
    def test_a_department_holds_all_below_it_and_none_beside_it(self, department: str, held: bool) -> None:
        assert Scope(departments=("研发",)).holds(person(department=department)) is held

    def test_a_team_is_its_managers_direct_reports_without_the_manager(self) -> None:
        team = Scope(teams=(LI_HUA,))
        assert team.holds(person(WANG_LEI, manager=LI_HUA))
        assert not team.holds(person(LI_HUA, manager="zhaomin"))
        assert not team.holds(person("top", manager=None))

    def test_single_people_are_held_by_name(self) -> None:
        assert Scope(people=(WANG_LEI,)).holds(person(WANG_LEI))
        assert not Scope(people=(WANG_LEI,)).holds(person(LI_HUA))

    @given(scopes(), scopes(), someone())
    def test_two_scopes_together_hold_whomever_either_holds(self, one: Scope, other: Scope, who: Person) -> None:
        both = Scope(one.departments + other.departments, one.teams + other.teams, one.people + other.people)
        if not (one.is_everybody or other.is_everybody):
            assert both.holds(who) == (one.holds(who) or other.holds(who))


class TestAudience:
    def test_an_exception_takes_people_out(self) -> None:
        audience = Audience(without=(Scope(departments=("人力资源",)), Scope(people=(WANG_LEI,))))
        assert audience.holds(person(LI_HUA))
        assert not audience.holds(person(WANG_LEI))
        assert not audience.holds(person(LI_HUA, department="人力资源/招聘"))

    @given(audiences(), someone())
    def test_an_audience_is_its_scope_less_its_exceptions(self, audience: Audience, who: Person) -> None:
        excepted = [scope for scope in audience.without if scope.holds(who)]
        assert audience.holds(who) == (audience.scope.holds(who) and not excepted)


class TestStages:
    def test_the_weekly_review_only_asks(self) -> None:
        assert stage_times(cadence(), FRIDAY) == {Stage.ASK: FRIDAY}

    def test_a_practice_that_only_tells_asks_nobody(self) -> None:
        tells = replace(cadence(), questionnaire=None, summary=replace(SUMMARY, after=timedelta(0)))
        assert stage_times(tells, FRIDAY) == {Stage.SUMMARY: FRIDAY}

    def test_a_round_walks_from_notice_to_question_to_summary(self) -> None:
        full = replace(cadence(), notice=NOTICE, summary=SUMMARY)
        assert stage_times(full, FRIDAY)[Stage.NOTICE] == FRIDAY - timedelta(days=1)
        assert stage_after(Stage.NOTICE, full, FRIDAY) == (Stage.ASK, FRIDAY)
        assert stage_after(Stage.ASK, full, FRIDAY) == (Stage.SUMMARY, FRIDAY + hours(48))
        assert stage_after(Stage.SUMMARY, full, FRIDAY) == (Stage.DONE, None)

    def test_stages_that_it_does_not_have_are_passed_over(self) -> None:
        announced = replace(cadence(), questionnaire=None, notice=NOTICE, summary=SUMMARY)
        assert stage_after(Stage.NOTICE, announced, FRIDAY) == (Stage.SUMMARY, FRIDAY + hours(48))

    @given(practices)
    def test_every_stage_begins_once_in_order_and_none_before_the_one_before_it(self, practice: Cadence) -> None:
        times = stage_times(practice, FRIDAY)
        walked = list(times)[:1]
        while walked and (following := stage_after(walked[-1], practice, FRIDAY))[0] is not Stage.DONE:
            assert following[1] == times[following[0]]
            walked.append(following[0])
        assert walked == list(times) == [stage for stage in Stage if stage in times]
        assert list(times.values()) == sorted(times.values())


class TestNominal:
    def test_replicas_agree_on_an_occurrence_by_its_local_day_time_and_zone(self) -> None:
        assert occurrence().nominal == "2026-11-27T16:00[Asia/Shanghai]"

    def test_the_same_wall_time_in_two_zones_is_two_occurrences(self) -> None:
        assert replace(occurrence(), zone="Asia/Tokyo").nominal != occurrence().nominal

    def test_a_holiday_that_moves_the_occurrence_does_not_rename_it(self) -> None:
        moved = replace(occurrence(), fires_at=FRIDAY - timedelta(days=1))
        assert moved.nominal == occurrence().nominal

    @given(st.lists(st.tuples(st.dates(), st.times()), min_size=2, max_size=2, unique=True))
    def test_different_minutes_have_different_names(self, drawn: list[tuple[date, time]]) -> None:
        names = {replace(occurrence(), nominal_day=day, at=at).nominal for day, at in drawn}
        minutes = {(day, at.hour, at.minute) for day, at in drawn}
        assert len(names) == len(minutes)
