"""Batches: equal messages go out together where a platform takes them so, and each keeps its own fate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.parcels import packed
from domain.cards import Card, CardKey
from domain.errors import Misconfigured, PlatformDown, Throttled, Undeliverable
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Draft, Outgoing, Priority
from storage.database import Database
from tests import builders
from tests.builders import CHEN_JING, LI_HUA, ORG, WANG_LEI, ZHAO_MIN
from tests.contract.bot_rig import (
    UNPACED,
    Line,
    RunningClock,
    ScriptedPlatform,
    asked,
    eventually,
    first,
    open_line,
    unasked,
)

SECOND = timedelta(seconds=1)
EVERYBODY = (WANG_LEI, LI_HUA, CHEN_JING, ZHAO_MIN)
BATCHING = replace(UNPACED, batch=3, batch_cards=3)


@pytest.fixture
async def line(database: Database) -> AsyncIterator[Line]:
    """A delivery to a platform that takes three receivers a call, on each engine in turn."""
    async with open_line(database, abilities=BATCHING) as opened:
        yield opened


def to_all(body: Body, people: Sequence[str] = EVERYBODY) -> list[Draft]:
    """Return the same words for several people."""
    return [Draft(PersonId(who), body, Priority.PROMPT, f"{body!r} to {who}", asked=True) for who in people]


def receivers(batch: Sequence[Outgoing]) -> list[str]:
    return [message.person_id for message in batch]


class TestGrouping:
    async def test_equal_words_to_several_people_are_one_call_of_as_many_as_it_takes(self, line: Line) -> None:
        line.put(*to_all("你好"))
        await line.delivery.settle()
        (batch,) = line.chat.batches
        assert receivers(batch) == [WANG_LEI, LI_HUA, CHEN_JING]
        assert [call.message.person_id for call in line.chat.calls] == list(EVERYBODY)
        assert line.states() == {}

    async def test_equal_cards_are_one_call(self, line: Line) -> None:
        line.put(*to_all(builders.card(CardKey("checkin", "r")), EVERYBODY[:3]))
        await line.delivery.settle()
        (batch,) = line.chat.batches
        assert all(isinstance(message.body, Card) for message in batch)

    async def test_different_words_are_calls_of_their_own(self, line: Line) -> None:
        line.put(*(asked(f"你好 {who}", who) for who in EVERYBODY))
        await line.delivery.settle()
        assert line.chat.batches == []
        assert len(line.chat.calls) == 4

    async def test_each_message_has_its_own_key_and_its_own_id_of_the_platform(self, line: Line) -> None:
        card = builders.card(CardKey("checkin", "r"))
        line.put(*to_all(card, EVERYBODY[:3]))
        await line.delivery.settle()
        assert len(set(line.chat.ids)) == 3
        with line.database.transaction() as transaction:
            copies = transaction.store(ORG).outbox.copies(card.key)
        assert {copy.external_id for copy in copies} == {f"om_{message_id}" for message_id in line.chat.ids}

    async def test_where_a_call_has_one_receiver_nothing_is_put_together(self, sqlite_store: Database) -> None:
        async with open_line(sqlite_store) as line:
            line.put(*to_all("你好"))
            await line.delivery.settle()
            assert line.chat.batches == []
            assert len(line.chat.calls) == 4


class TestFates:
    async def test_each_receiver_has_an_outcome_of_its_own(self, line: Line) -> None:
        line.chat.verdict = lambda message: Undeliverable("81013") if message.person_id == LI_HUA else None
        line.put(*to_all("你好", EVERYBODY[:3]))
        await line.delivery.settle()
        assert line.states() == {"dead": 1}
        assert [error for _, error in line.dead()] == ["81013"]

    @pytest.mark.parametrize("error", [PlatformDown("timeout"), Throttled("45009", SECOND), Misconfigured("60020")])
    async def test_a_call_that_failed_is_repeated_for_all_with_the_same_keys(
        self, line: Line, error: PlatformDown
    ) -> None:
        line.chat.refuses_batches = error
        line.put(*to_all("你好", EVERYBODY[:3]))
        with capture_logs() as logs:
            await line.delivery.settle()
        assert line.states() == {"ready": 3}
        assert [entry["messages"] for entry in logs if entry["action"] == "delivery.refused"] == [3]
        line.chat.refuses_batches = None
        line.clock.advance(timedelta(minutes=6))
        await line.delivery.settle()
        before, after = line.chat.batches
        assert [message.message_id for message in before] == [message.message_id for message in after]
        assert line.states() == {}

    async def test_whoever_has_to_be_told_again_hears_later_things_later(self, line: Line) -> None:
        line.chat.verdict = first(1, Throttled("45009", SECOND))
        line.put(*to_all("早", EVERYBODY[:3]), *to_all("晚", EVERYBODY[:3]))
        await line.delivery.settle()
        assert [receivers(batch) for batch in line.chat.batches] == [list(EVERYBODY[:3]), list(EVERYBODY[1:3])]
        line.clock.advance(2 * SECOND)
        await line.delivery.settle()
        words = [call.message.body for call in line.chat.calls if call.message.person_id == WANG_LEI]
        assert words == ["早", "早", "晚"]

    async def test_an_answer_that_leaves_somebody_out_is_a_failure_of_the_call(self, line: Line) -> None:
        line.delivery.replace_platforms({(ORG, "feishu"): Forgetful(BATCHING)})
        line.put(*to_all("你好", EVERYBODY[:3]))
        await line.delivery.settle()
        assert line.states() == {"ready": 3}


class Forgetful(ScriptedPlatform):
    """Answers for one receiver of a call, however many there are."""

    async def deliver_batch(self, messages: Sequence[Outgoing]) -> Sequence[str]:
        """Make a call."""
        return ["om_1"]


class TestPace:
    async def test_a_batch_is_one_call_of_the_lane(self, sqlite_store: Database) -> None:
        """At one call a second, twelve equal messages in four calls are not twelve seconds."""
        slow = replace(UNPACED, calls_per_minute=600, calls_per_second=10, batch=4, batch_cards=4)
        async with open_line(sqlite_store, abilities=slow, clock=RunningClock()) as line:
            line.put(*(draft for number in range(3) for draft in to_all(f"{number}")))
            started = line.clock.now()
            await line.delivery.settle()
            assert len(line.chat.batches) == 3
            assert line.clock.now() - started < SECOND
            with line.database.transaction() as transaction:
                transaction.engine.next_moments(line.clock.now())

    async def test_where_no_key_is_recognised_one_call_is_in_doubt_after_a_crash(self, database: Database) -> None:
        forgetful = replace(BATCHING, idempotent_seconds=0)
        async with open_line(database, abilities=forgetful) as line:
            line.chat.gate.clear()
            line.put(*to_all("早"), *to_all("晚"))
            sending = asyncio.create_task(line.delivery.settle())
            await eventually(lambda: len(line.chat.calls) == 1)
            assert line.states() == {"ready": 5, "sending": 3}
            line.chat.gate.set()
            await sending
            assert line.states() == {}
            assert len(line.chat.calls) == 8

    async def test_what_was_not_reserved_takes_no_place_of_anybodys_day(self, sqlite_store: Database) -> None:
        """Picked for a call that was not made in this window: the row is judged again, and counted once."""
        policy = replace(builders.org_policy(), attention=builders.attention(per_day=4))
        async with open_line(sqlite_store, policy=policy, abilities=replace(BATCHING, idempotent_seconds=0)) as line:
            line.put(*(unasked(word, LI_HUA) for word in "甲乙丙"))
            await line.delivery.settle()
            assert line.chat.words == ["甲", "乙", "丙"]
            day = date(2026, 11, 27)
            with line.database.transaction() as transaction:
                said = transaction.engine.said_today([(ORG, PersonId(LI_HUA), day)])
            assert said == {(ORG, LI_HUA, day): 3}


def outgoing(number: int, receiver: str, body: str, call: Call = Call.TEXT) -> Outgoing:
    message_id = MessageId(f"m{number:03}")
    return Outgoing(OrgId("acme"), message_id, "wecom", call, PersonId(receiver), receiver, body)


MESSAGES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from([Call.TEXT, Call.UPDATE]), st.booleans()),
    max_size=30,
)


@given(MESSAGES, st.integers(1, 5))
def test_a_call_carries_equal_messages_to_different_people_and_keeps_everybodys_order(
    drawn: list[tuple[str, str, Call, bool]], most: int
) -> None:
    messages = [outgoing(number, who, body, call) for number, (who, body, call, _) in enumerate(drawn)]
    interrupted = {message.message_id for message, each in zip(messages, drawn, strict=True) if each[3]}
    parcels = packed(messages, interrupted, {Call.TEXT: most, Call.CARD: most})
    carried = [message for parcel in parcels for message in parcel]
    assert sorted(carried, key=lambda message: message.message_id) == messages
    for parcel in parcels:
        assert 1 <= len(parcel) <= most
        assert len({message.receiver for message in parcel}) == len(parcel)
        assert len({(each.call, each.body, each.message_id in interrupted) for each in parcel}) == 1
        assert len(parcel) == 1 or parcel[0].call is not Call.UPDATE
    for who in "abcd":
        heard = [message for message in carried if message.receiver == who]
        assert heard == [message for message in messages if message.receiver == who]


def test_a_call_that_may_have_been_made_is_made_again_as_it_was() -> None:
    messages = [outgoing(number, who, "x") for number, who in enumerate("abcd")]
    lost = packed(messages, set(), {Call.TEXT: 3})[0]
    more = [*messages, outgoing(9, "e", "x")]
    again = packed(more, {message.message_id for message in lost}, {Call.TEXT: 3})
    assert list(again[0]) == list(lost)
    assert [message.receiver for message in again[1]] == ["d", "e"]
