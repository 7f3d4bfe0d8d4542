"""Which days are workdays and why, and where a local day begins."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import (
    DayInfo,
    DayKind,
    Leave,
    NoOfficialCalendar,
    NoWorkday,
    WorkCalendar,
    local_day,
    local_instant,
    personal_day,
)

WEEKEND = frozenset({5, 6})
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
CHINA = WorkCalendar.of("CN", WEEKEND, (), ())
BARE = WorkCalendar.of(None, WEEKEND, (), ())


def days_of(year: int) -> list[date]:
    return [
        date(year, 1, 1) + timedelta(days=number) for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    ]


def on(year: int, *month_days: str) -> list[date]:
    return [date.fromisoformat(f"{year}-{month_day}") for month_day in month_days]


class TestChina:
    def test_the_holiday_fridays_of_2026_are_those_of_the_notice(self) -> None:
        fridays_off = [day for day in days_of(2026) if day.weekday() == 4 and not CHINA.is_workday(day)]
        assert fridays_off == on(2026, "01-02", "02-20", "05-01", "06-19", "09-25", "10-02")

    def test_the_makeup_workdays_of_2026_are_those_of_the_notice(self) -> None:
        made_up = [day for day in days_of(2026) if CHINA.day(day).kind is DayKind.MAKEUP_WORKDAY]
        assert made_up == on(2026, "01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
        assert all(CHINA.is_workday(day) for day in made_up)

    def test_the_tenth_is_off_in_january_and_may_2026_but_worked_in_october(self) -> None:
        tenths = {month: CHINA.is_workday(date(2026, month, 10)) for month in (1, 5, 10)}
        assert tenths == {1: False, 5: False, 10: True}

    @pytest.mark.parametrize(("month", "first"), [(1, "01-04"), (5, "05-06"), (10, "10-08")])
    def test_the_first_workday_of_a_month_skips_its_holidays(self, month: int, first: str) -> None:
        assert CHINA.first_workday_of_month(2026, month) == date.fromisoformat(f"2026-{first}")

    def test_the_last_workday_of_a_month_may_be_a_makeup_saturday(self) -> None:
        assert CHINA.last_workday_of_month(2026, 2) == date(2026, 2, 28)

    @pytest.mark.parametrize(
        ("day", "reason"),
        [
            ("2026-02-17", "holiday:春节"),
            ("2026-02-20", "holiday:春节"),  # a day off only because 02-14 is worked
            ("2026-02-14", "makeup_workday:春节"),
            ("2026-04-06", "holiday:清明节"),  # the Monday for a holiday on Sunday
            ("2026-09-20", "makeup_workday:国庆节"),
            ("2018-12-31", "holiday:元旦"),  # for the New Year's Day of the next year
            ("2018-12-29", "makeup_workday:元旦"),
            ("2005-12-31", "makeup_workday:元旦"),  # told by the notice of 2006
            ("2020-02-02", "holiday:春节延长假期"),  # one year only
            ("2026-03-06", "weekday"),
            ("2026-03-07", "weekend"),
        ],
    )
    def test_a_day_tells_its_reason_with_the_name_of_the_holiday(self, day: str, reason: str) -> None:
        assert CHINA.day(date.fromisoformat(day)).reason == reason

    @pytest.mark.parametrize("language", ["en_US", "zh_TW", "C"])
    def test_names_do_not_follow_the_language_of_the_environment(
        self, language: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LANGUAGE", language)
        assert WorkCalendar.of("CN", WEEKEND, (), ()).day(date(2026, 2, 17)).name == "春节"

    @pytest.mark.parametrize("year", range(2001, 2027))
    def test_every_year_with_a_notice_is_official_and_has_makeup_workdays(self, year: int) -> None:
        assert CHINA.official(year)
        worked_weekends = [day for day in days_of(year) if CHINA.day(day).kind is DayKind.MAKEUP_WORKDAY]
        assert worked_weekends
        assert all(day.weekday() >= 5 for day in worked_weekends)

    @pytest.mark.parametrize("year", [1949, 1999, 2000, 2035, 2101])
    def test_a_year_without_a_notice_is_not_official(self, year: int) -> None:
        assert not CHINA.official(year)
        with pytest.raises(NoOfficialCalendar) as refused:
            CHINA.require_official(year)
        assert (refused.value.country, refused.value.year) == ("CN", year)

    def test_a_year_without_a_notice_has_the_holidays_of_the_law_and_no_guesses(self) -> None:
        off = {day: CHINA.day(day) for day in days_of(2035) if CHINA.day(day).kind is DayKind.HOLIDAY}
        assert off[date(2035, 10, 1)].name == "国庆节"
        assert CHINA.day(date(2035, 2, 10)).kind is DayKind.HOLIDAY  # Saturday, third day of the Spring Festival
        assert CHINA.day(date(2035, 2, 12)).kind is DayKind.WEEKDAY  # Monday, its likely but unannounced replacement
        assert not [day for day in days_of(2035) if CHINA.day(day).kind is DayKind.MAKEUP_WORKDAY]

    def test_an_administrator_may_enter_a_notice_that_the_library_does_not_have(self) -> None:
        calendar = WorkCalendar.of("CN", WEEKEND, [date(2035, 2, 12)], [date(2035, 2, 3)], confirmed_years=[2035])
        assert calendar.official(2035)
        calendar.require_official(2035)
        assert calendar.day(date(2035, 2, 12)).kind is DayKind.CONFIG_OFF
        assert calendar.day(date(2035, 2, 3)).is_workday


class TestOtherCountries:
    def test_a_country_whose_law_moves_no_workdays_is_official_for_every_computed_year(self) -> None:
        calendar = WorkCalendar.of("US", WEEKEND, (), ())
        assert calendar.official(2035)
        assert calendar.day(date(2026, 7, 3)) == DayInfo(date(2026, 7, 3), DayKind.HOLIDAY, "Independence Day")
        assert not calendar.official(2200)

    def test_a_country_that_moves_workdays_is_official_as_far_as_its_table_reaches(self) -> None:
        calendar = WorkCalendar.of("HU", WEEKEND, (), ())
        assert calendar.official(2023)  # nothing was moved that year, and more recent years are known
        assert not calendar.official(2060)

    def test_a_day_moved_far_from_any_holiday_bears_no_holidays_name(self) -> None:
        calendar = WorkCalendar.of("AM", WEEKEND, (), ())  # 2018-10-11 was given away for a meeting of states
        assert calendar.day(date(2018, 10, 11)).kind is DayKind.HOLIDAY
        assert calendar.day(date(2018, 10, 27)) == DayInfo(date(2018, 10, 27), DayKind.MAKEUP_WORKDAY, None)

    def test_without_a_country_every_year_is_official_and_only_weekends_are_off(self) -> None:
        assert BARE.official(2200)
        BARE.require_official(2200)
        assert BARE.day(date(2026, 2, 17)).kind is DayKind.WEEKDAY
        assert BARE.day(date(2026, 2, 14)).kind is DayKind.WEEKEND

    @pytest.mark.parametrize("code", ["XX", "cn", "", "China", "date"])
    def test_an_unknown_country_is_refused_with_an_example(self, code: str) -> None:
        with pytest.raises(ValueError, match="for example CN"):
            WorkCalendar.of(code, WEEKEND, (), ())


class TestConfiguration:
    def test_off_and_work_win_over_the_country_and_the_weekend(self) -> None:
        calendar = WorkCalendar.of("CN", WEEKEND, on(2026, "02-14", "03-06"), on(2026, "10-01", "03-07"))
        kinds = [calendar.day(day).kind for day in on(2026, "02-14", "03-06", "10-01", "03-07")]
        assert kinds == [DayKind.CONFIG_OFF, DayKind.CONFIG_OFF, DayKind.CONFIG_WORK, DayKind.CONFIG_WORK]

    def test_a_six_day_week_works_on_saturdays(self) -> None:
        calendar = WorkCalendar.of("CN", frozenset({6}), (), ())
        assert calendar.is_workday(date(2026, 3, 7))
        assert not calendar.is_workday(date(2026, 3, 8))
        assert not calendar.is_workday(date(2026, 10, 3))  # Saturday, National Day

    def test_a_day_both_off_and_work_is_refused_by_name(self) -> None:
        with pytest.raises(ValueError, match="both off and work: 2026-03-06"):
            WorkCalendar.of(None, WEEKEND, on(2026, "03-06"), on(2026, "03-06", "03-07"))

    def test_a_weekday_outside_the_week_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"\[7\].*0 \(Monday\) to 6"):
            WorkCalendar.of(None, frozenset({6, 7}), (), ())

    def test_an_instant_is_not_taken_for_a_day(self) -> None:
        with pytest.raises(TypeError, match="local_day"):
            CHINA.day(datetime(2026, 3, 6, 16, tzinfo=UTC))

    def test_equal_settings_make_equal_calendars_whatever_they_were_asked_before(self) -> None:
        asked = WorkCalendar.of("CN", WEEKEND, (), ())
        asked.is_workday(date(2026, 3, 6))
        assert asked == WorkCalendar.of("CN", WEEKEND, (), ())
        assert asked != BARE


class TestNeighbours:
    def test_inclusive_gives_the_day_itself_if_it_is_a_workday(self) -> None:
        friday, saturday = date(2026, 3, 6), date(2026, 3, 7)
        assert CHINA.next_workday(friday, inclusive=True) == friday == CHINA.previous_workday(friday, inclusive=True)
        assert CHINA.previous_workday(saturday, inclusive=True) == friday
        assert CHINA.next_workday(saturday, inclusive=True) == date(2026, 3, 9)

    def test_exclusive_never_gives_the_day_itself(self) -> None:
        friday = date(2026, 3, 6)
        assert CHINA.next_workday(friday, inclusive=False) == date(2026, 3, 9)
        assert CHINA.previous_workday(friday, inclusive=False) == date(2026, 3, 5)

    def test_a_month_that_is_off_as_a_whole_has_no_first_or_last_workday(self) -> None:
        closed = WorkCalendar.of(None, WEEKEND, [day for day in days_of(2026) if day.month == 8], ())
        assert closed.first_workday_of_month(2026, 8) is None
        assert closed.last_workday_of_month(2026, 8) is None

    def test_a_calendar_without_workdays_says_so_instead_of_searching_for_ever(self) -> None:
        never = WorkCalendar.of(None, frozenset(range(7)), (), ())
        with pytest.raises(NoWorkday, match="2026-03-06") as refused:
            never.next_workday(date(2026, 3, 6), inclusive=True)
        assert refused.value.looked_from == date(2026, 3, 6)
        with pytest.raises(NoWorkday):
            never.previous_workday(date(2026, 3, 6), inclusive=False)

    def test_one_workday_within_three_years_is_found(self) -> None:
        rare = WorkCalendar.of(None, frozenset(range(7)), (), [date(2028, 12, 1)])
        assert rare.next_workday(date(2026, 3, 6), inclusive=True) == date(2028, 12, 1)


class TestLeave:
    LEAVE = (Leave(date(2026, 3, 5), date(2026, 3, 9)),)

    def test_both_ends_of_a_leave_belong_to_it(self) -> None:
        covered = [day for day in days_of(2026) if self.LEAVE[0].covers(day)]
        assert covered == on(2026, "03-05", "03-06", "03-07", "03-08", "03-09")

    def test_a_leave_makes_a_day_off_of_a_workday_only(self) -> None:
        kinds = [
            personal_day(day, calendar=CHINA, leave=self.LEAVE).kind for day in on(2026, "03-04", "03-05", "03-07")
        ]
        assert kinds == [DayKind.WEEKDAY, DayKind.LEAVE, DayKind.WEEKEND]
        assert not personal_day(date(2026, 3, 5), calendar=CHINA, leave=self.LEAVE).is_workday

    def test_a_leave_that_ends_before_it_starts_is_refused(self) -> None:
        with pytest.raises(ValueError, match="2026-03-04"):
            Leave(date(2026, 3, 5), date(2026, 3, 4))


class TestWallTimes:
    def test_a_skipped_time_gives_the_first_instant_after_the_gap(self) -> None:
        after_gap = datetime(2026, 3, 8, 7, tzinfo=UTC)  # 02:00 EST becomes 03:00 EDT
        for skipped in (time(2), time(2, 30), time(2, 59, 59, 999_999), time(3)):
            assert local_instant(date(2026, 3, 8), skipped, NEW_YORK) == after_gap

    def test_a_doubled_time_gives_the_first_of_the_two(self) -> None:
        assert local_instant(date(2026, 11, 1), time(1, 30), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
        assert local_instant(date(2026, 11, 1), time(1, 30, fold=1), NEW_YORK) == datetime(
            2026, 11, 1, 5, 30, tzinfo=UTC
        )

    def test_half_an_hour_is_skipped_on_lord_howe(self) -> None:
        lord_howe = ZoneInfo("Australia/Lord_Howe")
        assert local_instant(date(2026, 10, 4), time(2, 15), lord_howe).astimezone(lord_howe).time() == time(2, 30)

    def test_a_day_whose_midnight_is_skipped_begins_after_the_gap(self) -> None:
        cairo = ZoneInfo("Africa/Cairo")
        start = local_instant(date(2026, 4, 24), time(0), cairo)
        assert start.astimezone(cairo).isoformat() == "2026-04-24T01:00:00+03:00"
        assert local_day(start, cairo) == date(2026, 4, 24)
        assert local_day(start - timedelta.resolution, cairo) == date(2026, 4, 23)

    def test_a_day_has_begun_although_the_wall_goes_back_over_midnight(self) -> None:
        st_johns = ZoneInfo("America/St_Johns")  # on 2010-11-07 00:01 became 2010-11-06 23:01
        again = datetime(2010, 11, 7, 3, tzinfo=UTC)
        assert again.astimezone(st_johns).date() == date(2010, 11, 6)
        assert local_day(again, st_johns) == date(2010, 11, 7)
        assert BARE.span_at(again, st_johns).day == date(2010, 11, 7)

    def test_a_date_that_a_zone_left_out_lasts_no_time(self) -> None:
        apia = ZoneInfo("Pacific/Apia")
        left_out = BARE.span(date(2011, 12, 30), apia)
        assert left_out.starts_at == left_out.ends_at == datetime(2011, 12, 30, 10, tzinfo=UTC)
        assert local_day(left_out.ends_at, apia) == date(2011, 12, 31)

    def test_the_week_turns_at_local_midnight_and_not_at_midnight_utc(self) -> None:
        sunday_late = datetime(2026, 11, 29, 15, 59, 59, tzinfo=UTC)
        assert local_day(sunday_late, SHANGHAI).isocalendar()[:2] == (2026, 48)
        assert local_day(sunday_late + timedelta(seconds=1), SHANGHAI).isocalendar()[:2] == (2026, 49)

    def test_an_instant_in_another_offset_is_the_same_instant(self) -> None:
        assert local_day(datetime(2026, 3, 6, 1, tzinfo=timezone(timedelta(hours=9))), SHANGHAI) == date(2026, 3, 6)

    def test_naive_instants_and_zoned_wall_times_are_refused(self) -> None:
        with pytest.raises(ValueError, match="naive"):
            local_day(datetime(2026, 3, 6, tzinfo=UTC).replace(tzinfo=None), SHANGHAI)
        with pytest.raises(ValueError, match="zone"):
            local_instant(date(2026, 3, 6), time(9, tzinfo=UTC), SHANGHAI)
