"""DingTalk: the Stream connection stays connected, hears everything, and acknowledges what was stored and only that."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.dingtalk.gateway import OPEN_PATH
from adapters.dingtalk.render import Template, face
from adapters.dingtalk.serving import StreamLimits
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.stream import FATAL_WAIT_SECONDS, DingTalkStream
from adapters.dingtalk.wire import CARD_TOPIC, ROBOT_TOPIC
from domain.cards import Answer, Card, CardKey, Paragraph, Toast, ToastKind
from domain.errors import Misconfigured, PlatformDown, PlatformError, StoreDown
from domain.events import CardClicked, DirectoryChanged, Ignored, Inbound, TextSaid
from domain.ids import OrgId
from tests.contract.dingtalk_line import LIMIT, Connection, Server
from tests.contract.dingtalk_stub import Counted
from tests.contract.feishu_line import Sleeper
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.unit.test_dingtalk_wire import click, message

DONE = Card(CardKey("checkin", "c1"), "本周复盘", "已提交", blocks=(Paragraph("收到"),))
PING_SECONDS = 20.0


class Core:
    """What handles events: answers as it is told, and can be held up."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.answer = Answer(Toast(ToastKind.SUCCESS, "已提交"), DONE)
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.came = asyncio.Event()

    async def handle(self, inbound: Inbound) -> Answer:
        """Handle an event."""
        self.came.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.heard.append(inbound)
        return self.answer if isinstance(inbound, CardClicked) else Answer()


class Shown:
    """What is shown by a call, because it came too late for the answer."""

    def __init__(self) -> None:
        self.faces: asyncio.Queue[tuple[str, Card]] = asyncio.Queue()
        self.error: PlatformError | None = None

    async def __call__(self, out_track_id: str, card: Card) -> None:
        """Show a face."""
        self.faces.put_nowait((out_track_id, card))
        if self.error is not None:
            raise self.error


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = Server()
    app = web.Application()
    app.router.add_post(OPEN_PATH, running.open)
    app.router.add_get("/connect", running.accept)
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
def tally() -> Counted:
    return Counted()


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def limits() -> StreamLimits:
    return StreamLimits()


@pytest.fixture
def settings(server: Server) -> DingTalkSettings:
    return DingTalkSettings("dingabc", "top-secret", base_url=server.url, card_template="c", form_template="f")


@pytest.fixture
async def client(
    settings: DingTalkSettings,
    core: Core,
    sleeper: Sleeper,
    alerts: list[PlatformError],
    tally: Counted,
    shown: Shown,
    limits: StreamLimits,
    clock: SteppingClock,
) -> AsyncIterator[DingTalkStream]:
    async with open_session() as http:
        stream = DingTalkStream(
            settings,
            http,
            clock,
            core.handle,
            org_id=OrgId("acme"),
            chance=lambda: 1.0,
            alert=alerts.append,
            tally=tally,
            show=shown,
            sleep=sleeper,
            limits=limits,
        )
        running = asyncio.create_task(stream.run())
        yield stream
        core.gate.set()
        await stream.close()
        assert running.done()


@pytest.fixture
async def line(client: DingTalkStream, server: Server) -> Connection:
    return await server.connection()


async def wake_for(sleeper: Sleeper) -> float:
    """Wake whoever waits to connect again, whatever pings are still waiting; return for how long they would have."""
    while (seconds := await sleeper.wake()) == PING_SECONDS:
        continue
    return seconds


