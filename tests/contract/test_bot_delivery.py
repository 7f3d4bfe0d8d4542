"""Delivery: in order, at the pace, with the same key again, and nothing lost when replicas lose and take lanes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from bot.delivery import LEASE, WINDOW
from bot.retry import MOST_TRIES
from domain.cards import Card
from domain.errors import ContentRefused, Misconfigured, PlatformDown, TargetGone, Throttled, Undeliverable
from domain.ids import OrgId, PersonId
from domain.messages import Draft, Mail, Priority
from domain.policy import OrgPolicy
from domain.ports import Abilities
from storage.database import Database
from tests.builders import ADMIN, CHEN_JING, LI_HUA, NIGHT, ORG, SHANGHAI, WANG_LEI, at, attention, org_policy, staff
from tests.contract.bot_rig import (
    LIMIT,
    UNPACED,
    Breaks,
    Line,
    RunningClock,
    asked,
    eventually,
    first,
    hire,
    open_line,
    unasked,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
async def line(sqlite_store: Database) -> AsyncIterator[Line]:
    """A delivery on SQLite."""
    async with open_line(sqlite_store) as opened:
        yield opened


class TestOrder:
    async def test_one_person_hears_things_in_the_order_in_which_they_were_said(self, line: Line) -> None:
        words = [f"{number}" for number in range(2 * WINDOW + 5)]
        line.put(*(asked(each) for each in words))
        await line.delivery.settle()
        assert line.chat.words == words
        assert all(before.ended <= after.began for before, after in pairwise(line.chat.calls))

    async def test_people_do_not_wait_for_one_another(self, line: Line) -> None:
        line.chat.gate.clear()
        line.put(asked("a", LI_HUA), asked("b", WANG_LEI), asked("c", CHEN_JING))
        settling = asyncio.create_task(line.delivery.settle())
        await eventually(lambda: len(line.chat.calls) == 3)
        line.chat.gate.set()
        await settling

    async def test_a_failed_call_holds_back_what_comes_after_it_to_the_same_person(self, line: Line) -> None:
        line.chat.verdict = first(1, Throttled("230020", SECOND))
        line.put(*(asked(each) for each in "abc"), asked("x", WANG_LEI))
        await line.delivery.settle()
        line.clock.advance(2 * SECOND)
        await line.delivery.settle()
        assert [words for words in line.chat.words if words != "x"] == ["a", "a", "b", "c"]

    async def test_what_is_more_pressing_goes_first(self, line: Line) -> None:
        ranks = [Priority.SUMMARY, Priority.PROMPT, Priority.ANSWER, Priority.ESCALATION]
        line.put(*(asked(rank.name, priority=rank) for rank in ranks))
        await line.delivery.settle()
        assert line.chat.words == ["ANSWER", "ESCALATION", "PROMPT", "SUMMARY"]


class TestPace:
    async def test_no_second_holds_more_calls_than_the_platform_allows(self, sqlite_store: Database) -> None:
        limit = 50
        abilities = Abilities(calls_per_minute=1800, calls_per_second=limit, per_receiver_per_second=1000)
        async with open_line(sqlite_store, abilities=abilities, clock=RunningClock()) as line:
            everybody = (WANG_LEI, LI_HUA, CHEN_JING, ADMIN)
            line.put(*(asked(f"{number}", everybody[number % 4]) for number in range(60)))
            await line.delivery.settle()
            began = sorted(call.began for call in line.chat.calls)
            assert len(began) == 60
            assert max(sum(start <= other < start + 1 for other in began) for start in began) <= limit

    async def test_one_person_is_not_called_faster_than_the_platform_allows(self, sqlite_store: Database) -> None:
        abilities = Abilities(calls_per_minute=100_000, calls_per_second=1000, per_receiver_per_second=20)
        async with open_line(sqlite_store, abilities=abilities, clock=RunningClock()) as line:
            line.put(*(asked(f"{number}") for number in range(25)))
            await line.delivery.settle()
            began = [call.began for call in line.chat.calls]
            assert max(sum(start <= other < start + 1 for other in began) for start in began) <= 20

    async def test_whoever_has_had_their_calls_of_a_minute_waits_and_nobody_else(self, sqlite_store: Database) -> None:
        abilities = replace(UNPACED, per_receiver_per_minute=10)
        async with open_line(sqlite_store, abilities=abilities) as line:
            line.put(*(asked(f"{number:02}") for number in range(20)))
            line.put(*(asked(f"x{number}", WANG_LEI) for number in range(3)))
            await line.delivery.settle()
            assert sorted(map(str, line.chat.words)) == [f"{number:02}" for number in range(8)] + ["x0", "x1", "x2"]
            assert line.states() == {"ready": 12}
            for _ in range(2):
                line.clock.advance(timedelta(minutes=1))
                await line.delivery.settle()
            said = [call.message.body for call in line.chat.calls if call.message.person_id == LI_HUA]
            assert said == [f"{number:02}" for number in range(20)]

    async def test_new_settings_do_not_make_anybodys_calls_forgotten(self, sqlite_store: Database) -> None:
        abilities = replace(UNPACED, per_receiver_per_minute=10)
        async with open_line(sqlite_store, abilities=abilities) as line:
            line.put(*(asked(f"{number}") for number in range(8)))
            await line.delivery.settle()
            line.delivery.replace_platforms({(ORG, "feishu"): line.chat})
            line.put(asked("one more"))
            await line.delivery.settle()
            assert len(line.chat.calls) == 8


class TestRetries:
    @pytest.mark.parametrize(
        "error", [PlatformDown("timeout"), Throttled("99991400", SECOND), Misconfigured("99991672")], ids=str
    )
    async def test_a_refused_call_is_repeated_later_with_the_same_key(self, line: Line, error: PlatformDown) -> None:
        line.chat.verdict = first(1, error)
        line.put(asked("你好"))
        await line.delivery.settle()
        assert len(line.chat.calls) == 1
        line.clock.advance(timedelta(minutes=6))
        await line.delivery.settle()
        assert line.chat.words == ["你好", "你好"]
        assert len(set(line.chat.ids)) == 1
        assert line.states() == {}

    async def test_throttling_is_waited_out_as_long_as_the_platform_says(self, line: Line) -> None:
        line.chat.verdict = first(1, Throttled("99991400", timedelta(seconds=30)))
        line.put(asked("你好"))
        await line.delivery.settle()
        line.clock.advance(timedelta(seconds=29))
        await line.delivery.settle()
        assert len(line.chat.calls) == 1
        line.clock.advance(SECOND)
        await line.delivery.settle()
        assert len(line.chat.calls) == 2

    @pytest.mark.parametrize("error", [PlatformDown("timeout"), Throttled("99991400", SECOND)], ids=str)
    async def test_an_outage_of_a_night_loses_nothing(self, line: Line, error: PlatformDown) -> None:
        """However often it is throttled or unreachable in between, a message outlives 24 hours of it."""
        line.chat.verdict = lambda _message: error
        line.put(asked("你好"))
        for _ in range(24 * 12):
            await line.delivery.settle()
            line.clock.advance(timedelta(minutes=5))
        assert line.dead() == []
        line.chat.verdict = lambda _message: None
        line.clock.advance(timedelta(hours=3))
        await line.delivery.settle()
        assert line.states() == {}

    async def test_after_its_last_try_a_row_is_a_dead_letter_with_the_platforms_code(self, line: Line) -> None:
        line.chat.verdict = lambda _message: PlatformDown("timeout")
        line.put(asked("你好"))
        for _ in range(MOST_TRIES + 2):
            await line.delivery.settle()
            line.clock.advance(timedelta(hours=3))
        assert len(line.chat.calls) == MOST_TRIES
        assert line.dead() == [("你好", "timeout")]

    @pytest.mark.parametrize("error", [ContentRefused("230028"), TargetGone("230031")], ids=str)
    async def test_what_will_never_pass_is_not_tried_again_and_others_are(
        self, line: Line, error: ContentRefused
    ) -> None:
        line.chat.verdict = lambda message: error if message.body == "b" else None
        line.put(*(asked(each) for each in "abc"))
        with capture_logs() as logs:
            await line.delivery.settle()
        assert line.chat.words == ["a", "b", "c"]
        assert line.dead() == [("b", error.code)]
        (entry,) = [each for each in logs if each["action"] == "delivery.refused"]
        assert entry["fate"] == "dead"
        assert "b" not in entry.values()

    async def test_a_defect_at_one_message_stops_no_other_and_is_tried_again(self, line: Line) -> None:
        """An adapter that fails in an unforeseen way at one card must not jam the lane for everybody."""
        line.chat.verdict = lambda message: ValueError("unforeseen") if message.body == "b" else None
        line.put(*(asked(each, who) for each, who in (("a", LI_HUA), ("b", WANG_LEI), ("c", CHEN_JING))))
        await line.delivery.settle()
        assert sorted(map(str, line.chat.words)) == ["a", "b", "c"]
        assert line.states() == {"ready": 1}
        line.chat.verdict = lambda _message: None
        line.clock.advance(timedelta(minutes=1))
        await line.delivery.settle()
        assert line.states() == {}

    async def test_a_retry_of_something_unasked_does_not_come_at_night(self, line: Line) -> None:
        """The platform is down from 19:59 on; it comes back in the night, and the message waits for the morning."""
        line.clock.at = at("2026-11-26 19:59")
        line.chat.verdict = lambda _message: PlatformDown("timeout")
        line.put(unasked("你好"))
        heard: list[datetime] = []
        for minutes in range(0, 24 * 60, 10):
            if minutes >= 60:
                line.chat.verdict = lambda _message: None
            before = len(line.chat.calls)
            await line.delivery.settle()
            heard += [line.clock.now()] * (len(line.chat.calls) - before)
            line.clock.advance(timedelta(minutes=10))
        assert not any(NIGHT.contains(moment.astimezone(SHANGHAI).time()) for moment in heard)
        assert heard[-1].astimezone(SHANGHAI).day == 27
        assert line.states() == {}

    async def test_failed_tries_use_up_nobodys_budget(self, sqlite_store: Database) -> None:
        """Four tries of one message, of which nobody heard one, leave room for another message of the same day."""
        policy = replace(org_policy(), attention=attention(per_day=3))
        async with open_line(sqlite_store, policy=policy) as line:
            line.chat.verdict = first(4, PlatformDown("timeout"))
            line.put(unasked("甲"))
            for _ in range(6):
                await line.delivery.settle()
                line.clock.advance(timedelta(minutes=2))
            line.put(unasked("乙"))
            await line.delivery.settle()
            assert line.chat.words == ["甲"] * 5 + ["乙"]

    async def test_a_digest_that_was_refused_is_sent_again_with_its_lines(self, sqlite_store: Database) -> None:
        policy = replace(org_policy(), attention=attention(per_day=2))
        async with open_line(sqlite_store, policy=policy) as line:
            line.put(*(unasked(f"第{number}件") for number in range(5)))
            await line.delivery.settle()
            line.clock.at = at("2026-11-27 18:00")
            line.chat.verdict = first(1, Throttled("99991400", SECOND))
            await line.delivery.settle()
            line.clock.advance(2 * SECOND)
            await line.delivery.settle()
            digests = [words for words in line.chat.words if isinstance(words, Card)]
            assert len(digests) == 2
            assert digests[0] == digests[1]
            assert digests[1].blocks


class TestUnreachable:
    async def test_whoever_cannot_be_reached_is_marked_and_not_tried_again(self, line: Line) -> None:
        line.chat.verdict = lambda message: Undeliverable("230013") if message.person_id == LI_HUA else None
        line.put(asked("a"), asked("x", WANG_LEI))
        await line.delivery.settle()
        line.put(asked("b"))
        await line.delivery.settle()
        assert sorted(map(str, line.chat.words)) == ["a", "x"]
        assert sorted(line.dead()) == [("a", "230013"), ("b", "receiver_lost")]

    async def test_when_the_directory_shows_them_again_they_are(self, line: Line) -> None:
        line.chat.verdict = first(1, Undeliverable("230013"))
        line.put(asked("a"))
        await line.delivery.settle()
        with line.database.transaction() as transaction:
            people = transaction.store(org_policy().org_id).people
            for external_id, person_id in people.identities("feishu").items():
                people.bind("feishu", external_id, person_id)
        line.put(asked("b"))
        await line.delivery.settle()
        assert line.chat.words == ["a", "b"]

    async def test_an_operator_sees_dead_letters_and_who_was_meant_by_id_and_not_the_words(self, line: Line) -> None:
        line.chat.verdict = lambda _message: Undeliverable("230013")
        line.put(asked("只有他能看的话"))
        with capture_logs() as logs:
            await line.delivery.settle()
        assert line.states() == {"dead": 1}
        assert "只有他能看的话" not in str(logs)


class TestLanes:
    async def test_a_lane_without_a_way_out_does_not_spin(self, line: Line) -> None:
        """Rows of an app that was taken out of the configuration wait; nobody claims them in a loop."""
        line.delivery.replace_platforms({})
        line.put(asked("你好"))
        before = line.store.transactions
        await line.delivery.settle()
        await line.delivery.settle()
        assert line.store.transactions - before <= 4

    async def test_a_lane_of_somebody_who_is_not_served_stops_nobody_else(self, line: Line) -> None:
        other = OrgId("other")
        hire(line.database, [replace(person, org_id=other) for person in staff()], other)
        line.put(asked("fremd"), org_id=other)
        line.put(asked("你好"))
        await line.delivery.settle()
        assert line.chat.words == ["你好"]
        assert line.states() == {"ready": 1}

    async def test_a_lane_of_somebody_who_is_not_served_is_free_for_whoever_serves_it(self, line: Line) -> None:
        other = OrgId("other")
        hire(line.database, [replace(person, org_id=other) for person in staff()], other)
        line.put(asked("fremd"), org_id=other)
        await line.delivery.settle()
        with line.database.transaction() as transaction:
            (lane,) = transaction.engine.claim_lanes("another process", line.clock.now(), LEASE, 9, [other])
        assert lane.epoch == 1

    async def test_a_lane_that_was_left_with_a_lease_is_taken_over_when_it_ends(self, line: Line) -> None:
        line.put(asked("你好"))
        with line.database.transaction() as transaction:
            assert transaction.engine.claim_lanes("dead-replica", line.clock.now(), LEASE, 10)
        await line.delivery.settle()
        assert line.chat.calls == []
        line.clock.advance(LEASE)
        await line.delivery.settle()
        assert line.chat.words == ["你好"]

    async def test_settling_waits_for_what_another_look_has_just_begun(self, line: Line) -> None:
        """The demo's clock moves on only when all that fell due is done, whoever has begun to send it."""
        running = asyncio.create_task(line.delivery.run(poll_seconds=LIMIT))
        for number in range(20):
            line.put(asked(f"{number}"))
            line.delivery.wake()
            await asyncio.sleep(0)
            await line.delivery.settle()
            assert line.states() == {}
        await line.delivery.close()
        await running

    async def test_mail_has_a_lane_of_its_own(self, line: Line) -> None:
        line.chat.verdict = lambda _message: Misconfigured("99991672")
        letter = Draft(PersonId(CHEN_JING), Mail("一条复盘", "没有回音"), Priority.ESCALATION, "mail", by_mail=True)
        line.put(replace(letter, asked=True), asked("你好", CHEN_JING))
        await line.delivery.settle()
        (sent,) = line.mail.calls
        assert sent.message.receiver == "chenjing@example.com"
        assert line.states() == {"ready": 1}

    async def test_somebody_without_an_address_is_a_dead_letter_of_the_mail_lane(self, line: Line) -> None:
        hire(line.database, [replace(person, mail=None) for person in staff() if person.person_id == CHEN_JING])
        line.put(Draft(PersonId(CHEN_JING), Mail("s", "t"), Priority.ESCALATION, "mail", by_mail=True))
        await line.delivery.settle()
        assert line.mail.calls == []
        assert line.dead() == [("mail", "no_mail")]


