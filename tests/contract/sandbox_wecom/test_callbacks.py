"""Callbacks on the wire: the URL check, envelopes in all their forms, patience, three tries, and what goes wrong."""

import asyncio
import base64
import socket
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.wecom import State, Timing
from sandbox.wecom.deliveries import Delivery
from tests.contract.sandbox_wecom.harness import (
    APP,
    CORP,
    IMPATIENT,
    KEY,
    LEI,
    OTHER_APP,
    Desk,
    Event,
    callback_app,
    open_desk,
    open_talk,
    opened,
    signature,
    text_of,
)


def _states(desk: Desk) -> list[State]:
    return [delivery.state for delivery in desk.fake.deliveries()]


def _last(desk: Desk) -> Delivery:
    return desk.fake.deliveries()[-1]


# The check of the address


async def test_the_address_is_accepted_when_the_echo_comes_back() -> None:
    async with open_talk() as (desk, endpoint):
        for _ in range(20):  # echoes with and without characters that URLs escape
            assert await desk.fake.verify_url() is True
        assert all(heard.query["org"] == "demo" for heard in endpoint.heard)
        assert any("+" in heard.query["echostr"] for heard in endpoint.heard)


@pytest.mark.parametrize("spoil", ["{}\n", '"{}"', "\ufeff{}", "success", ""])
async def test_anything_around_the_echo_fails_the_check(spoil: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        _, text, _ = opened(KEY, request.query["echostr"])
        return web.Response(text=spoil.replace("{}", text.decode()))

    async with _site(answer) as site, open_desk(apps=(replace(APP, callback_url=str(site.make_url("/"))),)) as desk:
        assert await desk.fake.verify_url() is False


async def test_a_late_echo_and_a_bad_status_fail_the_check() -> None:
    hold = asyncio.Event()

    async def late(_request: web.Request) -> web.Response:
        await hold.wait()
        return web.Response(status=500)

    async with _site(late) as site:
        app = replace(APP, callback_url=str(site.make_url("/")))
        async with open_desk(apps=(app,), timing=IMPATIENT) as desk:
            assert await desk.fake.verify_url() is False
            hold.set()
            assert await desk.fake.verify_url() is False
            desk.fake.configure(replace(APP, callback_url=""))
            assert await desk.fake.verify_url() is False


async def test_a_gateway_may_send_a_bare_plus() -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.query["echostr"])
        _, text, _ = opened(KEY, request.query["echostr"].replace(" ", "+"))
        return web.Response(body=text)

    async with _site(answer) as site, open_desk(apps=(replace(APP, callback_url=str(site.make_url("/"))),)) as desk:
        desk.fake.set_fault("raw_plus", None)
        for _ in range(10):
            assert await desk.fake.verify_url() is True
        assert any(" " in each for each in seen)


# Envelopes


async def test_an_envelope_is_signed_sealed_and_padded_as_documented() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.fake.say(LEI, "你好")
        (heard,) = endpoint.heard
        box = heard.envelope().findtext("Encrypt") or ""
        query = heard.query
        assert query["msg_signature"] == signature(APP.token, query["timestamp"], query["nonce"], box)
        assert query["timestamp"] == str(int(desk.clock.present.timestamp()))
        assert heard.envelope().findtext("ToUserName") == CORP
        assert heard.envelope().findtext("AgentID") == str(APP.agent_id)
        assert len(base64.b64decode(box)) % 32 == 0


async def test_envelopes_differ_in_order_form_random_bytes_and_padding() -> None:
    async with open_talk() as (desk, endpoint):
        for number in range(40):
            await desk.fake.say(LEI, "好" * number)
        bodies = [heard.body for heard in endpoint.heard]
        boxes = [opened(KEY, heard.envelope().findtext("Encrypt") or "") for heard in endpoint.heard]
        assert len({tuple(child.tag for child in heard.envelope()) for heard in endpoint.heard}) > 2
        assert {b"<Encrypt><![CDATA[" in body for body in bodies} == {True, False}
        assert len({salt for salt, _, _ in boxes}) == 40
        assert any(max(salt) > 127 for salt, _, _ in boxes)
        assert {b"<Content><![CDATA[" in text for _, text, _ in boxes} == {True, False}
        assert len({tuple(child.tag for child in event) for event in endpoint.events}) > 5
        assert endpoint.told("Content") == ["好" * number for number in range(40)]


