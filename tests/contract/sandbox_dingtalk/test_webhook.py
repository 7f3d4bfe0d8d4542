"""HTTP mode: signed messages, encrypted events, signed clicks, and the platform's patience with each."""

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dingtalk import ClickResult, State, crypto
from sandbox.dingtalk.settings import MESSAGE_READ
from tests.contract.sandbox_dingtalk.harness import (
    AES_KEY,
    APP,
    CARDS,
    IMPATIENT,
    LEI,
    SECRET,
    TOKEN,
    WEI,
    Desk,
    WebBot,
    answer_ok,
    card_body,
    http_app,
    http_desk,
    open_desk,
    opened_event,
    sealed_success,
    web_bot,
)

_REGISTER = "/v1.0/card/callbacks/register"


def _mac(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


async def test_a_message_is_posted_with_timestamp_and_sign() -> None:
    async with http_desk() as (desk, bot):
        message_id = await desk.fake.say(LEI, "你好")
        (headers,) = bot.headers()
        timestamp = headers["timestamp"]
        assert timestamp == str(int(desk.clock.present.timestamp() * 1000))
        assert headers["sign"] == _mac(SECRET, f"{timestamp}\n{SECRET}")
        assert (bot.bodies()[0]["msgId"], bot.bodies()[0]["text"]) == (message_id, {"content": "你好"})
        assert desk.fake.deliveries()[0].state is State.DONE


async def test_addresses_in_a_message_lead_to_the_site_once_it_was_called() -> None:
    async with http_desk() as (desk, bot):
        await desk.bearer()
        await desk.fake.say(LEI, "你好")
        async with desk.session.post(
            bot.bodies()[0]["sessionWebhook"], json={"msgtype": "text", "text": {"content": "收到"}}
        ) as response:
            assert (await response.json())["errcode"] == 0


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("wrong_signature", lambda h, right: h["sign"] != right),
        ("no_signature", lambda h, _: "sign" not in h),
        ("old_timestamp", lambda h, right: h["sign"] == right),
    ],
)
async def test_a_signature_can_be_wrong_missing_or_old(fault: str, check: Any) -> None:
    async with http_desk() as (desk, bot):
        desk.fake.set_fault(fault)
        await desk.fake.say(LEI, "你好")
        (headers,) = bot.headers()
        age_ms = int(desk.clock.present.timestamp() * 1000) - int(headers["timestamp"])
        assert check(headers, _mac(SECRET, f"{headers['timestamp']}\n{SECRET}"))
        assert age_ms == (7_200_000 if fault == "old_timestamp" else 0)


@pytest.mark.parametrize("status", [400, 404, 500, 302])
async def test_a_message_that_is_not_answered_with_200_comes_once_more(status: int) -> None:
    async with http_desk(lambda _r, _b: web.Response(status=status)) as (desk, bot):
        await desk.fake.say(LEI, "你好")
        desk.clock.advance(seconds=60)
        await desk.fake.run_due_retries()
        assert len({body["msgId"] for body in bot.bodies()}) == 1
        assert len(bot.received) == 2
        assert desk.fake.deliveries()[0].state is State.LOST


async def test_an_address_where_nobody_listens_is_a_failed_try() -> None:
    async with open_desk(apps=(replace(APP, callback_url="http://127.0.0.1:9/"),), timing=IMPATIENT) as desk:
        await desk.fake.say(LEI, "你好")
        assert desk.fake.deliveries()[0].last_outcome == "not_reached"


async def test_the_platform_does_not_wait_for_ever() -> None:
    release = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/callback", hang)
    async with TestServer(app) as server:
        url = str(server.make_url("/callback"))
        async with open_desk(apps=(replace(APP, callback_url=url),), timing=IMPATIENT) as desk:
            await desk.fake.say(LEI, "你好")
            assert desk.fake.deliveries()[0].last_outcome == "timed_out"
        release.set()


async def test_an_event_is_encrypted_and_signed_and_must_be_answered_likewise() -> None:
    async with http_desk() as (desk, bot):
        await desk.fake.resign(WEI)
        ((request, body),) = bot.received
        query = request.query
        encrypted = json.loads(body)["encrypt"]
        joined = "".join(sorted((TOKEN, query["timestamp"], query["nonce"], encrypted)))
        assert query["msg_signature"] == hashlib.sha1(joined.encode()).hexdigest()
        event = opened_event(body)
        assert (event["EventType"], event["userId"], event["CorpId"]) == (
            "user_leave_org",
            [WEI],
            desk.fake.world.corp_id,
        )
        assert {"EventTime", "BizId", "eventId", "timeStamp"} <= set(event)
        assert crypto.decrypt(AES_KEY, encrypted)[1] == APP.client_id
        assert (desk.fake.deliveries()[0].state, desk.fake.complaints) == (State.DONE, [])


