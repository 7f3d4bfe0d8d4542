"""The vendor's helpers for tokens, replies and cards speak to the fake as they speak to the real platform."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.dingtalk import CARD_TEMPLATE
from sandbox.dingtalk.settings import ROBOT_TOPIC
from tests.contract.sandbox_dingtalk.harness import APP, LEI, WEI, Desk, open_desk, stream_bot, variables
from tests.contract.vendor_dingtalk.conftest import Connect

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the vendor's own dependencies
]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk with the usual app."""
    async with open_desk() as opened:
        yield opened


@pytest.fixture
def robot(dingtalk: Any) -> Any:
    """The vendor's handler of robot messages, which has the helpers for replies."""
    return dingtalk.ChatbotHandler()


async def _message(dingtalk: Any, desk: Desk, group: str = "") -> Any:
    async with stream_bot(desk) as bot:
        await (desk.fake.say_in_group(group, LEI, "你好") if group else desk.fake.say(LEI, "你好"))
    return dingtalk.ChatbotMessage.from_dict(bot.payloads()[0])


async def test_it_gets_a_token(robot: Any, connect: Connect, desk: Desk) -> None:
    async with connect(desk, {ROBOT_TOPIC: robot}) as running:
        token = await asyncio.to_thread(running.client.get_access_token)
    assert token == await desk.bearer()


async def test_wrong_credentials_get_none(robot: Any, connect: Connect, desk: Desk) -> None:
    desk.app = replace(APP, client_secret="wrong")
    async with connect(desk, {ROBOT_TOPIC: robot}) as running:
        assert await asyncio.to_thread(running.client.get_access_token) is None


async def test_its_replies_stand_in_the_chat(dingtalk: Any, robot: Any, desk: Desk) -> None:
    message = await _message(dingtalk, desk)
    answers = [
        await asyncio.to_thread(robot.reply_text, "收到", message),
        await asyncio.to_thread(robot.reply_markdown, "标题", "### 好", message),
    ]
    assert [answer["errcode"] for answer in answers] == [0, 0]
    assert [each["text"] for each in desk.fake.messages_of(LEI)] == ["你好", "收到", "### 好"]
    assert desk.fake.complaints == []


@pytest.mark.parametrize("helper", ["create_and_deliver_card", "create_and_send_card"])
async def test_its_cards_are_delivered_and_updated(
    dingtalk: Any, robot: Any, connect: Connect, desk: Desk, helper: str
) -> None:
    message = await _message(dingtalk, desk)
    async with connect(desk, {ROBOT_TOPIC: robot}) as running:
        cards = dingtalk.CardReplier(running.client, message)
        track_id = await asyncio.to_thread(getattr(cards, helper), CARD_TEMPLATE.template_id, variables())
        assert desk.fake.messages_of(LEI)[-1]["card"]["title"] == "目标调整"
        await asyncio.to_thread(cards.put_card_data, track_id, variables(status="已同意"))
    card = desk.fake.messages_of(LEI)[-1]
    assert (len(track_id), card["card"]["status"], card["version"]) == (64, "已同意", 2)
    assert [(call.status, call.subject) for call in desk.fake.calls[-1:]] == [(200, track_id)]


async def test_its_cards_reach_groups(dingtalk: Any, robot: Any, connect: Connect, desk: Desk) -> None:
    group = desk.fake.add_group("研发群", [LEI, WEI])
    message = await _message(dingtalk, desk, group)
    async with connect(desk, {ROBOT_TOPIC: robot}) as running:
        cards = dingtalk.CardReplier(running.client, message)
        deliver = cards.create_and_deliver_card
        await asyncio.to_thread(deliver, CARD_TEMPLATE.template_id, variables(), at_sender=True)
    assert desk.fake.messages_of_group(group, WEI)[-1]["kind"] == "card"


async def test_its_stream_of_markdown_is_taken(dingtalk: Any, robot: Any, connect: Connect, desk: Desk) -> None:
    message = await _message(dingtalk, desk)
    async with connect(desk, {ROBOT_TOPIC: robot}) as running:
        cards = dingtalk.AICardReplier(running.client, message)
        track_id = await asyncio.to_thread(cards.create_and_deliver_card, CARD_TEMPLATE.template_id, variables())
        await asyncio.to_thread(cards.streaming, track_id, "body", "一段", append=False, finished=True, failed=False)
    assert desk.fake.messages_of(LEI)[-1]["card"]["body"] == "一段"
