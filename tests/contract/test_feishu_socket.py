"""Feishu: the long connection stays connected, hears everything, and acknowledges what was handled and only that."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.feishu.buttons import button_value
from adapters.feishu.endpoint import ENDPOINT_PATH
from adapters.feishu.frames import CONTROL, Frame, encode
from adapters.feishu.settings import FeishuSettings
from adapters.feishu.socket import FATAL_WAIT_SECONDS, FeishuSocket, SocketLimits
from domain.cards import Answer, CardKey, Toast, ToastKind
from domain.errors import Misconfigured, PlatformError, StoreDown
from domain.events import CardClicked, Ignored, Inbound, TextSaid
from domain.ids import OrgId
from tests.contract.feishu_line import CONFIG, LIMIT, Connection, Core, Server, Sleeper
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.unit.test_feishu_wire import click, envelope, message


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = Server()
    app = web.Application()
    app.router.add_post(ENDPOINT_PATH, running.endpoint)
    app.router.add_get("/ws/v2", running.accept)
    async with TestServer(app) as listening:
        running.url = str(listening.make_url("")).rstrip("/")
        yield running


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def alerts() -> list[PlatformError]:
    return []


@pytest.fixture
def limits() -> SocketLimits:
    return SocketLimits()


@pytest.fixture
async def client(
    server: Server, core: Core, sleeper: Sleeper, alerts: list[PlatformError], limits: SocketLimits
) -> AsyncIterator[FeishuSocket]:
    async with open_session() as http:
        socket = FeishuSocket(
            FeishuSettings("cli_1", "top-secret", base_url=server.url),
            http,
            SteppingClock(),
            core.handle,
            org_id=OrgId("acme"),
            chance=lambda: 0.5,
            alert=alerts.append,
            sleep=sleeper,
            limits=limits,
        )
        running = asyncio.create_task(socket.run())
        yield socket
        await socket.close()
        assert running.done()


@pytest.fixture
async def line(client: FeishuSocket, server: Server) -> Connection:
    return await server.connection()


def texted(words: str) -> dict[str, Any]:
    return message(content=orjson.dumps({"text": words}).decode(), message_id=f"om_{words}")


class TestPings:
    async def test_the_first_ping_comes_at_once_and_names_the_service(self, line: Connection, server: Server) -> None:
        ping = await asyncio.wait_for(line.pings.get(), LIMIT)
        assert ping == Frame(0, 0, 33554678, CONTROL, (("type", "ping"),))
        assert server.endpoint_calls == [{"AppID": "cli_1", "AppSecret": "top-secret"}]

    async def test_pings_follow_at_the_interval_that_the_server_asks_for(
        self, line: Connection, sleeper: Sleeper
    ) -> None:
        assert await sleeper.wake() == 90
        assert await sleeper.wake() == 90
        for _ in range(3):
            await asyncio.wait_for(line.pings.get(), LIMIT)

    async def test_a_pong_changes_the_interval(self, line: Connection, sleeper: Sleeper, core: Core) -> None:
        await line.pong(orjson.dumps(CONFIG | {"PingInterval": 15}))
        await line.push(texted("hello"))
        await line.answer()
        assert await sleeper.wake() == 90
        assert await sleeper.wake() == 15

    @pytest.mark.parametrize("payload", [None, b"", b"no json", b"[]", b'{"PingInterval":"x"}'])
    async def test_a_pong_that_says_nothing_changes_nothing(
        self, line: Connection, sleeper: Sleeper, payload: bytes | None
    ) -> None:
        await line.pong(payload)
        await line.push(texted("hello"))
        await line.answer()
        await sleeper.wake()
        assert await sleeper.wake() == 90

    async def test_a_ping_of_the_sockets_own_protocol_is_answered(self, line: Connection) -> None:
        await line.socket.ping(b"are you there")
        assert await asyncio.wait_for(line.pongs.get(), LIMIT) == b"are you there"


class TestEvents:
    async def test_an_event_is_handled_and_its_frame_sent_back(self, line: Connection, core: Core) -> None:
        sent = await line.push(message())
        frame, response = await line.answer()
        assert response == {"code": 200}
        assert frame.header("biz_rt").isdecimal()
        assert replace(frame, payload=sent.payload, headers=frame.headers[:-1]) == sent
        (heard,) = core.heard
        assert isinstance(heard, TextSaid)
        assert heard.origin.org_id == "acme"

    @pytest.mark.parametrize("kind", ["event", "card"])
    async def test_a_click_is_answered_in_the_frame_whatever_the_frame_is_called(
        self, line: Connection, core: Core, kind: str
    ) -> None:
        core.reply = lambda _: Answer(Toast(ToastKind.SUCCESS, "已提交"))
        await line.push(click(value=button_value(CardKey("checkin", "c1"), "submit")), kind)
        _, response = await line.answer()
        assert response["code"] == 200
        assert orjson.loads(base64.b64decode(response["data"])) == {"toast": {"type": "success", "content": "已提交"}}
        assert isinstance(core.heard[0], CardClicked)

    async def test_a_click_without_an_answer_still_gets_an_object(self, line: Connection) -> None:
        await line.push(click())
        _, response = await line.answer()
        assert base64.b64decode(response["data"]) == b"{}"

    async def test_an_event_of_an_unknown_type_is_acknowledged(self, line: Connection, core: Core) -> None:
        await line.push(envelope("brand.new_v1", {}))
        assert (await line.answer())[1] == {"code": 200}
        assert isinstance(core.heard[0], Ignored)

    async def test_pieces_in_reverse_order_make_one_event(self, line: Connection, core: Core) -> None:
        raw = orjson.dumps(message())
        parts = [raw[:50], raw[50:90], raw[90:]]
        for index in (2, 1, 0):
            await line.push(parts[index], sum="3", seq=str(index))
        frame, response = await line.answer()
        assert response == {"code": 200}
        assert frame.header("seq") == "0"
        assert len(core.heard) == 1

    async def test_a_slow_event_holds_up_neither_others_nor_pings(
        self, line: Connection, core: Core, sleeper: Sleeper
    ) -> None:
        core.holds["slow"] = asyncio.Event()
        await line.push(texted("slow"), message_id="m-slow")
        await line.push(texted("fast"), message_id="m-fast")
        assert (await line.answer())[0].header("message_id") == "m-fast"
        await asyncio.wait_for(line.pings.get(), LIMIT)
        await sleeper.wake()
        await asyncio.wait_for(line.pings.get(), LIMIT)
        core.holds["slow"].set()
        assert (await line.answer())[0].header("message_id") == "m-slow"

    @pytest.mark.parametrize("failure", [StoreDown(), RuntimeError("a bug")])
    async def test_an_event_that_fails_is_refused_so_that_it_comes_again(
        self, line: Connection, core: Core, failure: Exception
    ) -> None:
        def fail(_: Inbound) -> Answer:
            raise failure

        core.reply = fail
        sent = await line.push(message())
        frame, response = await line.answer()
        assert response == {"code": 500}
        assert frame.headers == sent.headers
        core.reply = lambda _: Answer()
        await line.push(message())
        assert (await line.answer())[1] == {"code": 200}

    @pytest.mark.parametrize("payload", [b"no json", b"[]", b"{}", orjson.dumps(envelope("card.action.trigger", {}))])
    async def test_an_event_that_cannot_be_read_is_refused(self, line: Connection, payload: bytes) -> None:
        await line.push(payload)
        assert (await line.answer())[1] == {"code": 500}

    async def test_frames_that_make_no_sense_are_dropped_and_the_connection_stays(
        self, line: Connection, core: Core
    ) -> None:
        await line.socket.send_bytes(b"\xff\xff")
        await line.socket.send_str("text")
        await line.push(b"{}", sum="2", seq="9")
        await line.push(b"{}", kind="unheard-of")
        await line.socket.send_bytes(encode(Frame(method=CONTROL, headers=(("type", "ping"),))))
        await line.push(message())
        assert (await line.answer())[1] == {"code": 200}
        assert len(core.heard) == 1

    async def test_no_words_and_no_secrets_reach_the_log(self, line: Connection, core: Core) -> None:
        def fail(_: Inbound) -> Answer:
            raise RuntimeError("本周上线了报表")

        core.reply = fail
        with structlog.testing.capture_logs() as logged:
            await line.push(message())
            await line.answer()
            await line.socket.close()
            await asyncio.wait_for(line.gone.wait(), LIMIT)
        assert next(each["action"] for each in logged) == "feishu.socket.event_failed"
        assert not any(word in repr(logged) for word in ("报表", "ticket", "top-secret"))


class TestOverload:
    @pytest.fixture
    def limits(self) -> SocketLimits:
        return SocketLimits(most_at_once=1)

    async def test_what_comes_beyond_the_limit_is_refused_so_that_it_comes_again(
        self, line: Connection, core: Core
    ) -> None:
        core.holds["slow"] = asyncio.Event()
        await line.push(texted("slow"), message_id="m-slow")
        await line.push(texted("more"), message_id="m-more")
        frame, response = await line.answer()
        assert (frame.header("message_id"), response) == ("m-more", {"code": 500})
        core.holds["slow"].set()
        assert (await line.answer())[1] == {"code": 200}


class TestReconnecting:
    async def test_a_lost_connection_is_replaced_after_a_random_part_of_the_nonce(
        self, client: FeishuSocket, server: Server, sleeper: Sleeper
    ) -> None:
        first = await server.connection()
        await asyncio.wait_for(first.pings.get(), LIMIT)
        assert client.connected
        await first.socket.close(code=1001)
        assert await sleeper.wake() == 90  # of the pings, which have ended
        assert await sleeper.wake() == 15
        second = await server.connection()
        assert (first.ticket, second.ticket) == ("ticket-1", "ticket-2")
        await second.push(message())
        assert (await second.answer())[1] == {"code": 200}

    async def test_further_tries_come_at_the_interval(self, server: Server, line: Connection, sleeper: Sleeper) -> None:
        server.codes = [1, 1000040343, 500]
        await line.socket.close()
        waits = [await sleeper.wake() for _ in range(5)]
        assert waits == [90, 15, 120, 120, 120]
        await server.connection()

    async def test_a_start_that_fails_is_tried_again_soon_and_then_less_often(
        self, server: Server, sleeper: Sleeper, client: FeishuSocket
    ) -> None:
        server.codes = [500] * 9
        server.config["ReconnectInterval"] = 100
        assert [await sleeper.wake() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 64, 120, 120]
        await server.connection()

    async def test_an_address_that_leads_nowhere_is_asked_for_again(
        self, server: Server, sleeper: Sleeper, client: FeishuSocket
    ) -> None:
        server.odd_urls = [None, 5, "", "https://x/", "ws:///", "ws://[::1", "ws://127.0.0.1:1/ws?ticket=1"]
        assert [await sleeper.wake() for _ in range(7)] == [1, 2, 4, 8, 16, 32, 64]
        await server.connection()

    async def test_an_event_of_a_lost_connection_is_handled_to_its_end(
        self, server: Server, line: Connection, core: Core, sleeper: Sleeper
    ) -> None:
        core.holds["slow"] = asyncio.Event()
        await line.push(texted("slow"))
        await asyncio.wait_for(core.began.wait(), LIMIT)
        await line.socket.close()
        await sleeper.wake()
        await sleeper.wake()
        second = await server.connection()
        core.holds["slow"].set()
        await second.push(texted("next"))
        await second.answer()
        assert [each.text for each in core.heard if isinstance(each, TextSaid)] == ["slow", "next"]


@pytest.fixture
def refused(request: pytest.FixtureRequest, server: Server) -> None:
    """The first try is refused as the test's parameter says."""
    code, headers = request.param
    server.codes = [code] if code else []
    server.refusals = [headers] if headers else []