class TestOpening:
    async def test_the_gateway_is_asked_with_credentials_and_everything_we_want_to_hear(
        self, line: Connection, server: Server
    ) -> None:
        ((headers, body),) = server.opened
        assert (headers["Accept"], headers["Content-Type"]) == ("application/json", "application/json")
        assert (body["clientId"], body["clientSecret"]) == ("dingabc", "top-secret")
        assert [(each["type"], each["topic"]) for each in body["subscriptions"]] == [
            ("EVENT", "*"),
            ("CALLBACK", ROBOT_TOPIC),
            ("CALLBACK", CARD_TOPIC),
        ]
        assert line.ticket == "ticket/1+"

    async def test_it_says_whether_it_is_connected(self, client: DingTalkStream, server: Server) -> None:
        assert not client.connected
        line = await server.connection()
        await asyncio.wait_for(client.wait_connected(), LIMIT)
        assert client.connected
        await line.socket.close()
        await asyncio.wait_for(line.gone.wait(), LIMIT)

    async def test_wrong_credentials_alert_once_and_are_tried_again_slowly(
        self, client: DingTalkStream, server: Server, sleeper: Sleeper, alerts: list[PlatformError]
    ) -> None:
        server.refusals = [(401, {"code": "authFailed", "message": "鉴权失败", "requestid": "r"})] * 2
        assert await sleeper.wake() == FATAL_WAIT_SECONDS
        assert await sleeper.wake() == FATAL_WAIT_SECONDS
        await server.connection()
        assert [type(each) for each in alerts] == [Misconfigured]
        assert "凭证与基础信息" in str(alerts[0])
        assert "top-secret" not in repr(alerts)

    async def test_other_failures_back_off_twice_as_long_each_time(
        self, client: DingTalkStream, server: Server, sleeper: Sleeper, alerts: list[PlatformError]
    ) -> None:
        server.refusals = [(503, {})] * 8
        waits = [await sleeper.wake() for _ in range(8)]
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        await server.connection()
        assert alerts == []

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"endpoint": "ws://127.0.0.1:1/connect"},
            {"endpoint": 5, "ticket": "t"},
            {"endpoint": "https://127.0.0.1/connect", "ticket": "t"},
            {"endpoint": "ws://[", "ticket": "t"},
        ],
    )
    async def test_an_address_that_leads_nowhere_is_tried_again(
        self, client: DingTalkStream, server: Server, sleeper: Sleeper, answer: dict[str, Any]
    ) -> None:
        server.odd_answers = [answer]
        assert await sleeper.wake() == 1
        await server.connection()

    async def test_a_refused_ticket_is_replaced(self, client: DingTalkStream, server: Server, sleeper: Sleeper) -> None:
        server.handshakes = [401]
        with structlog.testing.capture_logs() as logged:
            assert await sleeper.wake() == 1
            line = await server.connection()
        assert line.ticket == "ticket/2+"
        assert "ticket" not in repr(logged)


