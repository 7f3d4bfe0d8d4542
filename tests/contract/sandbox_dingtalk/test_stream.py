"""Stream mode: opening, tickets, frames, acks, pings, `disconnect`, and everything that can break."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
import pytest

from sandbox.dingtalk import State, Timing
from sandbox.dingtalk.settings import CARD_TOPIC, ROBOT_TOPIC
from tests.contract.sandbox_dingtalk.harness import (
    APP,
    LEI,
    OPEN,
    OTHER_APP,
    WEI,
    Answer,
    Desk,
    Handler,
    connect_url,
    open_connection,
    open_desk,
    stream_bot,
    until,
)


def _states(desk: Desk) -> list[State]:
    return [delivery.state for delivery in desk.fake.deliveries()]


async def _handshake_status(desk: Desk, url: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await desk.session.ws_connect(url)
    return caught.value.status


async def test_opening_gives_an_endpoint_and_a_ticket(desk: Desk) -> None:
    first, second = await open_connection(desk), await open_connection(desk)
    assert first.body["endpoint"] == desk.url("/connect").replace("http://", "ws://")
    assert str(UUID(first.body["ticket"])) == first.body["ticket"]
    assert first.body["ticket"] != second.body["ticket"]
    assert desk.fake.used("api_call") == 0


@pytest.mark.parametrize("app", [OTHER_APP, replace(APP, client_secret="wrong")])
async def test_wrong_credentials_open_nothing(desk: Desk, app: Any) -> None:
    refused = await open_connection(desk, app)
    assert refused.refusal == (401, "authFailed")
    assert refused.body["message"] == "鉴权失败"


async def _open_raw(desk: Desk, body: Any, **headers: str) -> Answer:
    return await desk.request("POST", OPEN, data=json.dumps(body), headers=headers)


_CREDENTIALS = {"clientId": APP.client_id, "clientSecret": APP.client_secret}
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


async def test_without_the_accept_header_the_answer_is_xml(desk: Desk) -> None:
    answer = await _open_raw(desk, _CREDENTIALS, **{**_JSON, "Accept": "*/*"})
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert "<ticket>" in answer.body


async def test_the_body_must_be_json(desk: Desk) -> None:
    form = {**_JSON, "Content-Type": "application/x-www-form-urlencoded"}
    assert (await _open_raw(desk, _CREDENTIALS, **form)).refusal == (400, "Missingbody")
    assert (await _open_raw(desk, [], **_JSON)).refusal == (400, "Missingbody")


@pytest.mark.parametrize("subscriptions", ["*", ["*"], [{"type": "NOISE", "topic": "*"}], [{"type": "EVENT"}]])
async def test_malformed_subscriptions_are_refused(desk: Desk, subscriptions: Any) -> None:
    refused = await _open_raw(desk, {**_CREDENTIALS, "subscriptions": subscriptions}, **_JSON)
    assert refused.refusal == (400, "param.invalid")


async def test_a_ticket_is_good_for_one_connection(desk: Desk) -> None:
    url = connect_url(await open_connection(desk))
    async with desk.session.ws_connect(url):
        assert await _handshake_status(desk, url) == 401
    assert await _handshake_status(desk, desk.url("/connect")) == 401


@pytest.mark.parametrize(("seconds", "good"), [(89, True), (90, False)])
async def test_a_ticket_lives_ninety_seconds(desk: Desk, seconds: int, good: bool) -> None:
    opened = await open_connection(desk)
    desk.clock.advance(seconds=seconds)
    url = f"{opened.body['endpoint']}?ticket={quote(opened.body['ticket'])}"
    if good:
        async with desk.session.ws_connect(url):
            assert desk.fake.connections() == 1
    else:
        assert await _handshake_status(desk, url) == 401


async def test_a_message_comes_as_a_callback_frame(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        message_id = await desk.fake.say(LEI, "你好")
    (frame,) = bot.frames
    headers = frame["headers"]
    assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
    assert (headers["topic"], headers["contentType"]) == (ROBOT_TOPIC, "application/json")
    assert headers["time"] == str(int(desk.clock.present.timestamp() * 1000))
    assert {"appId", "connectionId", "messageId"} <= set(headers)
    assert all(isinstance(value, str) for value in headers.values())
    assert json.loads(frame["data"])["msgId"] == message_id
    assert (_states(desk), desk.fake.complaints) == ([State.DONE], [])


async def test_a_message_has_what_the_reference_lists(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "你好")
    (payload,) = bot.payloads()
    assert (payload["senderStaffId"], payload["senderNick"], payload["robotCode"]) == (LEI, "王磊", APP.client_id)
    assert (payload["conversationType"], payload["msgtype"], payload["text"]) == ("1", "text", {"content": "你好"})
    assert payload["sessionWebhookExpiredTime"] - payload["createAt"] == 90 * 60 * 1000
    assert payload["senderId"].startswith("$:LWCP_v1:$")
    assert not {"conversationTitle", "atUsers", "isInAtList"} & set(payload)


async def test_a_message_in_a_group_names_the_group_and_begins_with_a_space(desk: Desk) -> None:
    group = desk.fake.add_group("研发群", [LEI, WEI])
    async with stream_bot(desk) as bot:
        await desk.fake.say_in_group(group, LEI, "你好")
    (payload,) = bot.payloads()
    assert (payload["conversationType"], payload["conversationId"], payload["text"]["content"]) == ("2", group, " 你好")
    assert (payload["conversationTitle"], payload["isInAtList"]) == ("研发群", True)


async def test_other_kinds_of_messages_keep_their_bodies(desk: Desk) -> None:
    body = {"msgtype": "audio", "content": {"downloadCode": "d", "recognition": "完成了", "duration": 3000}}
    async with stream_bot(desk) as bot:
        await desk.fake.send(LEI, "[语音]", body)
    assert bot.payloads()[0]["content"]["recognition"] == "完成了"
    assert "text" not in bot.payloads()[0]


async def test_each_push_goes_to_one_connection_of_several(desk: Desk) -> None:
    async with stream_bot(desk) as one, stream_bot(desk) as two:
        assert desk.fake.connections() == 2
        for number in range(20):
            await desk.fake.say(LEI, str(number))
    assert len(one.frames) + len(two.frames) == 20
    assert one.frames
    assert two.frames


async def test_only_subscribed_topics_are_pushed(desk: Desk) -> None:
    async with stream_bot(desk, topics=(("CALLBACK", CARD_TOPIC),)) as bot:
        await desk.fake.say(LEI, "你好")
        await desk.fake.resign(WEI)
    assert bot.frames == []
    assert [each.last_outcome for each in desk.fake.deliveries()] == ["no_route", "no_route"]


async def test_apps_get_their_own_messages_only() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk, stream_bot(desk) as one:
        async with stream_bot(desk, app=OTHER_APP) as two:
            await desk.fake.say(LEI, "一")
            await desk.fake.say(LEI, "二", client_id=OTHER_APP.client_id)
        assert (one.texts(), two.texts()) == (["一"], ["二"])


async def test_an_event_carries_its_meta_in_the_headers(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        await desk.fake.resign(WEI)
    (frame,) = bot.frames
    headers = frame["headers"]
    assert (frame["type"], headers["topic"], headers["eventType"]) == ("EVENT", "*", "user_leave_org")
    assert {"eventId", "eventCorpId", "eventBornTime", "eventUnifiedAppId"} <= set(headers)
    assert int(headers["eventBornTime"]) == int(desk.clock.present.timestamp() * 1000)
    assert json.loads(frame["data"])["userId"] == [WEI]


def _headers(frame: Any, **changes: Any) -> dict[str, Any]:
    return {"contentType": "application/json", "messageId": frame["headers"]["messageId"], **changes}


@pytest.mark.parametrize(
    ("ack", "complaint"),
    [
        (lambda f: {"headers": _headers(f, contentType="text/plain"), "data": "{}"}, "contentType"),
        (lambda f: {"headers": {"messageId": f["headers"]["messageId"]}, "data": "{}"}, "contentType"),
        (lambda _: {"code": "200", "data": "{}"}, "code"),
        (lambda _: {"code": True, "data": "{}"}, "code"),
        (lambda _: {"data": {"response": None}}, "no string of JSON"),
        (lambda _: {}, "no string of JSON"),
        (lambda _: {"data": "OK"}, "no string of JSON"),
    ],
)
async def test_a_malformed_ack_is_none(desk: Desk, ack: Handler, complaint: str) -> None:
    async with stream_bot(desk, ack):
        await desk.fake.say(LEI, "你好")
    assert _states(desk) == [State.RETRY]
    assert complaint in desk.fake.complaints[0]


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"code": 200}', '{"code": 200, "headers": {"messageId": "x"}}'])
async def test_an_ack_for_nothing_is_complained_of_and_ignored(hasty: Desk, text: str) -> None:
    async with stream_bot(hasty, lambda _: text):
        await hasty.fake.say(LEI, "你好")
    assert len(hasty.fake.complaints) == 1
    assert hasty.fake.deliveries()[0].last_outcome == "timed_out"


@pytest.mark.parametrize("data", ['{"response": null}', '{"response": {}}', '{"response": "OK"}', "null"])
async def test_any_json_acknowledges_a_message(desk: Desk, data: str) -> None:
    async with stream_bot(desk, lambda _: {"data": data, "message": ""}):
        await desk.fake.say(LEI, "你好")
    assert (_states(desk), desk.fake.complaints) == ([State.DONE], [])


@pytest.mark.parametrize("code", [400, 404, 500])
async def test_a_code_other_than_200_acknowledges_nothing(desk: Desk, code: int) -> None:
    async with stream_bot(desk, lambda _: {"code": code, "data": "{}"}):
        await desk.fake.say(LEI, "你好")
    assert desk.fake.deliveries()[0].last_outcome == f"answered {code}"
    assert _states(desk) == [State.RETRY]


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ('{"status": "SUCCESS", "message": "ok"}', State.DONE),
        ('{"status": "LATER"}', State.RETRY),
        ('{"userId": ["zhangwei"]}', State.DONE),
    ],
)
async def test_an_event_is_done_with_success_or_an_echo_and_not_with_later(desk: Desk, data: str, state: State) -> None:
    async with stream_bot(desk, lambda _: {"data": data}):
        await desk.fake.resign(WEI)
    assert _states(desk) == [state]


async def test_frames_are_text(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        await bot.socket.send_bytes(b"\x00")
        await desk.fake.ping()
    assert desk.fake.complaints == ["a binary message came over a stream connection; frames are text"]


async def test_a_system_ping_wants_its_data_back(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        assert await desk.fake.ping() == [True]
    (frame,) = bot.frames
    assert (frame["type"], frame["headers"]["topic"], list(json.loads(frame["data"]))) == ("SYSTEM", "ping", ["opaque"])


async def test_a_system_ping_with_other_data_has_failed(desk: Desk) -> None:
    async with stream_bot(desk, lambda _: {"data": '{"opaque": "other"}'}):
        assert await desk.fake.ping() == [False]
    assert desk.fake.complaints == ["the ack of a ping does not bring its data back"]


async def test_protocol_pings_are_answered(desk: Desk) -> None:
    url = connect_url(await open_connection(desk))
    async with desk.session.ws_connect(url, autoping=False) as socket:
        await socket.ping(b"abc")
        message = await socket.receive()
    assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"abc")


async def test_after_disconnect_nothing_is_pushed_and_the_end_comes() -> None:
    async with open_desk(timing=Timing(drain_seconds=0.05)) as desk, stream_bot(desk) as bot:
        desk.fake.disconnect()
        assert (desk.fake.connections(), desk.fake.draining()) == (0, 1)
        await desk.fake.say(LEI, "一")
        await bot.received.wait()
        (frame,) = bot.frames
        assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "disconnect")
        assert json.loads(frame["data"]) == {"reason": "connection is expired"}
        await bot.ended.wait()
        await until(lambda: not desk.fake.draining())
        assert bot.socket.close_code == 1000
        assert desk.fake.complaints == []


async def test_the_new_connection_gets_what_came_meanwhile(desk: Desk) -> None:
    async with stream_bot(desk) as old:
        desk.fake.disconnect()
        await desk.fake.say(LEI, "一")
        async with stream_bot(desk) as new:
            await desk.fake.say(LEI, "二")
            await desk.fake.idle()
            assert sorted(new.texts()) == ["一", "二"]
            assert old.texts() == []


async def test_a_push_in_the_window_of_disconnect_can_be_lost(desk: Desk) -> None:
    desk.fake.set_fault("lost_at_disconnect")
    async with stream_bot(desk):
        desk.fake.disconnect()
        await desk.fake.say(LEI, "一")
        async with stream_bot(desk) as new:
            await desk.fake.say(LEI, "二")
            assert new.texts() == ["二"]
    assert _states(desk) == [State.LOST, State.DONE]


async def test_a_client_that_closes_after_disconnect_is_gone_at_once(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        desk.fake.disconnect()
        await bot.received.wait()
        await bot.socket.close()
        await until(lambda: not desk.fake.draining())
    assert desk.fake.draining() == 0


@pytest.mark.parametrize(("fault", "more", "code"), [("ws_close", {}, 1000), ("ws_close", {"status": 1011}, 1011)])
async def test_a_connection_can_be_closed_instead_of_a_push(desk: Desk, fault: str, more: Any, code: int) -> None:
    desk.fake.set_fault(fault, **more)
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "你好")
        await bot.ended.wait()
        assert (bot.socket.close_code, bot.frames) == (code, [])
    assert desk.fake.deliveries()[0].last_outcome == "connection_lost"


@pytest.mark.parametrize(("fault", "more"), [("drop", {}), ("ws_close", {"status": 1006})])
async def test_a_connection_can_be_dropped_instead_of_a_push(desk: Desk, fault: str, more: Any) -> None:
    desk.fake.set_fault(fault, **more)
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "你好")
        await bot.ended.wait()
        assert bot.socket.close_code == 1006
    async with stream_bot(desk) as again:
        await desk.fake.idle()
        assert again.texts() == ["你好"]


async def test_a_half_open_connection_swallows_pings_and_pushes(hasty: Desk) -> None:
    hasty.fake.set_fault("half_open")
    async with stream_bot(hasty) as bot:
        await hasty.fake.say(LEI, "你好")
        assert (bot.frames, hasty.fake.connections()) == ([], 1)
        assert hasty.fake.deliveries()[0].last_outcome == "timed_out"
        assert await hasty.fake.ping() == [False]
        await bot.socket.ping()
        await hasty.fake.end_connections(code=1006)
        await until(lambda: not hasty.fake.connections())


async def test_a_connection_goes_silent_on_a_clients_ping(desk: Desk) -> None:
    desk.fake.set_fault("half_open")
    url = connect_url(await open_connection(desk))
    async with desk.session.ws_connect(url, autoping=False) as socket:
        await socket.ping(b"one")
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.2)
        await desk.fake.end_connections(code=1006)


@pytest.mark.parametrize(
    ("more", "status"), [({}, 503), ({"status": 503}, 503), ({"status": 401}, 401), ({"status": 500}, 500)]
)
async def test_opening_can_be_told_to_fail(desk: Desk, more: Any, status: int) -> None:
    desk.fake.set_fault("open", **more)
    assert (await open_connection(desk)).status == status
    assert (await open_connection(desk)).status == 200


async def test_opening_can_hang(desk: Desk) -> None:
    desk.fake.set_fault("slow_open", seconds=30)
    with pytest.raises(TimeoutError):
        await desk.request("POST", OPEN, json=_CREDENTIALS, timeout=aiohttp.ClientTimeout(total=0.2))


async def test_a_used_ticket_can_be_handed_out_again(desk: Desk) -> None:
    async with stream_bot(desk):
        desk.fake.set_fault("ticket_reuse")
        assert await _handshake_status(desk, connect_url(await open_connection(desk))) == 401
    async with stream_bot(desk):
        assert desk.fake.connections() == 1


async def test_a_message_can_come_without_text_or_sender(desk: Desk) -> None:
    desk.fake.set_fault("no_text")
    desk.fake.set_fault("no_sender")
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
    first, second = bot.payloads()
    assert (first["errorCode"], "text" in first, "senderStaffId" in first) == ("20001", False, False)
    assert (second["text"]["content"], second["senderStaffId"]) == ("二", LEI)


async def test_stopping_the_site_ends_connections() -> None:
    async with open_desk() as desk:
        socket = await desk.session.ws_connect(connect_url(await open_connection(desk)))
        closing = asyncio.create_task(desk.server.close())
        message = await socket.receive()
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, 1001)
        await closing
