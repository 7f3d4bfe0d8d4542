"""What holds of working time for any calendar, zone, leave and quiet hours of 2010 to 2029."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.calendar import (
    ClockKind,
    Leave,
    QuietHours,
    WorkCalendar,
    add,
    elapsed_between,
    first_allowed,
    local_day,
    local_instant,
)
from tests.unit.calendar_strategies import (
    calendars,
    days,
    durations,
    instants,
    leaves,
    quiet_hours,
    times,
    zones,
)

ONE_DAY = timedelta(days=1)
QUARTER_HOUR = timedelta(minutes=15)
ST_JOHNS = ZoneInfo("America/St_Johns")


def later(
    start: datetime, duration: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> datetime:
    return add(start, duration, kind=ClockKind.WORKDAYS, calendar=calendar, zone=zone, leave=leave)


def counts(day: date, calendar: WorkCalendar, leave: Sequence[Leave]) -> bool:
    return calendar.is_workday(day) and not any(each.starts_on <= day <= each.ends_on for each in leave)


@given(instants(), durations, durations, calendars(), zones, leaves())
def test_a_longer_duration_never_ends_earlier(
    start: datetime, a: timedelta, b: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    shorter, longer = sorted((a, b))
    assert start <= later(start, shorter, calendar, zone, leave) <= later(start, longer, calendar, zone, leave)


@given(instants(), durations, durations, calendars(), zones, leaves())
def test_a_later_start_never_ends_earlier(
    start: datetime, wait: timedelta, a: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    assert later(start, a, calendar, zone, leave) <= later(start + wait, a, calendar, zone, leave)


@given(instants(), durations, durations, calendars(), zones, leaves())
def test_adding_in_two_steps_is_adding_at_once(
    start: datetime, a: timedelta, b: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    in_steps = later(later(start, a, calendar, zone, leave), b, calendar, zone, leave)
    assert in_steps == later(start, a + b, calendar, zone, leave)


@given(instants(), durations, calendars(), zones, leaves())
def test_a_result_lies_on_a_day_that_counts_or_at_the_very_end_of_one(
    start: datetime, a: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    end = later(start, a, calendar, zone, leave)
    assert counts(local_day(end, zone), calendar, leave) or counts(
        local_day(end - timedelta.resolution, zone), calendar, leave
    )


@given(instants(), durations, calendars(), zones, leaves())
def test_the_time_that_was_added_has_elapsed(
    start: datetime, a: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    end = later(start, a, calendar, zone, leave)
    assert elapsed_between(start, end, kind=ClockKind.WORKDAYS, calendar=calendar, zone=zone, leave=leave) == a


@given(instants(), durations, calendars(), zones, leaves())
def test_adding_what_has_elapsed_leads_back_to_any_instant_within_working_time(
    start: datetime, wait: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    end = start + wait
    assume(counts(local_day(end - timedelta.resolution, zone), calendar, leave))
    elapsed = elapsed_between(start, end, kind=ClockKind.WORKDAYS, calendar=calendar, zone=zone, leave=leave)
    assume(elapsed > timedelta(0))
    assert later(start, elapsed, calendar, zone, leave) == end


@given(instants(), durations, calendars(), zones, leaves())
def test_time_elapsed_backwards_is_the_same_below_zero(
    start: datetime, wait: timedelta, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    end = start + wait

    def between(a: datetime, b: datetime) -> timedelta:
        return elapsed_between(a, b, kind=ClockKind.WORKDAYS, calendar=calendar, zone=zone, leave=leave)

    assert between(start, end) == -between(end, start)


@given(days, times, st.integers(1, 400), calendars(), zones.filter(lambda zone: zone != ST_JOHNS), leaves())
def test_the_clock_agrees_with_one_that_walks_by_the_wall_in_quarter_hours(
    day: date, at: time, quarters: int, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]
) -> None:
    """All zones but St. John's, whose wall shows a date again after it has ended, change clocks on quarter hours."""
    start = local_instant(day, at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0), zone)
    walked, left = start, quarters
    while left:
        left -= counts(walked.astimezone(zone).date(), calendar, leave)
        walked += QUARTER_HOUR
    assert later(start, quarters * QUARTER_HOUR, calendar, zone, leave) == walked