class TestMessages:
    async def test_a_message_is_handled_and_acknowledged(self, line: Connection, core: Core, tally: Counted) -> None:
        await line.say(message(), "f-7")
        answer = await line.answer()
        assert answer == {
            "code": 200,
            "headers": {"contentType": "application/json", "messageId": "f-7"},
            "message": "OK",
            "data": {"response": {}},
        }
        (said,) = core.heard
        assert isinstance(said, TextSaid)
        assert (said.text, said.origin.org_id) == ("本周上线了报表", "acme")
        assert tally.calls == {"push": 1}

    async def test_nothing_is_acknowledged_before_it_is_stored(self, line: Connection, core: Core) -> None:
        core.gate.clear()
        await line.say(message())
        await asyncio.wait_for(core.came.wait(), LIMIT)
        await line.push("SYSTEM", "ping", {"opaque": "0d1"}, "f-2")
        assert (await line.answer())["headers"]["messageId"] == "f-2"
        core.gate.set()
        assert (await line.answer())["headers"]["messageId"] == "f-1"

    @pytest.mark.parametrize("failure", [StoreDown(), RuntimeError("a bug")])
    async def test_a_message_that_failed_is_not_acknowledged_so_that_it_comes_again(
        self, line: Connection, core: Core, failure: Exception
    ) -> None:
        core.failures = [failure]
        await line.say(message(), "f-1")
        await asyncio.wait_for(core.came.wait(), LIMIT)
        await line.say(message(), "f-1")
        assert (await line.answer())["code"] == 200
        assert line.answers.empty()
        assert len(core.heard) == 1

    async def test_withheld_words_alert_once_a_month(
        self, line: Connection, core: Core, alerts: list[PlatformError], clock: SteppingClock
    ) -> None:
        payload = {name: value for name, value in message(errorCode="20001").items() if name != "text"}
        for number, days in enumerate((0, 1, 10, 1)):
            clock.advance(timedelta(days=days))
            await line.say(payload | {"msgId": f"m-{number}"})
            await line.answer()
        assert [each.code for each in alerts] == ["20001"] * 2
        assert all(isinstance(each, Ignored) for each in core.heard)

    @pytest.mark.parametrize("data", ["no json", "[]", ""])
    async def test_what_cannot_be_read_is_refused_and_the_connection_stays(
        self, line: Connection, core: Core, data: str
    ) -> None:
        await line.say(data)
        assert (await line.answer())["code"] == 400
        await line.say(message())
        assert (await line.answer())["code"] == 200

    async def test_frames_that_make_no_sense_are_dropped(self, line: Connection, core: Core) -> None:
        for text in ("no json", "[]", "{}", '{"headers":5}', '{"type":5,"headers":{"messageId":7},"data":{}}'):
            await line.socket.send_str(text)
        await line.socket.send_bytes(b"\x00")
        await line.say(message(), "f-9")
        answers = [await line.answer()]
        while answers[-1]["headers"]["messageId"] != "f-9":
            answers.append(await line.answer())
        assert any(isinstance(each, TextSaid) for each in core.heard)

    async def test_what_we_never_subscribed_to_is_acknowledged_and_ignored(
        self, line: Connection, core: Core, tally: Counted
    ) -> None:
        await line.push("CALLBACK", "/v1.0/graph/api/invoke", {"x": 1})
        assert (await line.answer())["code"] == 200
        assert isinstance(core.heard[0], Ignored)
        assert tally.calls == {}

    async def test_no_words_and_no_secrets_reach_the_log(self, line: Connection, core: Core) -> None:
        core.failures = [RuntimeError("本周上线了报表")]
        with structlog.testing.capture_logs() as logged:
            await line.say(message())
            await line.say(message(), "f-2")
            await line.answer()
            await line.socket.close()
            await asyncio.wait_for(line.gone.wait(), LIMIT)
        assert "dingtalk.stream.event_failed" in [each["action"] for each in logged]
        assert not any(word in repr(logged) for word in ("报表", "ticket", "top-secret"))


class TestEvents:
    async def test_an_event_is_acknowledged_with_its_fate(self, line: Connection, core: Core, tally: Counted) -> None:
        await line.tell("user_leave_org", {"timeStamp": "1", "userId": ["015"]})
        assert (await line.answer())["data"]["status"] == "SUCCESS"
        (changed,) = core.heard
        assert isinstance(changed, DirectoryChanged)
        assert (changed.left, changed.origin.event_id) == (("015",), "dingabc/ev-1")
        assert tally.calls == {}

    async def test_an_event_that_failed_is_asked_for_later(self, line: Connection, core: Core) -> None:
        core.failures = [StoreDown()]
        await line.tell("user_leave_org", {"userId": ["015"]})
        answer = await line.answer()
        assert (answer["code"], answer["data"]) == (200, {"status": "LATER"})
        await line.tell("user_leave_org", {"userId": ["015"]})
        assert (await line.answer())["data"]["status"] == "SUCCESS"

    async def test_a_repetition_has_the_same_key_whatever_its_frame(self, line: Connection, core: Core) -> None:
        for frame in ("f-1", "f-2"):
            await line.tell("user_add_org", {"userId": ["015"]}, frame)
            await line.answer()
        first, second = core.heard
        assert first.origin.event_id == second.origin.event_id


