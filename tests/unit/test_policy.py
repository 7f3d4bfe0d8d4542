"""An organisation's settings: the most specific wins."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadences import Scope
from domain.calendar import Leave
from domain.duties import ANSWER
from domain.people import Person
from domain.policy import AttentionOverride, OrgPolicy
from tests.builders import LI_HUA, WANG_LEI, attention, cadence, leave, org_policy, person
from tests.strategies import leaves, person_ids, policies

AWAY = leave("2026-11-30", "2026-12-04")


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

    def test_of_several_overrides_that_hold_the_first_wins(self) -> None:
        own, departments = attention(per_day=1), attention(per_day=3)
        policy = replace(
            org_policy(),
            attention_overrides=(
                AttentionOverride(Scope(people=(WANG_LEI,)), own),
                AttentionOverride(Scope(departments=("研发",)), departments),
            ),
        )
        assert policy.attention_for(person(WANG_LEI)) == own
        assert policy.attention_for(person(LI_HUA)) == departments
        assert policy.attention_for(person(LI_HUA, department="人力资源")) == attention()

    @given(policies(), person_ids())
    def test_rules_come_from_an_override_that_holds_or_from_the_organisation(
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