@given(instants(), quiet_hours | st.none(), calendars(), zones, leaves(), st.booleans())
def test_what_is_allowed_is_never_quiet_and_never_on_a_day_off(
    instant: datetime,
    quiet: QuietHours | None,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    leave: Sequence[Leave],
    workdays_only: bool,
) -> None:
    found = first_allowed(instant, quiet=quiet, calendar=calendar, zone=zone, leave=leave, workdays_only=workdays_only)
    assert found >= instant
    assert quiet is None or not quiet.contains(found.astimezone(zone).time())
    assert not workdays_only or counts(local_day(found, zone), calendar, leave)


@given(instants(), quiet_hours | st.none(), calendars(), zones, leaves(), st.booleans())
def test_what_is_allowed_stays_as_it_is_when_asked_again(
    instant: datetime,
    quiet: QuietHours | None,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    leave: Sequence[Leave],
    workdays_only: bool,
) -> None:
    def ask(moment: datetime) -> datetime:
        return first_allowed(
            moment, quiet=quiet, calendar=calendar, zone=zone, leave=leave, workdays_only=workdays_only
        )

    assert ask(ask(instant)) == ask(instant)


@given(instants(), st.floats(0, 1, exclude_max=True), quiet_hours | st.none(), calendars(), zones, leaves())
def test_no_earlier_instant_is_allowed_but_in_a_doubled_hour(
    instant: datetime,
    part: float,
    quiet: QuietHours | None,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    leave: Sequence[Leave],
) -> None:
    found = first_allowed(instant, quiet=quiet, calendar=calendar, zone=zone, leave=leave, workdays_only=True)
    between = instant + (found - instant) * part
    wall = between.astimezone(zone)
    doubled = wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset()
    is_quiet = quiet is not None and quiet.contains(wall.time())
    assert between == found or doubled or is_quiet or not counts(local_day(between, zone), calendar, leave)


@given(instants(), zones)
def test_an_instant_lies_in_exactly_one_day_and_week(instant: datetime, zone: ZoneInfo) -> None:
    wall_day = instant.astimezone(zone).date()
    near = [wall_day + number * ONE_DAY for number in range(-15, 16)]

    def holds(first: date, length: int) -> bool:
        end = first + length * ONE_DAY
        return local_instant(first, time.min, zone) <= instant < local_instant(end, time.min, zone)

    assert [day for day in near if holds(day, 1)] == [local_day(instant, zone)]
    mondays = [day for day in near if day.weekday() == 0 and holds(day, 7)]
    assert [day.isocalendar()[:2] for day in mondays] == [local_day(instant, zone).isocalendar()[:2]]


@given(instants(), zones, calendars())
def test_a_calendar_remembers_what_local_day_computes(
    instant: datetime, zone: ZoneInfo, calendar: WorkCalendar
) -> None:
    span = calendar.span_at(instant, zone)
    assert span.day == local_day(instant, zone)
    assert span.starts_at <= instant < span.ends_at == calendar.span(span.next_day, zone).starts_at


@given(days, times, zones)
def test_a_wall_time_is_shown_at_its_instant_or_was_skipped_just_before(day: date, at: time, zone: ZoneInfo) -> None:
    instant = local_instant(day, at, zone)
    wall = datetime.combine(day, at)
    shown = instant.astimezone(zone).replace(tzinfo=None)
    shown_before = (instant - timedelta.resolution).astimezone(zone).replace(tzinfo=None)
    assert shown == wall or shown_before < wall < shown


@given(days, calendars())
def test_neighbouring_workdays_have_only_days_off_between_them(day: date, calendar: WorkCalendar) -> None:
    before, after = calendar.previous_workday(day, inclusive=False), calendar.next_workday(day, inclusive=False)
    assert before < day < after
    assert calendar.is_workday(before)
    assert calendar.is_workday(after)
    between = [before + number * ONE_DAY for number in range(1, (after - before).days)]
    assert [each for each in between if each != day and calendar.is_workday(each)] == []


@given(days, calendars())
def test_the_first_and_last_workday_of_a_month_enclose_all_its_workdays(day: date, calendar: WorkCalendar) -> None:
    first = calendar.first_workday_of_month(day.year, day.month)
    last = calendar.last_workday_of_month(day.year, day.month)
    if calendar.is_workday(day):
        assert first is not None
        assert last is not None
        assert first <= day <= last
