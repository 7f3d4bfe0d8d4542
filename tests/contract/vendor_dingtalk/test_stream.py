"""The vendor's stream client accepts what the fake pushes, and the fake understands how it acknowledges."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.dingtalk import ClickResult, State
from sandbox.dingtalk.settings import CARD_TOPIC, MESSAGE_READ, ROBOT_TOPIC
from tests.contract.sandbox_dingtalk.harness import APP, LEI, WEI, Desk, open_desk
from tests.contract.vendor_dingtalk.conftest import Connect

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the vendor's own dependencies
]

_ANSWER = {
    "cardUpdateOptions": {"updateCardDataByKey": True},
    "cardData": {"cardParamMap": {"status": "已同意"}},
}


class Heard:
    """What the vendor's handlers were called with, from its thread."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.clicks: list[Any] = []
        self.events: list[Any] = []


def _handlers(dingtalk: Any, heard: Heard, answer: Any = _ANSWER) -> dict[str, Any]:
    ok = dingtalk.AckMessage.STATUS_OK

    class Robot(dingtalk.ChatbotHandler):  # type: ignore[misc] # the vendor has no type information
        async def process(self, callback: Any) -> Any:
            heard.messages.append(dingtalk.ChatbotMessage.from_dict(callback.data))
            return ok, "OK"

    class Card(dingtalk.CallbackHandler):  # type: ignore[misc] # as above
        async def process(self, callback: Any) -> Any:
            heard.clicks.append(dingtalk.CardCallbackMessage.from_dict(callback.data))
            return ok, answer

    class Events(dingtalk.EventHandler):  # type: ignore[misc] # as above
        async def process(self, event: Any) -> Any:
            heard.events.append(event)
            return ok, "OK"

    return {ROBOT_TOPIC: Robot(), CARD_TOPIC: Card(), "*": Events()}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk whose app hears of everything."""
    async with open_desk(apps=(replace(APP, events=APP.events | {MESSAGE_READ}),)) as opened:
        yield opened


async def _until(condition: Callable[[], bool]) -> None:
    """Give the client's thread turns until something is so."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.to_thread(threading.Event().wait, 0.01)


async def test_it_gets_a_robot_message_and_acknowledges(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    heard = Heard()
    async with connect(desk, _handlers(dingtalk, heard)):
        await _until(lambda: desk.fake.connections() == 1)
        message_id = await desk.fake.say(LEI, "你好")
    (message,) = heard.messages
    assert (message.message_id, message.text.content, message.sender_staff_id) == (message_id, "你好", LEI)
    assert (message.conversation_type, message.sender_nick, message.robot_code) == ("1", "王磊", APP.client_id)
    assert desk.fake.deliveries()[0].state is State.DONE
    assert desk.fake.complaints == []


async def test_it_gets_a_message_of_a_group_with_its_mentions(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    heard = Heard()
    group = desk.fake.add_group("研发群", [LEI, WEI])
    async with connect(desk, _handlers(dingtalk, heard)):
        await _until(lambda: desk.fake.connections() == 1)
        await desk.fake.say_in_group(group, LEI, "你好")
    (message,) = heard.messages
    assert (message.conversation_title, message.is_in_at_list, len(message.at_users)) == ("研发群", True, 1)


async def test_it_answers_a_click_and_the_clicker_sees_it(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    heard, message_id = Heard(), await desk.card()
    async with connect(desk, _handlers(dingtalk, heard)):
        await _until(lambda: desk.fake.connections() == 1)
        result = await desk.fake.click(LEI, message_id, "agree", {})
    assert result.error is None
    assert desk.fake.messages_of(LEI)[0]["card"]["status"] == "已同意"
    (click,) = heard.clicks
    assert (click.card_instance_id, click.user_id, click.corp_id) == ("card-1", LEI, desk.fake.world.corp_id)
    assert click.content["cardPrivateData"]["params"] == {"action": "agree"}
    assert desk.fake.complaints == []


async def test_an_empty_answer_to_a_click_is_valid(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    message_id = await desk.card()
    async with connect(desk, _handlers(dingtalk, Heard(), {})):
        await _until(lambda: desk.fake.connections() == 1)
        assert await desk.fake.click(LEI, message_id, "agree", {}) == ClickResult()


async def test_it_gets_events_and_echoes_them(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    heard = Heard()
    async with connect(desk, _handlers(dingtalk, heard)):
        await _until(lambda: desk.fake.connections() == 1)
        await desk.fake.resign(WEI)
        await desk.send(LEI)
        await desk.fake.open_chat(LEI)
    assert [event.headers.event_type for event in heard.events] == ["user_leave_org", MESSAGE_READ]
    assert heard.events[0].data["userId"] == [WEI]
    assert heard.events[0].headers.event_corp_id == desk.fake.world.corp_id
    assert {each.state for each in desk.fake.deliveries()} == {State.DONE}
    assert desk.fake.complaints == []


async def test_without_an_event_handler_it_subscribes_to_none(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    handlers = _handlers(dingtalk, Heard())
    async with connect(desk, {ROBOT_TOPIC: handlers[ROBOT_TOPIC]}):
        await _until(lambda: desk.fake.connections() == 1)
        await desk.fake.resign(WEI)
        assert desk.fake.deliveries()[0].last_outcome == "no_route"


async def test_it_brings_a_pings_data_back(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    async with connect(desk, _handlers(dingtalk, Heard())):
        await _until(lambda: desk.fake.connections() == 1)
        assert await desk.fake.ping() == [True]
    assert desk.fake.complaints == []


async def test_after_disconnect_it_comes_again_and_gets_what_it_missed(
    dingtalk: Any, connect: Connect, desk: Desk
) -> None:
    heard = Heard()
    async with connect(desk, _handlers(dingtalk, heard)) as running:
        await _until(lambda: desk.fake.connections() == 1)
        desk.fake.disconnect()
        await desk.fake.say(LEI, "你好")
        await _until(lambda: desk.fake.connections() == 1 and not desk.fake.draining())
        await _until(lambda: len(heard.messages) == 1)
        await desk.fake.idle()
        assert running.opened == 2
    assert desk.fake.deliveries()[0].state is State.DONE
    assert desk.fake.complaints == []


async def test_a_clean_close_brings_it_back_too(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    async with connect(desk, _handlers(dingtalk, Heard())) as running:
        await _until(lambda: desk.fake.connections() == 1)
        await desk.fake.end_connections(code=1000)
        await _until(lambda: running.opened == 2 and desk.fake.connections() == 1)


async def test_wrong_credentials_open_nothing(dingtalk: Any, connect: Connect, desk: Desk) -> None:
    desk.app = replace(APP, client_secret="wrong")
    async with connect(desk, _handlers(dingtalk, Heard())) as running:
        await _until(lambda: running.opened == 1)
        assert desk.fake.connections() == 0
