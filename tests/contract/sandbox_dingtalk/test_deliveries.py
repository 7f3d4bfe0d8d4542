"""Pushes that fail: when they come again, when no more; repeats, disorder, gaps, and the month's pushes."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sandbox.dingtalk import Limits, State
from sandbox.dingtalk.settings import MESSAGE_READ
from tests.contract.sandbox_dingtalk.harness import (
    APP,
    LEI,
    WEI,
    Desk,
    ok_ack,
    open_desk,
    silent,
    stream_bot,
)

_REFUSE = {"code": 500, "data": "{}"}


def _refuse(_frame: Any) -> dict[str, Any]:
    return _REFUSE


async def test_an_event_comes_three_times_and_then_stands_among_the_failed(desk: Desk) -> None:
    async with stream_bot(desk, _refuse) as bot:
        await desk.fake.resign(WEI)
        tries = []
        for wait in (9, 1, 29, 1, 3600):
            desk.clock.advance(seconds=wait)
            tries.append(await desk.fake.run_due_retries())
    assert tries == [0, 1, 0, 1, 0]
    assert len({frame["headers"]["eventId"] for frame in bot.frames}) == 1
    assert len({frame["headers"]["messageId"] for frame in bot.frames}) == 1
    assert desk.fake.deliveries()[0].state is State.FAILED


async def test_the_failed_events_can_be_fetched(desk: Desk) -> None:
    async with stream_bot(desk, _refuse):
        await desk.fake.resign(WEI)
        for _ in range(2):
            desk.clock.advance(seconds=30)
            await desk.fake.run_due_retries()
    path, params = "/call_back/get_call_back_failed_result", {"access_token": await desk.bearer()}
    answer = await desk.request("GET", path, params=params)
    (event,) = answer.body["failed_list"]
    assert (event["EventType"], event["userId"]) == ("user_leave_org", [WEI])


async def test_a_message_comes_twice_and_is_then_lost(desk: Desk) -> None:
    async with stream_bot(desk, _refuse) as bot:
        await desk.fake.say(LEI, "你好")
        tries = []
        for wait in (59, 1, 3600):
            desk.clock.advance(seconds=wait)
            tries.append(await desk.fake.run_due_retries())
    assert tries == [0, 1, 0]
    assert len({payload["msgId"] for payload in bot.payloads()}) == 1
    assert desk.fake.deliveries()[0].state is State.LOST


async def test_a_late_ack_brings_the_same_message_again(hasty: Desk) -> None:
    async with stream_bot(hasty, silent) as bot:
        await hasty.fake.say(LEI, "你好")
        bot.handler = ok_ack
        hasty.clock.advance(seconds=60)
        assert await hasty.fake.run_due_retries() == 1
    assert bot.texts() == ["你好", "你好"]
    assert hasty.fake.deliveries()[0].state is State.DONE


async def test_messages_can_be_told_to_come_only_once() -> None:
    async with open_desk(redeliver_bot_messages=False) as desk, stream_bot(desk, _refuse):
        await desk.fake.say(LEI, "你好")
        assert desk.fake.deliveries()[0].state is State.LOST


async def test_what_found_no_connection_is_played_to_the_next_one(desk: Desk) -> None:
    await desk.fake.say(LEI, "一")
    await desk.fake.resign(WEI)
    assert {each.state for each in desk.fake.deliveries()} == {State.RETRY}
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "二")
        await desk.fake.idle()
        assert bot.texts()[0] == "一"
        assert bot.event_types() == ["user_leave_org"]
    assert {each.state for each in desk.fake.deliveries()} == {State.DONE}


async def test_what_waited_too_long_for_a_connection_is_lost(desk: Desk) -> None:
    await desk.fake.say(LEI, "一")
    desk.clock.advance(seconds=60)
    await desk.fake.run_due_retries()
    async with stream_bot(desk) as bot:
        await desk.fake.idle()
        assert bot.frames == []
    assert desk.fake.deliveries()[0].state is State.LOST


async def test_pushes_can_come_twice(desk: Desk) -> None:
    desk.fake.set_fault("repeat", 2)
    async with stream_bot(desk) as bot:
        for text in ("一", "二", "三"):
            await desk.fake.say(LEI, text)
    assert bot.texts() == ["一", "一", "二", "二", "三"]


async def test_pushes_can_come_out_of_order(desk: Desk) -> None:
    desk.fake.set_fault("reorder", 3)
    async with stream_bot(desk) as bot:
        for text in ("一", "二", "三", "四"):
            await desk.fake.say(LEI, text)
    assert bot.texts() == ["三", "二", "一", "四"]


async def test_held_pushes_leave_in_the_end_even_alone(desk: Desk) -> None:
    desk.fake.set_fault("reorder", 2)
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "一")
        assert (bot.frames, desk.fake.deliveries()[0].state) == ([], State.HELD)
        desk.clock.advance(seconds=15)
        assert await desk.fake.run_due_retries() == 1
        await desk.fake.say(LEI, "二")
    assert bot.texts() == ["一", "二"]


async def test_two_tries_of_one_push_never_run_at_once(desk: Desk) -> None:
    async with stream_bot(desk, silent) as bot:
        saying = asyncio.create_task(desk.fake.say(LEI, "你好"))
        await bot.received.wait()
        assert await desk.fake.run_due_retries() == 0
        async with stream_bot(desk) as other:
            await bot.acknowledge(bot.frames[0], ok_ack(bot.frames[0]))
            await saying
            assert other.frames == []


async def test_a_used_up_month_brings_messages_without_text() -> None:
    async with open_desk(limits=Limits(pushes=1)) as desk, stream_bot(desk) as bot:
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
        assert [payload.get("errorCode") for payload in bot.payloads()] == [None, "20001"]
        assert bot.texts() == ["一"]
        assert desk.fake.used("push") == 1
        desk.clock.advance(days=11)
        await desk.fake.say(LEI, "三")
        assert bot.texts() == ["一", "三"]


async def test_contact_events_are_outside_of_the_month() -> None:
    async with open_desk(limits=Limits(pushes=0)) as desk, stream_bot(desk) as bot:
        await desk.fake.resign(WEI)
        assert bot.payloads()[0]["userId"] == [WEI]
        assert desk.fake.used("push") == 0


async def test_other_events_of_a_used_up_month_have_an_error_in_their_place() -> None:
    app = replace(APP, events=frozenset({MESSAGE_READ}))
    async with open_desk(apps=(app,), limits=Limits(pushes=0)) as desk, stream_bot(desk) as bot:
        await desk.send(LEI)
        await desk.fake.open_chat(LEI)
        assert bot.payloads()[0]["errCode"] == "20001"


async def test_retries_are_not_counted_again(desk: Desk) -> None:
    async with stream_bot(desk, _refuse):
        await desk.fake.say(LEI, "你好")
        desk.clock.advance(seconds=60)
        await desk.fake.run_due_retries()
    assert desk.fake.used("push") == 1


@pytest.mark.parametrize("ticked", [True, False])
async def test_events_come_only_where_they_are_ticked(ticked: bool) -> None:
    events = frozenset({MESSAGE_READ}) if ticked else frozenset()
    app = replace(APP, events=events)
    async with open_desk(apps=(app,)) as desk, stream_bot(desk) as bot:
        key = await desk.key_of(LEI)
        await desk.fake.open_chat(LEI)
        await desk.fake.open_chat(LEI)
        assert bot.event_types() == ([MESSAGE_READ] if ticked else [])
        if ticked:
            assert (bot.payloads()[0]["processQueryKey"], bot.payloads()[0]["userId"]) == (key, LEI)


async def test_any_event_can_be_pushed(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        assert await desk.fake.push("org_dept_remove", {"deptId": [7]}) is not None
        assert await desk.fake.push("chat_update_title", {}) is None
    assert bot.payloads() == [{"deptId": [7]}]


async def test_closing_gives_up_what_is_under_way(desk: Desk) -> None:
    await desk.fake.say(LEI, "一")
    async with stream_bot(desk, silent) as bot:
        await bot.received.wait()
        desk.fake.disconnect()
        await desk.fake.pusher.close()
        await desk.fake.sockets.close()
        await desk.fake.idle()
    assert desk.fake.deliveries()[0].state is State.RETRY


async def test_idle_counts_what_a_new_connection_sets_off(desk: Desk) -> None:
    await desk.fake.say(LEI, "一")
    async with stream_bot(desk) as bot:
        await desk.fake.idle()
        assert bot.texts() == ["一"]


def test_an_unknown_push_is_a_mistake_of_the_caller(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.fake.pusher.delivery("unknown")
