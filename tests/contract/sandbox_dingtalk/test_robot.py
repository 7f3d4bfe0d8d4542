"""The robot's API: sending to people and groups, read status, recall, files and DING."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.dingtalk.message_kinds import MSG_KEYS
from tests.contract.sandbox_dingtalk.harness import APP, HUA, LEI, ROBOT, WEI, Desk, open_desk

_PARAM = json.dumps({"title": "t", "text": "x"})
_STATUS = f"{ROBOT}/oToMessages/readStatus"
_RECALL = f"{ROBOT}/otoMessages/batchRecall"


async def _status(desk: Desk, key: str) -> Any:
    return await desk.call("GET", _STATUS, params={"robotCode": APP.client_id, "processQueryKey": key})


async def _recall(desk: Desk, *keys: str) -> Any:
    return await desk.call("POST", _RECALL, {"robotCode": APP.client_id, "processQueryKeys": list(keys)})


async def test_one_call_reaches_many_people_under_one_key(desk: Desk) -> None:
    sent = await desk.send(LEI, WEI)
    assert list(sent.body) == ["processQueryKey"], "lists of people are absent where they are empty"
    assert {"+", "/"} & set(sent.body["processQueryKey"]), "a key holds what sloppy clients break"
    for user_id in (LEI, WEI):
        (message,) = desk.fake.messages_of(user_id)
        assert (message["from"], message["kind"], message["text"]) == ("bot", "text", "你好")
    assert desk.fake.used("api_call") == 1


async def test_a_person_named_twice_gets_one_message(desk: Desk) -> None:
    await desk.send(LEI, LEI)
    assert len(desk.fake.messages_of(LEI)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": None}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "dingother"}, "invalidParameter.robotCode.notExsit"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"userIds": "wanglei"}, "invalidParameter.userIds.empty"),
        ({"userIds": [LEI, ""]}, "invalidParameter.userId.empty"),
        ({"userIds": [LEI] * 21}, "invalidParameter.userIds.overMax"),
        ({"userIds": ["nobody", "no-one"]}, "staffId.notExisted"),
        ({"msgKey": ""}, "invalidParameter.msgKey.empty"),
        ({"msgKey": "markdown"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": {"title": "t", "text": "x"}}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "no json"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "[]"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": '{"title": "t"}'}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": '{"title": "t", "text": 3}'}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": json.dumps({"title": "t", "text": "x" * 15_000})}, "invalidParameter.msgParam.tooLong"),
    ],
)
async def test_a_bad_request_is_refused_by_its_code(desk: Desk, changes: dict[str, Any], code: str) -> None:
    body = {"robotCode": APP.client_id, "userIds": [LEI], "msgKey": "sampleMarkdown", "msgParam": _PARAM, **changes}
    refused = await desk.call("POST", f"{ROBOT}/oToMessages/batchSend", body)
    assert refused.refusal == (400, code)
    assert desk.fake.messages_of(LEI) == []


async def test_twenty_receivers_are_allowed(desk: Desk) -> None:
    sent = await desk.send(LEI, *(f"nobody{number}" for number in range(19)))
    assert len(sent.body["invalidStaffIdList"]) == 19


@pytest.mark.parametrize("msg_key", sorted(MSG_KEYS))
async def test_every_kind_of_message_is_taken(desk: Desk, msg_key: str) -> None:
    param = {key: "https://example.invalid/" for key in MSG_KEYS[msg_key]}
    assert (await desk.send(LEI, msgKey=msg_key, msgParam=json.dumps(param))).status == 200
    (message,) = desk.fake.messages_of(LEI)
    assert (message["card"]["msgKey"], message["card"]["msgKey"] in MSG_KEYS) == (msg_key, True)


@pytest.mark.parametrize("msg_key", sorted(MSG_KEYS))
async def test_every_kind_needs_its_first_member(desk: Desk, msg_key: str) -> None:
    param = {key: "x" for key in MSG_KEYS[msg_key][1:]}
    refused = await desk.send(LEI, msgKey=msg_key, msgParam=json.dumps(param))
    assert refused.refusal == (400, "invalidParameter.msgParam.invalid")


async def test_the_sixth_action_card_names_its_addresses_otherwise(desk: Desk) -> None:
    param = {"title": "t", "text": "x", "actionTitle1": "a", "actionURL1": "https://example.invalid/"}
    refused = await desk.send(LEI, msgKey="sampleActionCard6", msgParam=json.dumps(param))
    assert refused.refusal == (400, "invalidParameter.msgParam.invalid")


async def test_members_that_a_kind_does_not_know_are_complained_of(desk: Desk) -> None:
    await desk.send(LEI, msgParam=json.dumps({"title": "t", "text": "x", "at": "all"}))
    assert "['at']" in desk.fake.complaints[0]


async def test_the_unreachable_are_listed_inside_http_200(desk: Desk) -> None:
    await desk.fake.resign(WEI)
    sent = await desk.send(LEI, WEI, "nobody")
    assert sent.status == 200
    assert sent.body["invalidStaffIdList"] == [WEI, "nobody"]
    assert desk.fake.messages_of(WEI) == []


async def test_people_outside_of_the_usable_range_are_unreachable() -> None:
    async with open_desk(apps=(replace(APP, usable_range=frozenset({LEI})),)) as desk:
        assert (await desk.send(LEI, WEI)).body["invalidStaffIdList"] == [WEI]
        assert (await desk.send(WEI)).refusal == (400, "staffId.notExisted")


async def test_the_too_often_pushed_are_listed_and_get_nothing(desk: Desk) -> None:
    desk.fake.set_fault("flow_control", user_id=WEI)
    sent = await desk.send(LEI, WEI)
    assert sent.body["flowControlledStaffIdList"] == [WEI]
    assert (len(desk.fake.messages_of(LEI)), desk.fake.messages_of(WEI)) == (1, [])
    assert "flowControlledStaffIdList" not in (await desk.send(LEI, WEI)).body


async def test_a_robot_without_a_published_version_sends_nothing() -> None:
    async with open_desk(apps=(replace(APP, published=False),)) as desk:
        assert (await desk.send(LEI)).refusal == (400, "template.stopped")


async def test_the_content_review_can_refuse(desk: Desk) -> None:
    desk.fake.set_fault("content_unsafe")
    assert (await desk.send(LEI)).refusal == (400, "contain.notAllowed.text")


async def test_read_status_tells_who_opened_the_chat(desk: Desk) -> None:
    key = await desk.key_of(LEI, WEI)
    await desk.fake.open_chat(LEI)
    answer = await _status(desk, key)
    assert answer.body == {
        "sendStatus": "SUCCESS",
        "messageReadInfoList": [
            {"name": "王磊", "userId": LEI, "readStatus": "READ"},
            {"name": "张伟", "userId": WEI, "readStatus": "UNREAD"},
        ],
    }


async def test_a_key_must_be_encoded_in_the_query(desk: Desk) -> None:
    key = await desk.key_of(LEI)
    headers = {"x-acs-dingtalk-access-token": await desk.bearer()}
    raw = await desk.request("GET", f"{_STATUS}?robotCode={APP.client_id}&processQueryKey={key}", headers=headers)
    assert raw.status in (200, 400)
    if "+" in key:
        assert raw.refusal == (400, "invalid.processQueryKey")


async def test_handles_end_after_a_day(desk: Desk) -> None:
    key = await desk.key_of(LEI)
    desk.clock.advance(hours=24, seconds=-1)
    assert (await _status(desk, key)).status == 200
    desk.clock.advance(seconds=1)
    assert (await _status(desk, key)).refusal == (400, "processQueryKey.expireTime")
    assert (await _recall(desk, key)).refusal == (400, "robot.processQueryKey.expired")
    assert desk.fake.messages_of(LEI)[0]["recalled"] is False


@pytest.mark.parametrize(
    ("key", "code"), [("", "invalidParameter.processQueryKey.missing"), ("x", "invalid.processQueryKey")]
)
async def test_read_status_needs_a_known_key(desk: Desk, key: str, code: str) -> None:
    assert (await _status(desk, key)).refusal == (400, code)


async def test_a_recalled_message_is_gone_for_all_its_receivers(desk: Desk) -> None:
    key, other = await desk.key_of(LEI, WEI), await desk.key_of(LEI)
    answer = await _recall(desk, key, "unknown")
    assert answer.body == {"successResult": [key], "failedResult": {"unknown": "invalid.processQueryKey"}}
    assert [message["recalled"] for message in desk.fake.messages_of(LEI)] == [True, False]
    assert desk.fake.messages_of(WEI)[0]["recalled"] is True
    assert (await _status(desk, key)).body["sendStatus"] == "RECALLED"
    assert (await _status(desk, other)).body["sendStatus"] == "SUCCESS"


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ([], "invalidParameter.processQueryKey.missing"),
        (["x"] * 21, "invalidParameter.processQueryKeys.overMax"),
        (["x"], "invalid.processQueryKey"),
    ],
)
async def test_a_bad_recall_is_refused(desk: Desk, keys: list[str], code: str) -> None:
    assert (await _recall(desk, *keys)).refusal == (400, code)


async def test_a_group_gets_messages_and_tells_its_readers(desk: Desk) -> None:
    group = desk.fake.add_group("研发群", [LEI, WEI, HUA])
    body = {"robotCode": APP.client_id, "openConversationId": group, "msgKey": "sampleText"}
    sent = await desk.call("POST", f"{ROBOT}/groupMessages/send", {**body, "msgParam": '{"content": "徽章"}'})
    await desk.fake.open_group(group, LEI)
    await desk.fake.open_group(group, HUA)
    query = {"robotCode": APP.client_id, "openConversationId": group, **sent.body}
    first = await desk.call("POST", f"{ROBOT}/groupMessages/query", {**query, "maxResults": 1})
    assert first.body == {"sendStatus": "SUCCESS", "readUserIds": [LEI], "hasMore": True, "nextToken": "1"}
    rest = await desk.call("POST", f"{ROBOT}/groupMessages/query", {**query, "nextToken": "1"})
    assert (rest.body["readUserIds"], rest.body["hasMore"]) == ([HUA], False)
    assert [message["text"] for message in desk.fake.messages_of_group(group, LEI)] == ["徽章"]
    assert desk.fake.messages_of(LEI) == []


async def test_a_group_message_is_recalled_in_its_group_only(desk: Desk) -> None:
    group, other = desk.fake.add_group("研发群", [LEI]), desk.fake.add_group("别的群", [LEI])
    body = {"robotCode": APP.client_id, "openConversationId": group, "msgKey": "sampleText"}
    sent = await desk.call("POST", f"{ROBOT}/groupMessages/send", {**body, "msgParam": '{"content": "徽章"}'})
    keys = {"robotCode": APP.client_id, "processQueryKeys": [sent.body["processQueryKey"]]}
    assert (await desk.call("POST", _RECALL, keys)).refusal == (400, "invalid.processQueryKey")
    recall = f"{ROBOT}/groupMessages/recall"
    assert (await desk.call("POST", recall, {**keys, "openConversationId": other})).status == 400
    done = await desk.call("POST", recall, {**keys, "openConversationId": group})
    assert done.body["successResult"] == keys["processQueryKeys"]


@pytest.mark.parametrize("path", ["send", "query", "recall"])
async def test_an_unknown_group_is_refused(desk: Desk, path: str) -> None:
    single = desk.fake.messages.single_chat(APP.client_id, LEI).chat_id
    for chat_id in ("cidnothing==", single, ""):
        body = {"robotCode": APP.client_id, "openConversationId": chat_id, "msgKey": "sampleText", "msgParam": "{}"}
        assert (await desk.call("POST", f"{ROBOT}/groupMessages/{path}", body)).refusal == (400, "resource.not.found")


@pytest.mark.parametrize("changes", [{"maxResults": 0}, {"maxResults": 201}, {"nextToken": "x"}])
async def test_bad_paging_of_readers_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    group = desk.fake.add_group("研发群", [LEI])
    body = {"robotCode": APP.client_id, "openConversationId": group}
    text = {"msgKey": "sampleText", "msgParam": '{"content": "徽章"}'}
    sent = await desk.call("POST", f"{ROBOT}/groupMessages/send", {**body, **text})
    query = {**body, **sent.body, **changes}
    refused = await desk.call("POST", f"{ROBOT}/groupMessages/query", query)
    assert refused.refusal == (400, "invalidParameter.param.invalid")


async def test_a_file_is_downloaded_from_the_named_address(desk: Desk) -> None:
    body = {"robotCode": APP.client_id, "downloadCode": "code-1"}
    address = (await desk.call("POST", f"{ROBOT}/messageFiles/download", body)).body["downloadUrl"]
    async with desk.session.get(address) as response:
        assert await response.read() == b"code-1"
    refused = await desk.call("POST", f"{ROBOT}/messageFiles/download", {"robotCode": APP.client_id})
    assert refused.refusal == (400, "invalidParameter.param.invalid")


async def test_a_ding_reaches_people_and_names_those_it_does_not(desk: Desk) -> None:
    body = {"robotCode": APP.client_id, "remindType": 1, "content": "请看"}
    sent = await desk.call("POST", f"{ROBOT}/ding/send", {**body, "receiverUserIdList": [LEI, "nobody"]})
    assert sent.body["openDingId"].startswith("ding")
    assert sent.body["failedList"] == {"nobody": "staffId.notExisted"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"remindType": 4}, "invalidParameter.param.invalid"),
        ({"content": ""}, "invalidParameter.param.invalid"),
        ({"receiverUserIdList": []}, "invalidParameter.userIds.empty"),
        ({"receiverUserIdList": ["nobody"]}, "staffId.notExisted"),
        ({"receiverUserIdList": [LEI] * 201}, "too.many.people"),
        ({"receiverUserIdList": [LEI] * 21, "remindType": 2}, "too.many.people"),
        ({"robotCode": "dingother"}, "invalidParameter.robotCode.notExsit"),
    ],
)
async def test_a_bad_ding_is_refused(desk: Desk, changes: dict[str, Any], code: str) -> None:
    body = {"robotCode": APP.client_id, "remindType": 1, "content": "请看", "receiverUserIdList": [LEI], **changes}
    assert (await desk.call("POST", f"{ROBOT}/ding/send", body)).refusal == (400, code)