class TestReplicas:
    """On both stores: a lane has one owner, and what its old one sent is known."""

    @pytest.fixture
    async def both(self, database: Database) -> AsyncIterator[Line]:
        """A delivery on each engine in turn."""
        async with open_line(database) as opened:
            yield opened

    async def test_two_replicas_send_each_message_once(self, both: Line) -> None:
        other = both.another("replica-2")
        both.put(*(asked(f"{number}", (LI_HUA, WANG_LEI)[number % 2]) for number in range(150)))
        await asyncio.gather(both.delivery.settle(), other.settle())
        assert sorted(both.chat.ids) == sorted(set(both.chat.ids))
        assert len(both.chat.ids) == 150
        await other.close()

    async def test_a_lane_lost_in_the_middle_of_a_window_is_finished_by_its_new_owner(self, both: Line) -> None:
        """The old owner was only cut off: what it sent is recorded, what it did not send is sent by the new one."""
        both.chat.gate.clear()
        both.put(*(asked(each) for each in "abc"))
        losing = asyncio.create_task(both.delivery.settle())
        await asyncio.wait_for(both.chat.began.wait(), LIMIT)
        both.clock.advance(LEASE + SECOND)
        other = both.another("replica-2")
        winning = asyncio.create_task(other.settle())
        await eventually(lambda: len(both.chat.calls) >= 2)
        both.chat.gate.set()
        await asyncio.gather(losing, winning)
        await both.delivery.settle()
        assert both.states() == {}
        assert set(both.chat.words) == {"a", "b", "c"}
        assert len(set(both.chat.ids)) == 3
        await other.close()

    async def test_closing_finishes_the_call_under_way_and_leaves_the_rest_ready(self, both: Line) -> None:
        both.chat.gate.clear()
        both.put(*(asked(each) for each in "abc"))
        running = asyncio.create_task(both.delivery.run(poll_seconds=1))
        await asyncio.wait_for(both.chat.began.wait(), LIMIT)
        closing = asyncio.create_task(both.delivery.close())
        await asyncio.sleep(0)
        assert not closing.done()
        both.chat.gate.set()
        await closing
        await running
        assert both.chat.words in (["a"], ["a", "b", "c"])
        next_one = both.another("replica-2")
        await next_one.settle()
        assert both.chat.words == ["a", "b", "c"]
        assert len(set(both.chat.ids)) == 3
        await next_one.close()

    async def test_a_store_that_is_down_ends_nothing(self, both: Line) -> None:
        both.put(asked("你好"))
        both.store.breaks = Breaks.AT_ONCE
        with capture_logs() as logs:
            running = asyncio.create_task(both.delivery.run(poll_seconds=0.01))
            await eventually(lambda: any(each["action"] == "delivery.store_down" for each in logs))
            assert both.chat.calls == []
            both.store.breaks = Breaks.NEVER
            await eventually(lambda: bool(both.chat.calls))
        await both.delivery.close()
        await running
        assert both.chat.words == ["你好"]

    async def test_what_was_sent_while_the_store_went_down_is_recorded_when_it_is_back(self, both: Line) -> None:
        both.put(asked("你好"))
        both.chat.gate.clear()
        sending = asyncio.create_task(both.delivery.settle())
        await asyncio.wait_for(both.chat.began.wait(), LIMIT)
        both.store.breaks = Breaks.AT_COMMIT
        both.chat.gate.set()
        with capture_logs() as logs:
            await eventually(lambda: any(each["action"] == "delivery.store_down" for each in logs))
        both.store.breaks = Breaks.NEVER
        await sending
        assert both.states() == {}
        assert len(both.chat.calls) == 1