class TestClicks:
    async def test_a_click_is_answered_with_the_new_face(
        self, line: Connection, core: Core, settings: DingTalkSettings, tally: Counted
    ) -> None:
        await line.click(click(outTrackId="m1.form"))
        answer = await line.answer()
        assert answer["code"] == 200
        response = answer["data"]["response"]
        assert response["cardData"]["cardParamMap"] == face(DONE, Template.FORM, settings)
        (clicked,) = core.heard
        assert isinstance(clicked, CardClicked)
        assert (clicked.action, clicked.message, clicked.silent) == ("later", "m1.form", True)
        assert tally.calls == {"push": 1}

    async def test_a_click_without_a_new_face_is_answered_with_an_empty_object(
        self, line: Connection, core: Core, shown: Shown
    ) -> None:
        core.answer = Answer(Toast(ToastKind.WARNING, "还差一项"))
        await line.click(click())
        assert (await line.answer())["data"] == {"response": {}}
        assert shown.faces.empty()

    async def test_a_second_click_is_another_event_and_a_repetition_the_same(
        self, line: Connection, core: Core
    ) -> None:
        for frame in ("f-1", "f-1", "f-2"):
            await line.click(click(), frame)
            await line.answer()
        first, again, second = (each.origin.event_id for each in core.heard)
        assert first == again != second

    async def test_a_click_that_failed_says_so_to_whoever_clicked(self, line: Connection, core: Core) -> None:
        core.failures = [StoreDown()]
        await line.click(click())
        answer = await line.answer()
        assert (answer["code"], answer["data"]) == (500, {"response": {}})

    async def test_a_click_of_nobody_is_refused(self, line: Connection, core: Core) -> None:
        await line.click(click(userId=""))
        assert (await line.answer())["code"] == 400
        assert core.heard == []

    async def test_a_face_that_cannot_be_shown_leaves_the_old_one(self, line: Connection, core: Core) -> None:
        core.answer = Answer(None, Card(CardKey("a", "b"), "t", "s", blocks=(Paragraph("字" * 5000),)))
        await line.click(click())
        assert (await line.answer())["data"] == {"response": {}}

    async def test_a_face_is_shown_by_a_call_where_the_connection_that_asked_is_gone(
        self, line: Connection, core: Core, shown: Shown
    ) -> None:
        core.gate.clear()
        await line.click(click())
        await asyncio.wait_for(core.came.wait(), LIMIT)
        await line.socket.close()
        await asyncio.wait_for(line.gone.wait(), LIMIT)
        core.gate.set()
        assert await asyncio.wait_for(shown.faces.get(), LIMIT) == ("m1", DONE)


class TestSlowClicks:
    @pytest.fixture
    def limits(self) -> StreamLimits:
        return StreamLimits(click_seconds=0.05)

    async def test_a_click_is_acknowledged_in_time_and_its_face_follows(
        self, line: Connection, core: Core, shown: Shown
    ) -> None:
        core.gate.clear()
        await line.click(click())
        assert (await line.answer())["data"] == {"response": {}}
        core.gate.set()
        assert await asyncio.wait_for(shown.faces.get(), LIMIT) == ("m1", DONE)
        await line.say(message(), "f-2")
        assert (await line.answer())["headers"]["messageId"] == "f-2"

    async def test_a_face_that_cannot_follow_harms_nothing(self, line: Connection, core: Core, shown: Shown) -> None:
        shown.error = PlatformDown("timeout")
        core.gate.clear()
        await line.click(click())
        await line.answer()
        core.gate.set()
        await asyncio.wait_for(shown.faces.get(), LIMIT)
        await line.say(message(), "f-2")
        assert (await line.answer())["code"] == 200

    async def test_a_click_that_fails_late_is_answered_once(self, line: Connection, core: Core) -> None:
        core.failures = [StoreDown()]
        core.gate.clear()
        await line.click(click())
        await line.answer()
        core.gate.set()
        await line.say(message(), "f-2")
        assert (await line.answer())["headers"]["messageId"] == "f-2"


