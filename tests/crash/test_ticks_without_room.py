"""A round's minute comes while the disk is full. Schedules know minutes, so this clock is the test's own.

Everything else about a lost store is told by `test_outages`, with real processes.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from bot.organisations import Organisations
from bot.ticker import Ticker
from bot.writer import Writer
from config.catalogue import read_catalogue
from domain.errors import StoreDown
from storage.database import Database
from tests.builders import FRIDAY, ORG, cadence, org_policy
from tests.crash.books import Books
from tests.living import Life, migrated

pytestmark = pytest.mark.crash


class HandClock:
    """A clock that the test moves."""

    def __init__(self, present: datetime) -> None:
        self.present = present

    def now(self) -> datetime:
        """The present instant, UTC."""
        return self.present


@contextmanager
def no_room() -> Iterator[None]:
    """Let this process's own writes to files fail while inside."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


async def test_a_round_whose_minute_came_while_the_disk_was_full_is_opened_once_there_is_room(sqlite_url: str) -> None:
    migrated(sqlite_url)
    database, clock, policy = Database.open(sqlite_url), HandClock(FRIDAY - timedelta(minutes=1)), org_policy(cadence())
    Life(database, policy).hire()
    organisations = Organisations(read_catalogue(), lambda: "0" * 32)
    organisations.replace({ORG: policy})
    writer, books = Writer(database), Books(sqlite_url, ORG)
    writer.start()
    ticker = Ticker(writer, organisations, clock, lambda: None)
    await ticker.tick()
    clock.present = FRIDAY + timedelta(seconds=1)
    with no_room(), pytest.raises(StoreDown):
        await ticker.tick()
    assert books.count("occurrence") == 0
    await ticker.tick()
    assert books.count("occurrence") == 1
    assert books.count("checkin") > 0
    await writer.close()
    database.dispose()
    books.close()
