"""Admins hear that people have become unreachable: once a day at most, by number, and where to look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.ticker import SWEEP, Ticker
from domain.errors import Undeliverable
from domain.ids import OrgId
from domain.policy import OrgPolicy
from storage.database import Database
from tests.builders import ADMIN, CHEN_JING, LI_HUA, ORG, WANG_LEI, ZHAO_MIN, org_policy
from tests.contract.bot_rig import WORKING_HOURS, HandClock, Line, asked, open_line

DAY = timedelta(days=1)


@pytest.fixture
async def line(database: Database) -> AsyncIterator[Line]:
    """A delivery on a Tuesday whose platform reaches nobody but the admin."""
    async with open_line(database, policy=_policy(), clock=HandClock(WORKING_HOURS - 3 * DAY)) as opened:
        opened.chat.verdict = lambda message: None if message.person_id == ADMIN else Undeliverable("230013")
        yield opened


def _policy() -> OrgPolicy:
    return replace(org_policy(), admins=(ADMIN,), cadences=())


@pytest.fixture
async def ticker(line: Line) -> AsyncIterator[Ticker]:
    """A ticker on the same store."""
    made = Ticker(line.writer, line.organisations, line.clock, lambda: None)
    yield made
    await made.close()


async def lose(line: Line, *people: str) -> None:
    """Let the platform say that it cannot reach people."""
    line.put(*(asked(f"{line.clock.now()} {who}", who) for who in people))
    await line.delivery.settle()


async def told(line: Line, ticker: Ticker) -> list[str]:
    """Let an hour pass, with all that happens in it; return what the admin hears."""
    before = len(line.chat.calls)
    line.clock.advance(SWEEP)
    await ticker.tick()
    await line.delivery.settle()
    return [str(call.message.body) for call in line.chat.calls[before:] if call.message.person_id == ADMIN]


async def test_a_line_tells_how_many_and_where_to_look(line: Line, ticker: Ticker) -> None:
    await lose(line, LI_HUA, WANG_LEI)
    (words,) = await told(line, ticker)
    assert "2" in words
    assert "python -m bot doctor" in words
    assert LI_HUA not in words


async def test_nobody_lost_is_nothing_said(line: Line, ticker: Ticker) -> None:
    assert await told(line, ticker) == []


async def test_there_is_one_line_a_day_and_the_next_counts_whoever_was_lost_since(line: Line, ticker: Ticker) -> None:
    await lose(line, LI_HUA)
    assert len(await told(line, ticker)) == 1
    await lose(line, WANG_LEI, CHEN_JING)
    assert await told(line, ticker) == []
    line.clock.advance(DAY)
    (words,) = await told(line, ticker)
    assert "2" in words
    line.clock.advance(DAY)
    assert await told(line, ticker) == []


async def test_two_processes_tell_it_once(line: Line, ticker: Ticker) -> None:
    other = Ticker(line.writer, line.organisations, line.clock, lambda: None)
    await lose(line, ZHAO_MIN)
    assert len(await told(line, ticker)) == 1
    assert await told(line, other) == []
    await other.close()


async def test_without_admins_nothing_is_put(line: Line, ticker: Ticker) -> None:
    line.organisations.replace({ORG: replace(_policy(), admins=())})
    await lose(line, LI_HUA)
    assert await told(line, ticker) == []
    assert line.states() == {"dead": 1}


async def test_an_organisation_with_broken_settings_holds_no_other_up(line: Line, ticker: Ticker) -> None:
    await lose(line, LI_HUA)
    first = OrgId("aaa")
    line.organisations.replace({first: replace(_policy(), org_id=first, zone="Nowhere/Land"), ORG: _policy()})
    with capture_logs():
        assert len(await told(line, ticker)) == 1
