"""The long connection: discovery, handshake, frames, answers, gaps, and everything that can break."""

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.feishu import ClientConfig, Limits, State
from sandbox.feishu.frames import CONTROL, DATA, Frame, FrameCodec, FrameError
from tests.contract.sandbox_feishu.harness import (
    APP,
    LEI,
    OTHER_APP,
    Clock,
    Desk,
    SocketBot,
    always,
    discover,
    ok_frame,
    open_desk,
    socket_bot,
)

_CODEC = FrameCodec()
_CONFIG = {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": 120}


def _states(desk: Desk) -> list[State]:
    return [delivery.state for delivery in desk.fake.deliveries()]


async def test_discovery_gives_a_url_with_ids_and_the_clients_settings(desk: Desk) -> None:
    first, second = await discover(desk), await discover(desk)
    assert (first["code"], first["data"]["ClientConfig"]) == (0, _CONFIG)
    assert "device_id=" in first["data"]["URL"]
    assert "service_id=33554678" in first["data"]["URL"]
    assert first["data"]["URL"] != second["data"]["URL"]


async def test_discovery_refuses_bad_credentials_with_http_200(desk: Desk) -> None:
    assert (await discover(desk, secret="wrong"))["code"] == 514
    assert (await discover(desk, OTHER_APP))["code"] == 514
    assert (await discover(desk, secret=""))["code"] == 1000040344


@pytest.mark.parametrize("code", [1, 514, 1000040343, 1000040350])
async def test_discovery_can_be_told_to_fail(desk: Desk, code: int) -> None:
    desk.fake.set_fault("endpoint", code=code)
    assert (await discover(desk))["code"] == code
    assert (await discover(desk))["code"] == 0


async def _refused_handshake(desk: Desk, url: str) -> dict[str, str]:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await desk.session.ws_connect(url)
    assert caught.value.status == 403
    return {key.lower(): value for key, value in (caught.value.headers or {}).items()}


async def test_a_ticket_is_good_for_one_connection(desk: Desk) -> None:
    url = (await discover(desk))["data"]["URL"]
    async with desk.session.ws_connect(url):
        headers = await _refused_handshake(desk, url)
    assert (headers["handshake-status"], headers["handshake-autherrcode"]) == ("514", "1000040344")
    assert (await _refused_handshake(desk, url.split("?")[0]))["handshake-status"] == "514"


async def test_connections_above_the_limit_are_refused() -> None:
    async with open_desk(limits=Limits(connections=1)) as desk:
        urls = [(await discover(desk))["data"]["URL"] for _ in range(2)]
        async with desk.session.ws_connect(urls[0]):
            headers = await _refused_handshake(desk, urls[1])
            assert (headers["handshake-status"], headers["handshake-autherrcode"]) == ("514", "1000040350")
            assert (await discover(desk))["code"] == 1000040350


@pytest.mark.parametrize(("code", "status"), [(403, "403"), (1000040350, "514"), (7, "514")])
async def test_a_handshake_can_be_refused(desk: Desk, code: int, status: str) -> None:
    desk.fake.set_fault("handshake", code=code)
    headers = await _refused_handshake(desk, (await discover(desk))["data"]["URL"])
    assert (headers["handshake-status"], headers["handshake-autherrcode"]) == (status, str(code))
    assert headers["handshake-msg"]


async def test_a_ping_is_answered_with_the_clients_settings(desk: Desk) -> None:
    async with socket_bot(desk, always(ok_frame())) as bot:
        desk.fake.set_client_config(ClientConfig(-1, 1, 2, 3))
        await bot.ping()
        await bot.ponged.wait()
    assert bot.pongs[0] == _CONFIG
    assert bot.pongs[1] == {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 2, "PingInterval": 3}


async def test_an_event_comes_as_a_data_frame_and_its_answer_ends_it(desk: Desk) -> None:
    async with socket_bot(desk, always(ok_frame())) as bot:
        await desk.fake.say(LEI, "你好")
    (frame,) = bot.frames
    assert (frame.method, frame.headers["type"], frame.headers["sum"], frame.headers["seq"]) == (
        DATA,
        "event",
        "1",
        "0",
    )
    assert {"message_id", "trace_id", "timestamp", "instance_id"} <= set(frame.headers)
    assert bot.texts() == ["你好"]
    assert _states(desk) == [State.DONE]
    assert desk.fake.complaints == []


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_payload_can_come_in_fragments_in_either_order(desk: Desk, reverse: bool) -> None:
    async with socket_bot(desk, always(ok_frame())) as bot:
        desk.fake.set_fault("fragments", size=100, reverse=reverse)
        await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二")
    numbers = [int(frame.headers["seq"]) for frame in bot.frames[:-1]]
    assert numbers == sorted(numbers, reverse=reverse)
    assert {frame.headers["sum"] for frame in bot.frames[:-1]} == {str(len(numbers))}
    assert len({frame.headers["message_id"] for frame in bot.frames[:-1]}) == 1
    assert all(len(frame.payload) <= 100 for frame in bot.frames[:-1])
    assert bot.texts() == ["一", "二"]


async def test_large_payloads_come_in_fragments_by_themselves() -> None:
    async with open_desk(fragment_bytes=300) as desk, socket_bot(desk, always(ok_frame())) as bot:
        await desk.fake.say(LEI, "长" * 500)
        assert len(bot.frames) > 5
        assert bot.texts() == ["长" * 500]


async def test_a_lost_fragment_makes_the_event_come_again(hasty: Desk) -> None:
    async with socket_bot(hasty, always(ok_frame())) as bot:
        hasty.fake.set_fault("lost_fragment", size=200)
        await hasty.fake.say(LEI, "你好")
        assert (bot.envelopes, _states(hasty)) == ([], [State.RETRY])
        hasty.clock.advance(seconds=15)
        await hasty.fake.run_due_retries()
        assert bot.texts() == ["你好"]


async def test_a_frame_can_say_card_in_place_of_event(desk: Desk) -> None:
    async with socket_bot(desk, always(ok_frame())) as bot:
        desk.fake.set_fault("card_frame")
        await desk.fake.say(LEI, "你好")
    assert bot.frames[0].headers["type"] == "card"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"msg": "success"}, "payload"),
        ([200], "payload"),
        ({"code": 200, "data": "kein base64"}, "payload"),
        (b"\x08\x01", "required fields"),
        (b"\xff\xff", "not a frame"),
        (_CODEC.encode(Frame(0, 0, 33554678, DATA, {"message_id": "other"}, b"{}")), "wrong message_id"),
        (_CODEC.encode(Frame(0, 0, 33554678, CONTROL, {"type": "pong"})), "type 'pong'"),
        (_CODEC.encode(Frame(0, 0, 1, CONTROL, {"type": "ping"})), "service 1"),
    ],
)
async def test_an_answer_against_the_protocol_is_no_answer(hasty: Desk, answer: object, complaint: str) -> None:
    async with socket_bot(hasty, always(answer)):
        await hasty.fake.say(LEI, "你好")
    assert _states(hasty) == [State.RETRY]
    assert hasty.fake.deliveries()[0].last_outcome == "timed_out"
    assert complaint in hasty.fake.complaints[0]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda f: Frame(f.seq_id + 1, f.log_id, f.service, DATA, f.headers, b'{"code":200}'), "SeqID"),
        (
            lambda f: Frame(
                f.seq_id, f.log_id, f.service, DATA, {"message_id": f.headers["message_id"]}, b'{"code":200}'
            ),
            "lacks headers",
        ),
    ],
)
async def test_an_answer_must_repeat_its_frame(hasty: Desk, change: Callable[[Frame], Frame], complaint: str) -> None:
    async with socket_bot(hasty, always(None)) as bot:
        bot.handler = lambda _: _CODEC.encode(change(bot.frames[-1]))
        await hasty.fake.say(LEI, "你好")
    assert complaint in hasty.fake.complaints[0]
    assert _states(hasty) == [State.RETRY]


