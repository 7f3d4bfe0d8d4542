"""Answers for what a country has published about its days: public holidays, make-up workdays, and for which years.

The one file that knows the ``holidays`` library, which is imported when a country is first named and not before:
loading it takes about a tenth of a second. Names come in the country's own language, whatever the environment says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from holidays.holiday_base import HolidayBase

_NAME_REACH_DAYS = 10
"""How far from a holiday a day off may carry its name; the longest run of one notice is 9 days (February 2026)."""

_COMPENSATED_BY_NOTICE = frozenset({"CN", "CHN"})
"""Where only the yearly notice says which workday replaces a holiday that falls on a weekend."""


class Move(NamedTuple):
    """A workday given away by decree, and the day on which it is worked instead."""

    day_off: date
    worked: date


@dataclass(frozen=True, slots=True)
class YearOfDays:
    """What a country decrees for one year.

    Attributes:
        off: Public holidays and the days off around them, with the name of the holiday.
        worked: Make-up workdays, with the name of the holiday they pay for; ``None`` if it cannot be told.
    """

    off: Mapping[date, str]
    worked: Mapping[date, str | None]


@dataclass(frozen=True, slots=True)
class CountryDays:
    """One country as the installed version of the library knows it. Build it with `of`.

    Attributes:
        country: ISO 3166-1 alpha-2 or alpha-3 code.
        years: The years that the library computes.
        moves: Every workday the library knows to be moved by decree, all years; empty where the law moves none.
    """

    country: str
    years: range
    moves: tuple[Move, ...] = field(repr=False)

    @classmethod
    def of(cls, country: str) -> Self:
        """Look a country up.

        Raises:
            ValueError: If the library does not know the code.
        """
        from holidays.registry import EntityLoader

        if country not in set(EntityLoader.get_country_codes()):
            raise ValueError(f"country {country!r} is unknown; use an ISO 3166-1 code in capitals, for example CN")
        library = _library(country, (), observed=True)
        return cls(country, range(library.start_year, library.end_year + 1), tuple(_moves(library)))

    def knows(self, year: int) -> bool:
        """Tell whether the official data of a year is there.

        A country that moves workdays announces them year by year (China: the notice of the State Council's General
        Office, usually in November), so its data ends with the library's table of moves. Elsewhere the law is enough.
        """
        decreed = [move.day_off.year for move in self.moves]
        return year in self.years and (not decreed or min(decreed) <= year <= max(decreed))

    def year(self, year: int) -> YearOfDays:
        """Return the days of one year.

        Without official data only the holidays that the law names are given, and no day that would be a guess: in China
        neither make-up workdays nor the workdays that replace a holiday on a weekend.
        """
        observed = self.knows(year) or self.country not in _COMPENSATED_BY_NOTICE
        library = _library(self.country, (year,), observed=observed)
        named = self._named_by_law(year)
        off = {day: _nearest(day, named) or name for day, name in library.items() if day.year == year}
        paid_for = {move.worked: move.day_off for move in self.moves}
        worked = {
            day: _nearest(paid_for[day], named) if day in paid_for else None
            for day in library.weekend_workdays
            if day.year == year
        }
        return YearOfDays(off, worked)

    def _named_by_law(self, year: int) -> dict[date, str]:
        # The neighbours count too: 2018-12-31 is a day off for the New Year's Day of 2019.
        library = _library(self.country, (year - 1, year, year + 1), observed=False)
        given = {move.day_off for move in self.moves}
        return {day: name for day, name in library.items() if day not in given}


def _library(country: str, years: Iterable[int], *, observed: bool) -> HolidayBase:
    import holidays

    # Without a language the library takes the one of the environment, and the server's locale would change a card.
    language = getattr(holidays, country).default_language
    return holidays.country_holidays(country, years=years, observed=observed, language=language)


def _moves(library: HolidayBase) -> Iterator[Move]:
    # Rows are (month, day, name) for a holiday of that year alone, or (month, day, month, day[, year]) for a move, as
    # read in holidays 0.109, groups/custom.py; a year with a single row may hold it without a tuple around it.
    for year, rows in getattr(library, "special_public_holidays", {}).items():
        for row in rows if isinstance(rows[0], tuple) else (rows,):
            if len(row) > 3:
                off_month, off_day, worked_month, worked_day, *worked_year = row
                worked = date(worked_year[0] if worked_year else year, worked_month, worked_day)
                yield Move(date(year, off_month, off_day), worked)


def _nearest(day: date, named: Mapping[date, str]) -> str | None:
    for distance in range(_NAME_REACH_DAYS + 1):
        for neighbour in (day - timedelta(days=distance), day + timedelta(days=distance)):
            if neighbour in named:
                return named[neighbour]
    return None