class TestSystemFrames:
    async def test_a_ping_is_answered_with_what_it_holds(self, line: Connection) -> None:
        await line.push("SYSTEM", "ping", {"opaque": "0d1"}, "f-3")
        answer = await line.answer()
        assert (answer["code"], answer["data"]) == (200, {"opaque": "0d1"})
        assert answer["headers"]["messageId"] == "f-3"

    async def test_a_ping_of_the_sockets_own_protocol_is_answered(self, line: Connection) -> None:
        await line.socket.ping(b"are you there")
        assert await asyncio.wait_for(line.pongs.get(), LIMIT) == b"are you there"

    @pytest.mark.parametrize("topic", ["CONNECTED", "REGISTERED", "KEEPALIVE"])
    async def test_other_news_of_the_connection_is_passed_over(self, line: Connection, topic: str, core: Core) -> None:
        await line.push("SYSTEM", topic, {})
        await line.say(message(), "f-2")
        assert (await line.answer())["headers"]["messageId"] == "f-2"
        assert len(core.heard) == 1

    async def test_we_ping_at_an_interval(self, line: Connection, sleeper: Sleeper) -> None:
        for _ in range(2):
            assert await sleeper.wake() == PING_SECONDS
            await asyncio.wait_for(line.pings.get(), LIMIT)


class TestReplacing:
    async def test_a_connection_told_to_go_is_replaced_at_once_and_still_answered_on(
        self, line: Connection, server: Server, core: Core, client: DingTalkStream
    ) -> None:
        core.gate.clear()
        await line.say(message(), "f-old")
        await asyncio.wait_for(core.came.wait(), LIMIT)
        await line.push("SYSTEM", "disconnect", {"reason": "persistent connection is timeout"}, "f-bye")
        fresh = await server.connection()
        assert not line.socket.closed
        assert (await line.answer())["headers"]["messageId"] == "f-bye"
        core.gate.set()
        assert (await line.answer())["headers"]["messageId"] == "f-old"
        await fresh.say(message(msgId="other"), "f-new")
        assert (await fresh.answer())["headers"]["messageId"] == "f-new"
        assert client.connected

    async def test_the_old_one_may_be_closed_by_the_platform(
        self, line: Connection, server: Server, client: DingTalkStream
    ) -> None:
        await line.push("SYSTEM", "disconnect", {"reason": "connection is expired"})
        fresh = await server.connection()
        await line.socket.close()
        await fresh.say(message())
        assert (await fresh.answer())["code"] == 200
        assert client.connected

    async def test_if_there_is_no_other_it_says_that_it_is_deaf(
        self, line: Connection, server: Server, sleeper: Sleeper, client: DingTalkStream
    ) -> None:
        server.refusals = [(503, {})]
        await line.push("SYSTEM", "disconnect", {"reason": "connection is expired"})
        while (seconds := (waiting := await asyncio.wait_for(sleeper.waits.get(), LIMIT))[0]) == PING_SECONDS:
            continue
        assert (seconds, client.connected) == (1, False)
        waiting[1].set()
        await server.connection()


class TestDraining:
    @pytest.fixture
    def limits(self) -> StreamLimits:
        return StreamLimits(drain_seconds=0.05)

    async def test_a_replaced_connection_is_closed_in_the_end(self, line: Connection, server: Server) -> None:
        await line.push("SYSTEM", "disconnect", {"reason": "connection is expired"})
        await server.connection()
        await asyncio.wait_for(line.gone.wait(), LIMIT)


class TestReconnecting:
    async def test_a_connection_that_breaks_at_once_again_and_again_is_no_storm(
        self, client: DingTalkStream, server: Server, sleeper: Sleeper
    ) -> None:
        waits = []
        for _ in range(4):
            line = await server.connection()
            await line.socket.close()
            waits.append(await wake_for(sleeper))
        assert waits == [1, 2, 4, 8]

    async def test_a_connection_that_is_cut_off_is_replaced(
        self, line: Connection, server: Server, sleeper: Sleeper
    ) -> None:
        transport = line.socket._req.transport if line.socket._req is not None else None
        assert transport is not None
        transport.abort()
        await wake_for(sleeper)
        await server.connection()


