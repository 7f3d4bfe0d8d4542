"""Friday's fan-out: how long it takes to ask everybody, and how fast the cards then leave within the platform's limit."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from adapters.feishu.client import ABILITIES
from bench import week
from bench.clocks import StandingClock
from bench.engines import Engine, engines
from bench.machine import say
from bench.organisation import BEFORE_ROUND, ROUND, UNPACED, SilentPlatform, policy, settings
from bench.report import Bar, Table, number
from bot.delivery import WINDOW
from bot.pace import LanePace
from storage.database import Database

PEOPLE, FEWER = 100_000, 10_000
ASK_SECONDS, DRAIN_SHARE = 10.0, 0.95
"""The bars."""

ANSWER_TIME = timedelta(milliseconds=200)
"""How long a call to the platform takes in the drain on the virtual clock, and as long again is lost between windows."""

_TABLES = ("checkin", "duty", "outbox")


def run(folder: Path, *, quick: bool) -> Sequence[Table]:
    """Measure and return the tables."""
    people = FEWER if quick else PEOPLE
    with engines(folder) as all_engines:
        found = [(engine.name, *_asked(engine, folder, people)) for engine in all_engines]
    return [_asking_table(people, found), _draining_table(people)]


def _asked(engine: Engine, folder: Path, people: int) -> tuple[float, float]:
    """Return how long asking takes, and how long the engine needs to copy what it made, in seconds."""
    say(f"fan-out: {people} people on {engine.name}")
    url = engine.databases.empty()
    week.migrated(url, people)
    took = asyncio.run(_ask(url, folder))
    copied = _copy_seconds(engine, url)
    engine.databases.drop(url)
    return took, copied


async def _ask(url: str, folder: Path) -> float:
    clock = StandingClock(BEFORE_ROUND)
    async with week.serving(url, clock, settings(policy(folder), SilentPlatform(UNPACED)), week.NEVER) as service:
        clock.instant = ROUND
        began = time.perf_counter()
        await service.ticker.tick()
        return time.perf_counter() - began


def _copy_seconds(engine: Engine, url: str) -> float:
    """Return how long it takes to copy the finished rows into empty tables with the same indexes: the engine's limit."""
    other = engine.databases.empty()
    if engine.is_sqlite:
        Database.open(other).migrate()
        attach = [f"ATTACH '{make_url(other).database}' AS other", "PRAGMA other.synchronous=FULL"]
        copies = [f"INSERT INTO other.{table} SELECT * FROM main.{table}" for table in _TABLES]
    else:
        attach = [f"CREATE TABLE copy_{table} (LIKE {table} INCLUDING ALL)" for table in _TABLES]
        copies = [f"INSERT INTO copy_{table} SELECT * FROM {table}" for table in _TABLES]
    took = _execute(url, attach, copies)
    engine.databases.drop(other)
    return took


def _execute(url: str, before: Sequence[str], timed: Sequence[str]) -> float:
    engine = create_engine(make_url(url))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in before:
            connection.execute(text(statement))
        began = time.perf_counter()
        for statement in timed:
            connection.execute(text(statement))
        took = time.perf_counter() - began
    engine.dispose()
    return took


def _asking_table(people: int, found: Sequence[tuple[str, float, float]]) -> Table:
    rows = [
        (name, number(took), number(people * 3 / took), number(copied), number(copied / took))
        for name, took, copied in found
    ]
    return Table(
        f"fan-out: {people:,} people are asked",
        ("", "seconds", "rows/s", "limit s", "of limit"),
        rows,
        [Bar.at_most(f"check-ins, duties, outbox on {name}", took, ASK_SECONDS, " s") for name, took, _ in found],
        [
            f"{people * 3:,} rows: a check-in, a duty and a prompt for each person, in slices that are committed one by one",
            "limit: the same engine copies the finished rows into empty tables with the same indexes, in one statement each",
        ],
    )


def _draining_table(people: int) -> Table:
    starts = _drained(people)
    minutes = (starts[-1] - starts[0]) / timedelta(minutes=1)
    share = people / minutes / ABILITIES.calls_per_minute
    in_minute, in_second = (_most_within(starts, timedelta(seconds=seconds)) for seconds in (60, 1))
    limits = (ABILITIES.calls_per_minute, ABILITIES.calls_per_second)
    rows = [
        ("calls a minute, mean", number(people / minutes), number(limits[0]), number(share)),
        ("most calls in any 60 s", number(in_minute), number(limits[0]), number(in_minute / limits[0])),
        ("most calls in any 1 s", number(in_second), number(limits[1]), number(in_second / limits[1])),
        ("calls a person", "1", "1", "1.00"),
    ]
    return Table(
        f"fan-out: {people:,} cards leave at Feishu's pace, on a virtual clock",
        ("", "ours", "documented", "share"),
        rows,
        [
            Bar.at_least("share of the documented rate", share, DRAIN_SHARE, ""),
            Bar.at_most("most calls in any 60 s, of the limit", in_minute / limits[0], 1.0, ""),
            Bar.at_most("most calls in any 1 s, of the limit", in_second / limits[1], 1.0, ""),
        ],
        [
            f"windows of {WINDOW}, as delivery takes them; each call answered after {ANSWER_TIME / timedelta(seconds=1)} s, as long"
            " again between windows",
            f"it takes {minutes:.0f} minutes; on Feishu a prompt is one call a person by design, because cards sent by its batch",
            "call cannot be updated, and every prompt becomes its reader's report; so there is nothing to save here",
        ],
    )


def _drained(calls: int) -> list[datetime]:
    """Return when each call starts, by the pace that delivery uses."""
    pace, now, free_at = LanePace.of(ABILITIES), ROUND, ROUND
    starts: list[datetime] = []
    while len(starts) < calls:
        slots, free_at = pace.slots(free_at, now, min(WINDOW, calls - len(starts)))
        starts += slots
        now = slots[-1] + ANSWER_TIME * 2
    return starts


def _most_within(starts: Sequence[datetime], span: timedelta) -> int:
    assert all(early <= late for early, late in pairwise(starts))
    return max(bisect_left(starts, start + span) - place for place, start in enumerate(starts))
