"""Which cards are created, and with which sub code the others are refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.company import derived_id
from sandbox.feishu.card_model import CardFault, References
from sandbox.feishu.cards import check_card
from tests.contract.sandbox_feishu.harness import (
    HUA,
    LEI,
    Desk,
    Json,
    button,
    checkin_card,
    column_set,
    form_buttons,
    option,
    plain_card,
    text,
)

_KNOWN = References(lambda key: key == "img_known", lambda person: person in (LEI, HUA))
_NOBODY = derived_id("ou_", "nobody")
_SUBMIT = button("submit", "提交", form_action_type="submit")
_CHART = {"tag": "chart", "aspect_ratio": "16:9", "chart_spec": {"type": "line", "data": {"values": [{"tag": "no"}]}}}
_TABLE: Json = {"tag": "table", "columns": [{"name": "a", "display_name": "甲"}], "rows": [{"a": "1"}]}
_APPROVAL: Json = {
    "schema": "2.0",
    "config": {"update_multi": True, "enable_forward": False, "summary": {"content": "目标调整待审批"}},
    "header": {
        "title": text("目标调整申请"),
        "template": "orange",
        "text_tag_list": [{"tag": "text_tag", "text": text("待审批"), "color": "orange"}],
    },
    "body": {
        "elements": [
            {"tag": "div", "text": text("申请人：张三")},
            {
                "tag": "form",
                "name": "tw_42_form",
                "elements": [
                    {"tag": "input", "name": "reason", "max_length": 300, "placeholder": text("审批意见（可选）")},
                    column_set(
                        button("approve__tw_42", "同意", type="primary", form_action_type="submit"),
                        button("reject__tw_42", "驳回", type="danger", form_action_type="submit")
                        | {"confirm": {"title": text("驳回该申请？"), "text": text("申请人会收到通知")}},
                    ),
                ],
            },
        ]
    },
}


def v2(*elements: Any, **more: Any) -> Json:
    return {"schema": "2.0", "body": {"elements": list(elements)}, **more}


def form(*elements: Json, name: str = "f") -> Json:
    return {"tag": "form", "name": name, "elements": list(elements)}


def nested(levels: int) -> Json:
    element: Json = {"tag": "markdown", "content": "x"}
    for _ in range(levels):
        element = {"tag": "interactive_container", "elements": [element]}
    return element


def fault_of(card: Json) -> int | None:
    try:
        check_card(card, _KNOWN)
    except CardFault as fault:
        return fault.err_code
    return None


@pytest.mark.parametrize(
    "card",
    [
        plain_card("你好"),
        checkin_card(),
        _APPROVAL,
        v2(_CHART),
        v2(*[_TABLE] * 5),
        v2({"tag": "img", "img_key": "img_known", "alt": text("徽章")}),
        v2({"tag": "markdown", "content": f"<at id={LEI}></at> <person id = '{HUA}'></person> <at id=all></at>"}),
        v2({"tag": "person", "user_id": LEI}, {"tag": "person_list", "persons": [{"id": HUA}]}),
        v2(nested(5)),
        v2({"tag": "markdown", "content": "x", "element_id": "a_1"}),
        v2({"tag": "checker", "name": "c", "button_area": {"buttons": [button("b", "看")]}}),
        v2({"tag": "collapsible_panel", "header": {"title": {"tag": "markdown", "content": "更多"}}, "elements": []}),
        v2(*[{"tag": "hr"}] * 200),
        {"schema": "2.0"},
        {},
        {"config": {"wide_screen_mode": True}, "elements": [{"tag": "note", "elements": []}], "whatever": 1},
        {"schema": "1.0", "elements": [{"tag": "action", "actions": []}]},
    ],
)
def test_a_good_card_is_created(card: Json) -> None:
    assert fault_of(card) is None


@pytest.mark.parametrize(
    ("card", "code"),
    [
        pytest.param({"schema": 2.0, "body": {}}, 200621, id="schema is a number"),
        pytest.param({"schema": "3.0"}, 200621, id="unknown schema"),
        pytest.param({"schema": "2.0", "elements": []}, 200621, id="elements at the top"),
        pytest.param({"elements": "x"}, 200621, id="old card without a list"),
        pytest.param(v2("x"), 200621, id="element is no object"),
        pytest.param(v2({"content": "x"}), 200621, id="element without tag"),
        pytest.param({"schema": "2.0", "body": {"elements": {}}} | {"body": {"elements": "x"}}, 200621, id="no list"),
        pytest.param({"schema": "2.0", "body": []} | {"body": "x"}, 200621, id="body is no object"),
        pytest.param(v2(config={"wide_screen_mode": True}), 200621, id="config of the old schema"),
        pytest.param(v2(config={"update_multi": False}), 200621, id="not shared"),
        pytest.param(v2(config={"width_mode": "huge"}), 200621, id="unknown width"),
        pytest.param(v2(header={"title": text("x"), "template": "pink"}), 200621, id="unknown colour"),
        pytest.param(v2(header={"title": "x"}), 200621, id="title is no text object"),
        pytest.param(v2(header={"title": text("x"), "text_tag_list": [{"tag": "text_tag"}] * 4}), 11310, id="4 tags"),
        pytest.param(v2(card_link={"href": "x"}), 200621, id="unknown link attribute"),
        pytest.param(v2({"tag": "markdown", "content": "x", "size": 1}), 200621, id="unknown attribute"),
        pytest.param(v2({"tag": "blink"}), 200621, id="unknown tag"),
        pytest.param(v2({"tag": "action", "actions": []}), 200861, id="action is gone"),
        pytest.param(v2(column_set({"tag": "note", "elements": []})), 200861, id="note is gone"),
        pytest.param(v2(button("a", "甲", type="loud")), 200621, id="unknown button type"),
        pytest.param(v2(button("a", "甲", behaviors=[{"type": "jump"}])), 200621, id="unknown behavior"),
        pytest.param(v2(button("a", "甲", behaviors=[{"type": "callback", "url": "x"}])), 200621, id="odd behavior"),
        pytest.param(v2(button("a", "甲", behaviors={"type": "callback"})), 200621, id="behaviors is no list"),
        pytest.param(v2(button("a", "甲", confirm={"text": text("x")})), 200621, id="confirm without title"),
        pytest.param(v2(button("a", "甲"), button("a", "乙")), 200530, id="name used twice"),
        pytest.param(v2(form(_SUBMIT), button("submit", "甲")), 200530, id="name used in and out of a form"),
        pytest.param(v2(form({"tag": "input"}, _SUBMIT)), 200530, id="input without name"),
        pytest.param(v2(form(button("", "提交", form_action_type="submit"))), 200530, id="button without name"),
        pytest.param(v2(form(_SUBMIT, name="")), 200530, id="form without name"),
        pytest.param(v2(form({"tag": "input", "name": "a"})), 200621, id="form without submit button"),
        pytest.param(v2(column_set(form(_SUBMIT))), 200621, id="form in a container"),
        pytest.param(v2(form(form(_SUBMIT, name="g"), button("s2", "提交"))), 200621, id="form in a form"),
        pytest.param(v2(form(_TABLE, _SUBMIT)), 200621, id="table in a form"),
        pytest.param(v2(nested(6)), 11310, id="six levels"),
        pytest.param(v2(*[{"tag": "hr"}] * 201), 11310, id="201 elements"),
        pytest.param(v2(*[{"tag": "div", "text": text("x")}] * 101), 11310, id="nested texts count"),
        pytest.param(v2(*[_TABLE] * 6), 11310, id="six tables"),
        pytest.param(v2({"tag": "table", "columns": [], "rows": []}), 200915, id="no columns"),
        pytest.param(v2({"tag": "table", "columns": [{"name": "a"}], "rows": ["x"]}), 200914, id="bad row"),
        pytest.param(v2({"tag": "chart", "chart_spec": {"type": "sankey"}}), 200550, id="unknown chart"),
        pytest.param(v2({"tag": "chart"}), 200550, id="chart without spec"),
        pytest.param(v2({"tag": "img", "img_key": "img_other"}), 200570, id="unknown image"),
        pytest.param(v2({"tag": "markdown", "content": "![x](img_other)"}), 200570, id="unknown image in text"),
        pytest.param(v2(button("a", "甲", icon={"tag": "custom_icon", "img_key": "k"})), 200570, id="unknown icon"),
        pytest.param(v2({"tag": "markdown", "content": f"<at id={_NOBODY}></at>"}), 100290, id="unknown mention"),
        pytest.param(v2({"tag": "person", "user_id": _NOBODY}), 100290, id="unknown person"),
        pytest.param(v2({"tag": "person_list", "persons": [{"id": _NOBODY}]}), 100290, id="unknown among persons"),
        pytest.param(v2({"tag": "select_person", "options": [{"value": _NOBODY}]}), 100290, id="unknown candidate"),
        pytest.param(v2({"tag": "input", "name": "a", "max_length": 1001}), 200621, id="too long an input"),
        pytest.param(v2({"tag": "input", "name": "a", "max_length": True}), 200621, id="length is no number"),
        pytest.param(v2({"tag": "input", "name": "a", "placeholder": text("x" * 101)}), 200621, id="long placeholder"),
        pytest.param(v2({"tag": "input", "name": "a", "input_type": "area"}), 200621, id="unknown input type"),
        pytest.param(v2({"tag": "select_static", "options": [{"text": text("x")}]}), 200621, id="option without value"),
        pytest.param(
            v2({"tag": "select_static", "options": [option("a", "甲")], "initial_option": "b"}), 200621, id="initial"
        ),
        pytest.param(v2({"tag": "hr", "element_id": "1a"}), 200621, id="bad element id"),
        pytest.param(v2({"tag": "hr", "element_id": "a"}, {"tag": "hr", "element_id": "a"}), 200530, id="id twice"),
        pytest.param({"type": "template", "data": {"template_id": "AAq1"}}, 200380, id="no such template"),
        pytest.param({"type": "card", "data": {"card_id": "7"}}, 200380, id="no such entity"),
    ],
)
def test_a_bad_card_is_refused_with_its_sub_code(card: Json, code: int) -> None:
    assert fault_of(card) == code


async def test_the_sub_code_and_the_place_stand_in_the_message(desk: Desk) -> None:
    answer = await desk.send_card(LEI, v2({"tag": "hr"}, form(*form_buttons(), {"tag": "chart", "chart_spec": {}})))
    assert answer.refusal == (400, 230099)
    assert answer.body["msg"].startswith(
        "Failed to create card content, ext=ErrCode: 200550; "
        "ErrPath: ROOT -> body -> elements -> [1](tag: form) -> elements -> [2](tag: chart); ErrMsg: chart spec is"
    )
    assert desk.fake.messages_of(LEI) == []


async def test_braces_in_a_refused_card_do_not_break_the_message(desk: Desk) -> None:
    answer = await desk.send_card(LEI, v2({"tag": "{0} {x}"}))
    assert answer.refusal == (400, 230099)
    assert "{0} {x}" in answer.body["msg"]


_KEYS = st.sampled_from(
    "tag elements columns name text options behaviors confirm icon rows value placeholder header title body config "
    "button_area buttons persons element_id content".split()
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_TAGS = st.sampled_from(["form", "button", "input", "select_static", "table", "chart", "checker", "column_set", "div"])
_SUB_CODES = {None, 200621, 200530, 200550, 11310, 200914, 200915, 200861, 100290, 200570}


@given(st.lists(st.tuples(_TAGS, st.dictionaries(_KEYS, _JSON, max_size=4)), max_size=4))
def test_any_json_is_either_a_card_or_refused_with_a_known_sub_code(elements: list[tuple[str, Json]]) -> None:
    assert fault_of(v2(*({**element, "tag": tag} for tag, element in elements))) in _SUB_CODES
