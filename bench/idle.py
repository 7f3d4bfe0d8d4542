"""The idle poll: what it costs to ask whether anything is due when a million duties wait for later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from bench import week
from bench.clocks import StandingClock
from bench.engines import Engine, engines
from bench.machine import say
from bench.organisation import ROUND, UNPACED, SilentPlatform, policy, settings
from bench.report import Bar, Table, number, times
from bot.delivery import LANES_AT_ONCE, LEASE
from bot.ticker import BATCH
from storage.transaction import Transaction

PENDING, FEWER = 1_000_000, 100_000
PEOPLE = 1_000
POLLS = 500
POLL_MS = 10.0
"""The bar."""

_COLUMNS = (
    "kind, debtor_id, about_id, ladder, opened_at, due_at, step, snoozed_until, state, closed_at, closed_by, reason"
)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure and return the table."""
    pending = FEWER if quick else PENDING
    with engines(folder) as all_engines:
        found = [(engine.name, *_polled(engine, folder, pending)) for engine in all_engines]
    rows = [
        (
            name,
            number(quantile(some, 0.5)),
            number(quantile(many, 0.5)),
            number(quantile(many, 0.99)),
            times(quantile(many, 0.5) / quantile(some, 0.5)),
        )
        for name, some, many in found
    ]
    return Table(
        f"idle poll: nothing is due, {pending:,} duties wait",
        ("", f"p50 ms at {PEOPLE:,}", "p50 ms", "p99 ms", f"of {PEOPLE:,}"),
        rows,
        [Bar.at_most(f"p99 of a poll, {name}", quantile(many, 0.99), POLL_MS, " ms") for name, _, many in found],
        [
            "a poll asks for due duties, due rounds and lanes to drain, in one transaction of the writer, commit included"
        ],
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _polled(engine: Engine, folder: Path, pending: int) -> tuple[list[float], list[float]]:
    """Return how long polls take, in milliseconds: with a duty a person, and with so many pending."""
    url = engine.databases.empty()
    asyncio.run(week.asked(url, folder, PEOPLE))
    some = asyncio.run(_poll(url, folder))
    say(f"idle: {pending:,} duties on {engine.name}")
    _multiply(url, pending // PEOPLE - 1)
    many = asyncio.run(_poll(url, folder))
    engine.databases.drop(url)
    return some, many


def _multiply(url: str, copies: int) -> None:
    """Add copies of every duty, each due a little later than the one before."""
    numbers = f"WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {copies})"
    target = f"INSERT INTO duty (org_id, duty_id, subject, next_at, {_COLUMNS})"
    rows = f"SELECT org_id, duty_id || '-' || n, subject || '-' || n, next_at + n * 1000000, {_COLUMNS} FROM duty, copy"
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        connection.execute(
            text(f"{target} {numbers} {rows}" if engine.name == "sqlite" else f"{numbers} {target} {rows}")
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE duty"))
    engine.dispose()


async def _poll(url: str, folder: Path) -> list[float]:
    clock = StandingClock(ROUND + timedelta(hours=1))
    took: list[float] = []
    async with week.serving(url, clock, settings(policy(folder), SilentPlatform(UNPACED)), week.NEVER) as service:

        def look(transaction: Transaction) -> int:
            now, engine = clock.now(), transaction.engine
            duties, rounds = engine.due_duties(now, BATCH), engine.due_rounds(now, 1)
            return len(duties) + len(rounds) + len(engine.claim_lanes("bench", now, LEASE, LANES_AT_ONCE))

        for _ in range(POLLS):
            began = time.perf_counter()
            due = await service.writer.run(look)
            took.append((time.perf_counter() - began) * 1000)
            if due:
                raise RuntimeError(f"{due} things were due although nothing should be")
    return took
