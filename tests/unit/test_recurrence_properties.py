"""What holds of schedules for any calendar, zone and window of 2010 to 2029."""

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.calendar import DayOff, WorkCalendar, local_day, local_instant
from domain.recurrence import BadRecurrence, Occurrence, Recurrence, occurrences
from domain.recurrence_rules import WEEKDAYS, EachDay, Monthly, MonthUnit, OnDates, Rule, Weekly
from tests.unit.calendar_strategies import calendars, days, instants, zones

_weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda numbers: tuple(sorted(numbers)))
_positions = st.sampled_from([1, 2, 3, 4, -1])
_units = st.sampled_from([unit for unit in MonthUnit if unit is not MonthUnit.DAY])
_rules: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Weekly, _weekdays),
    st.builds(Weekly, _weekdays, st.integers(2, 52), days),
    st.builds(EachDay, workdays_only=st.booleans()),
    st.builds(Monthly, st.integers(1, 31) | st.just(-1), st.just(MonthUnit.DAY), quarterly=st.booleans()),
    st.builds(Monthly, _positions, _units, quarterly=st.booleans()),
    st.builds(OnDates, st.sets(days, min_size=1, max_size=5).map(lambda dates: tuple(sorted(dates)))),
)
_minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
recurrences = st.builds(Recurrence, _rules, _minutes)
policies = st.sampled_from(DayOff)
windows = st.tuples(instants(), *[st.timedeltas(timedelta(0), timedelta(days=60))] * 2)


def within(
    recurrence: Recurrence, after: datetime, until: datetime, calendar: WorkCalendar, zone: ZoneInfo, policy: DayOff
) -> list[Occurrence]:
    return list(occurrences(recurrence, after=after, until=until, calendar=calendar, zone=zone, if_day_off=policy))


@given(recurrences)
def test_a_schedule_is_read_back_as_it_was_written(recurrence: Recurrence) -> None:
    assert Recurrence.parse(str(recurrence)) == recurrence
    assert Recurrence.parse(str(recurrence).upper()) == recurrence


_words = st.sampled_from(
    ["FRI", "周五", "16:00", "every", "2", "weeks", "from", "2026-11-06", "day", "last", "workday", "on", "quarterly"]
)


@given(st.text(max_size=20) | st.lists(_words | st.text(max_size=3), max_size=9).map(" ".join))
@example("on 2026-12-15, 10:00")
def test_any_text_is_read_or_refused_but_breaks_nothing(text: str) -> None:
    with suppress(BadRecurrence):
        canonical = str(Recurrence.parse(text))
        assert str(Recurrence.parse(canonical)) == canonical


@given(recurrences, days, st.integers(0, 800), calendars())
def test_nominal_days_come_in_order_within_bounds_each_in_a_period_of_its_own(
    recurrence: Recurrence, first: date, length: int, calendar: WorkCalendar
) -> None:
    last = first + timedelta(days=length)
    named = [day for day, _ in recurrence.nominal(first, last, calendar)]
    assert all(first <= day <= last for day in named)
    assert named == sorted(set(named))
    periods = [recurrence.period(day) for day in named]
    assert len(set(periods)) == len(periods)


@given(recurrences, days, st.integers(0, 90), st.integers(0, 90), calendars())
def test_naming_days_in_two_spans_is_naming_them_in_one(
    recurrence: Recurrence, first: date, a: int, b: int, calendar: WorkCalendar
) -> None:
    middle, last = first + timedelta(days=a), first + timedelta(days=a + b)
    halves = [
        *recurrence.nominal(first, middle, calendar),
        *recurrence.nominal(middle + timedelta(days=1), last, calendar),
    ]
    assert halves == list(recurrence.nominal(first, last, calendar))


@given(recurrences, windows, calendars(), zones, policies)
def test_windows_that_share_a_border_share_no_occurrence_and_lose_none(
    recurrence: Recurrence,
    window: tuple[datetime, timedelta, timedelta],
    calendar: WorkCalendar,
    zone: ZoneInfo,
    policy: DayOff,
) -> None:
    after, first_part, second_part = window
    border, until = after + first_part, after + first_part + second_part
    halves = [
        *within(recurrence, after, border, calendar, zone, policy),
        *within(recurrence, border, until, calendar, zone, policy),
    ]
    assert halves == within(recurrence, after, until, calendar, zone, policy)