class TestRefusals:
    @pytest.mark.parametrize(
        "refused",
        [
            (514, {}),
            (403, {}),
            (1000040350, {}),
            (10014, {}),
            (0, {"Handshake-Status": "403"}),
            (0, {"Handshake-Status": "514", "Handshake-Autherrcode": "1000040350"}),
        ],
        indirect=True,
    )
    @pytest.mark.usefixtures("refused")
    async def test_a_final_refusal_alerts_somebody_and_is_still_tried_again(
        self, client: FeishuSocket, server: Server, sleeper: Sleeper, alerts: list[PlatformError]
    ) -> None:
        with structlog.testing.capture_logs() as logged:
            assert await sleeper.wake() >= FATAL_WAIT_SECONDS
        assert [type(each) for each in alerts] == [Misconfigured]
        assert alerts[0].hint
        await server.connection()
        assert "ticket" not in repr(logged)

    @pytest.mark.parametrize(
        "refused",
        [(0, {"Handshake-Status": "514", "Handshake-Msg": "busy"}), (0, {"X": "a proxy's 403"}), (1, {})],
        indirect=True,
    )
    @pytest.mark.usefixtures("refused")
    async def test_a_passing_refusal_alerts_nobody(
        self, client: FeishuSocket, server: Server, sleeper: Sleeper, alerts: list[PlatformError]
    ) -> None:
        assert await sleeper.wake() == 1
        await server.connection()
        assert alerts == []

    async def test_one_outage_alerts_once_and_the_next_one_again(
        self, client: FeishuSocket, server: Server, sleeper: Sleeper, alerts: list[PlatformError]
    ) -> None:
        line = await server.connection()
        server.codes = [514, 514, 514]
        await line.socket.close()
        assert [await sleeper.wake() for _ in range(5)] == [90, 15, 120, 120, 120]
        assert len(alerts) == 1
        line = await server.connection()
        server.codes = [514]
        await line.socket.close()
        assert [await sleeper.wake() for _ in range(3)] == [90, 15, 120]
        assert len(alerts) == 2