@pytest.mark.parametrize("text", ["a<b>&c", "]]>", "x]]]]>>", "一\n二", "&amp;", "<![CDATA[x]]>"])
async def test_any_text_comes_through_either_form(text: str) -> None:
    async with open_talk() as (desk, endpoint):
        for _ in range(8):
            await desk.fake.say(LEI, text)
        assert set(endpoint.told("Content")) == {text}


async def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.fake.say(LEI, "a\x00b\x0bc\ufffe")
        assert endpoint.told("Content") == ["abc"]


# Patience and repeats


async def test_a_callback_is_tried_three_times_with_the_same_text_in_fresh_envelopes() -> None:
    async with open_talk(lambda _: 500) as (desk, endpoint):
        await desk.fake.say(LEI, "你好")
        for tries in (2, 3):
            assert await desk.fake.run_due_retries() == 0
            desk.clock.advance(seconds=1)
            assert await desk.fake.run_due_retries() == 1
            assert len(endpoint.heard) == tries
        desk.clock.advance(days=1)
        assert await desk.fake.run_due_retries() == 0
        assert len({tuple((child.tag, child.text) for child in event) for event in endpoint.events}) == 1
        assert len({heard.query["msg_signature"] for heard in endpoint.heard}) == 3
        assert (_last(desk).state, _last(desk).failures, _last(desk).last_outcome) == (State.DEAD, 3, "answered 500")


@pytest.mark.parametrize("status", [201, 302, 403, 500])
async def test_any_status_but_200_is_a_failure_and_200_none(status: int) -> None:
    async with open_talk(lambda _: status) as (desk, endpoint):
        await desk.fake.say(LEI, "你好")
        assert _states(desk) == [State.RETRY]
        endpoint.script = lambda _: ""
        desk.clock.advance(seconds=1)
        await desk.fake.run_due_retries()
        assert _states(desk) == [State.DONE]


async def test_a_late_answer_is_cut_off_and_the_repeat_meets_the_first_handler_still_at_work() -> None:
    hold, at_work = asyncio.Event(), 0

    async def slow(_event: Event) -> str:
        nonlocal at_work
        at_work += 1
        await hold.wait()
        return ""

    # Long enough for a busy machine to reach the handler both times.
    async with open_talk(slow, timing=Timing(answer_seconds=1.0)) as (desk, _):
        await desk.fake.say(LEI, "你好")
        desk.clock.advance(seconds=1)
        await desk.fake.run_due_retries()
        assert at_work == 2
        assert (_last(desk).failures, _last(desk).last_outcome) == (2, "timed_out")
        hold.set()


async def test_a_closed_port_and_a_cut_connection_are_failures() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        async with _site(cut) as site, open_desk(apps=(replace(APP, callback_url=nowhere),)) as desk:
            await desk.fake.say(LEI, "一")
            desk.fake.configure(replace(APP, callback_url=str(site.make_url("/"))))
            await desk.fake.say(LEI, "二")
            assert [each.last_outcome for each in desk.fake.deliveries()] == ["not_reached", "connection_lost"]


async def test_two_who_look_for_due_repeats_at_once_send_each_once() -> None:
    async with open_talk(lambda _: 500) as (desk, endpoint):
        await desk.fake.say(LEI, "你好")
        desk.clock.advance(seconds=1)
        await asyncio.gather(desk.fake.run_due_retries(), desk.fake.run_due_retries())
        assert len(endpoint.heard) == 2


async def test_without_an_address_nothing_is_told() -> None:
    async with open_desk(apps=(replace(APP, callback_url=""),)) as desk:
        await desk.fake.say(LEI, "你好")
        assert (desk.fake.deliveries(), desk.texts()) == ([], ["你好"])


async def test_idle_waits_for_what_is_under_way() -> None:
    hold, came = asyncio.Event(), asyncio.Event()

    async def slow(_event: Event) -> str:
        came.set()
        await hold.wait()
        return ""

    async with open_talk(slow) as (desk, _):
        saying = asyncio.create_task(desk.fake.say(LEI, "你好"))
        await came.wait()
        waiting = asyncio.create_task(desk.fake.idle())
        await asyncio.sleep(0)
        assert not waiting.done()
        hold.set()
        await waiting
        await saying
        assert _states(desk) == [State.DONE]