@given(recurrences, instants(), calendars(), zones, policies)
def test_a_window_that_ends_on_an_occurrence_holds_it(
    recurrence: Recurrence, after: datetime, calendar: WorkCalendar, zone: ZoneInfo, policy: DayOff
) -> None:
    for each in within(recurrence, after, after + timedelta(days=60), calendar, zone, policy)[:3]:
        before = each.fires_at - timedelta.resolution
        assert each in within(recurrence, before, each.fires_at, calendar, zone, policy)
        assert each not in within(recurrence, each.fires_at, each.fires_at + timedelta(hours=1), calendar, zone, policy)


@given(recurrences, instants(), calendars(), zones, policies)
def test_no_nominal_day_comes_twice_and_no_day_is_fired_on_twice(
    recurrence: Recurrence, after: datetime, calendar: WorkCalendar, zone: ZoneInfo, policy: DayOff
) -> None:
    found = within(recurrence, after, after + timedelta(days=120), calendar, zone, policy)
    assert found == sorted(found, key=lambda each: each.fires_at)
    assert len({each.nominal_day for each in found}) == len(found)
    fired = [each.fires_at for each in found if not each.skipped]
    assert len(set(fired)) == len(fired)


@given(recurrences, instants(), calendars(), zones, policies)
def test_nothing_fires_on_a_day_off_unless_it_is_kept(
    recurrence: Recurrence, after: datetime, calendar: WorkCalendar, zone: ZoneInfo, policy: DayOff
) -> None:
    found = within(recurrence, after, after + timedelta(days=60), calendar, zone, policy)
    for each in found:
        nominal_works = calendar.is_workday(each.nominal_day)
        assert (each.moved is None) == (nominal_works or policy is DayOff.KEEP)
        assert not (each.skipped and each.moved is None)
        fires_as_named = each.fires_at == local_instant(each.nominal_day, each.at, zone)
        assert fires_as_named == (each.moved is None or each.skipped)


@given(recurrences, instants(), calendars(), zones)
def test_a_move_goes_to_the_nearest_workday_on_its_side(
    recurrence: Recurrence, after: datetime, calendar: WorkCalendar, zone: ZoneInfo
) -> None:
    for policy, neighbour in (
        (DayOff.EARLIER, calendar.previous_workday),
        (DayOff.LATER, calendar.next_workday),
    ):
        for each in within(recurrence, after, after + timedelta(days=60), calendar, zone, policy):
            if each.moved is not None and not each.skipped:
                target = neighbour(each.nominal_day, inclusive=False)
                assert each.fires_at == local_instant(target, each.at, zone)


@given(recurrences, days, calendars(), zones, policies)
def test_every_nominal_day_comes_up_in_a_window_wide_enough(
    recurrence: Recurrence, first: date, calendar: WorkCalendar, zone: ZoneInfo, policy: DayOff
) -> None:
    last = first + timedelta(days=30)
    named = {day for day, _ in recurrence.nominal(first, last, calendar)}
    after, until = (local_instant(day, time(), zone) for day in (first - timedelta(60), last + timedelta(60)))
    assert named <= {each.nominal_day for each in within(recurrence, after, until, calendar, zone, policy)}


@given(instants(), calendars(), zones, policies)
def test_a_weekly_schedule_has_exactly_one_period_for_each_week(
    instant: datetime, calendar: WorkCalendar, zone: ZoneInfo, policy: DayOff
) -> None:
    day = local_day(instant, zone)
    weekly = [Recurrence(Weekly((number,)), time(16)) for number in range(len(WEEKDAYS))]
    monday = day - timedelta(days=day.weekday())
    periods = {
        each.period(named) for each in weekly for named, _ in each.nominal(monday, monday + timedelta(6), calendar)
    }
    year, week, _ = day.isocalendar()
    assert periods == {f"{year}-W{week:02}"}


@pytest.mark.parametrize("policy", DayOff)
def test_a_schedule_of_a_whole_leap_cycle_fires_once_a_period_or_is_skipped(policy: DayOff) -> None:
    calendar = WorkCalendar.of("CN", frozenset({5, 6}), (), ())
    after, until = datetime.fromisoformat("2001-01-01T00:00Z"), datetime.fromisoformat("2026-12-20T00:00Z")
    weekly = within(Recurrence.parse("FRI 16:00"), after, until, calendar, ZoneInfo("Asia/Shanghai"), policy)
    assert len({each.period for each in weekly}) == len(weekly) == 1355
