"""The fake gateway of intelligent robots holds to the platform's rules (wecom.md 13)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.wecom.aibot import AibotGateway
from tests.contract.feishu_line import LIMIT
from tests.contract.feishu_stub import SteppingClock
from tests.contract.wecom_robot_line import fresh_gateway, listening

LI = "LiHua"
CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "调整目标"},
    "button_list": [{"text": "同意", "style": 1, "key": "ok"}],
    "task_id": "T1",
}
WRONG_CREDENTIALS, TOO_FAST, UNKNOWN_CHAT, SPENT, FINISHED = 40001, 45009, 93006, 846605, 846608


class Robot:
    """A client that does what a test says."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []

    async def ask(self, command: str, body: Any = None, req_id: str = "a1") -> int:
        """Send a command; return the code of its answer."""
        await self.socket.send_json({"cmd": command, "headers": {"req_id": req_id}, "body": body})
        while "cmd" in (frame := await asyncio.wait_for(self.socket.receive_json(), LIMIT)):
            self.events.append(frame)
        assert frame["headers"] == {"req_id": req_id}
        return int(frame["errcode"])

    async def told(self) -> dict[str, Any]:
        """Wait for the next event."""
        frame: dict[str, Any] = await asyncio.wait_for(self.socket.receive_json(), LIMIT)
        return frame

    async def say(self, user_id: str = LI, **more: Any) -> int:
        """Push a message."""
        return await self.ask("aibot_send_msg", {"chatid": user_id, "chat_type": 1, **(more or markdown())})


def markdown(content: str = "你好") -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": content}}


def card(**more: Any) -> dict[str, Any]:
    return {"msgtype": "template_card", "template_card": {**CARD, **more}}


def credentials(secret: str = "top-secret") -> dict[str, str]:
    return {"bot_id": "aib1", "secret": secret}


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def gateway(clock: SteppingClock) -> AibotGateway:
    return fresh_gateway(clock, click_seconds=0.2)


@pytest.fixture
async def address(gateway: AibotGateway, clock: SteppingClock) -> AsyncIterator[str]:
    async with listening(gateway, clock) as found:
        yield found


@pytest.fixture
async def stranger(address: str) -> AsyncIterator[Robot]:
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        yield Robot(socket)


@pytest.fixture
async def robot(stranger: Robot) -> Robot:
    assert await stranger.ask("aibot_subscribe", credentials()) == 0
    return stranger


class TestSubscribing:
    async def test_wrong_credentials_are_refused(self, stranger: Robot, gateway: AibotGateway) -> None:
        assert await stranger.ask("aibot_subscribe", credentials("x")) == WRONG_CREDENTIALS
        assert not gateway.connected

    async def test_a_chosen_error_comes_once(self, stranger: Robot, gateway: AibotGateway) -> None:
        gateway.subscribe_codes = [TOO_FAST]
        assert await stranger.ask("aibot_subscribe", credentials()) == TOO_FAST
        assert await stranger.ask("aibot_subscribe", credentials()) == 0

    async def test_nothing_is_answered_before_it(self, stranger: Robot, gateway: AibotGateway) -> None:
        await stranger.socket.send_json({"cmd": "ping", "headers": {"req_id": "p"}})
        assert await stranger.ask("aibot_subscribe", credentials()) == 0
        assert gateway.spurned == ["ping"]

    async def test_pings_are_answered(self, robot: Robot, gateway: AibotGateway) -> None:
        assert await robot.ask("ping") == 0
        assert gateway.pings == 1

    async def test_a_second_connection_sends_the_first_away(self, robot: Robot, address: str) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            subscribing = asyncio.create_task(Robot(socket).ask("aibot_subscribe", credentials()))
            assert (await robot.told())["body"]["event"] == {"eventtype": "disconnected_event"}
            assert (await asyncio.wait_for(robot.socket.receive(), LIMIT)).type is aiohttp.WSMsgType.CLOSE
            assert await subscribing == 0

    @pytest.mark.parametrize("code", [1000, 1001, 1011])
    async def test_it_can_hang_up_with_any_code(self, robot: Robot, gateway: AibotGateway, code: int) -> None:
        closing = asyncio.create_task(gateway.disconnect(code))
        await asyncio.wait_for(robot.socket.receive(), LIMIT)
        await closing
        assert robot.socket.close_code == code

    async def test_or_without_a_word(self, robot: Robot, gateway: AibotGateway) -> None:
        await gateway.disconnect(1006)
        await asyncio.wait_for(robot.socket.receive(), LIMIT)
        assert robot.socket.close_code == 1006


