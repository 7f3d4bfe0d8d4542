"""Answers for working time: when a clock that runs on workdays runs out, and when the bot may speak unasked.

Pure: no clock, no files, no logging. Instants are aware ``datetime`` values, given back in UTC; durations are real
time, so a local day lasts 23, 24 or 25 hours where clocks change. What a local day is stands in `domain.local_time`,
which days are workdays in `domain.workdays`; what others need of them is offered here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from domain.errors import NoOfficialCalendar
from domain.local_time import in_utc, last_local_instant, local_day, local_instant
from domain.workdays import (
    LOOK_LIMIT_DAYS,
    DayInfo,
    DayKind,
    DaySpan,
    Leave,
    NoWorkday,
    WorkCalendar,
    on_leave,
    personal_day,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

__all__ = [
    "LOOK_LIMIT_DAYS",
    "ClockKind",
    "DayInfo",
    "DayKind",
    "DayOff",
    "Leave",
    "NoOfficialCalendar",
    "NoWorkday",
    "QuietHours",
    "WorkCalendar",
    "add",
    "elapsed_between",
    "first_allowed",
    "local_day",
    "local_instant",
    "personal_day",
]

_ONE_DAY = timedelta(days=1)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The wall-clock hours in which nothing unasked is said: from ``start`` up to, not including, ``end``.

    A ``start`` later than ``end`` wraps midnight (20:00 to 08:30); equal times mean no quiet hours at all. In a doubled
    hour the quiet lasts from the first ``start`` to the last ``end``; a border in a skipped hour moves to its end.

    Raises:
        ValueError: If a time carries a zone: these are wall times of whoever is spoken to.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("quiet hours are wall times without a zone")

    def contains(self, wall: time) -> bool:
        """Tell whether a wall time is quiet."""
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


class ClockKind(StrEnum):
    """Which time a deadline counts: all of it, or only that of workdays."""

    ELAPSED = "elapsed"
    WORKDAYS = "workdays"


class DayOff(StrEnum):
    """What a schedule does when its day is off: the workday before, the one after, nothing, or the day all the same."""

    EARLIER = "earlier"
    LATER = "later"
    SKIP = "skip"
    KEEP = "keep"


def add(
    start: datetime,
    duration: timedelta,
    *,
    kind: ClockKind,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    leave: Sequence[Leave] = (),
) -> datetime:
    """Return the instant at which a clock that starts at an instant has run for a duration.

    The clock of workdays runs on local days that are workdays and not leave, for as many real hours as the day has (23
    or 25 where clocks change), and stands still on all others; a start on a day off counts from the next such day's
    00:00. Friday 16:00 and 24 hours is Monday 16:00. What runs out with the end of a day is told as that instant:
    Friday 24:00, not Monday 00:00. So the result always lies on a day that counts or at the very end of one, never goes
    back when start or duration grow, and may be reached in steps: adding a, then b, is adding a + b.

    Args:
        start: Aware.
        duration: Zero or more.
        kind: Which time counts.
        calendar: Workdays; not looked at by the elapsed clock.
        zone: Whose local days.
        leave: Days that do not count for this person, on top of the calendar.

    Returns:
        UTC.

    Raises:
        ValueError: If the start is naive or the duration negative.
        NoWorkday: If no day counts for three years.
    """
    if duration < _NO_TIME:
        raise ValueError(f"a clock does not run backwards, but the duration is {duration}")
    begin = in_utc(start)
    if kind is ClockKind.ELAPSED:
        return begin + duration
    left = duration
    days = _days_from(begin, calendar, zone, leave)
    while True:
        day = next(days)
        begin = max(begin, day.starts_at)
        room = day.ends_at - begin
        if left <= room:
            return begin + left
        left -= room


def elapsed_between(
    start: datetime,
    end: datetime,
    *,
    kind: ClockKind,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    leave: Sequence[Leave] = (),
) -> timedelta:
    """Return how long a clock has run between two instants: the inverse of `add`.

    For an ``x`` within a day that counts (after its 00:00, up to its 24:00) and not before ``start``,
    ``add(start, elapsed_between(start, x)) == x``. The 00:00 after days off counts as the 24:00 before them.

    Returns:
        Zero if no counted time lies between; negative if ``end`` is before ``start``.

    Raises:
        ValueError: If an instant is naive.
    """
    begin, finish = in_utc(start), in_utc(end)
    if kind is ClockKind.ELAPSED:
        return finish - begin
    if finish < begin:
        return -elapsed_between(finish, begin, kind=kind, calendar=calendar, zone=zone, leave=leave)
    total = _NO_TIME
    day = calendar.span_at(begin, zone)
    while day.starts_at < finish:
        if day.works and not on_leave(day.day, leave):
            total += min(finish, day.ends_at) - max(begin, day.starts_at)
        day = calendar.span(day.next_day, zone)
    return total


def first_allowed(
    instant: datetime,
    *,
    quiet: QuietHours | None,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    leave: Sequence[Leave] = (),
    workdays_only: bool,
) -> datetime:
    """Return the earliest instant, not before the given one, at which something unasked may be said.

    That is outside the quiet hours and, if ``workdays_only``, on a local day that is a workday and not leave. Quiet
    hours that wrap midnight reach into the next day, whatever that is: after a weekend, what waits is said on Monday
    when the quiet hours of Sunday evening end.

    Args:
        instant: Aware.
        quiet: In the wall time of ``zone``; ``None`` for none.
        calendar: Workdays.
        zone: Of the person spoken to.
        leave: Of that person; looked at only if ``workdays_only``.
        workdays_only: Whether days off are quiet as a whole.

    Returns:
        UTC; the given instant if it is allowed.

    Raises:
        ValueError: If the instant is naive.
        NoWorkday: If nothing is allowed for three years.
    """
    found = in_utc(instant)
    for _ in range(LOOK_LIMIT_DAYS):
        candidate = found
        if workdays_only:
            today = calendar.span_at(candidate, zone).day
            candidate = max(candidate, next(calendar.counting_from(today, zone, leave)).starts_at)
        if quiet is not None:
            candidate = _end_of_quiet(candidate, quiet, calendar.span_at(candidate, zone).day, zone)
        if candidate == found:
            return found
        found = candidate
    raise NoWorkday(local_day(instant, zone))


def _days_from(begin: datetime, calendar: WorkCalendar, zone: ZoneInfo, leave: Sequence[Leave]) -> Iterator[DaySpan]:
    today = calendar.span_at(begin, zone)
    # Midnight is also the end of the day before: a clock that ran out there stays there when nothing is added.
    first = today.day - _ONE_DAY if begin == today.starts_at else today.day
    return calendar.counting_from(first, zone, leave)


def _end_of_quiet(instant: datetime, quiet: QuietHours, today: date, zone: ZoneInfo) -> datetime:
    if quiet.start == quiet.end:
        return instant
    for day in (today - _ONE_DAY, today):
        starts_at, ends_at = _quiet_span(quiet, day, zone)
        if starts_at <= instant < ends_at:
            return ends_at
    return instant


@lru_cache(maxsize=4096)  # asked for every message, but the same for all people of a zone
def _quiet_span(quiet: QuietHours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last_day = day + _ONE_DAY if quiet.start > quiet.end else day
    return local_instant(day, quiet.start, zone), last_local_instant(last_day, quiet.end, zone)
