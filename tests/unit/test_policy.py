"""An organisation's settings: the most specific wins."""

from dataclasses import replace
from datetime import time
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadences import Scope
from domain.calendar import Leave, QuietHours
from domain.duties import ANSWER
from domain.people import Person
from domain.policy import AttentionChange, AttentionOverride, AttentionRules, OrgPolicy, QuietTime
from tests.builders import LI_HUA, WANG_LEI, attention, cadence, leave, org_policy, person
from tests.strategies import leaves, person_ids, policies, scopes, wall_times

AWAY = leave("2026-11-30", "2026-12-04")
EARLY = QuietTime(QuietHours(time(19), time(9)), workdays_only=False)

Value = TypeVar("Value")

changes = st.builds(
    AttentionChange,
    st.none() | st.builds(QuietTime, st.none() | st.just(EARLY.hours), st.booleans()),
    st.none() | st.integers(1, 4),
    st.none() | wall_times(),
)


def overridden(*overrides: AttentionOverride) -> OrgPolicy:
    """Return a policy with these overrides, the most specific first."""
    return replace(org_policy(), attention_overrides=overrides)


def first(stated: list[Value | None], otherwise: Value) -> Value:
    """Return the first value that is stated."""
    return next((each for each in stated if each is not None), otherwise)


class TestOwnSettings:
    @pytest.mark.parametrize(("zone", "key"), [(None, "Asia/Shanghai"), ("America/New_York", "America/New_York")])
    def test_a_persons_own_zone_wins_over_the_organisations(self, zone: str | None, key: str) -> None:
        assert org_policy().zone_of(person(zone=zone)).key == key

    @pytest.mark.parametrize(("locale", "spoken"), [(None, "zh-CN"), ("en", "en")])
    def test_a_persons_own_locale_wins_over_the_organisations(self, locale: str | None, spoken: str) -> None:
        assert org_policy().locale_of(replace(person(), locale=locale)) == spoken


class TestAttention:
    def test_without_an_override_the_organisations_rules_hold(self) -> None:
        assert org_policy().attention_for(person()) == attention()

    def test_of_several_whole_overrides_that_hold_the_first_wins(self) -> None:
        own, departments = attention(per_day=1), attention(per_day=3)
        policy = overridden(
            AttentionOverride(Scope(people=(WANG_LEI,)), own),
            AttentionOverride(Scope(departments=("研发",)), departments),
        )
        assert policy.attention_for(person(WANG_LEI)) == own
        assert policy.attention_for(person(LI_HUA)) == departments
        assert policy.attention_for(person(LI_HUA, department="人力资源")) == attention()

    def test_a_person_who_states_only_a_budget_keeps_the_departments_quiet_hours(self) -> None:
        policy = overridden(
            AttentionOverride(Scope(people=(WANG_LEI,)), AttentionChange(per_day=2)),
            AttentionOverride(Scope(departments=("研发",)), AttentionChange(quiet=EARLY)),
        )
        assert policy.attention_for(person(WANG_LEI)) == AttentionRules(
            EARLY.hours, 2, EARLY.workdays_only, attention().digest_at
        )

    def test_what_two_state_the_more_specific_one_decides(self) -> None:
        policy = overridden(
            AttentionOverride(Scope(people=(WANG_LEI,)), AttentionChange(quiet=QuietTime(None, workdays_only=False))),
            AttentionOverride(Scope(departments=("研发",)), AttentionChange(EARLY, 2, time(17))),
        )
        assert policy.attention_for(person(WANG_LEI)) == AttentionRules(None, 2, False, time(17))

    def test_midnight_is_a_time_for_the_digest(self) -> None:
        assert AttentionChange(digest_at=time(0)).over(attention()).digest_at == time(0)

    def test_who_states_nothing_changes_nothing(self) -> None:
        assert AttentionChange().over(attention()) == attention()

    @given(policies(), st.lists(st.tuples(scopes(), changes), max_size=4), person_ids())
    def test_each_setting_comes_from_the_most_specific_override_that_holds_and_states_it(
        self, policy: OrgPolicy, stated: list[tuple[Scope, AttentionChange]], person_id: str
    ) -> None:
        who = person(person_id)
        policy = replace(policy, attention_overrides=tuple(AttentionOverride(*each) for each in stated))
        holding = [change for scope, change in stated if scope.holds(who)]
        found = policy.attention_for(who)
        organisation = policy.attention
        assert found.per_day == first([each.per_day for each in holding], organisation.per_day)
        assert found.digest_at == first([each.digest_at for each in holding], organisation.digest_at)
        quiet = first([each.quiet for each in holding], QuietTime(organisation.quiet, organisation.workdays_only))
        assert (found.quiet, found.workdays_only) == (quiet.hours, quiet.workdays_only)

    @given(policies(), person_ids())
    def test_whole_rules_come_from_an_override_that_holds_or_from_the_organisation(
        self, policy: OrgPolicy, person_id: str
    ) -> None:
        who = person(person_id)
        holding = [override.rules for override in policy.attention_overrides if override.scope.holds(who)]
        assert policy.attention_for(who) == [*holding, policy.attention][0]


class TestPace:
    def test_leave_stops_the_clock_of_somebody_without_a_deputy(self) -> None:
        assert org_policy().pace_for(person(), [AWAY], "reply").leave == (AWAY,)

    def test_with_a_deputy_leave_does_not_count(self) -> None:
        assert org_policy().pace_for(person(deputy=LI_HUA), [AWAY], "reply").leave == ()

    def test_nobody_stands_in_for_an_answer_of_ones_own(self) -> None:
        assert org_policy().pace_for(person(deputy=LI_HUA), [AWAY], ANSWER).leave == (AWAY,)

    @given(policies(), st.lists(leaves(), max_size=2), st.sampled_from([person(), person(zone="UTC")]))
    def test_time_passes_in_the_persons_zone_on_the_organisations_workdays(
        self, policy: OrgPolicy, days_off: list[Leave], who: Person
    ) -> None:
        pace = policy.pace_for(who, days_off, "reply")
        assert (pace.calendar, pace.zone, pace.leave) == (policy.calendar, policy.zone_of(who), tuple(days_off))


class TestCadences:
    def test_a_cadence_is_found_by_its_exact_name(self) -> None:
        policy = org_policy(cadence("weekly"), cadence("weekly@研发"))
        found = policy.cadence("weekly@研发")
        assert found is not None
        assert (found.name, found.family) == ("weekly@研发", "weekly")

    @pytest.mark.parametrize("name", ["", "week", "Weekly", "weekly@人力资源"])
    def test_nothing_is_found_under_another_name(self, name: str) -> None:
        assert org_policy().cadence(name) is None


def test_an_unknown_zone_is_an_error_and_not_the_organisations() -> None:
    with pytest.raises(KeyError):
        org_policy().zone_of(person(zone="Mars/Olympus"))