class TestSending:
    async def test_only_those_who_were_in_the_chat_are_reached_and_case_counts(
        self, robot: Robot, gateway: AibotGateway
    ) -> None:
        assert await robot.say() == UNKNOWN_CHAT
        await gateway.enter(LI)
        assert await robot.say() == 0
        assert await robot.say(LI.lower()) == UNKNOWN_CHAT
        assert [each.content["content"] for each in gateway.chats.of(LI)] == ["你好"]

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            (markdown(""), 44004),
            (markdown("好" * 6827), 40058),
            ({"msgtype": "text", "text": {"content": "x"}}, 40008),
            (card(button_list=[]), 42038),
            (card(task_id="a b"), 42014),
        ],
    )
    async def test_what_is_wrong_is_refused(
        self, robot: Robot, gateway: AibotGateway, message: dict[str, Any], code: int
    ) -> None:
        gateway.chats.open(LI)
        assert await robot.say(**message) == code
        assert gateway.chats.of(LI) == []

    async def test_a_cards_id_counts_once(self, robot: Robot, gateway: AibotGateway) -> None:
        gateway.chats.open(LI)
        assert [await robot.say(**card()), await robot.say(**card())] == [0, 42014]

    async def test_thirty_a_minute(self, robot: Robot, gateway: AibotGateway) -> None:
        gateway.chats.open(LI)
        assert [await robot.say() for _ in range(31)] == [0] * 30 + [TOO_FAST]

    async def test_an_unknown_command_is_refused(self, robot: Robot) -> None:
        assert await robot.ask("aibot_dance") == 40058


class TestAnswering:
    async def test_a_message_is_answered_by_a_stream_until_it_is_finished(
        self, robot: Robot, gateway: AibotGateway
    ) -> None:
        await gateway.say(LI, "状态")
        event = await robot.told()
        assert (event["cmd"], event["body"]["text"]) == ("aibot_msg_callback", {"content": "状态"})
        codes = []
        for finish in (False, True, True):
            stream = {"msgtype": "stream", "stream": {"id": "s1", "finish": finish, "content": "好"}}
            codes.append(await robot.ask("aibot_respond_msg", stream, event["headers"]["req_id"]))
        assert codes == [0, 0, FINISHED]
        assert len(gateway.chats.of(LI)) == 1

    async def test_a_welcome_is_said_once(self, robot: Robot, gateway: AibotGateway) -> None:
        await gateway.enter(LI)
        req_id = (await robot.told())["headers"]["req_id"]
        assert await robot.ask("aibot_respond_welcome_msg", markdown(), req_id) == 0
        assert await robot.ask("aibot_respond_welcome_msg", markdown(), req_id) == SPENT

    async def test_a_click_changes_the_card_once(self, robot: Robot, gateway: AibotGateway) -> None:
        gateway.chats.open(LI)
        await robot.say(**card())
        clicking = asyncio.create_task(gateway.click(LI, gateway.chats.of(LI)[0].message_id, "ok"))
        event = await robot.told()
        assert event["body"]["event"]["template_card_event"]["event_key"] == "ok"
        req_id, new = event["headers"]["req_id"], {**CARD, "replace_text": "已同意"}
        other = {"template_card": {**new, "task_id": "T2"}}
        assert await robot.ask("aibot_respond_update_msg", other, req_id) == 42016
        assert await robot.ask("aibot_respond_update_msg", {"template_card": new}, req_id) == 0
        assert await robot.ask("aibot_respond_update_msg", {"template_card": new}, req_id) == SPENT
        shown = await clicking
        assert shown is not None
        assert shown.content["replace_text"] == "已同意"

    async def test_after_the_time_for_it_a_click_changes_nothing(self, robot: Robot, gateway: AibotGateway) -> None:
        gateway.chats.open(LI)
        await robot.say(**card())
        assert await gateway.click(LI, gateway.chats.of(LI)[0].message_id, "ok") is None
        req_id = (await robot.told())["headers"]["req_id"]
        assert await robot.ask("aibot_respond_update_msg", {"template_card": CARD}, req_id) == SPENT

    async def test_what_happens_while_nobody_is_connected_is_lost(self, gateway: AibotGateway, stranger: Robot) -> None:
        await gateway.say(LI, "有人吗")
        assert await stranger.ask("aibot_subscribe", credentials()) == 0
        assert await stranger.ask("ping") == 0
        assert stranger.events == []
