"""The plan: every message that practices would begin, when, for whom, and why not on the day the schedule names."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar_warnings import calendar_warnings
from config.plan import PlannedMoment, audience_in_words, plan
from domain.cadences import Audience, AudienceRole, Scope, Stage
from domain.ids import PersonId
from domain.policy import OrgPolicy
from tests.builders import at
from tests.unit.config_texts import loaded, problems

SHANGHAI = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
MEETING = """
    cadences:
      meeting:
        when: "WED 14:00"
        if_day_off: later
        questionnaire: decisions
        notice: {before: 1d}
        summary: {to: audience, sections: [counts], after: 2d}
"""


def policy(text: str = "") -> OrgPolicy:
    return loaded(text).policy


def planned(text: str, start: str, end: str, zones: tuple[str, ...] = (SHANGHAI,)) -> list[PlannedMoment]:
    return plan(policy(text), zones, at(start), at(end))


def told(moments: list[PlannedMoment]) -> list[tuple[str, str]]:
    return [(moment.local.strftime("%m-%d %H:%M"), moment.stage.value) for moment in moments]


class TestHolidays:
    def test_an_ordinary_friday_needs_no_reason(self) -> None:
        (moment,) = planned("", "2026-11-23 00:00", "2026-11-30 00:00")
        assert (moment.utc, moment.local.isoformat()) == (at("2026-11-27 16:00"), "2026-11-27T16:00:00+08:00")
        assert (moment.cadence, moment.title, moment.stage, moment.zone) == ("weekly", "本周复盘", Stage.ASK, SHANGHAI)
        assert (moment.reason, moment.skipped, moment.certain) == ("", False, True)
        assert moment.audience == "the whole organisation"

    def test_a_holiday_that_moves_a_practice_is_named(self) -> None:
        (moment,) = planned("", "2026-09-21 00:00", "2026-09-28 00:00")
        assert told([moment]) == [("09-24 16:00", "ask")]
        assert (moment.nominal_day, moment.reason) == (date(2026, 9, 25), "moved: 2026-09-25 is holiday 中秋节")

    def test_a_holiday_that_skips_a_practice_is_named(self) -> None:
        text = "cadences: {weekly: {preset: review, if_day_off: skip}}"
        (moment,) = planned(text, "2026-09-21 00:00", "2026-09-28 00:00")
        assert (moment.skipped, moment.stage) == (True, Stage.ASK)
        assert moment.reason == "skipped: 2026-09-25 is holiday 中秋节"

    def test_a_day_off_by_configuration_is_named_as_such(self) -> None:
        (moment,) = planned("calendar: {off: [2026-11-27]}", "2026-11-23 00:00", "2026-11-30 00:00")
        assert moment.reason == "moved: 2026-11-27 is config off"

    def test_a_make_up_saturday_is_a_workday(self) -> None:
        text = 'cadences: {saturday: {when: "SAT 10:00", questionnaire: micro, if_day_off: skip}}'
        found = planned(text, "2026-10-01 00:00", "2026-10-20 00:00")
        assert [each.nominal_day for each in found if not each.skipped] == [date(2026, 10, 10)]

    def test_in_a_year_without_official_days_nothing_is_certain(self) -> None:
        found = planned("", "2026-12-28 00:00", "2027-01-12 00:00")
        assert [(each.local.year, each.certain) for each in found] == [(2026, False), (2027, False)]


class TestStages:
    def test_notice_question_and_summary_come_in_order(self) -> None:
        found = planned(MEETING, "2026-11-23 00:00", "2026-11-30 00:00")
        assert told(found) == [("11-24 14:00", "notice"), ("11-25 14:00", "ask"), ("11-27 14:00", "summary")]

    def test_a_summary_belongs_to_the_window_in_which_it_is_told(self) -> None:
        assert told(planned(MEETING, "2026-11-27 00:00", "2026-11-30 00:00")) == [("11-27 14:00", "summary")]

    def test_a_notice_belongs_to_the_window_in_which_it_is_told(self) -> None:
        assert told(planned(MEETING, "2026-11-24 00:00", "2026-11-25 00:00")) == [("11-24 14:00", "notice")]

    def test_the_start_is_included_and_the_end_is_not(self) -> None:
        assert len(planned("", "2026-11-20 16:00", "2026-11-27 16:00")) == 1

    def test_each_zone_has_its_own_wall_time(self) -> None:
        found = planned("", "2026-11-23 00:00", "2026-11-30 00:00", (SHANGHAI, BERLIN, SHANGHAI))
        assert [(each.zone, each.local.hour) for each in found] == [(SHANGHAI, 16), (BERLIN, 16)]
        assert found[1].utc - found[0].utc == timedelta(hours=7)

    @given(st.integers(0, 300 * 24), st.integers(0, 40 * 24), st.integers(0, 40 * 24))
    def test_windows_that_touch_tell_the_same_as_one(self, offset: int, first: int, second: int) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=offset)
        middle, end = start + timedelta(hours=first), start + timedelta(hours=first + second)
        settings = policy(MEETING)
        whole = plan(settings, [SHANGHAI, BERLIN], start, end)
        assert (
            plan(settings, [SHANGHAI, BERLIN], start, middle) + plan(settings, [SHANGHAI, BERLIN], middle, end) == whole
        )
        assert [each.utc for each in whole] == sorted(each.utc for each in whole)

    def test_an_instant_without_an_offset_is_refused(self) -> None:
        with pytest.raises(ValueError, match="naive"):
            plan(policy(), [SHANGHAI], datetime(2026, 1, 1), datetime(2026, 2, 1))  # noqa: DTZ001


class TestAudience:
    @pytest.mark.parametrize(
        ("audience", "words"),
        [
            (Audience(), "the whole organisation"),
            (Audience(Scope(("研发", "销售"))), "department 研发, department 销售"),
            (Audience(Scope(teams=(PersonId("li"),), people=(PersonId("wang"),))), "team of li, person wang"),
            (Audience(role=AudienceRole.HRBPS), "HRBPs in the whole organisation"),
            (
                Audience(Scope(("研发",)), AudienceRole.MANAGERS, (Scope(people=(PersonId("wang"),)),)),
                "managers in department 研发, without person wang",
            ),
        ],
    )
    def test_it_is_told_in_words(self, audience: Audience, words: str) -> None:
        assert audience_in_words(audience) == words

    def test_variants_are_planned_each_for_its_own(self) -> None:
        text = "overrides: [{department: 研发, cadences: {weekly: {when: THU 16:00}}}]"
        found = planned(text, "2026-11-23 00:00", "2026-11-30 00:00")
        assert [(each.cadence, each.audience, each.local.astimezone(ZoneInfo(SHANGHAI)).day) for each in found] == [
            ("weekly@department:研发", "department 研发", 26),
            ("weekly", "the whole organisation, without department 研发", 27),
        ]


class TestWarnings:
    def test_a_year_without_official_data_is_told_with_what_to_do(self) -> None:
        (warning,) = calendar_warnings(policy(), date(2026, 6, 1), date(2027, 6, 1))
        assert warning.startswith("calendar: 2027 has no official data yet for CN")
        assert "calendar.confirmed_years" in warning

    def test_years_with_data_are_no_news(self) -> None:
        assert calendar_warnings(policy(), date(2025, 1, 1), date(2026, 12, 31)) == ()

    def test_a_year_that_the_operator_vouches_for_is_no_news(self) -> None:
        vouched = policy("calendar: {confirmed_years: [2027]}")
        assert calendar_warnings(vouched, date(2027, 1, 1), date(2027, 12, 31)) == ()

    def test_without_a_country_there_is_nothing_to_wait_for(self) -> None:
        assert calendar_warnings(policy("calendar: {country: null}"), date(2027, 1, 1), date(2090, 1, 1)) == ()


class TestCalendarSettings:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (
                "calendar: {country: XX}",
                "calendar.country: country 'XX' is unknown; use an ISO 3166-1 code in capitals",
            ),
            ("calendar: {country: China}", "calendar.country: must have at most 3 characters"),
            ("calendar: {weekend: [MON, TUE, WED, THU, FRI, SAT, SUN]}", "calendar.weekend: leaves no day to work on"),
            (
                "calendar: {off: [2026-12-25], work: [2026-12-26, 2026-12-25]}",
                "calendar.work[1]: 2026-12-25 is in off as",
            ),
            ("calendar: {confirmed_years: [27]}", "calendar.confirmed_years[0]: must be greater than or equal to 2000"),
            ("quiet_hours: {from: '08:00', to: '08:00'}", "quiet_hours.to: is the same time as from"),
            ("attention: null", "attention: cannot be switched off"),
        ],
    )
    def test_a_mistake_is_told(self, text: str, expected: str) -> None:
        (only,) = problems(text)
        assert only.startswith(f"org.yaml:3: {expected}")

    def test_settings_reach_the_calendar(self) -> None:
        calendar = policy("calendar: {country: DE, weekend: [SUN], off: [2026-11-27], work: [2026-12-25]}").calendar
        assert calendar.country == "DE"
        assert not calendar.is_workday(date(2026, 11, 27))
        assert calendar.is_workday(date(2026, 12, 25))
        assert calendar.is_workday(date(2026, 11, 28))

    def test_quiet_hours_of_null_are_none_at_all(self) -> None:
        rules = policy("quiet_hours: null").attention
        assert (rules.quiet, rules.workdays_only) == (None, False)
