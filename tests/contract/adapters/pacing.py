"""The outbox through the real adapter to a fake whose limits are on: nothing refused, nothing lost, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import ClassVar

from bot.delivery import Delivery
from bot.organisations import Organisations
from bot.writer import Writer
from config.catalogue import read_catalogue
from domain.cards import Button, Card, CardKey, Paragraph
from domain.ids import PersonId
from domain.messages import Body, Draft, Priority
from domain.ports import Clock
from storage.database import Database
from tests.builders import org_policy, person
from tests.contract.adapters.hands import ORG, Bench, Hands
from tests.contract.bot_rig import HandClock, RunningClock

MANY = 200
"""Messages of one Friday afternoon in a middling firm."""


def short_card(subject: str) -> Card:
    """Return a card with one button, which no two people share."""
    blocks = (Paragraph("三个问题，一分钟。"),)
    return Card(CardKey("checkin", subject), "本周复盘", "s", blocks=blocks, buttons=(Button("later", "晚点"),))


class PacingContract:
    """How the adapter and `bot.delivery` keep the platform's limits together."""

    hands: ClassVar[Hands]

    async def test_two_hundred_cards_keep_every_limit_and_all_arrive(self, sqlite_store: Database) -> None:
        async with self._line(sqlite_store, RunningClock()) as (bench, delivery, put):
            put([(short_card(f"c{number}"), number) for number in range(MANY)])
            await delivery.settle()
            assert [call for call in bench.calls() if call.failed] == []
            assert bench.fake.complaints == []
            assert sum(_seen(bench).values()) == MANY
            assert _left(sqlite_store) == {}

    async def test_equal_texts_to_everybody_share_calls_up_to_the_most_receivers(self, sqlite_store: Database) -> None:
        async with self._line(sqlite_store, RunningClock()) as (bench, delivery, put):
            put([("下周一放假，周五的复盘提前到周四。", number) for number in range(len(bench.people))])
            await delivery.settle()
            sends = [call for call in bench.calls() if self.hands.send_path in call.path]
            most = bench.client.abilities.batch
            assert len(sends) == -(-len(bench.people) // most)
            assert all(call.receivers <= most for call in sends)
            assert set(_seen(bench).values()) == {1}
            assert len(_seen(bench)) == len(bench.people)

    async def test_a_throttled_row_waits_as_long_as_it_is_told_and_then_arrives_once(
        self, sqlite_store: Database
    ) -> None:
        clock = HandClock()
        async with self._line(sqlite_store, clock) as (bench, delivery, put):
            await bench.token()
            bench.fake.set_fault("throttle")
            put([("周五见", 0)])
            await delivery.settle()
            tries = len(bench.calls())
            assert _left(sqlite_store) == {"ready": 1}
            await delivery.settle()
            assert len(bench.calls()) == tries, "it was tried again at once"
            clock.advance(timedelta(minutes=10))
            await delivery.settle()
            assert _left(sqlite_store) == {}
            assert _seen(bench) == {bench.people[0]: 1}

    async def test_an_outage_of_the_platform_loses_nothing_and_says_nothing_twice(self, sqlite_store: Database) -> None:
        clock = HandClock()
        async with self._line(sqlite_store, clock) as (bench, delivery, put):
            await bench.token()
            bench.fake.set_fault("reset", times=2)
            put([(f"第 {number} 件事", number) for number in range(5)])
            for _ in range(6):
                await delivery.settle()
                clock.advance(timedelta(minutes=5))
            assert _left(sqlite_store) == {}
            assert set(_seen(bench).values()) == {1}
            assert len(_seen(bench)) == 5

    @asynccontextmanager
    async def _line(self, store: Database, clock: Clock) -> AsyncIterator[tuple[Bench, Delivery, _Put]]:
        async with self.hands.bench(clock) as bench:
            _hire(store, self.hands.platform, bench.people)
            writer = Writer(store)
            writer.start()
            numbers = count(1)
            organisations = Organisations(read_catalogue(), lambda: f"{next(numbers):032x}")
            organisations.replace({ORG: org_policy()})
            ways = {(ORG, self.hands.platform): bench.client}
            delivery = Delivery(writer, organisations, ways, clock, "replica-1")
            try:
                yield bench, delivery, _Put(store, clock, len(bench.people))
            finally:
                await delivery.close()
                await writer.close()


class _Put:
    def __init__(self, store: Database, clock: Clock, people: int) -> None:
        self._store = store
        self._clock = clock
        self._people = people

    def __call__(self, said: Sequence[tuple[Body, int]]) -> None:
        with self._store.transaction() as transaction:
            transaction.tell(self._clock.now())
            for number, (body, to) in enumerate(said):
                who = PersonId(f"p{to % self._people}")
                transaction.store(ORG).outbox.put(Draft(who, body, Priority.ANSWER, f"d{number}", asked=True))


def _hire(store: Database, platform: str, people: Sequence[str]) -> None:
    with store.transaction() as transaction:
        for number, external_id in enumerate(people):
            each = person(f"p{number}", f"员工{number}")
            transaction.store(ORG).people.save(replace(each, platform=platform))
            transaction.store(ORG).people.bind(platform, external_id, each.person_id)


def _seen(bench: Bench) -> Counter[str]:
    return Counter({who: len(shown) for who in bench.people if (shown := bench.fake.messages_of(who))})


def _left(store: Database) -> dict[str, int]:
    with store.transaction() as transaction:
        counts = transaction.engine.outbox_counts()
    return {state: number for (_, state), number in counts.items() if number}
