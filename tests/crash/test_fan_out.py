"""Friday's question to two hundred people, by processes that keep being killed.

A process can die after Feishu has stored a message and before the store knows it. The row is then sent again, with the
same `uuid`, and Feishu answers with the message that is there. So what is counted is what lies in people's chats: one
card for each, whatever the calls. The round came round while the bot was down, and its first start finds it within its
grace: so no test has to wait for a full minute.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from adapters.feishu.client import ABILITIES
from bot.pace import LanePace
from tests.crash import strikes
from tests.crash.replica import Replica
from tests.crash.rounds import all_are_asked, assert_asked_once, known_for_an_hour, missed_round
from tests.crash.town_hall import TownHall, town_hall
from tests.stores import Databases

pytestmark = pytest.mark.crash

KILLS = 12
PEOPLE = 200


async def test_each_of_200_people_gets_one_card_though_the_only_process_is_killed_12_times(
    sqlite_databases: Databases, tmp_path: Path, chance: Random
) -> None:
    async with town_hall(tmp_path, sqlite_databases.empty(), missed_round(PEOPLE), chance) as hall:
        known_for_an_hour(hall, "friday")
        for number in range(KILLS):
            replica = await hall.start()
            await _strike(hall, number, replica)
            await hall.bury(replica)
        await hall.open()
        await all_are_asked(hall)
        assert_asked_once(hall)
        assert hall.refused_as_too_fast() == []
        repeated = Counter(call.uuid for call in hall.sends())
        assert max(repeated.values()) > 1, "no kill fell between sending and recording"


async def _strike(hall: TownHall, number: int, replica: Replica) -> None:
    """Every second strike is the sharpest one; the others fall on a start or on a reserved window."""
    if number % 2:
        await strikes.at_an_arrival(hall, hall.chance.randint(1, 40), lambda: replica)
    elif number % 4:
        await strikes.with_a_window_reserved(hall, lambda: replica)
    else:
        await strikes.at_some_moment(hall, 3.0, lambda: replica)


async def test_two_replicas_that_die_in_turn_keep_the_pace_and_ask_each_person_once(
    durable_postgres_url: str, tmp_path: Path, chance: Random
) -> None:
    """The killed one is the sender or the other, and a new one takes its place; Feishu never has to slow them down."""
    async with town_hall(tmp_path, durable_postgres_url, missed_round(PEOPLE), chance) as hall:
        known_for_an_hour(hall, "friday")
        pair = [await hall.start(), await hall.start()]
        for _ in range(KILLS):
            dead = await strikes.at_an_arrival(hall, chance.randint(1, 25), lambda: chance.choice(pair))
            await hall.bury(dead)
            pair[pair.index(dead)] = await hall.start()
        await all_are_asked(hall)
        assert_asked_once(hall)
        assert hall.refused_as_too_fast() == []
        assert _most_sent_within(hall, 10.0) <= _allowed_within(10.0)


async def test_what_a_dead_sender_has_leased_is_taken_over_when_its_lease_ends(
    durable_postgres_url: str, tmp_path: Path, chance: Random
) -> None:
    """The one test that waits for a lease in earnest; the others are spared it by `TownHall.bury`."""
    async with town_hall(tmp_path, durable_postgres_url, missed_round(30), chance) as hall:
        known_for_an_hour(hall, "friday")
        pair = {replica.pid: replica for replica in (await hall.start(), await hall.start())}
        dead = await strikes.at_an_arrival(hall, 5, lambda: pair[_sender(hall)])
        await hall.mourn(dead)
        await all_are_asked(hall)
        assert_asked_once(hall)


def _sender(hall: TownHall) -> int:
    pid = hall.books.sender("feishu")
    assert pid is not None, "a message came although nobody has leased the lane"
    return pid


def _most_sent_within(hall: TownHall, seconds: float) -> int:
    """The most calls for messages that came within any span of that length."""
    times = sorted(call.at_seconds for call in hall.sends())
    return max(bisect_right(times, start + seconds) - first for first, start in enumerate(times))


def _allowed_within(seconds: float) -> float:
    """What the lane's pace allows: one burst and the steady rate, with a second for a machine that stalls."""
    pace = LanePace.of(ABILITIES)
    return 1 + (pace.tolerance.total_seconds() + seconds + 1.0) / pace.interval.total_seconds()
