"""A round that came round while the bot was down, and what must have become of it in the end.

Its first start finds it within its grace, so no test has to wait for a full minute.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from bot.clock import SystemClock
from tests.crash.firm import Firm, asked_at
from tests.crash.town_hall import TownHall


def missed_minute() -> datetime:
    """Two minutes ago, in UTC."""
    return SystemClock().now() - timedelta(minutes=2)


def missed_round(staff: int) -> Firm:
    """A firm whose question came round two minutes ago."""
    return Firm(staff, cadences={"friday": asked_at(missed_minute())})


def known_for_an_hour(hall: TownHall, *cadences: str) -> None:
    """Let practices have been known before they were due, so that what was missed is made good."""
    for name in cadences:
        hall.books.know_since(name, SystemClock().now() - timedelta(hours=1))


async def all_are_asked(hall: TownHall) -> None:
    """Wait until the store says that everybody's card lies in their chat."""
    count = len(hall.firm.people)
    await hall.until(lambda: hall.books.count("outbox AND state = 'sent'") == count, "everybody is asked")


def assert_asked_once(hall: TownHall) -> None:
    """Everybody has one card in the chat; the store has one round, one check-in each, and knows which card is whose."""
    chats = hall.chats()
    assert Counter(len(chat) for chat in chats.values()) == {1: len(chats)}
    known = {row[0] for row in hall.books.rows("SELECT external_id FROM outbox WHERE org_id = :org")}
    assert known == {chat[0]["id"] for chat in chats.values()}
    assert hall.books.count("occurrence") == 1
    assert hall.books.count("checkin") == len(chats)
    assert hall.complaints() == []
