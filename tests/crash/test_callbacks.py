"""People answer while the bot is killed under their hands, and Feishu repeats, reorders and delays what they do.

A message that was not acknowledged is sent again by Feishu; a click is not, but whoever sees that nothing happened
presses again. Half of the people type, half of them press. Some kills fall at a drawn moment, others the very moment an
event is in the store: committed, and not acknowledged. Every answer has to end as one version, one duty of the manager
and one card in the manager's chat; and what Feishu counts as acknowledged has to be in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from sandbox.feishu import Ingress, State
from sandbox.feishu.settings import MESSAGE_RECEIVED
from tests.crash import strikes
from tests.crash.firm import Firm, asked_at
from tests.crash.replica import Replica
from tests.crash.rounds import all_are_asked, known_for_an_hour, missed_minute
from tests.crash.town_hall import TownHall, town_hall, words_of

pytestmark = pytest.mark.crash

KILLS = 5
AT_ONCE = 6
"""People who answer at the same time, and are hit by one kill."""

REPLY = {"kind": "reply", "by": "manager", "questionnaire": "reply", "ladder": "patient"}


@pytest.fixture(
    params=[(Ingress.WEBSOCKET, "durable_postgres_url"), (Ingress.WEBHOOK, "sqlite_url")], ids=lambda each: each[0]
)
def way_and_store(request: pytest.FixtureRequest) -> tuple[Ingress, str]:
    """How events reach the bot, and where its store is."""
    ingress, url_fixture = request.param
    return ingress, request.getfixturevalue(url_fixture)


async def test_every_answer_counts_once_whatever_is_killed_repeated_reordered_or_delayed(
    way_and_store: tuple[Ingress, str], tmp_path: Path, chance: Random
) -> None:
    ingress, url = way_and_store
    cadences = {"friday": asked_at(missed_minute(), follow_up=REPLY)}
    firm = Firm(KILLS * AT_ONCE, 3, cadences=cadences, ingress=ingress)
    async with town_hall(tmp_path, url, firm, chance) as hall:
        known_for_an_hour(hall, "friday")
        replica = await hall.open()
        await all_are_asked(hall)
        hall.fake.set_fault("repeat", None)
        for number in range(KILLS):
            group = firm.people[number * AT_ONCE :][:AT_ONCE]
            replica = await _answer_under_fire(hall, group, replica, number)
        await hall.until(lambda: not hall.something_is_to_come(), "every card is out")
        _assert_counted_once(hall)
        _assert_what_was_acknowledged_is_stored(hall)
        assert hall.complaints() == []


async def _answer_under_fire(hall: TownHall, group: Sequence[str], replica: Replica, number: int) -> Replica:
    """Let a group answer, kill the process meanwhile, and return the one in its place when everybody was heard."""
    hall.fake.set_fault(*(("reorder", 3) if number % 2 else ("hold_back", 1, 5.0)))
    known = hall.books.count("inbox")
    async with asyncio.TaskGroup() as acts:
        for place, person in enumerate(group):
            act = _press_until_heard(hall, person) if place % 2 else hall.type_answer(person, _answer(person))
            acts.create_task(act)
        if number % 3:
            await strikes.once_an_event_is_stored(hall, known, lambda: replica)
        else:
            await strikes.at_some_moment(hall, 0.1, lambda: replica)
        await hall.bury(replica)
        successor = await hall.open()
    await hall.deliver_the_rest()
    return successor


async def _press_until_heard(hall: TownHall, person: str) -> None:
    while (await hall.press_submit(person, _answer(person))).error is not None:
        await hall.until(hall.hears, "there is a process to press for")


def _answer(person: str) -> str:
    return f"{person} 做完了"


def _assert_counted_once(hall: TownHall) -> None:
    people = hall.firm.people
    versions = hall.books.counts("SELECT checkin_id, count(*) FROM checkin_version WHERE org_id = :org GROUP BY 1")
    assert sorted(versions.values()) == [1] * len(people)
    assert hall.books.count("checkin AND state = 'submitted' AND version = 1") == len(people)
    owed = hall.books.counts("SELECT about_id, count(*) FROM duty WHERE org_id = :org AND kind = 'reply' GROUP BY 1")
    assert owed == dict.fromkeys(people, 1)
    shown = [words_of(message) for head in hall.firm.heads for message in hall.chat(head)]
    assert {person: sum(_answer(person) in words for words in shown) for person in people} == dict.fromkeys(people, 1)


def _assert_what_was_acknowledged_is_stored(hall: TownHall) -> None:
    """Feishu's log names the events it will not send again; each has its row, beside those of the clicks."""
    said = [each for each in hall.fake.deliveries() if each.event_type == MESSAGE_RECEIVED]
    assert {each.state for each in said} == {State.DONE}
    stored = {row[0] for row in hall.books.rows("SELECT event_id FROM inbox WHERE org_id = :org")}
    assert {f"{each.app_id}/{each.envelope['event']['message']['message_id']}" for each in said} <= stored
