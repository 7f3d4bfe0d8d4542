"""Due work: how many duties a second one process fires, from "is due" to "was sent", beside schedulers made for jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import week
from bench.clocks import StandingClock
from bench.engines import Engine, engines
from bench.machine import say
from bench.organisation import ROUND, UNPACED, SilentPlatform, policy, settings
from bench.peers import Peer, measured_peers
from bench.report import Bar, Table, number, times

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
"""16:00 in Shanghai, 24 hours of workdays after the question: everybody is to be reminded, and nobody sleeps."""

PEOPLE, FEWER = 20_000, 3_000
JOBS, FEWER_JOBS = 2_000, 500
FIRED_A_SECOND, TIMES_A_PEER = 8_000.0, 20.0
"""The bars."""


def run(folder: Path, *, quick: bool) -> Table:
    """Measure and return the table."""
    with engines(folder) as all_engines:
        ours = [(engine, _fired(engine, folder, FEWER if quick else PEOPLE)) for engine in all_engines]
        peers = [peer for engine in all_engines for peer in measured_peers(engine, FEWER_JOBS if quick else JOBS)]
    return _table(ours, peers)


def _fired(engine: Engine, folder: Path, people: int) -> tuple[int, float]:
    """Return how many duties were fired and how long that took, in seconds."""
    say(f"due: {people} people on {engine.name} are asked and do not answer")
    url = engine.databases.empty()
    asyncio.run(week.asked(url, folder, people))
    say(f"due: {people} duties on {engine.name}")
    took = asyncio.run(_fire(url, folder, people))
    engine.databases.drop(url)
    return people, took


async def _fire(url: str, folder: Path, expected: int) -> float:
    platform, clock = SilentPlatform(UNPACED), StandingClock(ROUND)
    async with week.serving(url, clock, settings(policy(folder), platform), week.NEVER) as service:
        clock.instant = MONDAY
        began = time.perf_counter()
        await service.ticker.tick()
        await service.delivery.settle()
        took = time.perf_counter() - began
    if platform.taken < expected:
        raise RuntimeError(f"{expected} duties were due, but only {platform.taken} messages left")
    return took


def _table(ours: Sequence[tuple[Engine, tuple[int, float]]], peers: Sequence[Peer]) -> Table:
    rates = {engine.name: duties / took for engine, (duties, took) in ours}
    rows = [
        (f"ours, {engine.name}", f"{duties:,}", number(took), number(duties / took), "")
        for engine, (duties, took) in ours
    ]
    bars = [Bar.at_least(f"duties fired a second, {name}", rate, FIRED_A_SECOND, "") for name, rate in rates.items()]
    for peer in peers:
        gain = rates[peer.store] / peer.rate
        rows.append(
            (f"{peer.name}, {peer.store}", f"{peer.jobs:,}", number(peer.seconds), number(peer.rate), times(gain))
        )
        bars.append(Bar.at_least(f"times {peer.name}, {peer.store}", gain, TIMES_A_PEER, "x"))
    return Table(
        "due work: everybody is due to be reminded, one process",
        ("", "due", "seconds", "a second", "ours is"),
        rows,
        bars,
        [
            "ours: duty found and locked, rung fired, next moment computed in working time, card composed, outbox row, commit;",
            "lane claimed, quiet hours and budget judged, window reserved, handed to a platform that takes it at once, recorded",
            "peers do nothing but run a function that counts; each does so once for each reminder",
        ],
    )
