"""`sendBySession`: answering through the address that a message carried, without a token, for ninety minutes."""

from typing import Any

import pytest

from tests.contract.sandbox_dingtalk.harness import LEI, WEI, Desk, stream_bot


async def _webhook(desk: Desk) -> str:
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "你好")
    return str(bot.payloads()[0]["sessionWebhook"])


async def _post(desk: Desk, address: str, body: Any) -> Any:
    async with desk.session.post(address, json=body) as response:
        return response.status, await response.json()


_TEXT = {"msgtype": "text", "text": {"content": "收到"}}


async def test_an_answer_stands_in_the_chat_it_came_from(desk: Desk) -> None:
    address = await _webhook(desk)
    assert address.startswith(desk.url("/robot/sendBySession?session="))
    assert await _post(desk, address, _TEXT) == (200, {"errcode": 0, "errmsg": "ok"})
    assert [message["text"] for message in desk.fake.messages_of(LEI)] == ["你好", "收到"]
    assert desk.fake.messages_of(WEI) == []


_LINK = {"title": "t", "text": "x", "messageUrl": "https://example.invalid/"}
_BUTTON = {"title": "同意", "actionURL": "https://example.invalid/yes"}
_SINGLE = {"title": "t", "text": "x", "singleTitle": "看", "singleURL": "https://example.invalid/"}


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (_TEXT, "sampleText", "收到"),
        ({"msgtype": "markdown", "markdown": {"title": "t", "text": "### 好"}}, "sampleMarkdown", "### 好"),
        ({"msgtype": "link", "link": _LINK}, "sampleLink", "x"),
        ({"msgtype": "actionCard", "actionCard": _SINGLE}, "sampleActionCard", "x"),
        (
            {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "btns": [_BUTTON]}},
            "sampleActionCard2",
            "x",
        ),
        (
            {"msgtype": "feedCard", "feedCard": {"links": [{"title": "a", "messageURL": "https://b.invalid/"}]}},
            "sampleMarkdown",
            "[a](https://b.invalid/)",
        ),
    ],
)
async def test_every_kind_of_answer_is_shown(desk: Desk, body: Any, kind: str, text: str) -> None:
    await _post(desk, await _webhook(desk), body)
    message = desk.fake.messages_of(LEI)[-1]
    assert (message["card"]["msgKey"], message["text"]) == (kind, text)


async def test_an_empty_answer_shows_nothing(desk: Desk) -> None:
    address = await _webhook(desk)
    assert (await _post(desk, address, {"msgtype": "empty"}))[1]["errcode"] == 0
    assert len(desk.fake.messages_of(LEI)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"msgtype": "video"},
        {"msgtype": "text"},
        {"msgtype": "text", "text": "收到"},
        {"msgtype": "text", "text": {"content": ""}},
        {"msgtype": "markdown", "markdown": {"text": "x"}},
        {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "btns": ["x"]}},
    ],
)
async def test_a_malformed_answer_is_refused_inside_http_200(desk: Desk, body: Any) -> None:
    status, answer = await _post(desk, await _webhook(desk), body)
    assert (status, answer["errcode"]) == (200, 400002)
    assert len(desk.fake.messages_of(LEI)) == 1


async def test_the_address_ends_after_ninety_minutes(desk: Desk) -> None:
    address = await _webhook(desk)
    desk.clock.advance(minutes=90, seconds=-1)
    assert (await _post(desk, address, _TEXT))[1]["errcode"] == 0
    desk.clock.advance(seconds=1)
    assert (await _post(desk, address, _TEXT))[1]["errcode"] == 300001
    assert (await _post(desk, desk.url("/robot/sendBySession?session=x"), _TEXT))[1]["errcode"] == 300001


async def test_each_answer_takes_one_push_and_no_call(desk: Desk) -> None:
    address = await _webhook(desk)
    before = desk.fake.used("push")
    await _post(desk, address, _TEXT)
    assert (desk.fake.used("push") - before, desk.fake.used("api_call")) == (1, 0)


@pytest.mark.parametrize(("text", "complaints"), [("@wanglei 收到", 0), ("收到", 1)])
async def test_whoever_is_named_in_a_group_must_stand_in_the_text(desk: Desk, text: str, complaints: int) -> None:
    group = desk.fake.add_group("研发群", [LEI, WEI])
    async with stream_bot(desk) as bot:
        await desk.fake.say_in_group(group, LEI, "你好")
    body = {"msgtype": "text", "text": {"content": text}, "at": {"atUserIds": [LEI]}}
    await _post(desk, bot.payloads()[0]["sessionWebhook"], body)
    assert len(desk.fake.complaints) == complaints
    assert desk.fake.messages_of_group(group, WEI)[-1]["text"] == text


async def test_the_vendors_habit_of_naming_the_sender_in_a_single_chat_is_accepted(desk: Desk) -> None:
    await _post(desk, await _webhook(desk), {**_TEXT, "at": {"atUserIds": [LEI]}})
    assert desk.fake.complaints == []