async def test_read_events_have_camel_case_members_over_http() -> None:
    async with http_desk(app=replace(APP, events=frozenset({MESSAGE_READ}))) as (desk, bot):
        key = await desk.key_of(LEI)
        await desk.fake.open_chat(LEI)
        event = opened_event(bot.received[0][1])
        assert (event["ProcessQueryKey"], event["UserId"], event["RobotCode"]) == (key, LEI, APP.client_id)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"encrypt": "x"},
        sealed_success(word="ok"),
        sealed_success(msg_signature="0" * 40),
        sealed_success(nonce="other"),
        sealed_success(app=replace(APP, client_id="ding of somebody else")),
    ],
)
async def test_an_event_that_is_answered_wrongly_comes_again(answer: Any) -> None:
    async with http_desk(lambda _r, _b: web.json_response(answer)) as (desk, bot):
        await desk.fake.resign(WEI)
        assert desk.fake.deliveries()[0].last_outcome == "bad_answer 200"
        assert len(desk.fake.complaints) == 1
        desk.clock.advance(seconds=10)
        assert await desk.fake.run_due_retries() == 1
        assert len({opened_event(body)["eventId"] for _, body in bot.received}) == 1


async def test_events_may_have_an_address_of_their_own() -> None:
    async with web_bot(answer_ok) as messages, http_desk() as (desk, events):
        desk.fake.configure(replace(http_app(messages), event_url=events.url))
        await desk.fake.say(LEI, "你好")
        await desk.fake.resign(WEI)
        assert (len(messages.received), len(events.received)) == (1, 1)


@pytest.mark.parametrize("missing", [{"event_aes_key": ""}, {"event_token": ""}])
async def test_without_key_or_token_no_event_leaves(missing: dict[str, Any]) -> None:
    async with http_desk() as (desk, bot):
        desk.fake.configure(replace(http_app(bot), **missing))
        await desk.fake.resign(WEI)
        assert (bot.received, desk.fake.deliveries()[0].last_outcome) == ([], "no_route")


@pytest.mark.parametrize("fault", ["wrong_signature", "no_signature", "bad_padding", "wrong_suffix", "old_timestamp"])
async def test_an_event_can_be_damaged(fault: str) -> None:
    async with http_desk() as (desk, bot):
        desk.fake.set_fault(fault)
        await desk.fake.resign(WEI)
        ((request, body),) = bot.received
        query, encrypted = request.query, json.loads(body)["encrypt"]
        right = crypto.event_sign(TOKEN, query["timestamp"], query["nonce"], encrypted)
        assert (query.get("msg_signature") == right) is (fault in ("bad_padding", "wrong_suffix", "old_timestamp"))
        if fault == "bad_padding":
            with pytest.raises(crypto.Unreadable):
                crypto.decrypt(AES_KEY, encrypted)
        else:
            assert (crypto.decrypt(AES_KEY, encrypted)[1] == APP.client_id) is (fault != "wrong_suffix")


async def test_the_console_saves_an_address_that_answers_check_url() -> None:
    async with http_desk() as (desk, bot):
        assert await desk.fake.verify_url() is True
        assert opened_event(bot.received[0][1]) == {"EventType": "check_url"}


async def test_the_console_refuses_another_address(desk: Desk) -> None:
    assert await desk.fake.verify_url() is False
    async with http_desk(answer_ok) as (other, _):
        assert await other.fake.verify_url() is False


async def _http_card(desk: Desk, bot: WebBot, secret: str = "api-secret") -> str:
    route = {"callbackRouteKey": "fupan", "callbackUrl": bot.url, "apiSecret": secret}
    assert (await desk.call("POST", _REGISTER, route)).status == 200
    return await desk.card(callbackType="HTTP", callbackRouteKey="fupan")


