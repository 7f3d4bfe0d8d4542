"""SIGTERM, as every orchestrator sends it: what was begun is finished, what was not is left for the next process.

The bot is in the middle of everything: a fan-out is under way, some of its calls wait for a slow Feishu, people write
and press. It has ten seconds; Kubernetes would give it thirty. Unlike after a kill nothing is in doubt, so not even a
call may be repeated.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from sandbox.feishu import Ingress, State
from sandbox.feishu.settings import MESSAGE_RECEIVED
from tests.crash.firm import Firm, asked_at
from tests.crash.rounds import known_for_an_hour, missed_minute
from tests.crash.town_hall import Arrival, TownHall, town_hall

pytestmark = pytest.mark.crash

PEOPLE = 80
WRITERS = 12
STOP_SECONDS = 10.0


@pytest.mark.parametrize("ingress", list(Ingress), ids=lambda ingress: ingress.value)
async def test_a_process_told_to_stop_ends_in_ten_seconds_with_nothing_lost_or_in_doubt(
    ingress: Ingress, sqlite_url: str, tmp_path: Path, chance: Random
) -> None:
    firm = Firm(PEOPLE, 2, cadences={"friday": asked_at(missed_minute())}, ingress=ingress)
    async with town_hall(tmp_path, sqlite_url, firm, chance) as hall:
        known_for_an_hour(hall, "friday")
        replica = await hall.open()
        await _arrivals(hall, 12 + chance.randint(0, 20))
        hall.fake.set_fault("delay", 3, 1.5)
        await _arrivals(hall, 5)
        async with asyncio.TaskGroup() as people:
            for person in [each for each in firm.people if hall.chat(each)][:WRITERS]:
                people.create_task(_act(hall, person))
            await hall.moment(chance.uniform(0, 0.05))
            code, seconds = await replica.stop()
        assert (code, seconds < STOP_SECONDS) == (0, True), f"{code} after {seconds:.1f} s\n{replica.tail()}"
        _assert_acknowledged_is_stored(hall)
        assert hall.books.count("outbox AND state IN ('sending', 'last_try')") == 0
        assert hall.books.sender("feishu") is None
        await hall.open()
        await hall.deliver_the_rest()
        await hall.until(lambda: not hall.something_is_to_come(), "the next process has said everything")
        assert Counter(call.uuid for call in hall.sends()).most_common(1)[0][1] == 1
        assert {person: len(chat) > 0 for person, chat in hall.chats().items()} == dict.fromkeys(firm.people, True)
        assert hall.books.count("checkin AND version > 1") == 0


async def _arrivals(hall: TownHall, count: int) -> None:
    seen: list[Arrival] = []
    with hall.at_each_arrival(seen.append):
        await hall.until(lambda: len(seen) >= count, f"{count} messages arrive")


async def _act(hall: TownHall, person: str) -> None:
    if int(person[1:]) % 2:
        await hall.press_submit(person, "做完了")
    else:
        await hall.type_answer(person, "做完了")


def _assert_acknowledged_is_stored(hall: TownHall) -> None:
    said = [each for each in hall.fake.deliveries() if each.event_type == MESSAGE_RECEIVED]
    done = {each.envelope["event"]["message"]["message_id"] for each in said if each.state is State.DONE}
    stored = {row[0].partition("/")[2] for row in hall.books.rows("SELECT event_id FROM inbox WHERE org_id = :org")}
    assert done <= stored
