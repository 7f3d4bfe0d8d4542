"""The store is down for a while, and the process must neither lie nor die: the disk is full, or the server is gone.

What comes in meanwhile is refused, so that Feishu sends it again; what went out meanwhile is remembered until it can be
written down; what falls due or is edited meanwhile is done afterwards. And all that by one process, which nobody
restarts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from sandbox.feishu import Ingress
from tests.crash.firm import Firm, announced_at, asked_at
from tests.crash.outages import FullDisk, Outage, doomed_server
from tests.crash.replica import Replica
from tests.crash.rounds import all_are_asked, known_for_an_hour, missed_minute
from tests.crash.town_hall import Arrival, TownHall, open_id, town_hall, until_status

pytestmark = pytest.mark.crash

PEOPLE = 8
AHEAD_SECONDS = 6.0
"""How far ahead an announcement is set at least that is to fall into the outage; edits are noticed within two."""


@pytest.fixture(params=[Ingress.WEBHOOK, Ingress.WEBSOCKET], ids=["full disk, webhook", "lost server, websocket"])
def ingress(request: pytest.FixtureRequest) -> Ingress:
    """How events reach the bot; decides which store it has, too."""
    chosen: Ingress = request.param
    return chosen


@pytest.fixture
def outage(ingress: Ingress, request: pytest.FixtureRequest) -> Iterator[Outage]:
    """The store, and how it is lost."""
    if ingress is Ingress.WEBHOOK:
        yield FullDisk(request.getfixturevalue("sqlite_url"))
        return
    with doomed_server() as server:
        yield server


async def test_while_the_store_is_down_nothing_is_acknowledged_and_afterwards_nothing_is_missing(
    ingress: Ingress, outage: Outage, tmp_path: Path, chance: Random
) -> None:
    firm = Firm(PEOPLE, cadences={"friday": asked_at(missed_minute())}, ingress=ingress)
    async with town_hall(tmp_path, outage.url, firm, chance) as hall:
        known_for_an_hour(hall, "friday")
        began = time.monotonic()
        replica = await hall.open()
        await all_are_asked(hall)
        # What takes long on this machine today will take long again.
        due = SystemClock().now() + timedelta(seconds=max(AHEAD_SECONDS, time.monotonic() - began))
        larger = replace(firm, cadences={**firm.cadences, "later": announced_at(due)})
        hall.edit(larger)
        await hall.until(lambda: hall.books.count("cadence_seen AND cadence = 'later'") == 1, "the edit is taken over")
        await _lose_the_store_as_an_answer_goes_out(hall, outage, replica)
        assert SystemClock().now() < due, "the machine is too slow for this test: raise AHEAD_SECONDS"

        await until_status(replica.url("/readyz"), 503)
        await until_status(replica.url("/healthz"), 200)
        await until_status(replica.url("/metrics"), 200)
        await _act(hall)
        assert len(hall.unacknowledged()) == len(_typing(hall))
        hall.edit(replace(larger, staff=PEOPLE + 1))
        await hall.moment((due - SystemClock().now()).total_seconds() + 1)

        await hall.until(outage.is_gone, "the store is gone for good")
        outage.end(replica)
        await hall.until(outage.is_back, "the store is back")
        hall.books.end_leases_of(replica.pid)  # as if it had been away for longer than any lease lasts
        await until_status(replica.url("/readyz"), 200)
        await hall.deliver_the_rest()
        for person in _pressing(hall):
            assert (await hall.press_submit(person, "做完了")).error is None
        await hall.until(lambda: not hall.something_is_to_come() and _announced(hall) >= PEOPLE, "all is made good")
        await hall.until(lambda: hall.books.count("person") == len(firm.everybody) + 1, "the newcomer is known")
        _assert_nothing_missing_or_twice(hall)
        assert replica.alive


async def _lose_the_store_as_an_answer_goes_out(hall: TownHall, outage: Outage, replica: Replica) -> None:
    """Somebody asks for help; Feishu has the answer, and the store will not hear of it for some time."""
    lost: list[Arrival] = []

    def told(where: Arrival) -> None:
        if not lost:
            lost.append(where)
            outage.begin(replica)

    with hall.at_each_arrival(told):
        await hall.fake.say(open_id(hall.firm.people[0]), "帮助")
        await hall.until(lambda: bool(lost), "the answer arrives")


async def _act(hall: TownHall) -> None:
    """Everybody answers; those who press see that it was in vain."""
    for person in _typing(hall):
        await hall.type_answer(person, "做完了")
    for person in _pressing(hall):
        assert (await hall.press_submit(person, "做完了")).error is not None


def _typing(hall: TownHall) -> tuple[str, ...]:
    return hall.firm.people[::2]


def _pressing(hall: TownHall) -> tuple[str, ...]:
    return hall.firm.people[1::2]


def _announced(hall: TownHall) -> int:
    return hall.books.count("outbox AND card_kind = 'notice' AND state = 'sent'")


def _assert_nothing_missing_or_twice(hall: TownHall) -> None:
    assert hall.books.count("checkin AND state = 'submitted' AND version = 1") == PEOPLE
    assert hall.books.count("occurrence AND cadence = 'later'") == 1
    notices = [sum("预告" in str(message["card"]) for message in chat) for chat in hall.chats().values()]
    assert notices == [1] * PEOPLE
    helped = [message for message in hall.chat(hall.firm.people[0]) if message["kind"] == "text"]
    assert len(helped) == 1
    repeated = {uuid: times for uuid, times in Counter(call.uuid for call in hall.sends()).items() if times > 1}
    assert repeated == {}, "what was sent before the store was lost was forgotten"