class TestSilence:
    @pytest.fixture
    def limits(self) -> SocketLimits:
        return SocketLimits(silence_seconds=0.05)

    async def test_a_connection_on_which_nothing_comes_is_given_up(
        self, server: Server, limits: SocketLimits, core: Core, sleeper: Sleeper, client: FeishuSocket
    ) -> None:
        server.config["PingInterval"] = 0.05
        deaf = await server.connection()
        await asyncio.wait_for(deaf.gone.wait(), LIMIT)
        assert await sleeper.wake() == 0.05
        assert await sleeper.wake() == 15
        await server.connection()


async def test_the_sessions_limit_for_calls_does_not_end_a_connection_that_lives(server: Server, core: Core) -> None:
    server.config["PingInterval"] = 0.02
    settings = FeishuSettings("cli_1", "s", base_url=server.url)
    async with open_session(timedelta(milliseconds=100)) as http:
        socket = FeishuSocket(
            settings,
            http,
            SteppingClock(),
            core.handle,
            org_id=OrgId("acme"),
            chance=lambda: 0.5,
            alert=lambda error: None,
        )
        running = asyncio.create_task(socket.run())
        line = await server.connection()
        for _ in range(12):
            await asyncio.wait_for(line.pings.get(), LIMIT)
            await line.pong()
        await socket.close()
    assert running.cancelled()
    assert server.accepted == 1


