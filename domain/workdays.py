"""Answers for days: which local dates are workdays, and why.

A day's kind is decided in this order: ``off`` and ``work`` of the configuration, the country's make-up workdays (调休),
its holidays, the weekend, an ordinary weekday. Dates run to the year 9999; asking beyond raises ``OverflowError``.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from domain.errors import FupanError, NoOfficialCalendar
from domain.local_time import local_instant
from domain.public_holidays import CountryDays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from domain.public_holidays import YearOfDays

LOOK_LIMIT_DAYS = 3 * 366
"""How many days in a row may be off before `NoWorkday` is raised: three years."""

_ONE_DAY = timedelta(days=1)
_WEEKDAYS = frozenset(range(7))


class NoWorkday(FupanError):
    """No day that counts was found within `LOOK_LIMIT_DAYS`: the calendar, or the leave on top of it, leaves none.

    Attributes:
        looked_from: The local day from which the search found nothing.
    """

    def __init__(self, looked_from: date) -> None:
        super().__init__(
            f"no workday within {LOOK_LIMIT_DAYS} days of {looked_from}; see the calendar's weekend and off, and leave"
        )
        self.looked_from = looked_from


class DayKind(StrEnum):
    """Why a day is a workday or a day off."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP_WORKDAY = "makeup_workday"
    CONFIG_OFF = "config_off"
    CONFIG_WORK = "config_work"
    LEAVE = "leave"


_WORKING = frozenset({DayKind.WEEKDAY, DayKind.MAKEUP_WORKDAY, DayKind.CONFIG_WORK})


@dataclass(frozen=True, slots=True)
class DayInfo:
    """What is known about one local day.

    Attributes:
        day: The local date.
        kind: The rule that decided.
        name: The holiday in the country's own language ("春节"), also on the days off around it and on the make-up
            workdays that pay for it; ``None`` where no holiday is the cause.
    """

    day: date
    kind: DayKind
    name: str | None = None

    @property
    def is_workday(self) -> bool:
        """Whether people work on this day."""
        return self.kind in _WORKING

    @property
    def reason(self) -> str:
        """The kind and the name as one machine key: ``weekend``, ``holiday:春节``."""
        return self.kind.value if self.name is None else f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True)
class Leave:
    """A person's days off, whole local days, both ends included.

    Raises:
        ValueError: If it ends before it starts.
    """

    starts_on: date
    ends_on: date

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise ValueError(f"a leave cannot end on {self.ends_on}, before it starts on {self.starts_on}")

    def covers(self, day: date) -> bool:
        """Tell whether the leave includes this local day."""
        return self.starts_on <= day <= self.ends_on


