"""A store on Friday after 16:00: everybody was asked, and every card lies in its chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bench.clocks import StandingClock
from bench.organisation import BEFORE_ROUND, ROUND, UNPACED, SilentPlatform, employ, policy, settings
from bot.app import Rhythm, Service, Settings
from bot.assemble import words
from bot.writer import MOST_AT_ONCE
from domain.ports import Clock
from storage.database import Database

NEVER = Rhythm(tick=timedelta(days=1), poll=timedelta(days=1), resync=timedelta(days=1))
"""A service that does nothing unless told to."""


@asynccontextmanager
async def serving(
    url: str, clock: Clock, made_from: Settings, rhythm: Rhythm, *, most: int = MOST_AT_ONCE
) -> AsyncIterator[Service]:
    """Give a running service on the migrated store at a URL, with at most so many events to a commit."""
    database = Database.open(url)
    service = Service(database, words(), clock, owner="bench", most=most)
    await service.start(made_from, rhythm)
    try:
        yield service
    finally:
        await service.close()
        database.dispose()  # so that SQLite's log is in the file, which may be copied now


def migrated(url: str, people: int) -> None:
    """Make the tables at a URL and employ so many people."""
    database = Database.open(url)
    database.migrate()
    employ(database, people)
    database.dispose()


async def asked(url: str, folder: Path, people: int) -> None:
    """Employ so many people at a URL, ask everybody the weekly review, and deliver every card."""
    migrated(url, people)
    clock = StandingClock(BEFORE_ROUND)
    async with serving(url, clock, settings(policy(folder), SilentPlatform(UNPACED)), NEVER) as service:
        clock.instant = ROUND
        await service.ticker.tick()
        await service.delivery.settle()
