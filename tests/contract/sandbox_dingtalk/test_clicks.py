"""Presses: what the client allows, what the app gets, what its answer changes and for whom, and links that speak."""

import asyncio
import json
from typing import Any

import pytest

from sandbox.dingtalk import ClickResult
from sandbox.dingtalk.card_instances import Cause
from sandbox.dingtalk.directory import union_id_of
from sandbox.dingtalk.settings import ROBOT_TOPIC
from tests.contract.sandbox_dingtalk.harness import (
    APP,
    HUA,
    LEI,
    WEI,
    Desk,
    card_ack,
    card_body,
    dtmd,
    form_body,
    form_variables,
    ok_ack,
    open_desk,
    silent,
    stream_bot,
    variables,
)

_BY_KEY = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}


def _params(payload: dict[str, Any]) -> Any:
    return json.loads(payload["content"])["cardPrivateData"]["params"]


async def _form_id(desk: Desk, **more: str) -> str:
    assert (await desk.deliver(form_body(**more))).status == 200
    return str(desk.fake.messages_of(LEI)[-1]["id"])


async def test_a_press_posts_the_buttons_action(desk: Desk) -> None:
    message_id = await desk.card()
    async with stream_bot(desk) as bot:
        assert await desk.fake.click(LEI, message_id, "reject", {}) == ClickResult()
    (payload,) = bot.payloads()
    content = json.loads(payload.pop("content"))
    assert content == {"cardPrivateData": {"actionIds": ["risky"], "params": {"action": "reject"}}}
    assert payload.pop("spaceId").startswith("cid")
    assert payload == {
        "type": "actionCallback",
        "outTrackId": "card-1",
        "corpId": desk.fake.world.corp_id,
        "userId": LEI,
        "userIdType": 1,
        "spaceType": "im",
        "extension": "{}",
    }
    assert bot.frames[0]["headers"]["topic"] == "/v1.0/card/instances/callback"


async def test_a_button_can_be_named_by_what_is_written_on_it(desk: Desk) -> None:
    message_id = await desk.card()
    async with stream_bot(desk) as bot:
        await desk.fake.click(LEI, message_id, "同意", {})
    assert _params(bot.payloads()[0]) == {"action": "agree"}


async def test_who_clicks_is_named_as_at_creation(desk: Desk) -> None:
    union_id = union_id_of(desk.fake.user(LEI))
    await desk.deliver(card_body(union_id, userIdType=2))
    async with stream_bot(desk) as bot:
        await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "agree", {})
    assert (bot.payloads()[0]["userId"], bot.payloads()[0]["userIdType"]) == (union_id, 2)


async def test_the_answer_shows_a_new_face_to_the_one_who_clicked_alone(desk: Desk) -> None:
    await desk.deliver(card_body(openSpaceId=f"dtv1.card//IM_ROBOT.{LEI};IM_ROBOT.{HUA}"))
    message_id = desk.fake.messages_of(LEI)[0]["id"]
    ack = card_ack(cardUpdateOptions=_BY_KEY, cardData={"cardParamMap": {"status": "已同意"}})
    async with stream_bot(desk, ack):
        result = await desk.fake.click(LEI, message_id, "agree", {})
    assert (result.toast, result.error) == (None, None)
    assert result.card is not None
    assert (result.card["status"], result.card["title"]) == ("已同意", "目标调整")
    mine, theirs = desk.fake.messages_of(LEI)[0], desk.fake.messages_of(HUA)[0]
    assert (mine["card"]["status"], mine["version"]) == ("已同意", 2)
    assert (theirs["card"]["status"], theirs["version"]) == ("open", 1)
    assert desk.fake.versions("card-1", LEI)[-1].cause is Cause.ANSWERED


async def test_an_answer_overwrites_the_clickers_map_unless_by_key(desk: Desk) -> None:
    message_id = await desk.card()
    async with stream_bot(desk, card_ack(cardData={"cardParamMap": {"status": "完"}})):
        await desk.fake.click(LEI, message_id, "agree", {})
    shown = desk.fake.messages_of(LEI)[0]["card"]
    assert (shown["status"], shown["title"], shown["buttons"]) == ("完", "", [])


