"""Events and callbacks over HTTP: envelopes, encryption, signatures, retries, and what can go wrong on the way."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.feishu import FakeApp, State
from tests.contract.sandbox_feishu.harness import (
    APP,
    IM,
    IMPATIENT,
    KEY,
    LEI,
    Desk,
    Json,
    WebhookBot,
    always,
    open_desk,
    webhook_app,
    webhook_bot,
)


def opened(body: bytes) -> bytes:
    """Decrypt by the recipe of the documentation, padding and all."""
    raw = base64.b64decode(json.loads(body)["encrypt"])
    decryptor = Cipher(algorithms.AES(sha256(KEY.encode()).digest()), modes.CBC(raw[:16])).decryptor()
    return decryptor.update(raw[16:]) + decryptor.finalize()


def unpadded(plain: bytes) -> Json:
    count = plain[-1]
    assert plain.endswith(bytes([count]) * count)
    decoded: Json = json.loads(plain[:-count])
    return decoded


def signature(headers: Mapping[str, str], body: bytes) -> str:
    start = headers["X-Lark-Request-Timestamp"] + headers["X-Lark-Request-Nonce"] + KEY
    return sha256(start.encode() + body).hexdigest()


def _states(desk: Desk) -> list[State]:
    return [delivery.state for delivery in desk.fake.deliveries()]


async def test_a_message_is_pushed_in_an_envelope_of_version_two() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        message_id = await desk.fake.say(LEI, "本周上线了报表")
        (envelope,) = bot.envelopes()
        header, event = envelope["header"], envelope["event"]
        assert (envelope["schema"], header["event_type"]) == ("2.0", "im.message.receive_v1")
        assert (header["app_id"], header["token"]) == (APP.app_id, APP.verification_token)
        assert header["create_time"] == str(int(desk.clock.present.timestamp() * 1000))
        assert event["sender"]["sender_id"]["open_id"] == LEI
        assert event["sender"]["sender_type"] == "user"
        assert (event["message"]["message_id"], event["message"]["chat_type"]) == (message_id, "p2p")
        assert json.loads(event["message"]["content"]) == {"text": "本周上线了报表"}
        assert "parent_id" not in event["message"]
        assert _states(desk) == [State.DONE]


async def test_a_quoting_message_names_what_it_answers() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        card = await desk.card_id(LEI)
        await desk.fake.say(LEI, "补充", card)
        message = bot.envelopes()[0]["event"]["message"]
        assert (message["parent_id"], message["root_id"]) == (card, card)
        with pytest.raises(ValueError, match="not in this chat"):
            await desk.fake.say(LEI, "补充", "om_nobody")


async def test_with_a_key_the_body_is_encrypted_and_the_raw_body_signed() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot, KEY),)) as desk:
        await desk.fake.say(LEI, "你好")
        ((headers, body),) = bot.received
        assert headers["X-Lark-Signature"] == signature(headers, body)
        assert headers["X-Lark-Request-Timestamp"] == str(int(desk.clock.present.timestamp()))
        assert unpadded(opened(body))["header"]["event_type"] == "im.message.receive_v1"


async def test_without_a_key_nothing_is_signed() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        await desk.fake.say(LEI, "你好")
        assert not any(key.lower().startswith("x-lark") for key in bot.received[0][0])


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("wrong_signature", lambda headers, body: headers["X-Lark-Signature"] != signature(headers, body)),
        ("no_signature", lambda headers, body: "X-Lark-Signature" not in headers),
        ("bad_padding", lambda headers, body: opened(body)[-1] == 0),
        ("wrong_token", lambda headers, body: unpadded(opened(body))["header"]["token"] != APP.verification_token),
        ("no_token", lambda headers, body: "token" not in unpadded(opened(body))["header"]),
    ],
)
async def test_a_broken_event_is_sent_once_and_the_true_one_after_it_is_refused(
    kind: str, check: Callable[[Mapping[str, str], bytes], bool]
) -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot, KEY),)) as desk:
        answers = iter([401, {}])
        bot.handler = lambda _: next(answers)
        desk.fake.set_fault(kind)
        await desk.fake.say(LEI, "你好")
        assert check(*bot.received[0])
        desk.clock.advance(seconds=15)
        assert await desk.fake.run_due_retries() == 1
        headers, body = bot.received[1]
        assert headers["X-Lark-Signature"] == signature(headers, body)
        assert unpadded(opened(body))["header"]["token"] == APP.verification_token
        assert _states(desk) == [State.DONE]


async def test_a_failing_event_is_sent_five_times_in_all_with_the_same_ids() -> None:
    async with webhook_bot(always(500)) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        await desk.fake.say(LEI, "你好")
        for number, parts in enumerate(({"seconds": 15}, {"minutes": 5}, {"hours": 1}, {"hours": 6})):
            whole = {"seconds": 0.0, **parts}
            desk.clock.advance(**{**whole, "seconds": whole["seconds"] - 1})
            assert await desk.fake.run_due_retries() == 0
            desk.clock.advance(seconds=1)
            assert await desk.fake.run_due_retries() == 1
            assert len(bot.received) == number + 2
        desk.clock.advance(days=2)
        assert await desk.fake.run_due_retries() == 0
        assert len({envelope["header"]["event_id"] for envelope in bot.envelopes()}) == 1
        assert len({envelope["event"]["message"]["message_id"] for envelope in bot.envelopes()}) == 1
        (delivery,) = desk.fake.deliveries()
        assert (delivery.state, delivery.failures, delivery.last_outcome) == (State.DEAD, 5, "answered 500")


@pytest.mark.parametrize("status", [201, 302, 401, 404, 500])
async def test_any_status_but_200_is_a_failure(status: int) -> None:
    async with webhook_bot(always(status)) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        await desk.fake.say(LEI, "你好")
        assert _states(desk) == [State.RETRY]
        assert len(bot.received) == 1


async def test_no_answer_in_time_is_a_failure() -> None:
    hold = asyncio.Event()

    async def late() -> Json:
        await hold.wait()
        return {}

    async with webhook_bot(lambda _: late()) as bot, open_desk(apps=(webhook_app(bot),), timing=IMPATIENT) as desk:
        await desk.fake.say(LEI, "你好")
        hold.set()
        (delivery,) = desk.fake.deliveries()
        assert (delivery.state, delivery.last_outcome) == (State.RETRY, "timed_out")


async def test_a_closed_port_and_an_unknown_host_are_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # The resolver would ask the network; `.invalid` must stay unknown without it.
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody)
    async with webhook_bot(always(500)) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        outcomes = []
        for url in ("http://127.0.0.1:1/", "http://nobody.invalid/"):
            desk.fake.configure(FakeApp(APP.app_id, APP.secret, ingress=webhook_app(bot).ingress, callback_url=url))
            await desk.fake.say(LEI, "你好")
            outcomes.append(desk.fake.deliveries()[-1].last_outcome)
        assert outcomes == ["not_reached", "not_resolved"]


async def test_a_cut_answer_is_a_failure() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        app = web.Application()
        app.router.add_post("/cut", cut)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        bot.url = f"http://{host}:{port}/cut"
        desk.fake.configure(webhook_app(bot))
        await desk.fake.say(LEI, "你好")
        assert desk.fake.deliveries()[0].last_outcome == "connection_lost"
        await runner.cleanup()


async def test_without_an_address_events_wait_for_one() -> None:
    async with webhook_bot(always({})) as bot:
        homeless = webhook_app(WebhookBot(always({})))
        async with open_desk(apps=(FakeApp(APP.app_id, APP.secret, ingress=homeless.ingress),)) as desk:
            await desk.fake.say(LEI, "你好")
            assert _states(desk) == [State.OPEN]
            desk.fake.configure(webhook_app(bot))
            await desk.fake.run_due_retries()
            assert bot.event_types() == ["im.message.receive_v1"]


async def test_a_success_can_be_delivered_twice() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        desk.fake.set_fault("repeat", 1)
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
        ids = [envelope["header"]["event_id"] for envelope in bot.envelopes()]
        assert len(ids) == 3
        assert ids[0] == ids[1] != ids[2]


async def test_the_next_events_can_come_in_reverse() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        desk.fake.set_fault("reorder", 3)
        for text in ("一", "二", "三", "四"):
            await desk.fake.say(LEI, text)
        assert _texts(bot) == ["三", "二", "一", "四"]


async def test_held_events_leave_after_a_while_even_alone() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        desk.fake.set_fault("reorder", 3)
        await desk.fake.say(LEI, "一")
        assert _states(desk) == [State.HELD]
        desk.clock.advance(seconds=15)
        await desk.fake.run_due_retries()
        await desk.fake.say(LEI, "二")
        assert _texts(bot) == ["一", "二"]


async def test_an_event_can_be_held_back_by_the_tenants_clock() -> None:
    async with webhook_bot(always({})) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        desk.fake.set_fault("hold_back", 1, 3600.0)
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
        assert _texts(bot) == ["二"]
        desk.clock.advance(minutes=60)
        await desk.fake.run_due_retries()
        assert _texts(bot) == ["二", "一"]


def _texts(bot: WebhookBot) -> list[str]:
    return [json.loads(envelope["event"]["message"]["content"])["text"] for envelope in bot.envelopes()]


def _challenged(body: Json) -> Json:
    plain = unpadded(opened(json.dumps(body).encode())) if "encrypt" in body else body
    assert plain["type"] == "url_verification"
    assert plain["token"] == APP.verification_token
    return {"challenge": plain["challenge"]}


@pytest.mark.parametrize("key", [None, KEY])
async def test_the_address_is_checked_with_a_challenge(key: str | None) -> None:
    async with webhook_bot(_challenged) as bot, open_desk(apps=(webhook_app(bot, key),)) as desk:
        assert await desk.fake.verify_url() is True


@pytest.mark.parametrize("answer", [{}, {"challenge": "x"}, 500, web.Response(text="no json")])
async def test_a_wrong_answer_to_the_challenge_fails_the_check(answer: Any) -> None:
    async with webhook_bot(always(answer)) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        assert await desk.fake.verify_url() is False
        desk.fake.configure(APP)
        assert await desk.fake.verify_url() is False


async def test_idle_waits_for_what_is_under_way() -> None:
    hold, came = asyncio.Event(), asyncio.Event()

    async def slow() -> Json:
        came.set()
        await hold.wait()
        return {}

    async with webhook_bot(lambda _: slow()) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        saying = asyncio.create_task(desk.fake.say(LEI, "你好"))
        await came.wait()
        waiting = asyncio.create_task(desk.fake.idle())
        await asyncio.sleep(0)
        assert not waiting.done()
        hold.set()
        await waiting
        await saying
        assert _states(desk) == [State.DONE]


async def test_unsubscribed_events_are_not_sent() -> None:
    async with webhook_bot(always({})) as bot:
        app = FakeApp(
            APP.app_id, APP.secret, ingress=webhook_app(bot).ingress, callback_url=bot.url, events=frozenset()
        )
        async with open_desk(apps=(app,)) as desk:
            await desk.fake.say(LEI, "你好")
            assert await desk.fake.push("some.unknown.event_v1", {}) is None
            assert (bot.received, desk.fake.deliveries()) == ([], [])
            assert (await desk.call("GET", f"{IM}/messages/{desk.fake.messages_of(LEI)[0]['id']}")).code == 0
