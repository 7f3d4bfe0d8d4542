"""Answers for which local days a schedule names: weekly, daily, monthly, quarterly, or given dates.

Rules speak of days only; the time of day, zones and days off are `domain.recurrence`'s. Weeks are ISO 8601 weeks,
Monday to Sunday, so the days around New Year belong to the week, and the week's year, in which their Thursday lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from domain.workdays import days_of_month

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.workdays import WorkCalendar

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
"""Names of weekdays in the order of `datetime.date.weekday`."""

POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
"""Words for a place in the month; negative places count from its end."""

_MONTHS_OF_QUARTER = 3
_NAME_OF_POSITION = {place: word for word, place in POSITIONS.items()}


class Rule(Protocol):
    """What every kind of schedule can tell."""

    @property
    def asks_calendar(self) -> bool:
        """Whether the named days themselves depend on which days are workdays."""

    def days(self, from_day: date, to_day: date, calendar: WorkCalendar) -> Iterator[date]:
        """Yield the named days from the first to the last given day, both included, in order."""

    def period(self, day: date) -> str:
        """Name the period for which a named day stands; no two named days of a rule share one."""

    def spelled(self, at: str) -> str:
        """Write the rule with its time in the grammar of `domain.recurrence_text`."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Given weekdays, of every week or of every n-th one.

    Attributes:
        weekdays: Numbers of `datetime.date.weekday`, ascending, at least one.
        every_weeks: 1 for each week.
        since: With ``every_weeks`` above 1, a day of the first week; nothing is named before it. Else ``None``.
    """

    weekdays: tuple[int, ...]
    every_weeks: int = 1
    since: date | None = None

    @property
    def asks_calendar(self) -> bool:
        """Never: weeks are weeks."""
        return False

    def days(self, from_day: date, to_day: date, calendar: WorkCalendar) -> Iterator[date]:
        """Yield the weekdays in the weeks that count."""
        return (day for day in _span_of_days(from_day, to_day) if day.weekday() in self.weekdays and self._counts(day))

    def period(self, day: date) -> str:
        """Name the ISO week ("2026-W48"), or the day itself where a week has several of them."""
        if len(self.weekdays) > 1:
            return day.isoformat()
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"

    def spelled(self, at: str) -> str:
        """Write it as ``MON,WED 09:30`` or ``FRI 16:00 every 2 weeks from 2026-11-06``."""
        names = ",".join(WEEKDAYS[weekday] for weekday in self.weekdays)
        rhythm = "" if self.since is None else f" every {self.every_weeks} weeks from {self.since}"
        return f"{names} {at}{rhythm}"

    def _counts(self, day: date) -> bool:
        if self.since is None:
            return True
        weeks = (_monday(day) - _monday(self.since)).days // 7
        return day >= self.since and weeks % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class EachDay:
    """Every day, or every workday."""

    workdays_only: bool

    @property
    def asks_calendar(self) -> bool:
        """Whether only workdays are named."""
        return self.workdays_only

    def days(self, from_day: date, to_day: date, calendar: WorkCalendar) -> Iterator[date]:
        """Yield each day, make-up workdays included."""
        return (day for day in _span_of_days(from_day, to_day) if not self.workdays_only or calendar.is_workday(day))

    def period(self, day: date) -> str:
        """Name the day ("2026-11-27")."""
        return day.isoformat()

    def spelled(self, at: str) -> str:
        """Write it as ``daily 09:00`` or ``workdays 09:00``."""
        return f"{'workdays' if self.workdays_only else 'daily'} {at}"


class MonthUnit(StrEnum):
    """What is counted through a month."""

    DAY = "day"
    WORKDAY = "workday"
    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"


@dataclass(frozen=True, slots=True)
class Monthly:
    """One day of each month, or of each quarter.

    Attributes:
        position: 1 for the first of its unit, -1 for the last. A month with fewer than that gives its last one; a month
            with none (all of it off, and workdays are counted) gives no day.
        unit: What is counted.
        quarterly: Whether only the quarter's first month counts or, with position -1, only its last.
    """

    position: int
    unit: MonthUnit
    quarterly: bool

    @property
    def asks_calendar(self) -> bool:
        """Whether workdays are counted."""
        return self.unit is MonthUnit.WORKDAY

    def days(self, from_day: date, to_day: date, calendar: WorkCalendar) -> Iterator[date]:
        """Yield the day of each month that counts."""
        for month in range(_month_number(from_day), _month_number(to_day) + 1):
            day = self._day_in(month // 12, month % 12 + 1, calendar)
            if day is not None and from_day <= day <= to_day:
                yield day

    def period(self, day: date) -> str:
        """Name the month ("2026-11") or the quarter ("2026-Q4")."""
        if self.quarterly:
            return f"{day.year:04}-Q{(day.month - 1) // _MONTHS_OF_QUARTER + 1}"
        return f"{day.year:04}-{day.month:02}"

    def spelled(self, at: str) -> str:
        """Write it as ``day 10 09:00``, ``last FRI 15:00`` or ``quarterly first workday 10:00``."""
        numbered = self.unit is MonthUnit.DAY and self.position > 0
        place = f"day {self.position}" if numbered else f"{_NAME_OF_POSITION[self.position]} {self.unit}"
        return f"{'quarterly ' if self.quarterly else ''}{place} {at}"

    def _day_in(self, year: int, month: int, calendar: WorkCalendar) -> date | None:
        month_that_counts = 0 if self.position < 0 else 1
        if self.quarterly and month % _MONTHS_OF_QUARTER != month_that_counts:
            return None
        fitting = [day for day in days_of_month(year, month) if self._fits(day, calendar)]
        if not fitting:
            return None
        return fitting[-1] if self.position < 0 else fitting[min(self.position, len(fitting)) - 1]

    def _fits(self, day: date, calendar: WorkCalendar) -> bool:
        if self.unit is MonthUnit.WORKDAY:
            return calendar.is_workday(day)
        return self.unit is MonthUnit.DAY or WEEKDAYS[day.weekday()] == self.unit


@dataclass(frozen=True, slots=True)
class OnDates:
    """Given dates, ascending, at least one."""

    dates: tuple[date, ...]

    @property
    def asks_calendar(self) -> bool:
        """Never: the dates are given."""
        return False

    def days(self, from_day: date, to_day: date, calendar: WorkCalendar) -> Iterator[date]:
        """Yield the dates."""
        return (day for day in self.dates if from_day <= day <= to_day)

    def period(self, day: date) -> str:
        """Name the date ("2026-12-15")."""
        return day.isoformat()

    def spelled(self, at: str) -> str:
        """Write it as ``on 2026-12-15,2027-01-15 10:00``."""
        return f"on {','.join(day.isoformat() for day in self.dates)} {at}"


def _span_of_days(from_day: date, to_day: date) -> Iterator[date]:
    return (from_day + timedelta(days=number) for number in range((to_day - from_day).days + 1))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