async def test_private_data_of_an_answer_are_the_clickers(desk: Desk) -> None:
    message_id = await desk.card()
    private = {"cardParamMap": {"buttons": "[]"}}
    async with stream_bot(desk, card_ack(cardUpdateOptions=_BY_KEY, userPrivateData=private)):
        await desk.fake.click(LEI, message_id, "agree", {})
    assert desk.fake.messages_of(LEI)[0]["buttons"] == []


async def test_an_update_for_all_replaces_what_the_answer_showed(desk: Desk) -> None:
    message_id = await desk.card()
    seen = card_ack(cardUpdateOptions=_BY_KEY, cardData={"cardParamMap": {"status": "处理中", "tag": "我"}})
    async with stream_bot(desk, seen):
        await desk.fake.click(LEI, message_id, "agree", {})
    await desk.update("card-1", cardData={"cardParamMap": {"status": "已同意"}}, cardUpdateOptions=_BY_KEY)
    by_key = desk.fake.messages_of(LEI)[0]["card"]
    assert (by_key["status"], by_key["tag"]) == ("已同意", "我")
    await desk.update("card-1", cardData={"cardParamMap": variables(status="终")})
    whole = desk.fake.messages_of(LEI)[0]["card"]
    assert (whole["status"], whole["tag"]) == ("终", "审批")


@pytest.mark.parametrize(
    "answer",
    [
        {"cardData": {"cardParamMap": {"status": 3}}},
        {"cardData": {}},
        {"cardData": "x"},
        {"userPrivateData": {LEI: {"cardParamMap": {}}}},
    ],
)
async def test_a_bad_answer_changes_nothing_and_is_complained_of(desk: Desk, answer: dict[str, Any]) -> None:
    message_id = await desk.card()
    async with stream_bot(desk, card_ack(**answer)):
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "bad answer"
    assert desk.fake.messages_of(LEI)[0]["version"] == 1
    assert len(desk.fake.complaints) == 1


async def test_the_ack_of_a_click_must_hold_a_response_object(desk: Desk) -> None:
    message_id = await desk.card()
    async with stream_bot(desk, lambda _: {"data": '{"response": "OK"}'}):
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "bad answer"
    assert desk.fake.complaints == ["the ack of a card callback has no object response in its data"]


async def test_a_failing_bot_shows_an_error(desk: Desk) -> None:
    message_id = await desk.card()
    async with stream_bot(desk, lambda _: {"code": 500, "data": "{}"}):
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "refused 500"


async def test_no_answer_in_time_fails_the_click_and_a_late_one_is_ignored(hasty: Desk) -> None:
    message_id = await hasty.card()
    async with stream_bot(hasty, silent) as bot:
        assert (await hasty.fake.click(LEI, message_id, "agree", {})).error == "no answer in time"
        late = card_ack(cardUpdateOptions=_BY_KEY, cardData={"cardParamMap": {"status": "晚"}})
        await bot.acknowledge(bot.frames[0], late(bot.frames[0]))
        bot.handler = ok_ack
        await hasty.fake.ping()
    assert hasty.fake.messages_of(LEI)[0]["card"]["status"] == "open"
    assert hasty.fake.complaints == ["an ack came too late, twice, or with a wrong messageId"]
    assert hasty.fake.deliveries() == [], "a click is not repeated"


async def test_without_a_connection_that_takes_clicks_they_fail(desk: Desk) -> None:
    message_id = await desk.card()
    assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "not connected"
    async with stream_bot(desk, topics=(("EVENT", "*"), ("CALLBACK", ROBOT_TOPIC))) as bot:
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "not connected"
    assert bot.frames == []


async def test_a_card_without_a_callback_type_reaches_nobody(desk: Desk) -> None:
    message_id = await desk.card(callbackType="")
    async with stream_bot(desk) as bot:
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "not configured"
    assert bot.frames == []


async def test_a_click_can_arrive_twice(desk: Desk) -> None:
    message_id = await desk.card()
    desk.fake.set_fault("repeat")
    async with stream_bot(desk) as bot:
        await desk.fake.click(LEI, message_id, "agree", {})
    assert [_params(payload) for payload in bot.payloads()] == [{"action": "agree"}] * 2
    assert bot.frames[0]["headers"]["messageId"] == bot.frames[1]["headers"]["messageId"]