async def test_a_click_is_posted_to_the_registered_address_and_its_answer_applied(desk: Desk) -> None:
    answer = {
        "cardUpdateOptions": {"updateCardDataByKey": True},
        "cardData": {"cardParamMap": {"status": "已同意"}},
    }
    async with web_bot(lambda _r, _b: web.json_response(answer)) as bot:
        result = await desk.fake.click(LEI, await _http_card(desk, bot), "agree", {})
    assert result.card is not None
    assert (result.card["status"], result.card["title"], result.error) == ("已同意", "目标调整", None)
    (headers,) = bot.headers()
    assert headers["x-ddpaas-signature"] == _mac("api-secret", headers["x-ddpaas-signature-timestamp"])
    assert bot.bodies()[0]["outTrackId"] == "card-1"


async def test_without_a_secret_clicks_are_not_signed(desk: Desk) -> None:
    async with web_bot(answer_ok) as bot:
        await desk.fake.click(LEI, await _http_card(desk, bot, ""), "agree", {})
    assert not [name for name in bot.headers()[0] if name.lower().startswith("x-ddpaas")]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"status": 200, "text": ""}, None),
        ({"status": 200, "text": "{}"}, None),
        ({"status": 200, "text": "nonsense"}, "bad answer"),
        ({"status": 200, "text": "[]"}, "bad answer"),
        ({"status": 500, "text": ""}, "refused 500"),
    ],
)
async def test_an_answer_over_http_is_judged(desk: Desk, response: dict[str, Any], error: str | None) -> None:
    async with web_bot(lambda _r, _b: web.Response(**response)) as bot:
        assert await desk.fake.click(LEI, await _http_card(desk, bot), "agree", {}) == ClickResult(error=error)


async def test_a_removed_address_is_not_reached(hasty: Desk) -> None:
    async with web_bot(answer_ok) as bot:
        message_id = await _http_card(hasty, bot)
    assert (await hasty.fake.click(LEI, message_id, "agree", {})).error == "not connected"


async def test_cards_need_a_registered_route(desk: Desk) -> None:
    refused = await desk.call("POST", f"{CARDS}/createAndDeliver", card_body(callbackType="HTTP"))
    assert refused.refusal == (400, "param.invalid")


@given(st.text(max_size=200), st.text(min_size=1, max_size=40), st.integers(0, 2**32))
def test_what_is_encrypted_is_decrypted_by_bytes_not_characters(message: str, suffix: str, seed: int) -> None:
    sealed = crypto.encrypt(AES_KEY, message, suffix, Random(seed))
    assert "\n" not in sealed
    assert crypto.decrypt(AES_KEY, sealed) == (message, suffix)


def test_the_plain_text_has_the_documented_form() -> None:
    key = base64.b64decode(AES_KEY + "=")
    sealed = base64.b64decode(crypto.encrypt(AES_KEY, "成功", "dingx", Random(1)))
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    assert len(plain) % 32 == 0
    assert plain[16:20] == (6).to_bytes(4, "big")
    assert plain[20 : -plain[-1]] == "成功".encode() + b"dingx"
    assert set(plain[-plain[-1] :]) == {plain[-1]}


@given(st.binary(max_size=100))
def test_any_other_text_is_unreadable_or_harmless(raw: bytes) -> None:
    try:
        message, suffix = crypto.decrypt(AES_KEY, base64.b64encode(raw).decode())
    except crypto.Unreadable:
        return
    assert isinstance(message + suffix, str)


async def test_a_connection_that_breaks_off_is_a_failed_try() -> None:
    def hang_up(request: web.Request, _body: bytes) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with http_desk(hang_up) as (desk, _):
        await desk.fake.say(LEI, "你好")
        assert desk.fake.deliveries()[0].last_outcome == "connection_lost"


def _sealed(plain: bytes) -> str:
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


@pytest.mark.parametrize(
    ("plain", "readable"),
    [
        (bytes(16) + (2).to_bytes(4, "big") + b"ok" + b"x" * 9 + b"\x01", True),
        (bytes(16) + (99).to_bytes(4, "big") + b"ok" + b"x" * 9 + b"\x01", False),
        (bytes(31) + b"\x00", False),
        (bytes(31) + b"\x21", False),
        (bytes(31) + b"\x20", True),
    ],
)
def test_length_and_padding_are_checked(plain: bytes, readable: bool) -> None:
    if readable:
        assert crypto.decrypt(AES_KEY, _sealed(plain))[0] in ("ok", "")
    else:
        with pytest.raises(crypto.Unreadable):
            crypto.decrypt(AES_KEY, _sealed(plain))