class TestSteadiness:
    @pytest.fixture
    def limits(self) -> StreamLimits:
        return StreamLimits(stable_seconds=0.0)

    async def test_after_a_connection_that_held_the_waits_begin_anew(
        self, client: DingTalkStream, server: Server, sleeper: Sleeper
    ) -> None:
        for _ in range(3):
            line = await server.connection()
            await line.socket.close()
            assert await wake_for(sleeper) == 1


class TestSilence:
    @pytest.fixture
    def limits(self) -> StreamLimits:
        return StreamLimits(ping_seconds=0.05, silence_seconds=0.05)

    async def test_a_connection_that_is_silent_is_replaced(
        self, line: Connection, server: Server, sleeper: Sleeper
    ) -> None:
        while await sleeper.wake() != 1:
            continue
        assert (await server.connection()).ticket == "ticket/2+"

    async def test_a_pong_is_a_sign_of_life(self, line: Connection, server: Server, sleeper: Sleeper) -> None:
        for _ in range(6):
            await sleeper.wake()
            await line.socket.pong(await asyncio.wait_for(line.pings.get(), LIMIT))
        assert server.connections.empty()
        assert len(server.opened) == 1


class TestOverload:
    @pytest.fixture
    def limits(self) -> StreamLimits:
        return StreamLimits(most_at_once=1)

    async def test_what_comes_beyond_the_limit_is_not_taken_up_so_that_it_comes_again(
        self, line: Connection, core: Core
    ) -> None:
        core.gate.clear()
        await line.say(message(), "f-1")
        await asyncio.wait_for(core.came.wait(), LIMIT)
        await line.say(message(msgId="m-2"), "f-2")
        await line.push("SYSTEM", "ping", {}, "f-3")
        assert (await line.answer())["headers"]["messageId"] == "f-3"
        core.gate.set()
        assert (await line.answer())["headers"]["messageId"] == "f-1"
        assert len(core.heard) == 1


class TestClosing:
    async def test_what_was_taken_up_is_finished_and_answered(
        self, line: Connection, core: Core, client: DingTalkStream
    ) -> None:
        core.gate.clear()
        await line.say(message())
        await asyncio.wait_for(core.came.wait(), LIMIT)
        closing = asyncio.create_task(client.close())
        core.gate.set()
        assert (await line.answer())["code"] == 200
        await asyncio.wait_for(closing, LIMIT)
        assert not client.connected

    async def test_a_replaced_connection_is_closed_too(
        self, line: Connection, server: Server, client: DingTalkStream
    ) -> None:
        await line.push("SYSTEM", "disconnect", {"reason": "connection is expired"})
        fresh = await server.connection()
        await client.close()
        await asyncio.wait_for(line.gone.wait(), LIMIT)
        await asyncio.wait_for(fresh.gone.wait(), LIMIT)

    async def test_closing_before_running_is_nothing(self, settings: DingTalkSettings) -> None:
        async with open_session() as http:
            stream = DingTalkStream(
                settings,
                http,
                SteppingClock(),
                Core().handle,
                org_id=OrgId("acme"),
                chance=lambda: 0.0,
                alert=print,
                tally=Counted(),
                show=Shown(),
            )
            await stream.close()
            assert not stream.connected


class TestImpatience:
    @pytest.fixture
    def limits(self) -> StreamLimits:
        return StreamLimits(finish_seconds=0.01)

    async def test_a_handler_that_does_not_end_does_not_hold_up_the_end(
        self, line: Connection, core: Core, client: DingTalkStream
    ) -> None:
        core.gate.clear()
        await line.say(message())
        await asyncio.wait_for(core.came.wait(), LIMIT)
        await asyncio.wait_for(client.close(), LIMIT)
        assert core.heard == []
        assert line.answers.empty()
