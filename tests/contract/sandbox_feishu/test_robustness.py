"""No request, however odd, breaks the fake: it answers with a code, as the real platform does."""

import json
from typing import Any

import pytest

from tests.contract.sandbox_feishu.harness import CONTACT, IM, LEI, Desk, Json, plain_card

_ODD: tuple[Any, ...] = (None, 5, -1, True, "", "x", [], [5], [None], [[]], {}, {"a": 1}, {"tag": 5}, "{}", "[]", "{")
_CARD = json.dumps(plain_card("x"))
_CALLS: list[tuple[str, str, Json]] = [
    (
        "POST",
        f"{IM}/messages?receive_id_type=open_id",
        {"receive_id": LEI, "msg_type": "interactive", "content": _CARD},
    ),
    ("POST", f"{IM}/messages?receive_id_type=open_id", {"receive_id": LEI, "msg_type": "post", "content": "{}"}),
    ("POST", f"{IM}/messages/{{id}}/reply", {"msg_type": "text", "content": '{"text":"x"}', "uuid": "u"}),
    ("PATCH", f"{IM}/messages/{{id}}", {"content": _CARD}),
    ("PUT", f"{IM}/messages/{{id}}", {"msg_type": "text", "content": '{"text":"x"}'}),
    ("PATCH", f"{IM}/messages/{{id}}/urgent_app", {"user_id_list": [LEI]}),
    ("POST", "/open-apis/message/v4/batch_send/", {"msg_type": "post", "content": {"post": {}}, "open_ids": [LEI]}),
    ("POST", "/open-apis/message/v4/batch_send/", {"msg_type": "interactive", "card": {}, "department_ids": ["rd"]}),
    ("POST", "/open-apis/interactive/v1/card/update", {"token": "c-x", "card": {}}),
    ("POST", f"{CONTACT}/users/batch_get_id", {"emails": ["x"], "mobiles": ["1"]}),
    ("POST", "/open-apis/auth/v3/tenant_access_token/internal", {"app_id": "x", "app_secret": "y"}),
]


@pytest.mark.parametrize(("method", "path", "body"), _CALLS)
async def test_an_odd_value_in_any_field_is_answered_with_a_code(
    desk: Desk, method: str, path: str, body: Json
) -> None:
    path = path.replace("{id}", await desk.card_id(LEI))
    for field in body:
        for value in _ODD:
            desk.clock.wait(1)
            answer = await desk.call(method, path, {**body, field: value})
            assert answer.status < 500, (field, value)
            assert isinstance(answer.code, int)


@pytest.mark.parametrize(("method", "path", "body"), _CALLS)
async def test_a_body_that_is_no_object_is_answered_with_a_code(desk: Desk, method: str, path: str, body: Json) -> None:
    path = path.replace("{id}", await desk.card_id(LEI))
    for odd in ([], 5, "x", [body]):
        assert (await desk.call(method, path, odd)).status < 500


@pytest.mark.parametrize("query", ["page_size=x", "page_token=%00", "user_id_type=", "department_id=%2F&page_size=٣"])
async def test_an_odd_query_is_answered_with_a_code(desk: Desk, query: str) -> None:
    for path in (
        f"{CONTACT}/users/{LEI}",
        f"{CONTACT}/users/batch",
        f"{CONTACT}/users/find_by_department",
        f"{CONTACT}/departments/0/children",
        f"{CONTACT}/departments/parent",
        f"{CONTACT}/scopes",
        f"{IM}/messages",
    ):
        assert (await desk.call("GET", f"{path}?{query}")).status < 500


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"AppID":{}}', b'{"AppID":[1],"AppSecret":5}'])
async def test_odd_endpoint_discoveries_are_answered_with_a_code(desk: Desk, body: bytes) -> None:
    async with desk.session.post(desk.url("/callback/ws/endpoint"), data=body) as response:
        assert response.status == 200
        assert (await response.json())["code"] != 0


@pytest.mark.parametrize(
    "card",
    [
        {"elements": [{"tag": "button", "behaviors": ["x"], "confirm": "x", "text": 5}]},
        {"elements": [{"tag": "select_static", "options": ["x", {"text": 5}], "name": "s"}]},
        {"elements": [{"tag": "form", "elements": [{"tag": "input", "max_length": "x", "name": 5}]}]},
        {"elements": [5, None, "x", [{"tag": "button"}]], "config": 5, "header": []},
    ],
)
async def test_an_old_card_with_odd_parts_is_shown_and_can_be_pressed(desk: Desk, card: Json) -> None:
    message_id = await desk.card_id(LEI, card)
    (message,) = desk.fake.messages_of(LEI)
    assert message["kind"] == "card"
    for action in ("", "s", "5"):
        assert (await desk.fake.click(LEI, message_id, action, {})).error in (None, "gone", "200340")
