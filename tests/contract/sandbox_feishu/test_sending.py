"""Sending and answering messages: shapes, ids, repeats, and who cannot be reached."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.company import derived_id
from tests.contract.sandbox_feishu.harness import (
    APP,
    IM,
    LEI,
    OTHER_APP,
    SECRET,
    WEI,
    Desk,
    checkin_card,
    open_desk,
    plain_card,
)

_SEND = f"{IM}/messages"
_BY_OPEN_ID = {"receive_id_type": "open_id"}


def _body(content: object = '{"text":"你好"}', **more: object) -> dict[str, object]:
    return {"receive_id": LEI, "msg_type": "text", "content": content, **more}


async def test_a_sent_text_is_told_in_full_and_seen_by_the_person(desk: Desk) -> None:
    answer = await desk.send_text(LEI, "请在周日前回复")
    assert answer.status == 200
    message = answer.data
    assert message["message_id"].startswith("om_")
    assert message["chat_id"].startswith("oc_")
    assert message["sender"]["id"] == APP.app_id
    assert message["create_time"] == str(int(desk.clock.present.timestamp() * 1000))
    assert json.loads(message["body"]["content"]) == {"text": "请在周日前回复"}
    (seen,) = desk.fake.messages_of(LEI)
    assert (seen["from"], seen["kind"], seen["text"], seen["id"]) == (
        "bot",
        "text",
        "请在周日前回复",
        message["message_id"],
    )
    assert seen["time"] == "2026-11-20T08:00:00+00:00"


async def test_two_messages_to_one_person_share_a_chat_and_other_people_have_their_own(desk: Desk) -> None:
    first, second, other = [(await desk.send_text(each)).data["chat_id"] for each in (LEI, LEI, WEI)]
    assert first == second != other


@pytest.mark.parametrize(
    ("id_type", "value"),
    [
        ("user_id", "wanglei"),
        ("union_id", derived_id("on_", "wanglei")),
        ("email", "wanglei@example.com"),
        ("open_id", LEI),
    ],
)
async def test_a_person_is_reached_by_each_kind_of_id(desk: Desk, id_type: str, value: str) -> None:
    answer = await desk.call("POST", _SEND, _body(receive_id=value), params={"receive_id_type": id_type})
    assert answer.code == 0
    assert len(desk.fake.messages_of(LEI)) == 1


async def test_a_chat_is_reached_by_its_own_id(desk: Desk) -> None:
    chat_id = (await desk.send_text(LEI)).data["chat_id"]
    answer = await desk.call("POST", _SEND, _body(receive_id=chat_id), params={"receive_id_type": "chat_id"})
    assert answer.data["chat_id"] == chat_id


async def test_a_reply_names_what_it_answers_and_where_the_thread_began(desk: Desk) -> None:
    first = (await desk.send_text(LEI)).data["message_id"]
    body = {"msg_type": "text", "content": '{"text":"再说一次"}'}
    second = (await desk.call("POST", f"{_SEND}/{first}/reply", body)).data
    assert (second["root_id"], second["parent_id"]) == (first, first)
    third = (await desk.call("POST", f"{_SEND}/{second['message_id']}/reply", body)).data
    assert (third["root_id"], third["parent_id"]) == (first, second["message_id"])


async def test_the_same_uuid_within_an_hour_sends_one_message_and_gets_the_first_answer_again(desk: Desk) -> None:
    first = await desk.send_text(LEI, "一", uuid="ck-1")
    desk.clock.advance(minutes=59)
    again = await desk.send_text(LEI, "二", uuid="ck-1")
    assert again.data == first.data
    assert len(desk.fake.messages_of(LEI)) == 1


async def test_after_an_hour_a_uuid_is_forgotten(desk: Desk) -> None:
    first = await desk.send_text(LEI, uuid="ck-1")
    desk.clock.advance(hours=1)
    again = await desk.send_text(LEI, uuid="ck-1")
    assert again.data["message_id"] != first.data["message_id"]


async def test_a_reply_with_a_known_uuid_is_not_sent_again(desk: Desk) -> None:
    first = (await desk.send_text(LEI)).data["message_id"]
    body = {"msg_type": "text", "content": '{"text":"好"}', "uuid": "r-1"}
    answers = [await desk.call("POST", f"{_SEND}/{first}/reply", body) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert len(desk.fake.messages_of(LEI)) == 2


async def test_a_mention_in_a_bots_text_is_a_real_one(desk: Desk) -> None:
    answer = await desk.send_text(LEI, f'<at user_id="{WEI}">某人</at>和<at user_id="all"></at>看看')
    assert json.loads(answer.data["body"]["content"])["text"] == "@_user_1和@_all看看"
    (mention,) = answer.data["mentions"]
    assert (mention["key"], mention["id"], mention["name"]) == ("@_user_1", WEI, "张伟")
    assert desk.fake.messages_of(LEI)[-1]["text"] == "@张伟和@所有人看看"


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [
        ("post", {"zh_cn": {"title": "周报", "content": [[{"tag": "text", "text": "好"}], [{"tag": "hr"}]]}}),
        ("share_chat", {"chat_id": "oc_1"}),
        ("share_user", {"user_id": LEI}),
        ("file", {"file_key": "file_1"}),
        ("system", {"type": "divider"}),
        ("interactive", {"elements": [{"tag": "hr"}]}),
    ],
)
async def test_other_types_are_taken_in_their_shape(desk: Desk, msg_type: str, content: dict[str, Any]) -> None:
    assert (await desk.send(LEI, msg_type, content)).code == 0


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [
        ("text", {"txt": "x"}),
        ("text", {"text": ""}),
        ("text", {"text": 5}),
        ("post", {"zh_cn": {"content": ["x"]}}),
        ("post", {"zh_cn": {"content": [[{"tag": "video"}]]}}),
        ("post", {}),
        ("image", {"image_key": "img_v2_nobody"}),
        ("video", {"file_key": "x"}),
    ],
)
async def test_a_wrong_shape_is_refused(desk: Desk, msg_type: str, content: dict[str, Any]) -> None:
    assert (await desk.send(LEI, msg_type, content)).refusal == (400, 230001)


@pytest.mark.parametrize("content", ["你好", '"你好"', "[]", "[" * 5000])
async def test_content_must_be_a_string_that_holds_an_object(desk: Desk, content: str) -> None:
    answer = await desk.call("POST", _SEND, _body(content), params=_BY_OPEN_ID)
    assert answer.refusal == (400, 230001)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (_body({"text": "不是字符串"}), "content"),
        (_body(receive_id=""), "receive_id"),
        (_body(msg_type=None), "msg_type"),
        (_body(uuid="x" * 51), "uuid"),
    ],
)
async def test_a_field_that_fails_the_gateways_check_is_named(desk: Desk, body: dict[str, Any], field: str) -> None:
    answer = await desk.call("POST", _SEND, body, params=_BY_OPEN_ID)
    assert answer.refusal == (400, 99992402)
    assert answer.body["error"]["field_violations"][0]["field"] == field


async def test_the_type_of_the_receivers_id_is_required(desk: Desk) -> None:
    assert (await desk.call("POST", _SEND, _body())).refusal == (400, 99992402)


async def test_a_body_that_is_no_json_is_a_bad_request(desk: Desk) -> None:
    headers = {"Authorization": await desk.bearer()}
    async with desk.session.post(desk.url(_SEND), data=b"{", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, 9499)


@pytest.mark.parametrize(
    ("id_type", "value", "code"),
    [
        ("open_id", "wanglei", 230034),
        ("open_id", derived_id("ou_", "nobody"), 99992351),
        ("user_id", "nobody", 99992360),
        ("union_id", derived_id("on_", "nobody"), 99992364),
        ("email", "nobody@example.com", 230034),
        ("chat_id", "oc_nobody", 230034),
    ],
)
async def test_an_id_of_nobody_is_refused(desk: Desk, id_type: str, value: str, code: int) -> None:
    answer = await desk.call("POST", _SEND, _body(receive_id=value), params={"receive_id_type": id_type})
    assert answer.refusal == (400, code)


async def test_an_open_id_of_another_app_is_refused_as_such() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        foreign = desk.fake.world.directory.open_id(OTHER_APP.app_id, "wanglei")
        assert foreign != LEI
        assert (await desk.send_text(foreign)).refusal == (400, 99992361)


async def test_two_apps_see_different_open_ids_and_have_separate_chats() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        first = await desk.send_text(LEI, "一")
        desk.become(OTHER_APP)
        second = await desk.send_text(desk.fake.world.directory.open_id(OTHER_APP.app_id, "wanglei"), "二")
        assert second.data["chat_id"] != first.data["chat_id"]
        assert [each["text"] for each in desk.fake.messages_of(LEI)] == ["一"]
        assert [each["text"] for each in desk.fake.messages_of(LEI, OTHER_APP.app_id)] == ["二"]


async def test_who_left_the_firm_is_not_reached(desk: Desk) -> None:
    await desk.fake.resign(LEI)
    assert (await desk.send_text(LEI)).refusal == (400, 230029)


async def test_who_is_outside_the_availability_is_not_reached(desk: Desk) -> None:
    desk.fake.configure(replace(APP, availability=frozenset({"zhangwei"})))
    assert (await desk.send_text(LEI)).refusal == (400, 230013)
    assert (await desk.send_text(WEI)).code == 0


@pytest.mark.parametrize("code", [230013, 230029, 230035, 230053])
async def test_one_person_can_be_made_undeliverable_with_each_code(desk: Desk, code: int) -> None:
    desk.fake.set_fault("undeliverable", None, code=code, open_id=LEI)
    assert [(await desk.send_text(LEI)).refusal for _ in range(2)] == [(400, code)] * 2
    assert (await desk.send_text(WEI)).code == 0


@pytest.mark.parametrize(("msg_type", "limit"), [("text", 150 * 1024), ("interactive", 30 * 1024)])
async def test_a_body_above_its_types_limit_is_refused(desk: Desk, msg_type: str, limit: int) -> None:
    content = {"text": "x" * limit} if msg_type == "text" else plain_card("x" * limit)
    assert (await desk.send(LEI, msg_type, content)).refusal == (400, 230025)
    smaller = {"text": "x" * (limit - 500)} if msg_type == "text" else plain_card("x" * (limit - 500))
    assert (await desk.send(LEI, msg_type, smaller)).code == 0


async def test_an_app_without_a_sending_scope_is_told_which_ones_there_are() -> None:
    async with open_desk(apps=(replace(APP, secret=SECRET, scopes=frozenset()),)) as desk:
        answer = await desk.send_text(LEI)
        assert answer.refusal == (400, 99991672)
        subjects = [each["subject"] for each in answer.body["error"]["permission_violations"]]
        assert subjects == ["im:message", "im:message:send_as_bot"]


async def test_a_reply_to_a_recalled_or_foreign_message_is_refused(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI)).data["message_id"]
    await desk.call("DELETE", f"{_SEND}/{message_id}")
    body = {"msg_type": "text", "content": '{"text":"好"}'}
    assert (await desk.call("POST", f"{_SEND}/{message_id}/reply", body)).refusal == (400, 230011)
    assert (await desk.call("POST", f"{_SEND}/om_nobody/reply", body)).refusal == (400, 230001)


async def test_every_call_is_noted_with_its_time_uuid_and_outcome(desk: Desk) -> None:
    await desk.send_card(LEI, checkin_card(), uuid="ck-9")
    desk.clock.wait(5)
    await desk.send_text("ou_nobody", uuid="ck-10")
    sends = [call for call in desk.fake.calls if call.path == _SEND]
    assert [(call.uuid, call.status, call.code, call.app_id) for call in sends] == [
        ("ck-9", 200, 0, APP.app_id),
        ("ck-10", 400, 99992351, APP.app_id),
    ]
    assert sends[1].at_seconds - sends[0].at_seconds == 5
