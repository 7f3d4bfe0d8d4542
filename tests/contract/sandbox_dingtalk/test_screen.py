"""What the demo page gets to draw: messages, cards, buttons, fields, people, and word of changes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.control_stage import PlatformFake
from sandbox.dingtalk import CARD_TEMPLATE, FORM_TEMPLATE, Template
from sandbox.dingtalk.card_face import NORMAL, OPEN, STYLES, buttons_of, drawn, fields_of
from sandbox.dingtalk.links import DTMD, SpeakingLink, said_by, speaking_links
from sandbox.dingtalk.settings import Layout
from tests.contract.sandbox_dingtalk.harness import (
    LEI,
    WEI,
    Desk,
    dtmd,
    form_body,
    stream_bot,
    variables,
)

_KEYS = {"id", "time", "from", "kind", "text", "card", "buttons", "inputs", "version", "recalled"}
_BUTTON_KEYS = {"action", "label", "style", "kind", "disabled", "submits", "confirm", "link"}
_INPUT_KEYS = {"name", "kind", "label", "placeholder", "required", "multiline", "max_length", "options", "initial"}


def test_the_fake_fits_what_the_control_api_asks_for(desk: Desk) -> None:
    fitting: PlatformFake = desk.fake
    assert fitting.messages_of(LEI) == []


async def test_every_message_has_the_same_members(desk: Desk) -> None:
    await desk.send(LEI, text=dtmd("好", "x"))
    await desk.card()
    await desk.deliver(form_body())
    await desk.fake.say(LEI, "收到")
    messages = desk.fake.messages_of(LEI)
    assert {frozenset(message) for message in messages} == {frozenset(_KEYS)}
    assert {frozenset(each) for message in messages for each in message["buttons"]} == {frozenset(_BUTTON_KEYS)}
    assert {frozenset(each) for message in messages for each in message["inputs"]} == {frozenset(_INPUT_KEYS)}
    assert [(m["from"], m["kind"], m["version"]) for m in messages] == [
        ("bot", "text", 1),
        ("bot", "card", 1),
        ("bot", "card", 1),
        ("me", "text", 1),
    ]
    json.dumps(messages)


async def test_markdown_is_text_with_its_source_beside_it(desk: Desk) -> None:
    await desk.send(LEI, text="### 好")
    (message,) = desk.fake.messages_of(LEI)
    assert (message["text"], message["time"]) == ("### 好", desk.clock.present.isoformat())
    assert message["card"] == {"msgKey": "sampleMarkdown", "title": "复盘", "text": "### 好"}


async def test_ones_own_words_have_no_native_form(desk: Desk) -> None:
    await desk.fake.say(LEI, "收到")
    assert desk.fake.messages_of(LEI)[0]["card"] is None


async def test_a_card_shows_its_variables_decoded(desk: Desk) -> None:
    await desk.card()
    message = desk.fake.messages_of(LEI)[0]
    assert message["card"] == {
        "template": "card",
        "templateId": CARD_TEMPLATE.template_id,
        "outTrackId": "card-1",
        "config": {"summary": {"content": "目标调整审批"}},
        "title": "目标调整",
        "tag": "审批",
        "tone": "blue",
        "body": "**旧** 10 → **新** 3",
        "status": "open",
        "buttons": [
            {"action": "agree", "label": "同意", "style": "main"},
            {"action": "reject", "label": "拒绝", "style": "risky"},
        ],
    }
    assert [(b["action"], b["label"], b["style"], b["kind"]) for b in message["buttons"]] == [
        ("agree", "同意", "main", "button"),
        ("reject", "拒绝", "risky", "button"),
    ]
    assert message["inputs"] == []


async def test_without_a_line_for_the_list_of_chats_the_title_stands_there(desk: Desk) -> None:
    await desk.card(imRobotOpenSpaceModel={})
    assert desk.fake.messages_of(LEI)[0]["card"]["config"] == {"summary": {"content": "目标调整"}}


async def test_a_form_shows_its_fields_and_its_button_first(desk: Desk) -> None:
    await desk.deliver(form_body())
    message = desk.fake.messages_of(LEI)[0]
    assert (message["card"]["template"], message["card"]["templateId"]) == ("form", FORM_TEMPLATE.template_id)
    assert [(b["action"], b["label"], b["submits"]) for b in message["buttons"]] == [
        ("checkin", "提交", True),
        ("agree", "同意", False),
        ("reject", "拒绝", False),
    ]
    kinds = {each["name"]: (each["kind"], each["required"], each["initial"]) for each in message["inputs"]}
    assert kinds == {
        "q1": ("text", True, None),
        "mood": ("select", False, "ok"),
        "tags": ("multi", False, []),
        "due": ("date", False, None),
        "help": ("check", False, False),
    }
    assert message["inputs"][1]["options"] == [
        {"value": "ok", "label": "顺利"},
        {"value": "blocked", "label": "有阻碍"},
    ]


async def test_a_form_is_there_while_its_status_is_normal(desk: Desk) -> None:
    await desk.deliver(form_body(form_status="disabled"))
    message = desk.fake.messages_of(LEI)[0]
    assert message["inputs"] == []
    assert [button["action"] for button in message["buttons"]] == ["agree", "reject"]
    assert len(message["card"]["form"]["fields"]) == 5


@pytest.mark.parametrize("status", ["closed", "", "已同意"])
async def test_buttons_are_there_while_the_status_is_open(desk: Desk, status: str) -> None:
    message_id = await desk.card(cardData={"cardParamMap": variables(status=status)})
    assert desk.fake.messages_of(LEI)[0]["buttons"] == []
    assert (await desk.fake.click(LEI, message_id, "agree", {})).error == "gone"


async def test_a_button_of_an_unknown_style_is_not_drawn_and_complained_of(desk: Desk) -> None:
    odd = [{"action": "a", "label": "甲", "style": "primary"}, {"action": "", "label": "乙", "style": "main"}]
    await desk.card(cardData={"cardParamMap": variables(buttons=json.dumps(odd))})
    assert desk.fake.messages_of(LEI)[0]["buttons"] == []
    assert desk.fake.complaints == [
        "the template has no button of the style 'primary'",
        "a button has no action or no label",
    ]


@pytest.mark.parametrize(
    ("default", "kind", "initial"),
    [
        ("ok", "SELECT", "ok"),
        ({"index": 0, "value": "ok"}, "SELECT", "ok"),
        ("", "SELECT", None),
        (["ok"], "MULTI_SELECT", ["ok"]),
        ({"index": [0], "value": ["ok"]}, "MULTI_SELECT", ["ok"]),
        ("ok", "MULTI_SELECT", []),
        (True, "CHECKBOX", True),
        ("true", "CHECKBOX", True),
        (None, "CHECKBOX", False),
        ("早", "TEXT", "早"),
        (None, "TEXT", None),
    ],
)
def test_defaults_come_in_several_forms(default: Any, kind: str, initial: Any) -> None:
    form = json.dumps({"fields": [{"name": "f", "type": kind, "defaultValue": default}]})
    assert fields_of(Layout.FORM, {"form": form, "form_status": "normal"})[0].initial == initial


@given(st.dictionaries(st.sampled_from(["buttons", "form"]), st.text()))
def test_any_text_in_a_variable_draws_something(given_variables: dict[str, str]) -> None:
    there = {**given_variables, "status": "open", "form_status": "normal"}
    for layout in Layout:
        assert isinstance(drawn(layout, there)["buttons"], list)
        assert isinstance(buttons_of(layout, there), list)


def _shipped(name: str) -> Any:
    path = Path(__file__).parents[3] / "docs" / "dingtalk-templates" / f"{name}.json"
    return json.loads(json.loads(path.read_text(encoding="utf-8"))["editorData"])


def _components(node: Any) -> Iterator[Any]:
    yield node
    for child in node.get("children", ()):
        yield from _components(child)


def _shown_while(component: Any) -> tuple[str, str]:
    ((condition),) = component["props"]["visible"]["condition"]["conditions"]
    assert condition["op"] == "equal"
    return condition["variable"], condition["value"]


@pytest.mark.parametrize("template", [CARD_TEMPLATE, FORM_TEMPLATE])
def test_the_templates_declare_and_show_what_the_shipped_ones_do(template: Template) -> None:
    shipped = _shipped(template.layout.value)
    assert {each["name"] for each in shipped["variableList"]} == set(template.variables)
    (tree,) = shipped["schema"]["componentsTree"]
    parts = list(_components(tree))
    (loop,) = [part for part in parts if part["componentName"] == "Loop"]
    assert _shown_while(loop) == ("status", OPEN)
    buttons = [part for part in parts if part["componentName"] == "SingleButton"]
    assert tuple(_shown_while(button)[1] for button in buttons) == STYLES
    assert tuple(button["props"]["actionId"]["content"] for button in buttons) == STYLES
    forms = [part for part in parts if part["componentName"] == "Form"]
    assert [_shown_while(form) for form in forms] == [("form_status", NORMAL)] * (template is FORM_TEMPLATE)


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["fields", "name", "type"]), inner),
    max_leaves=10,
)


@given(_ANY_JSON)
def test_any_json_in_a_variable_draws_something(value: Any) -> None:
    given_variables = {
        "buttons": json.dumps(value),
        "form": json.dumps(value),
        "status": "open",
        "form_status": "normal",
    }
    assert isinstance(fields_of(Layout.FORM, given_variables), list)
    assert isinstance(buttons_of(Layout.FORM, given_variables), list)


async def test_broken_json_is_complained_of(desk: Desk) -> None:
    await desk.card(cardData={"cardParamMap": variables(buttons="[")})
    assert desk.fake.complaints == ["the variable buttons is to hold JSON and does not"]


async def test_other_kinds_of_messages_show_what_words_they_have(desk: Desk) -> None:
    param = {"title": "t", "text": "x", "singleTitle": "看", "singleURL": "https://example.invalid/"}
    await desk.send(LEI, msgKey="sampleActionCard", msgParam=json.dumps(param))
    await desk.send(LEI, msgKey="sampleImageMsg", msgParam='{"photoURL": "@lAD1"}')
    card, image = desk.fake.messages_of(LEI)
    assert (card["text"], card["buttons"][0]["link"], card["buttons"][0]["label"]) == (
        "x",
        "https://example.invalid/",
        "看",
    )
    assert (image["text"], image["card"]["photoURL"]) == ("@lAD1", "@lAD1")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"{DTMD}content=%E5%90%8C%E6%84%8F%20%237f3a2c", "同意 #7f3a2c"),
        (f"{DTMD}content=a+b", "a b"),
        (f"{DTMD}content=", ""),
        (f"{DTMD}text=a", ""),
        (f"{DTMD}content=%FF", ""),
        ("dtmd://dingtalkclient/other?content=a", ""),
        ("https://example.invalid/?content=a", ""),
    ],
)
def test_what_an_address_says(url: str, said: str) -> None:
    assert said_by(url) == said


@pytest.mark.parametrize(
    ("markdown", "links"),
    [
        (f"[好]({DTMD}content=a) 和 [不]({DTMD}content=b)", [("好", "a"), ("不", "b")]),
        (f"![图]({DTMD}content=a)", []),
        ("[网页](https://example.invalid/)", []),
        (f"[好]({DTMD}content=a", []),
        (f"\\[好\\]({DTMD}content=a)", [("好\\", "a")]),
        ("没有链接", []),
    ],
)
def test_which_links_speak(markdown: str, links: list[tuple[str, str]]) -> None:
    assert speaking_links(markdown) == [SpeakingLink(*pair) for pair in links]


async def test_everybody_whose_chat_changes_is_told_of(desk: Desk) -> None:
    told: list[str] = []
    desk.fake.on_change(told.append)
    await desk.send(LEI, WEI)
    assert told == [LEI, WEI]
    told.clear()
    await desk.card()
    await desk.update("card-1", cardData={"cardParamMap": {"status": "x"}})
    assert told == [LEI, LEI]
    told.clear()
    async with stream_bot(desk):
        await desk.fake.say(WEI, "好")
    assert told == [WEI]
