"""Replicas tick twice a second, each for itself, and nobody leads: who comes first begins a round, for all of them.

Three processes start together on a round that is overdue, and go on together into three announcements, each due at one
second for all of them.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from tests.crash.firm import Firm, announced_at, asked_at
from tests.crash.rounds import known_for_an_hour, missed_minute
from tests.crash.town_hall import TownHall, town_hall

pytestmark = pytest.mark.crash

PEOPLE = 12
ANNOUNCEMENTS = 3
AHEAD = timedelta(seconds=7)
"""How far ahead the first announcement is set: three processes have to start until then."""


async def test_three_replicas_that_tick_at_once_begin_each_round_once_and_ask_each_person_once(
    durable_postgres_url: str, tmp_path: Path, chance: Random
) -> None:
    first = SystemClock().now() + AHEAD
    announced = {f"later{n}": announced_at(first + timedelta(seconds=n)) for n in range(ANNOUNCEMENTS)}
    firm = Firm(PEOPLE, 2, cadences={"friday": asked_at(missed_minute()), **announced})
    async with town_hall(tmp_path, durable_postgres_url, firm, chance) as hall:
        known_for_an_hour(hall, *firm.cadences)
        replicas = [await hall.start() for _ in range(3)]
        for replica in replicas:
            await replica.serving()
        messages = PEOPLE * (1 + ANNOUNCEMENTS)
        await hall.until(lambda: hall.books.count("outbox AND state = 'sent'") == messages, "all is said")
        begun = hall.books.counts("SELECT cadence, count(*) FROM occurrence WHERE org_id = :org GROUP BY 1")
        assert begun == dict.fromkeys(firm.cadences, 1)
        assert hall.books.count("checkin") == PEOPLE
        assert _heard(hall) == {person: 1 + ANNOUNCEMENTS for person in firm.people}
        assert hall.refused_as_too_fast() == []
        assert [replica.alive for replica in replicas] == [True, True, True]


def _heard(hall: TownHall) -> dict[str, int]:
    return {person: len(chat) for person, chat in hall.chats().items()}