class DaySpan(NamedTuple):
    """A local day on the time line: from ``starts_at`` up to, not including, ``ends_at``, both UTC."""

    day: date
    next_day: date
    starts_at: datetime
    ends_at: datetime
    works: bool


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which local days are workdays. Build it with `of`.

    Immutable: what it remembers of days already asked for only saves time, so one calendar may serve many threads.

    Attributes:
        country: ISO 3166-1 code, or ``None`` for no public holidays.
        weekend: Weekdays off, Monday is 0.
        off: Days off by configuration; they win over everything.
        work: Workdays by configuration; they win over the country and the weekend.
        confirmed_years: Years whose ``off`` and ``work`` stand in for a notice that the library does not have yet.
    """

    country: str | None
    weekend: frozenset[int]
    off: frozenset[date]
    work: frozenset[date]
    confirmed_years: frozenset[int]
    _source: CountryDays | None = field(repr=False, compare=False)
    _days: dict[date, DayInfo] = field(default_factory=dict, init=False, repr=False, compare=False)
    _years: dict[int, YearOfDays] = field(default_factory=dict, init=False, repr=False, compare=False)
    _zones: dict[ZoneInfo, dict[date, DaySpan]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        country: str | None,
        weekend: frozenset[int],
        off: Iterable[date],
        work: Iterable[date],
        *,
        confirmed_years: Iterable[int] = (),
    ) -> Self:
        """Build a calendar.

        Args:
            country: ISO 3166-1 alpha-2 or alpha-3 code in capitals ("CN"), or ``None`` for weekends and overrides only.
            weekend: Weekdays off, Monday is 0 and Sunday 6; may be empty.
            off: Days off that the country does not have.
            work: Workdays that the country does not have.
            confirmed_years: Years for which an administrator vouches that ``off`` and ``work`` repeat the official
                notice.

        Raises:
            ValueError: If the country is unknown, a weekday is outside 0 to 6, or a day is both off and work.
        """
        days_off, workdays = frozenset(off), frozenset(work)
        if strange := weekend - _WEEKDAYS:
            raise ValueError(f"weekend holds {sorted(strange)}; weekdays run from 0 (Monday) to 6 (Sunday)")
        if both := sorted(day.isoformat() for day in days_off & workdays):
            raise ValueError(f"both off and work: {', '.join(both)}")
        source = None if country is None else CountryDays.of(country)
        return cls(country, weekend, days_off, workdays, frozenset(confirmed_years), source)

    def day(self, day: date) -> DayInfo:
        """Tell what a local day is, and why.

        In a year for which `official` is false nothing is guessed: holidays that the law itself names are still
        holidays, every other day goes by its weekday.

        Raises:
            TypeError: If given a ``datetime``: an instant has no day until its zone is named (see `local_day`).
        """
        info = self._days.get(day)
        if info is None:
            info = self._days[day] = self._judge(day)
        return info

    def is_workday(self, day: date) -> bool:
        """Tell whether people work on a local day."""
        return self.day(day).is_workday

    def official(self, year: int) -> bool:
        """Tell whether the official data of this year is there.

        Without a country there is nothing to wait for: always true. Where a country moves workdays by decree (China),
        true from the first to the last year of the library's table of such moves, and for ``confirmed_years``.
        Elsewhere true for every year that the library computes. A notice may also touch the last days of the December
        before its year, so those are sure only once the next year is.
        """
        return self._source is None or year in self.confirmed_years or self._source.knows(year)

    def require_official(self, year: int) -> None:
        """Refuse a year for which `official` is false.

        Raises:
            NoOfficialCalendar: If it is.
        """
        if self.country is not None and not self.official(year):
            raise NoOfficialCalendar(self.country, year)

    def previous_workday(self, day: date, *, inclusive: bool) -> date:
        """Find the last workday before a day, or the day itself if ``inclusive`` and it is one.

        Raises:
            NoWorkday: If there is none within `LOOK_LIMIT_DAYS`.
        """
        return self._seek(day, -_ONE_DAY, inclusive=inclusive)

    def next_workday(self, day: date, *, inclusive: bool) -> date:
        """Find the first workday after a day, or the day itself if ``inclusive`` and it is one.

        Raises:
            NoWorkday: If there is none within `LOOK_LIMIT_DAYS`.
        """
        return self._seek(day, _ONE_DAY, inclusive=inclusive)

    def first_workday_of_month(self, year: int, month: int) -> date | None:
        """Find the first workday of a month; ``None`` if the whole month is off."""
        return next(filter(self.is_workday, days_of_month(year, month)), None)

    def last_workday_of_month(self, year: int, month: int) -> date | None:
        """Find the last workday of a month; ``None`` if the whole month is off."""
        return next(filter(self.is_workday, reversed(days_of_month(year, month))), None)

    def span(self, day: date, zone: ZoneInfo) -> DaySpan:
        """Place a local day on the time line of a zone."""
        spans = self._zones.get(zone)
        if spans is None:
            spans = self._zones[zone] = {}
        span = spans.get(day)
        if span is None:
            next_day = day + _ONE_DAY
            starts_at, ends_at = (local_instant(each, time.min, zone) for each in (day, next_day))
            span = spans[day] = DaySpan(day, next_day, starts_at, ends_at, self.is_workday(day))
        return span

    def span_at(self, instant: datetime, zone: ZoneInfo) -> DaySpan:
        """Find the local day in which an instant (UTC) lies, as `domain.local_time.local_day` does, but remembered."""
        span = self.span(instant.astimezone(zone).date(), zone)
        # A wall that goes back over a midnight already passed shows the old date again; the new day has begun for us.
        return span if instant < span.ends_at else self.span(span.next_day, zone)

    def counting_from(self, day: date, zone: ZoneInfo, leave: Sequence[Leave]) -> Iterator[DaySpan]:
        """Yield, without end, the days from this one on that count: workdays that are not leave.

        Raises:
            NoWorkday: If none of the next `LOOK_LIMIT_DAYS` does.
        """
        idle_days = 0
        while idle_days < LOOK_LIMIT_DAYS:
            span = self.span(day, zone)
            if span.works and not (leave and on_leave(day, leave)):
                idle_days = 0
                yield span
            else:
                idle_days += 1
            day = span.next_day
        raise NoWorkday(day - LOOK_LIMIT_DAYS * _ONE_DAY)

    def _judge(self, day: date) -> DayInfo:
        if isinstance(day, datetime):
            raise TypeError("an instant has no day of its own; ask local_day for it")
        if day in self.off:
            return DayInfo(day, DayKind.CONFIG_OFF)
        if day in self.work:
            return DayInfo(day, DayKind.CONFIG_WORK)
        if self._source is not None and (decreed := self._decreed(day, self._source)) is not None:
            return decreed
        return DayInfo(day, DayKind.WEEKEND if day.weekday() in self.weekend else DayKind.WEEKDAY)

    def _decreed(self, day: date, source: CountryDays) -> DayInfo | None:
        year = self._years.get(day.year)
        if year is None:
            year = self._years[day.year] = source.year(day.year)
        if day in year.worked:
            return DayInfo(day, DayKind.MAKEUP_WORKDAY, year.worked[day])
        return DayInfo(day, DayKind.HOLIDAY, year.off[day]) if day in year.off else None

    def _seek(self, day: date, step: timedelta, *, inclusive: bool) -> date:
        found = day if inclusive else day + step
        for _ in range(LOOK_LIMIT_DAYS):
            if self.is_workday(found):
                return found
            found += step
        raise NoWorkday(day)


def personal_day(day: date, *, calendar: WorkCalendar, leave: Sequence[Leave]) -> DayInfo:
    """Tell what a local day is for one person: the calendar's word, or `DayKind.LEAVE` on a workday on leave."""
    info = calendar.day(day)
    return DayInfo(day, DayKind.LEAVE) if info.is_workday and on_leave(day, leave) else info


def days_of_month(year: int, month: int) -> Sequence[date]:
    """Return all dates of a month, in order."""
    return [date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1)]


def on_leave(day: date, leave: Sequence[Leave]) -> bool:
    """Tell whether any of the leaves includes this local day."""
    return any(each.covers(day) for each in leave)
