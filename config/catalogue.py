"""Answers for the sentences shown to people: one YAML file a language, found by key, filled with values.

A sentence holds plain placeholders (``{name}``) and nothing cleverer, so that a value can never be read as a format.
Dates and lengths of time are put together here from words of the same files; that needs no library of locales.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.problems import ConfigErrors, ConfigProblem, Finding
from config.yaml_source import Node, Source, read_source

FOLDER = Path(__file__).parent / "catalogues"
FALLBACK = "zh-CN"
"""The language of whoever has none that is known, and the one that says which keys there are."""

_MINUTES_A_DAY = 24 * 60
_MOST_STAMPS = 4096

Sentences = Mapping[str, str]
_Minute = tuple[str, date, int, int]
"""A language, a local day, an hour and a minute."""


@dataclass(frozen=True, slots=True)
class Languages:
    """The catalogue of `domain.ports.Catalogue`.

    Attributes:
        sentences: By language, then by dotted key; every language has the same keys.
    """

    sentences: Mapping[str, Sentences]
    # Of a Friday afternoon everybody's cards bear the same few minutes.
    _stamps: dict[_Minute, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def say(self, locale: str, key: str, values: Mapping[str, object] | None = None) -> str:
        """Return a sentence with its placeholders filled.

        Args:
            locale: "zh-CN" or "en"; an unknown one falls back to "zh-CN".
            key: Dotted name.
            values: One value a placeholder; others are not looked at.

        Raises:
            KeyError: There is no such key, or a placeholder has no value.
        """
        return self._of(locale)[key].format_map(values or {})

    def instant(self, locale: str, at: datetime, zone: str, now: datetime) -> str:
        """Return an instant in people's words, in the reader's zone.

        Today, tomorrow and yesterday have their words; other days of this week (Monday to Sunday), the last and the
        next their weekday; all others their date, with the year if it is another one.

        Args:
            locale: The reader's.
            at: Aware.
            zone: IANA name of the reader's zone.
            now: Aware.
        """
        local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
        day, clock = local.date(), local.strftime("%H:%M")
        near = {-1: "time.yesterday", 0: "time.today", 1: "time.tomorrow"}.get((day - today).days)
        if near is not None:
            return self.say(locale, near, {"clock": clock})
        weeks = (_monday(day) - _monday(today)).days // 7
        near = {-1: "time.last_week", 0: "time.this_week", 1: "time.next_week"}.get(weeks)
        if near is not None:
            return self.say(locale, near, {"weekday": self.weekday(locale, day), "clock": clock})
        shown = self.day(locale, day) if day.year == today.year else self._day_with_year(locale, day)
        return self.say(locale, "time.other", {"day": shown, "clock": clock})

    def stamp(self, locale: str, at: datetime, zone: str) -> str:
        """Return an instant by date, weekday and time of the reader's zone ("11月27日 周五 16:05").

        Args:
            locale: The reader's.
            at: Aware.
            zone: IANA name of the reader's zone.
        """
        local = at.astimezone(ZoneInfo(zone))
        minute = (locale, local.date(), local.hour, local.minute)
        known = self._stamps.get(minute)
        return self._stamp(locale, local, minute) if known is None else known

    def day(self, locale: str, day: date) -> str:
        """Return a local date without its year ("11月27日", "27 Nov")."""
        return self.say(locale, "time.day", {"month": self._month(locale, day), "day": day.day})

    def weekday(self, locale: str, day: date) -> str:
        """Return the short name of a date's weekday ("周五", "Fri")."""
        return self._of(locale)["time.weekdays"].split()[day.weekday()]

    def span(self, locale: str, seconds: float) -> str:
        """Return a length of time in its two greatest units, to the nearest ("1 天 3 小时", "1 day 3 hours").

        Args:
            locale: The reader's.
            seconds: Zero or more; whatever is below a minute is "under a minute".
        """
        minutes = round(seconds / 60)
        if minutes < 1:
            return self.say(locale, "time.moment")
        if minutes >= _MINUTES_A_DAY:
            # From a day on nobody counts minutes.
            days, hours = divmod(round(minutes / 60), 24)
            return self._joined(locale, (days, "day"), (hours, "hour"))
        hours, minutes = divmod(minutes, 60)
        return self._joined(locale, (hours, "hour"), (minutes, "minute"))

    def _stamp(self, locale: str, local: datetime, minute: _Minute) -> str:
        day = local.date()
        values = {"day": self.day(locale, day), "weekday": self.weekday(locale, day), "clock": local.strftime("%H:%M")}
        if len(self._stamps) >= _MOST_STAMPS:
            self._stamps.clear()
        stamp = self._stamps[minute] = self.say(locale, "time.stamp", values)
        return stamp

    def _joined(self, locale: str, *counts: tuple[int, str]) -> str:
        words = (
            self.say(locale, f"time.one_{unit}" if count == 1 else f"time.{unit}s", {"count": count})
            for count, unit in counts
            if count
        )
        return " ".join(words)

    def _day_with_year(self, locale: str, day: date) -> str:
        values = {"month": self._month(locale, day), "day": day.day, "year": day.year}
        return self.say(locale, "time.day_with_year", values)

    def _month(self, locale: str, day: date) -> str:
        return self._of(locale)["time.months"].split()[day.month - 1]

    def _of(self, locale: str) -> Sentences:
        return self.sentences.get(locale) or self.sentences[FALLBACK]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def read_catalogue(folder: Path = FOLDER) -> Languages:
    """Read all languages of a folder; a file's name is its locale.

    Raises:
        ConfigErrors: A file cannot be read, languages differ in keys or placeholders, or a sentence has a broken one.
    """
    sources = {path.stem: read_source(path) for path in sorted(folder.glob("*.yaml"))}
    if FALLBACK not in sources:
        raise ConfigErrors([ConfigProblem(str(folder), 1, "", f"has no {FALLBACK}.yaml")])
    sentences = {locale: dict(_flat(source.content)) for locale, source in sources.items()}
    problems = [problem for source in sources.values() for problem in source.problems]
    for locale, source in sources.items():
        problems += _problems(source, sentences[locale], sentences[FALLBACK])
    if problems:
        raise ConfigErrors(problems)
    return Languages(sentences)


def placeholders(sentence: str) -> frozenset[str]:
    """Return the names that a sentence wants filled.

    Raises:
        ValueError: A brace is open, or a placeholder is more than a name.
    """
    names: set[str] = set()
    for _, name, form, conversion in string.Formatter().parse(sentence):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(f"a placeholder is a plain name in braces, not {{{name}}} with more")
        names.add(name)
    return frozenset(names)


def _flat(content: Node, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix, content if isinstance(content, str) else ""


def _problems(source: Source, sentences: Sentences, model: Sentences) -> Iterator[ConfigProblem]:
    for key in model.keys() - sentences.keys():
        yield source.problem(Finding(tuple(key.split(".")), f"is missing, and {FALLBACK} has it"))
    for key, sentence in sentences.items():
        path = tuple(key.split("."))
        if not sentence:
            yield source.problem(Finding(path, "is no sentence"))
        elif key not in model:
            yield source.problem(Finding(path, f"is not in {FALLBACK}"))
        else:
            yield from (source.problem(each.under(*path)) for each in _placeholder_findings(sentence, model[key]))


def _placeholder_findings(sentence: str, model: str) -> Iterator[Finding]:
    try:
        here, there = placeholders(sentence), placeholders(model)
    except ValueError as error:
        yield Finding((), str(error))
        return
    if here != there:
        yield Finding((), f"has the placeholders {sorted(here)}, and {FALLBACK} has {sorted(there)}")