class TestGateOnTheWay:
    """The budget as it is counted across windows and replicas."""

    @pytest.fixture
    def thrifty(self) -> OrgPolicy:
        """Three messages a day."""
        return replace(org_policy(), attention=attention(per_day=3))

    async def test_what_a_crash_leaves_in_doubt_is_counted_once(
        self, sqlite_store: Database, thrifty: OrgPolicy
    ) -> None:
        async with open_line(sqlite_store, policy=thrifty) as line:
            line.put(unasked("甲"))
            with line.database.transaction() as transaction:
                engine = transaction.engine
                (lane,) = engine.claim_lanes("killed", line.clock.now(), LEASE, 1)
                (candidate,) = engine.pick(lane, line.clock.now(), 10)
                day = line.clock.now().astimezone(SHANGHAI).date()
                ids = [candidate.outgoing.message_id]
                assert engine.reserve(lane, ids, [(PersonId(LI_HUA), day)], line.clock.now(), line.clock.now())
            line.clock.advance(LEASE)
            line.put(unasked("乙"))
            await line.delivery.settle()
            line.put(unasked("丙"))
            await line.delivery.settle()
            assert line.chat.words == ["甲", "乙"]
            assert line.states() == {"folded": 1, "ready": 1}  # the third, and the digest that will tell of it

    async def test_at_six_the_digest_tells_of_the_rest(self, sqlite_store: Database, thrifty: OrgPolicy) -> None:
        async with open_line(sqlite_store, policy=thrifty) as line:
            line.put(*(unasked(f"第{number}件") for number in range(12)))
            await line.delivery.settle()
            line.clock.at = at("2026-11-27 18:00")
            await line.delivery.settle()
            assert len(line.chat.calls) == 3
            digest = line.chat.words[-1]
            assert isinstance(digest, Card)
            assert len(digest.blocks) == 11