async def test_a_text_message_is_complained_about(desk: Desk) -> None:
    async with socket_bot(desk, always(ok_frame())) as bot:
        await bot.socket.send_str("hallo")
        await bot.ping()
        await bot.ponged.wait()
    assert "binary" in desk.fake.complaints[0]


async def test_code_500_and_silence_make_the_event_come_again(hasty: Desk) -> None:
    answers = iter([{"code": 500}, None, ok_frame()])
    async with socket_bot(hasty, lambda _: next(answers)) as bot:
        await hasty.fake.say(LEI, "你好")
        assert hasty.fake.deliveries()[0].last_outcome == "answered 500"
        for seconds in (15, 300):
            hasty.clock.advance(seconds=seconds)
            assert await hasty.fake.run_due_retries() == 1
    assert _states(hasty) == [State.DONE]
    assert len({envelope["header"]["event_id"] for envelope in bot.envelopes}) == 1
    assert len({frame.headers["message_id"] for frame in bot.frames}) == 3


async def test_each_event_goes_to_one_connection_of_its_app() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        async with (
            socket_bot(desk, always(ok_frame())) as first,
            socket_bot(desk, always(ok_frame())) as second,
            socket_bot(desk, always(ok_frame()), OTHER_APP) as other,
        ):
            assert desk.fake.connections() == 2
            for number in range(20):
                await desk.fake.say(LEI, str(number))
        assert sorted(first.texts() + second.texts(), key=int) == [str(number) for number in range(20)]
        assert first.texts()
        assert second.texts()
        assert other.envelopes == []


async def test_what_happens_without_a_connection_is_played_after_connecting_in_order(desk: Desk) -> None:
    for text in ("一", "二", "三"):
        await desk.fake.say(LEI, text)
    assert _states(desk) == [State.OPEN] * 3
    assert await desk.fake.run_due_retries() == 0
    async with socket_bot(desk, always(ok_frame())) as bot:
        await desk.fake.idle()
        assert bot.texts() == ["一", "二", "三"]
    assert _states(desk) == [State.DONE] * 3
    assert all(delivery.failures == 0 for delivery in desk.fake.deliveries())


