"""What the demo page gets to draw: buttons, inputs and texts of a chat."""

from typing import Any

import pytest

from tests.contract.sandbox_feishu.harness import HUA, LEI, Desk, Json, checkin_card, option, text


async def _seen(desk: Desk, card: Json) -> Json:
    await desk.send_card(LEI, card)
    return desk.fake.messages_of(LEI)[-1]


async def test_a_card_shows_its_buttons_in_order(desk: Desk) -> None:
    message = await _seen(desk, checkin_card())
    assert message["kind"] == "card"
    assert message["text"] is None
    submit, reset, skip, link = message["buttons"]
    assert submit == {
        "action": "submit_ck",
        "label": "提交",
        "style": "primary",
        "disabled": False,
        "submits": True,
        "confirm": {"title": "确认提交？", "text": "提交后可修改"},
        "link": None,
    }
    assert (reset["action"], reset["submits"], skip["label"], skip["confirm"]) == ("reset_ck", False, "本周跳过", None)
    assert (link["link"], link["style"]) == ("https://example.invalid/", "default")


async def test_a_card_shows_its_inputs_with_kinds_and_initial_values(desk: Desk) -> None:
    inputs = (await _seen(desk, checkin_card()))["inputs"]
    assert [(each["name"], each["kind"], each["initial"]) for each in inputs] == [
        ("q1", "text", None),
        ("mood", "select", "ok"),
        ("tags", "multi", None),
        ("due", "date", None),
        ("help", "check", False),
        ("who", "person", None),
    ]
    assert inputs[0] == {
        "name": "q1",
        "kind": "text",
        "label": "进展",
        "placeholder": "一两句即可",
        "required": True,
        "multiline": True,
        "max_length": 20,
        "options": [],
        "initial": None,
    }
    assert inputs[1]["options"] == [{"value": "ok", "label": "顺利"}, {"value": "blocked", "label": "有阻碍"}]
    assert inputs[1]["max_length"] is None
    assert (inputs[4]["label"], inputs[5]["options"]) == ("需要帮助", [{"value": HUA, "label": "李华"}])


@pytest.mark.parametrize(
    ("element", "initial"),
    [
        ({"tag": "input", "default_value": "草稿"}, "草稿"),
        ({"tag": "multi_select_static", "options": [option("a", "甲")], "selected_values": ["a"]}, ["a"]),
        ({"tag": "select_static", "options": [option("a", "甲"), option("b", "乙")], "initial_index": 2}, "b"),
        ({"tag": "date_picker", "initial_date": "2026-11-27"}, "2026-11-27"),
        ({"tag": "checker", "checked": True}, True),
        ({"tag": "select_person"}, None),
    ],
)
async def test_initial_values_are_told_for_each_kind(desk: Desk, element: Json, initial: Any) -> None:
    message = await _seen(desk, {"schema": "2.0", "body": {"elements": [{**element, "name": "x"}]}})
    assert message["inputs"][0]["initial"] == initial


async def test_a_person_picker_without_candidates_offers_the_chats_member(desk: Desk) -> None:
    message = await _seen(desk, {"schema": "2.0", "body": {"elements": [{"tag": "select_person", "name": "x"}]}})
    assert message["inputs"][0]["options"] == [{"value": LEI, "label": "王磊"}]


async def test_an_old_card_shows_its_buttons_too(desk: Desk) -> None:
    buttons = [
        {"tag": "button", "text": text("好"), "type": "danger", "value": {"k": 1}},
        {"tag": "button", "text": text("看"), "url": "https://example.invalid/x"},
    ]
    message = await _seen(desk, {"elements": [{"tag": "action", "actions": buttons}]})
    assert [(each["action"], each["style"], each["link"]) for each in message["buttons"]] == [
        ("好", "danger", None),
        ("看", "default", "https://example.invalid/x"),
    ]


async def test_posts_and_other_types_are_shown_as_text(desk: Desk) -> None:
    line = [{"tag": "text", "text": "甲"}, {"tag": "a", "text": "链接", "href": "https://example.invalid/"}]
    await desk.send(LEI, "post", {"zh_cn": {"title": "周报", "content": [line, [{"tag": "text", "text": "乙"}]]}})
    await desk.send(LEI, "file", {"file_key": "f"})
    assert [each["text"] for each in desk.fake.messages_of(LEI)] == ["周报\n甲链接\n乙", "[file]"]
    assert desk.fake.messages_of(LEI)[0]["buttons"] == []


async def test_what_a_person_writes_is_never_a_mention(desk: Desk) -> None:
    await desk.fake.say(LEI, '<at user_id="all"></at>')
    assert desk.fake.messages_of(LEI)[0] | {"id": "", "time": ""} == {
        "id": "",
        "time": "",
        "from": "me",
        "kind": "text",
        "text": '<at user_id="all"></at>',
        "card": None,
        "buttons": [],
        "inputs": [],
        "version": 1,
        "recalled": False,
        "urgent": False,
    }
