"""Cadence, ladder and attention put together, for any settings in any months of twelve years: what holds by itself.

The clock of workdays and the hours in which something may be said are judged here by counting days on a calendar, not
by the functions under test.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from domain.calendar import ClockKind, DayOff
from domain.duties import Act, Duty, DutyState, Rung
from tests.simulation.timelines import Player, Setting, Timeline, months

_TICK = timedelta(microseconds=1)
_MOST_DAYS = 400
"""A rung of a week, with weekends, holidays, leave and days moved by configuration, lies well within so many days."""


def _examples() -> int:
    return max(1000, 10 * int(os.environ.get("SIMULATION_EXAMPLES", "0")))


Check = Callable[[Setting, Timeline], None]


def _silence_and_budget_hold(setting: Setting, timeline: Timeline) -> None:
    for moment, _ in timeline.heard:
        assert _is_allowed(moment, setting), f"{moment.astimezone(setting.zone)} is not allowed"
    a_day = Counter(moment.astimezone(setting.zone).date() for moment, _ in timeline.heard)
    assert max(a_day.values(), default=0) <= setting.rules.per_day


def _everything_due_is_heard(setting: Setting, timeline: Timeline) -> None:
    assert sum(messages for _, messages in timeline.heard) == timeline.due


def _rungs_fire_once_in_order_in_time(setting: Setting, timeline: Timeline) -> None:
    for duty in timeline.duties:
        climbed = [each for each in timeline.climbed if each.duty.opened_at == duty.opened_at]
        assert [each.duty.step for each in climbed] == list(range(duty.step))
        for number, each in enumerate(climbed):
            before = climbed[number - 1].at if number else duty.opened_at
            due = max(_time_of(each.duty, each.duty.ladder.rungs[each.duty.step], setting), before)
            assert each.at == setting.awake_at(due), f"rung {number + 1} fired at {each.at}, its time was {due}"


def _ladders_end_at_their_top(setting: Setting, timeline: Timeline) -> None:
    for duty in timeline.duties:
        assert duty.step == len(duty.ladder.rungs)
        closes = any(rung.act is Act.CLOSE for rung in duty.ladder.rungs)
        assert duty.state is (DutyState.EXPIRED if closes else DutyState.OPEN)


def _practices_come_round_once_a_period(setting: Setting, timeline: Timeline) -> None:
    periods = Counter(each.period for each in (*timeline.opened, *timeline.skipped))
    assert max(periods.values(), default=0) <= 1
    days = Counter(each.fires_at.astimezone(setting.zone).date() for each in timeline.opened)
    assert max(days.values(), default=0) <= 1, "moves pile up"
    if setting.if_day_off is not DayOff.KEEP:
        assert all(setting.calendar.is_workday(day) for day in days)


CHECKS: tuple[Check, ...] = (
    _silence_and_budget_hold,
    _everything_due_is_heard,
    _rungs_fire_once_in_order_in_time,
    _ladders_end_at_their_top,
    _practices_come_round_once_a_period,
)


@pytest.mark.timeout(24 * 3600)
def test_silence_budget_ladders_and_rounds_hold_together() -> None:
    @settings(max_examples=_examples(), suppress_health_check=list(HealthCheck))
    @given(months())
    def hold(setting: Setting) -> None:
        timeline = Player(setting).play()
        for check in CHECKS:
            check(setting, timeline)

    hold()


def _is_allowed(moment: datetime, setting: Setting) -> bool:
    wall = moment.astimezone(setting.zone)
    if setting.rules.workdays_only and not _counts(wall.date(), setting):
        return False
    return setting.rules.quiet is None or not setting.rules.quiet.contains(wall.time())


def _counts(day: date, setting: Setting) -> bool:
    return setting.calendar.is_workday(day) and not any(leave.covers(day) for leave in setting.leave)


def _time_of(duty: Duty, rung: Rung, setting: Setting) -> datetime:
    """Return when a rung is due, by walking the days."""
    if rung.before is not None:
        return max(duty.opened_at, _after(duty, duty.ladder.allowed, setting) - rung.before)
    return _after(duty, rung.after or timedelta(0), setting)


def _after(duty: Duty, length: timedelta, setting: Setting) -> datetime:
    if duty.ladder.clock is ClockKind.ELAPSED:
        return duty.opened_at + length
    left = length
    for starts_at, ends_at in _counted_days(duty.opened_at, setting):
        begin = max(starts_at, duty.opened_at)
        if begin + left <= ends_at:
            return begin + left
        left -= ends_at - begin
    raise AssertionError(f"{length} after {duty.opened_at} is not within {_MOST_DAYS} days")


def _counted_days(since: datetime, setting: Setting) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans of the days that count, from the one in which an instant lies or ends."""
    first = (since - _TICK).astimezone(setting.zone).date()
    for number in range(_MOST_DAYS):
        day = first + timedelta(days=number)
        if _counts(day, setting):
            yield _midnight(day, setting), _midnight(day + timedelta(days=1), setting)


def _midnight(day: date, setting: Setting) -> datetime:
    return datetime.combine(day, time(), setting.zone).astimezone(UTC)