@pytest.mark.parametrize(("code", "seen"), [(0, 1001), (1012, 1012), (1006, None)])
async def test_a_connection_can_end_in_place_of_an_event_which_comes_after_reconnecting(
    desk: Desk, code: int, seen: int | None
) -> None:
    async with socket_bot(desk, always(ok_frame())) as bot:
        desk.fake.set_fault("ws_close", code=code)
        await desk.fake.say(LEI, "你好")
        assert desk.fake.deliveries()[0].last_outcome == "connection_lost"
    assert bot.socket.close_code == (seen or 1006)
    async with socket_bot(desk, always(ok_frame())) as again:
        await desk.fake.idle()
        assert again.texts() == ["你好"]


async def test_an_answer_that_the_end_of_the_connection_cuts_off_is_played_again(desk: Desk) -> None:
    async with socket_bot(desk, always(None)) as bot:
        saying = asyncio.create_task(desk.fake.say(LEI, "你好"))
        await bot.received.wait()
        await desk.fake.disconnect(code=1006)
        await saying
        assert desk.fake.deliveries()[0].last_outcome == "connection_lost"
    async with socket_bot(desk, always(ok_frame())) as again:
        await desk.fake.idle()
        assert len(again.envelopes) == 1


async def test_a_half_open_connection_stays_open_and_silent(hasty: Desk) -> None:
    async with socket_bot(hasty, always(ok_frame())) as bot:
        hasty.fake.set_fault("half_open")
        await bot.ping()
        await hasty.fake.say(LEI, "你好")
        assert (len(bot.pongs), bot.envelopes) == (1, [])
        assert not bot.socket.closed
        assert hasty.fake.connections() == 1
        assert hasty.fake.deliveries()[0].last_outcome == "timed_out"
        await hasty.fake.disconnect(code=1006)


async def test_an_event_can_meet_a_connection_that_just_went_silent(hasty: Desk) -> None:
    async with socket_bot(hasty, always(ok_frame())) as bot:
        hasty.fake.set_fault("half_open")
        await hasty.fake.say(LEI, "你好")
        assert bot.envelopes == []
        await hasty.fake.disconnect(code=1006)


async def test_a_protocol_ping_is_answered(desk: Desk) -> None:
    url = (await discover(desk))["data"]["URL"]
    async with desk.session.ws_connect(url, autoping=False) as socket:
        await socket.ping(b"alive")
        answer = await socket.receive()
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"alive")


async def test_stopping_the_site_tells_clients_that_it_goes_away() -> None:
    async with aiohttp.ClientSession() as session:
        async with open_desk() as desk:
            url = (await discover(desk))["data"]["URL"]
            socket = await session.ws_connect(url)
            bot = SocketBot(socket, 33554678, always(ok_frame()))
            running = asyncio.create_task(bot.run())
            await bot.ping()
            await bot.ponged.wait()
        await running
        assert socket.close_code == 1001


async def test_an_unknown_event_type_can_be_pushed(desk: Desk) -> None:
    subscribed = APP.events | {"im.unknown_v9"}
    desk.fake.configure(type(APP)(APP.app_id, APP.secret, events=subscribed))
    async with socket_bot(desk, always(ok_frame())) as bot:
        event_id = await desk.fake.push("im.unknown_v9", {"a": 1})
    assert bot.envelopes[0]["header"]["event_id"] == event_id
    assert bot.envelopes[0]["event"] == {"a": 1}


async def test_the_frames_clock_is_the_tenants() -> None:
    clock = Clock()
    async with open_desk(clock=clock) as desk, socket_bot(desk, always(ok_frame())) as bot:
        clock.advance(days=1)
        await desk.fake.say(LEI, "你好")
        assert bot.frames[0].headers["timestamp"] == str(int(clock.present.timestamp() * 1000))


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_FRAMES = st.builds(
    Frame,
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([CONTROL, DATA]),
    st.dictionaries(_WORDS, _WORDS, max_size=4),
    st.binary(max_size=50),
)


@given(_FRAMES)
def test_what_is_encoded_is_decoded(frame: Frame) -> None:
    assert _CODEC.decode(_CODEC.encode(frame)) == frame


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    try:
        frame = _CODEC.decode(data)
    except FrameError:
        return
    assert _CODEC.decode(_CODEC.encode(frame)) == frame


def test_required_fields_are_written_even_when_zero() -> None:
    assert _CODEC.encode(Frame(0, 0, 0, CONTROL)) == bytes.fromhex("0800100018002000")
    assert _CODEC.encode(Frame(1, 2**64 - 1, 3, DATA, {"a": "b"}, b"x")) == bytes.fromhex(
        "0801" + "10ffffffffffffffffff01" + "1803" + "2001" + "2a060a0161120162" + "420178"
    )


def test_config_travels_with_all_four_members() -> None:
    assert json.loads(json.dumps(ClientConfig().as_wire())) == _CONFIG
