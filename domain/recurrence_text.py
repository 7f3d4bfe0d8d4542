"""Answers for how a schedule is written in the configuration: reads the text, or says what is wrong with it.

The grammar, in any case, with Chinese names of weekdays (周五, 星期五) and full-width punctuation as well::

    FRI 16:00 · MON,WED 09:30                    weekly
    FRI 16:00 every 2 weeks from 2026-11-06      weeks are counted from the week of that date; nothing before the date
    daily 09:00 · workdays 09:00                 make-up workdays are workdays
    day 10 09:00                                 monthly; a day beyond the month's end means its last day
    first MON 10:00 · last workday 15:00         monthly; first, second, third, fourth or last, then day (only after
                                                 last), workday or a weekday
    quarterly first workday 10:00                before any monthly form; the quarter's first month, its last for "last"
    on 2026-12-15,2027-01-15 10:00               given dates

Weekdays are never numbers: 5 is Friday to cron, Saturday to APScheduler and Thursday to Quartz.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time

from domain.errors import BadRecurrence
from domain.recurrence_rules import POSITIONS, WEEKDAYS, EachDay, Monthly, MonthUnit, OnDates, Rule, Weekly

ALLOWED = (
    "FRI 16:00",
    "MON,WED 09:30",
    "FRI 16:00 every 2 weeks from 2026-11-06",
    "daily 09:00",
    "workdays 09:00",
    "day 10 09:00",
    "last day 15:00",
    "first workday 10:00",
    "last FRI 15:00",
    "quarterly first workday 10:00",
    "on 2026-12-15 10:00",
)
"""One example of each form, for messages."""

_MOST_WEEKS = 52
_MOST_DAYS = 31
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)
_CRON_FIELD = re.compile(r"[\d*/,?-]+", re.ASCII)

_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE = ("一", "二", "三", "四", "五", "六", "日")
_WEEKDAY_OF = {
    **{name.lower(): number for number, name in enumerate(WEEKDAYS)},
    **{name: number for number, name in enumerate(_ENGLISH)},
    **{prefix + name: number for prefix in ("周", "星期") for number, name in enumerate(_CHINESE)},
    "周天": 6,
    "星期天": 6,
}


def read(text: str) -> tuple[Rule, time]:
    """Read a schedule.

    Raises:
        BadRecurrence: If it cannot be read; the message says why and shows what is allowed.
    """
    words = _Words(text)
    if not words.left:
        raise words.bad("there is nothing to read")
    rule_and_time = _schedule(words)
    if words.left:
        raise words.bad(f"nothing may follow here, but there is {' '.join(words.left)!r}")
    return rule_and_time


class _Words:
    """The words of a text that are still to be read."""

    def __init__(self, text: str) -> None:
        self._text = text
        plain = unicodedata.normalize("NFKC", text).replace("、", ",").lower()
        self.left = re.sub(r"\s*,\s*", ",", plain).split()

    def bad(self, problem: str) -> BadRecurrence:
        return BadRecurrence(f"{self._text!r}: {problem}; allowed are, for example: {'; '.join(ALLOWED)}")

    def take(self, wanted: str) -> str:
        if not self.left:
            raise self.bad(f"{wanted} is missing at the end")
        return self.left.pop(0)

    def take_word(self, wanted: str) -> None:
        if (word := self.take(f"the word {wanted!r}")) != wanted:
            raise self.bad(f"the word {wanted!r} is expected, not {word!r}")

    def take_time(self) -> time:
        word = self.take("a time such as 16:00")
        if (match := _TIME.fullmatch(word)) is None:
            raise self.bad(f"{word!r} is no time; write hours and minutes from 00:00 to 23:59")
        return time(int(match[1]), int(match[2]))

    def take_dates(self) -> tuple[date, ...]:
        return tuple(sorted({self._date(word) for word in self.take("a date such as 2026-12-15").split(",")}))

    def take_number(self, least: int, most: int) -> int:
        word = self.take(f"a number from {least} to {most}")
        if _NUMBER.fullmatch(word) is None or not least <= int(word) <= most:
            raise self.bad(f"{word!r} is no number from {least} to {most}")
        return int(word)

    def weekday(self, word: str) -> int:
        if _CRON_FIELD.fullmatch(word):
            raise self.bad(
                f"{word!r} is no weekday; weekdays are names, because a number means different days in different "
                "cron libraries"
            )
        if word not in _WEEKDAY_OF:
            raise self.bad(f"{word!r} is neither a weekday nor another word that is known here")
        return _WEEKDAY_OF[word]

    def _date(self, word: str) -> date:
        if _DATE.fullmatch(word) is None:
            raise self.bad(f"{word!r} is no date; write year-month-day, such as 2026-12-15")
        try:
            return date.fromisoformat(word)
        except ValueError as impossible:
            raise self.bad(f"there is no day {word}") from impossible


def _schedule(words: _Words) -> tuple[Rule, time]:
    first = words.take("a schedule")
    if first == "quarterly":
        return _monthly(words, words.take("a monthly form"), quarterly=True), words.take_time()
    if first == "day" or first in POSITIONS:
        return _monthly(words, first, quarterly=False), words.take_time()
    if first in ("daily", "workdays"):
        return EachDay(workdays_only=first == "workdays"), words.take_time()
    if first == "on":
        return OnDates(words.take_dates()), words.take_time()
    return _weekly(words, first)


def _weekly(words: _Words, names: str) -> tuple[Rule, time]:
    weekdays = tuple(sorted({words.weekday(name) for name in names.split(",")}))
    at = words.take_time()
    if not words.left:
        return Weekly(weekdays), at
    words.take_word("every")
    every_weeks = words.take_number(2, _MOST_WEEKS)
    words.take_word("weeks")
    words.take_word("from")
    dates = words.take_dates()
    if len(dates) != 1:
        raise words.bad("weeks are counted from one date")
    return Weekly(weekdays, every_weeks, dates[0]), at


def _monthly(words: _Words, first: str, *, quarterly: bool) -> Monthly:
    if first == "day":
        return Monthly(words.take_number(1, _MOST_DAYS), MonthUnit.DAY, quarterly=quarterly)
    if first not in POSITIONS:
        raise words.bad(f"'quarterly' goes before a monthly form, and {first!r} does not begin one")
    unit = words.take("day, workday or a weekday")
    if unit == "workday":
        return Monthly(POSITIONS[first], MonthUnit.WORKDAY, quarterly=quarterly)
    if unit != "day":
        return Monthly(POSITIONS[first], MonthUnit(WEEKDAYS[words.weekday(unit)]), quarterly=quarterly)
    if first != "last":
        raise words.bad(f"write 'day {POSITIONS[first]}', not '{first} day'")
    return Monthly(POSITIONS[first], MonthUnit.DAY, quarterly=quarterly)