@pytest.mark.parametrize(
    ("user_id", "action", "error"),
    [(WEI, "agree", "not yours"), (LEI, "nothing", "gone"), (LEI, "", "gone")],
)
async def test_the_client_refuses(desk: Desk, user_id: str, action: str, error: str) -> None:
    message_id = await desk.card()
    async with stream_bot(desk) as bot:
        assert (await desk.fake.click(user_id, message_id, action, {})).error == error
    assert bot.frames == []


async def test_a_recalled_card_cannot_be_pressed(desk: Desk) -> None:
    carrier = (await desk.deliver(card_body())).body["result"]["deliverResults"][0]["carrierId"]
    body = {"robotCode": APP.client_id, "processQueryKeys": [carrier]}
    await desk.call("POST", "/v1.0/robot/otoMessages/batchRecall", body)
    assert (await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "agree", {})).error == "recalled"


async def test_an_unknown_message_is_a_mistake_of_the_caller(desk: Desk) -> None:
    with pytest.raises(KeyError):
        await desk.fake.click(LEI, "msg-unknown", "agree", {})
    with pytest.raises(KeyError):
        await desk.fake.click("nobody", await desk.card(), "agree", {})


async def test_anybody_in_a_group_can_press(desk: Desk) -> None:
    group = desk.fake.add_group("研发群", [LEI, WEI])
    models: dict[str, Any] = {"imGroupOpenSpaceModel": {}, "imGroupOpenDeliverModel": {"robotCode": APP.client_id}}
    await desk.deliver(card_body(openSpaceId=f"dtv1.card//IM_GROUP.{group}", **models))
    message_id = desk.fake.messages_of_group(group, LEI)[0]["id"]
    async with stream_bot(desk) as bot:
        await desk.fake.click(WEI, message_id, "agree", {})
    assert (bot.payloads()[0]["userId"], bot.payloads()[0]["spaceId"]) == (WEI, group)


_FILLED = {"q1": "完成了接口", "mood": "blocked", "tags": ["blocked", "ok"], "due": "2026-11-27", "help": True}


async def test_a_form_posts_every_type_of_value(desk: Desk) -> None:
    message_id = await _form_id(desk)
    async with stream_bot(desk) as bot:
        assert (await desk.fake.click(LEI, message_id, "checkin", _FILLED)).error is None
    values = {
        "q1": "完成了接口",
        "mood": {"index": 1, "value": "blocked"},
        "tags": {"index": [0, 1], "value": ["ok", "blocked"]},
        "due": "2026-11-27",
        "help": True,
    }
    assert _params(bot.payloads()[0]) == {"action": "checkin", "form": values, "current_form": values}


async def test_fields_left_alone_keep_what_they_hold_first(desk: Desk) -> None:
    message_id = await _form_id(desk)
    async with stream_bot(desk) as bot:
        await desk.fake.click(LEI, message_id, "checkin", {"q1": "好"})
    assert _params(bot.payloads()[0])["form"] == {"q1": "好", "mood": {"index": 0, "value": "ok"}, "help": False}


@pytest.mark.parametrize(
    ("filled", "error"),
    [
        ({}, "required: q1"),
        ({"q1": ""}, "required: q1"),
        ({"q1": "x", "other": "y"}, "unknown input: other"),
        ({"q1": "x" * 10_001}, "too long: q1"),
        ({"q1": 3}, "not possible: q1"),
        ({"q1": "x", "mood": "sad"}, "not possible: mood"),
        ({"q1": "x", "mood": ["ok"]}, "not possible: mood"),
        ({"q1": "x", "tags": ["sad"]}, "not possible: tags"),
        ({"q1": "x", "tags": "ok"}, "not possible: tags"),
        ({"q1": "x", "due": "tomorrow"}, "not possible: due"),
    ],
)
async def test_the_client_does_not_send_a_bad_form(desk: Desk, filled: dict[str, Any], error: str) -> None:
    message_id = await _form_id(desk)
    async with stream_bot(desk) as bot:
        assert (await desk.fake.click(LEI, message_id, "checkin", filled)).error == error
    assert bot.frames == []


async def test_a_form_that_is_not_there_cannot_be_sent_but_other_buttons_can_be_pressed(desk: Desk) -> None:
    message_id = await _form_id(desk, form_status="disabled")
    async with stream_bot(desk) as bot:
        assert (await desk.fake.click(LEI, message_id, "checkin", _FILLED)).error == "gone"
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error is None
    assert [_params(payload) for payload in bot.payloads()] == [{"action": "agree"}]