# Faults


async def test_a_success_can_be_delivered_twice_one_after_the_other() -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault("repeat")
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
        assert endpoint.told("Content") == ["一", "一", "二"]
        assert endpoint.told("MsgId")[0] == endpoint.told("MsgId")[1] != endpoint.told("MsgId")[2]


async def test_a_callback_can_be_delivered_twice_at_the_same_time() -> None:
    both, hold = asyncio.Event(), 0

    async def together(_event: Event) -> str:
        nonlocal hold
        hold += 1
        if hold == 2:
            both.set()
        await both.wait()
        return ""

    async with open_talk(together) as (desk, endpoint):
        desk.fake.set_fault("twin")
        await desk.fake.say(LEI, "一")
        assert endpoint.told("Content") == ["一", "一"]
        assert _states(desk) == [State.DONE]


async def test_the_next_events_can_come_in_reverse() -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault("reorder", 3)
        for text in ("一", "二", "三", "四"):
            await desk.fake.say(LEI, text)
        assert endpoint.told("Content") == ["三", "二", "一", "四"]


async def test_held_events_leave_after_a_while_even_alone() -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault("reorder", 3)
        await desk.fake.say(LEI, "一")
        assert _states(desk) == [State.HELD]
        desk.clock.advance(seconds=15)
        await desk.fake.run_due_retries()
        await desk.fake.say(LEI, "二")
        assert endpoint.told("Content") == ["一", "二"]


async def test_an_event_can_be_held_back() -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault("hold_back", 1, 3600.0)
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
        desk.clock.advance(hours=1)
        await desk.fake.run_due_retries()
        assert endpoint.told("Content") == ["二", "一"]


@pytest.mark.parametrize("kind", ["wrong_signature", "wrong_receiver", "bad_padding", "no_xml"])
async def test_a_forged_envelope_is_sent_once_and_the_true_one_after_its_refusal(kind: str) -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault(kind)
        await desk.fake.say(LEI, "你好")
        assert (endpoint.events, _states(desk)) == ([], [State.RETRY])
        desk.clock.advance(seconds=1)
        await desk.fake.run_due_retries()
        assert (endpoint.told("Content"), _states(desk)) == (["你好"], [State.DONE])


async def test_a_forged_receiver_is_signed_well() -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault("wrong_receiver")
        await desk.fake.say(LEI, "你好")
        (heard,) = endpoint.heard
        box = heard.envelope().findtext("Encrypt") or ""
        query = heard.query
        assert query["msg_signature"] == signature(APP.token, query["timestamp"], query["nonce"], box)
        assert opened(KEY, box)[2] != CORP


async def test_a_body_can_be_larger_than_anybody_should_read() -> None:
    async with open_talk() as (desk, endpoint):
        desk.fake.set_fault("oversize")
        await desk.fake.say(LEI, "你好")
        assert _last(desk).last_outcome in ("answered 413", "connection_lost")
        assert endpoint.events == []


async def test_an_old_envelope_can_be_replayed_bit_by_bit() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.fake.say(LEI, "你好")
        desk.clock.advance(days=3)
        reply = await desk.fake.replay(_last(desk).number)
        assert (reply.status, reply.content) == (200, b"")
        first, second = endpoint.heard
        assert first == second
        with pytest.raises(KeyError):
            await desk.fake.replay(99)


async def test_each_app_is_called_at_its_own_address_with_its_own_secrets() -> None:
    async with callback_app() as mine, callback_app(settings=OTHER_APP) as theirs:
        async with open_desk(apps=(mine.settings, theirs.settings)) as desk:
            await desk.fake.say(LEI, "你好", agent_id=OTHER_APP.agent_id)
            assert (mine.events, [text_of(event, "AgentID") for event in theirs.events]) == ([], ["1000003"])


def _site(handler: Any) -> TestServer:
    app = web.Application()
    app.router.add_route("*", "/", handler)
    return TestServer(app)