class TestClosing:
    @pytest.fixture
    def limits(self) -> SocketLimits:
        return SocketLimits(finish_seconds=0.2)

    async def test_what_was_taken_up_is_finished_and_acknowledged_first(
        self, client: FeishuSocket, line: Connection, core: Core
    ) -> None:
        core.holds["slow"] = asyncio.Event()
        await line.push(texted("slow"))
        await asyncio.wait_for(core.began.wait(), LIMIT)
        closing = asyncio.create_task(client.close())
        await asyncio.sleep(0)
        core.holds["slow"].set()
        assert (await line.answer())[1] == {"code": 200}
        await closing
        assert not client.connected
        assert len(core.heard) == 1

    async def test_what_does_not_finish_is_not_acknowledged(
        self, client: FeishuSocket, line: Connection, core: Core
    ) -> None:
        core.holds["slow"] = asyncio.Event()
        await line.push(texted("slow"))
        await asyncio.wait_for(core.began.wait(), LIMIT)
        await client.close()
        await asyncio.wait_for(line.gone.wait(), LIMIT)
        assert line.answers.empty()
        assert core.heard == []

    async def test_a_socket_that_waits_to_connect_closes_at_once(
        self, client: FeishuSocket, server: Server, sleeper: Sleeper
    ) -> None:
        server.codes = [514] * 5
        await asyncio.wait_for(sleeper.waits.get(), LIMIT)
        await client.close()
        await client.close()
        assert not client.connected
