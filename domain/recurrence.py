"""Answers for schedules: at which instants a schedule fires, and what becomes of those that fall on a day off.

How a schedule is written stands in `domain.recurrence_text`, which days it names in `domain.recurrence_rules`.

An occurrence is known by its **nominal** local day and time, whatever happens to it later. A time in the skipped hour
fires at the first instant after the gap, one in the doubled hour at the first of the two, once. A day off moves it as
`DayOff` says, at the same wall time. **Moves never pile up:** of several occurrences that would land on one day, and of
those that would land on a day that has one of its own, only the nearest fires; the others are skipped. So a daily
schedule that moves to the day before asks once before a holiday, not eight times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

from domain.calendar import DayInfo, DayOff, WorkCalendar, local_day, local_instant
from domain.errors import BadRecurrence
from domain.recurrence_text import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from domain.recurrence_rules import Rule

__all__ = ["BadRecurrence", "Occurrence", "Recurrence", "occurrences"]

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A schedule: days by a rule, and a wall time. ``str`` gives its canonical text, which `parse` reads back as equal.

    Attributes:
        rule: Which local days.
        at: Wall time in whole minutes, of the zone in which the schedule is looked at.
    """

    rule: Rule
    at: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a schedule in the grammar of `domain.recurrence_text`.

        Raises:
            BadRecurrence: If it cannot be read; the message says why and shows what is allowed.
        """
        return cls(*read(text))

    def __str__(self) -> str:
        return self.rule.spelled(self.at.isoformat("minutes"))

    def nominal(self, from_day: date, to_day: date, calendar: WorkCalendar) -> Iterator[tuple[date, time]]:
        """Yield the local days and times that the schedule names from one day to another, both included, in order."""
        return ((day, self.at) for day in self.rule.days(from_day, to_day, calendar))

    def period(self, day: date) -> str:
        """Name the period for which a nominal day stands, whatever day it moves to.

        "2026-W48" (ISO week) for a weekly schedule, "2026-11" for a monthly, "2026-Q4" for a quarterly one; the day
        itself, "2026-11-27", for all that may occur several times a week, and for given dates. No two nominal days of a
        schedule share a period.
        """
        return self.rule.period(day)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a schedule comes round.

    Attributes:
        nominal_day: The local day that the schedule names.
        at: The wall time, on the nominal day and on the one it moved to.
        fires_at: UTC; if skipped, when it would have fired had its day been a workday.
        moved: Why it moved or was skipped, which is what its nominal day is; ``None`` if it fires as named.
        skipped: Whether it does not fire.
        period: See `Recurrence.period`.
        certain: False if it hangs on the workdays of a year whose official data is not there yet.
    """

    nominal_day: date
    at: time
    fires_at: datetime
    moved: DayInfo | None
    skipped: bool
    period: str
    certain: bool


def occurrences(
    recurrence: Recurrence,
    *,
    after: datetime,
    until: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    if_day_off: DayOff,
) -> Iterator[Occurrence]:
    """Yield what a schedule does in a window of time, ordered by ``fires_at``.

    All that fire after ``after`` and not after ``until``, wherever their nominal day lies, and the skipped ones whose
    nominal instant is in the window. Windows that share a border share no occurrence and lose none.

    Args:
        recurrence: The schedule.
        after: Aware.
        until: Aware; nothing is yielded if it is not later than ``after``.
        calendar: Workdays.
        zone: Whose wall times and local days.
        if_day_off: What happens to an occurrence whose nominal day is a day off.

    Raises:
        ValueError: If an instant is naive.
        NoWorkday: If something is to move and no day within three years is a workday.
    """
    first, last = local_day(after, zone) - _ONE_DAY, local_day(until, zone) + _ONE_DAY
    # What may move into the window lies behind an unbroken run of days off, however long.
    if if_day_off is DayOff.LATER:
        first = calendar.previous_workday(first, inclusive=True)
    if if_day_off is DayOff.EARLIER:
        last = calendar.next_workday(last, inclusive=True)
    course = _Course(recurrence, calendar, zone, if_day_off)
    all_near = (course.occurrence(day, at) for day, at in recurrence.nominal(first, last, calendar))
    within = (each for each in all_near if after < each.fires_at <= until)
    return iter(sorted(within, key=lambda each: (each.fires_at, each.nominal_day)))


class _Course(NamedTuple):
    """What stays the same for all occurrences of a window."""

    recurrence: Recurrence
    calendar: WorkCalendar
    zone: ZoneInfo
    if_day_off: DayOff

    def occurrence(self, nominal_day: date, at: time) -> Occurrence:
        info = self.calendar.day(nominal_day)
        stays = info.is_workday or self.if_day_off is DayOff.KEEP
        target = nominal_day if stays else self._target(nominal_day)
        skipped = target is None
        day = nominal_day if target is None else target
        return Occurrence(
            nominal_day=nominal_day,
            at=at,
            fires_at=local_instant(day, at, self.zone),
            moved=None if stays else info,
            skipped=skipped,
            period=self.recurrence.period(nominal_day),
            certain=self._is_certain(nominal_day, day),
        )

    def _target(self, nominal_day: date) -> date | None:
        """Find the day an occurrence moves to from a day off; ``None`` if it does not fire."""
        if self.if_day_off is DayOff.EARLIER:
            target = self.calendar.previous_workday(nominal_day, inclusive=False)
            return None if self._names_any(target, nominal_day - _ONE_DAY) else target
        if self.if_day_off is DayOff.LATER:
            target = self.calendar.next_workday(nominal_day, inclusive=False)
            return None if self._names_any(nominal_day + _ONE_DAY, target) else target
        return None

    def _names_any(self, from_day: date, to_day: date) -> bool:
        return next(self.recurrence.nominal(from_day, to_day, self.calendar), None) is not None

    def _is_certain(self, *days: date) -> bool:
        if self.if_day_off is DayOff.KEEP and not self.recurrence.rule.asks_calendar:
            return True
        return all(self.calendar.official(day.year) for day in days)