async def test_a_form_without_an_action_of_its_own_is_submitted_without_one(desk: Desk) -> None:
    message_id = await _form_id(desk, form_action="")
    async with stream_bot(desk) as bot:
        await desk.fake.click(LEI, message_id, "submit", {"q1": "好"})
    assert _params(bot.payloads()[0])["action"] == ""


async def test_the_form_template_without_fields_is_a_card(desk: Desk) -> None:
    await _form_id(desk, form="")
    buttons = desk.fake.messages_of(LEI)[0]["buttons"]
    assert [button["action"] for button in buttons] == ["agree", "reject"]
    assert form_variables()["form_action"] not in {button["action"] for button in buttons}


async def test_a_speaking_link_sends_its_text_in_the_persons_name(desk: Desk) -> None:
    await desk.send(LEI, text=f"请选择\n\n{dtmd('同意', '%E5%90%8C%E6%84%8F%20%237f3a2c')}  {dtmd('拒绝', 'no')}")
    (message,) = desk.fake.messages_of(LEI)
    assert [(b["action"], b["label"], b["kind"]) for b in message["buttons"]] == [
        ("dtmd:0", "同意", "link"),
        ("dtmd:1", "拒绝", "link"),
    ]
    async with stream_bot(desk) as bot:
        assert await desk.fake.click(LEI, message["id"], "dtmd:0", {}) == ClickResult()
        assert await desk.fake.click(LEI, message["id"], "拒绝", {}) == ClickResult()
    assert bot.texts() == ["同意 #7f3a2c", "no"]
    assert {payload["senderStaffId"] for payload in bot.payloads()} == {LEI}
    assert [m["text"] for m in desk.fake.messages_of(LEI) if m["from"] == "me"] == ["同意 #7f3a2c", "no"]


@pytest.mark.parametrize("action", ["dtmd:1", "dtmd:-1", "dtmd:", "agree", ""])
async def test_a_link_that_is_not_there_is_gone(desk: Desk, action: str) -> None:
    await desk.send(LEI, text=dtmd("同意", "yes"))
    assert (await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], action, {})).error == "gone"


async def test_a_recalled_link_does_not_speak(desk: Desk) -> None:
    key = await desk.key_of(LEI, text=dtmd("同意", "yes"))
    body = {"robotCode": APP.client_id, "processQueryKeys": [key]}
    await desk.call("POST", "/v1.0/robot/otoMessages/batchRecall", body)
    assert (await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "dtmd:0", {})).error == "recalled"


async def test_a_speaking_address_on_an_action_card_does_nothing(desk: Desk) -> None:
    param = {
        "title": "t",
        "text": "x",
        "singleTitle": "同意",
        "singleURL": "dtmd://dingtalkclient/sendMessage?content=y",
    }
    await desk.send(LEI, msgKey="sampleActionCard", msgParam=json.dumps(param))
    async with stream_bot(desk) as bot:
        assert await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "link:0", {}) == ClickResult()
        assert (await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "other", {})).error == "gone"
    assert bot.frames == []


async def test_ones_own_words_cannot_be_pressed(desk: Desk) -> None:
    async with stream_bot(desk):
        message_id = await desk.fake.say(LEI, dtmd("同意", "yes"))
        assert (await desk.fake.click(LEI, message_id, "dtmd:0", {})).error == "gone"


async def test_idle_waits_for_clicks_under_way(desk: Desk) -> None:
    message_id = await desk.card()
    async with stream_bot(desk, silent) as bot:
        clicking = asyncio.create_task(desk.fake.click(LEI, message_id, "agree", {}))
        await bot.received.wait()
        idle = asyncio.create_task(desk.fake.idle())
        await asyncio.sleep(0)  # one turn, in which it would end if it did not wait
        assert not idle.done()
        await bot.acknowledge(bot.frames[0], ok_ack(bot.frames[0]))
        await asyncio.gather(clicking, idle)


async def test_clicks_take_from_the_months_pushes() -> None:
    async with open_desk() as desk, stream_bot(desk):
        await desk.fake.click(LEI, await desk.card(), "agree", {})
        assert desk.fake.used("push") == 1
