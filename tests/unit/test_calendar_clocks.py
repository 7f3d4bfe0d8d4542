"""When a clock that runs on workdays runs out, and when something unasked may be said."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import (
    ClockKind,
    Leave,
    NoWorkday,
    QuietHours,
    WorkCalendar,
    add,
    elapsed_between,
    first_allowed,
)

WEEKEND = frozenset({5, 6})
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
CHINA = WorkCalendar.of("CN", WEEKEND, (), ())
BARE = WorkCalendar.of(None, WEEKEND, (), ())
EVERY_DAY = WorkCalendar.of(None, frozenset(), (), ())
NEVER = WorkCalendar.of(None, frozenset(range(7)), (), ())
NIGHT = QuietHours(time(20), time(8, 30))
NAIVE = datetime(2026, 3, 6, tzinfo=UTC).replace(tzinfo=None)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def workdays(start: str, hours: float, *leave: Leave, calendar: WorkCalendar = CHINA, zone: ZoneInfo = SHANGHAI) -> str:
    """Add hours of workdays to a wall time and give the wall time it comes to."""
    result = add(
        at(start, zone), timedelta(hours=hours), kind=ClockKind.WORKDAYS, calendar=calendar, zone=zone, leave=leave
    )
    assert result.tzinfo is UTC
    return result.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def allowed(
    instant: str,
    *leave: Leave,
    quiet: QuietHours | None = NIGHT,
    zone: ZoneInfo = SHANGHAI,
    calendar: WorkCalendar = CHINA,
    workdays_only: bool = True,
) -> str:
    result = first_allowed(
        at(instant, zone), quiet=quiet, calendar=calendar, zone=zone, leave=leave, workdays_only=workdays_only
    )
    assert result.tzinfo is UTC
    return result.astimezone(zone).strftime("%Y-%m-%d %H:%M")


class TestAdd:
    @pytest.mark.parametrize(
        ("start", "hours", "end"),
        [
            ("2026-03-06 16:00", 24, "2026-03-09 16:00"),  # a plain Friday
            ("2026-02-13 16:00", 24, "2026-02-14 16:00"),  # into a make-up Saturday
            ("2026-02-13 16:00", 48, "2026-02-24 16:00"),  # over the Spring Festival
            ("2026-09-18 16:00", 24, "2026-09-20 16:00"),  # into a make-up Sunday
            ("2026-09-30 16:00", 48, "2026-10-09 16:00"),  # over the National Day week
            ("2026-03-04 09:00", 7.5, "2026-03-04 16:30"),
        ],
    )
    def test_hours_run_only_on_workdays(self, start: str, hours: float, end: str) -> None:
        assert workdays(start, hours) == end

    def test_a_start_on_a_day_off_counts_from_the_next_workdays_midnight(self) -> None:
        assert workdays("2026-03-07 11:00", 10) == "2026-03-09 10:00"
        assert workdays("2026-03-07 11:00", 0) == "2026-03-09 00:00"

    def test_what_runs_out_with_a_day_is_told_as_the_end_of_that_day(self) -> None:
        assert workdays("2026-03-06 16:00", 8) == "2026-03-07 00:00"
        assert workdays("2026-03-07 00:00", 0) == "2026-03-07 00:00"  # and stays there when nothing is added
        assert workdays("2026-03-07 00:00", 1) == "2026-03-09 01:00"

    def test_leave_stops_the_clock_like_a_day_off(self) -> None:
        leave = Leave(date(2026, 3, 9), date(2026, 3, 10))
        assert workdays("2026-03-06 16:00", 24, leave) == "2026-03-11 16:00"
        assert workdays("2026-03-06 16:00", 24, Leave(date(2026, 3, 7), date(2026, 3, 8))) == "2026-03-09 16:00"

    def test_overlapping_leaves_count_once(self) -> None:
        leaves = (Leave(date(2026, 3, 9), date(2026, 3, 10)), Leave(date(2026, 3, 10), date(2026, 3, 11)))
        assert workdays("2026-03-06 16:00", 24, *leaves) == "2026-03-12 16:00"

    def test_a_workday_of_23_hours_counts_23_and_one_of_25_counts_25(self) -> None:
        assert workdays("2026-03-08 00:00", 24, calendar=EVERY_DAY, zone=NEW_YORK) == "2026-03-09 01:00"
        assert workdays("2026-11-01 00:00", 24, calendar=EVERY_DAY, zone=NEW_YORK) == "2026-11-01 23:00"

    def test_a_change_of_clocks_on_a_day_off_changes_nothing(self) -> None:
        assert workdays("2026-03-06 16:00", 24, calendar=BARE, zone=NEW_YORK) == "2026-03-09 16:00"
        assert workdays("2026-10-30 16:00", 24, calendar=BARE, zone=NEW_YORK) == "2026-11-02 16:00"

    def test_the_debtors_zone_decides_which_day_it_is(self) -> None:
        start = at("2026-03-06 16:00", SHANGHAI)  # Friday 03:00 in New York
        end = add(start, timedelta(hours=24), kind=ClockKind.WORKDAYS, calendar=BARE, zone=NEW_YORK)
        assert end == at("2026-03-09 03:00", NEW_YORK)

    def test_the_elapsed_clock_looks_at_no_calendar(self) -> None:
        start = at("2026-03-06 16:00")
        end = add(start, timedelta(hours=24), kind=ClockKind.ELAPSED, calendar=NEVER, zone=SHANGHAI)
        assert end == at("2026-03-07 16:00")

    def test_days_off_that_are_not_in_a_row_never_add_up_to_a_refusal(self) -> None:
        years_of_workdays = 24 * 5 * 52 * 11  # more than eleven hundred days of weekend lie between
        assert workdays("2026-03-06 16:00", years_of_workdays, calendar=BARE) == "2037-02-20 16:00"

    def test_a_calendar_or_a_leave_without_end_is_refused_with_where_it_began(self) -> None:
        with pytest.raises(NoWorkday, match="2026-03-06"):
            workdays("2026-03-06 16:00", 1, calendar=NEVER)
        with pytest.raises(NoWorkday, match="2026-03-07"):
            workdays("2026-03-06 16:00", 24, Leave(date(2026, 3, 9), date(2036, 1, 1)))

    def test_a_negative_duration_and_a_naive_start_are_refused(self) -> None:
        with pytest.raises(ValueError, match="backwards"):
            workdays("2026-03-06 16:00", -1)
        with pytest.raises(ValueError, match="naive"):
            add(NAIVE, timedelta(0), kind=ClockKind.ELAPSED, calendar=BARE, zone=SHANGHAI)


class TestElapsedBetween:
    def between(self, start: str, end: str, *leave: Leave, kind: ClockKind = ClockKind.WORKDAYS) -> timedelta:
        return elapsed_between(at(start), at(end), kind=kind, calendar=CHINA, zone=SHANGHAI, leave=leave)

    def test_only_the_hours_of_workdays_count(self) -> None:
        assert self.between("2026-03-06 16:00", "2026-03-09 16:00") == timedelta(hours=24)
        assert self.between("2026-02-13 16:00", "2026-02-24 16:00") == timedelta(hours=48)
        assert self.between("2026-03-07 01:00", "2026-03-08 23:00") == timedelta(0)

    def test_leave_does_not_count(self) -> None:
        leave = Leave(date(2026, 3, 9), date(2026, 3, 9))
        assert self.between("2026-03-06 16:00", "2026-03-10 16:00", leave) == timedelta(hours=24)

    def test_it_is_negative_backwards(self) -> None:
        assert self.between("2026-03-09 16:00", "2026-03-06 16:00") == timedelta(hours=-24)

    def test_the_elapsed_clock_counts_everything(self) -> None:
        assert self.between("2026-03-06 16:00", "2026-03-09 16:00", kind=ClockKind.ELAPSED) == timedelta(hours=72)

    def test_it_needs_no_workday_to_end(self) -> None:
        start, end = at("2026-03-06 16:00"), at("2026-03-09 16:00")
        kind = ClockKind.WORKDAYS
        assert elapsed_between(start, end, kind=kind, calendar=NEVER, zone=SHANGHAI) == timedelta(0)


class TestFirstAllowed:
    @pytest.mark.parametrize(
        ("instant", "expected"),
        [
            ("2026-03-05 19:59", "2026-03-05 19:59"),
            ("2026-03-05 20:00", "2026-03-06 08:30"),
            ("2026-03-05 08:29", "2026-03-05 08:30"),
            ("2026-03-05 08:30", "2026-03-05 08:30"),
            ("2026-03-06 20:00", "2026-03-09 08:30"),  # over the weekend
            ("2026-02-13 21:00", "2026-02-14 08:30"),  # into a make-up Saturday
            ("2026-02-14 21:00", "2026-02-24 08:30"),  # over the Spring Festival
        ],
    )
    def test_quiet_hours_and_days_off_are_waited_out(self, instant: str, expected: str) -> None:
        assert allowed(instant) == expected

    def test_without_quiet_hours_a_workday_begins_at_midnight(self) -> None:
        assert allowed("2026-03-07 12:00", quiet=None) == "2026-03-09 00:00"

    def test_equal_times_mean_no_quiet_hours(self) -> None:
        assert allowed("2026-03-05 03:00", quiet=QuietHours(time(9), time(9))) == "2026-03-05 03:00"

    def test_equal_times_mean_no_quiet_hours_in_a_doubled_hour_either(self) -> None:
        none = QuietHours(time(1, 30), time(1, 30))
        instant = datetime(2026, 11, 1, 5, 45, tzinfo=UTC)  # between the two 01:30 of New York
        assert first_allowed(instant, quiet=none, calendar=BARE, zone=NEW_YORK, workdays_only=False) == instant

    def test_quiet_hours_within_a_day_do_not_reach_into_the_next(self) -> None:
        noon = QuietHours(time(12), time(14))
        assert allowed("2026-03-05 12:30", quiet=noon) == "2026-03-05 14:00"
        assert allowed("2026-03-05 23:00", quiet=noon) == "2026-03-05 23:00"

    def test_days_off_may_be_spoken_on_if_asked_for(self) -> None:
        assert allowed("2026-03-07 12:00", workdays_only=False) == "2026-03-07 12:00"
        assert allowed("2026-03-07 21:00", workdays_only=False) == "2026-03-08 08:30"

    def test_leave_is_waited_out_with_the_days_off(self) -> None:
        leave = Leave(date(2026, 3, 9), date(2026, 3, 10))
        assert allowed("2026-03-06 21:00", leave) == "2026-03-11 08:30"
        assert allowed("2026-03-09 12:00", leave, workdays_only=False) == "2026-03-09 12:00"

    def test_quiet_that_ends_in_a_skipped_hour_ends_with_it(self) -> None:
        quiet = QuietHours(time(20), time(2, 30))
        assert allowed("2026-03-08 01:00", quiet=quiet, zone=NEW_YORK, workdays_only=False) == "2026-03-08 03:00"

    def test_quiet_that_ends_in_a_doubled_hour_ends_at_the_second_pass(self) -> None:
        quiet = QuietHours(time(20), time(1, 30))
        instant = datetime(2026, 11, 1, 5, 45, tzinfo=UTC)  # 01:45 for the first time
        end = first_allowed(instant, quiet=quiet, calendar=BARE, zone=NEW_YORK, workdays_only=False)
        assert end == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # 01:30 for the second time

    def test_a_calendar_without_workdays_is_refused(self) -> None:
        with pytest.raises(NoWorkday):
            allowed("2026-03-05 12:00", calendar=NEVER)

    def test_a_quiet_of_all_but_a_minute_leaves_that_minute(self) -> None:
        almost_all = QuietHours(time(12, 1), time(12))
        assert allowed("2026-03-06 12:01", quiet=almost_all) == "2026-03-09 12:00"

    @pytest.mark.parametrize(("hour", "quiet"), [(19, False), (20, True), (23, True), (0, True), (8, True), (9, False)])
    def test_quiet_hours_know_the_wall_times_they_contain(self, hour: int, quiet: bool) -> None:
        assert NIGHT.contains(time(hour)) is quiet

    def test_quiet_hours_with_a_zone_and_naive_instants_are_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            QuietHours(time(20, tzinfo=UTC), time(8))
        with pytest.raises(ValueError, match="naive"):
            first_allowed(NAIVE, quiet=None, calendar=BARE, zone=SHANGHAI, workdays_only=False)
