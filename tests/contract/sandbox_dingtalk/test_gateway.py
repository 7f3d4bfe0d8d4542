"""What both hosts do around every method: shapes of answers, rates, permissions, the month's quota, and faults."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from sandbox.dingtalk import FaultKind, Limits
from sandbox.dingtalk.settings import ALL_PERMISSIONS, MAY_READ_MEMBERS, MAY_SEND
from tests.contract.sandbox_dingtalk.harness import APP, CARDS, LEI, OTHER_APP, ROBOT, Clock, Desk, open_desk

_SEND = f"{ROBOT}/oToMessages/batchSend"


async def _user(desk: Desk) -> Any:
    return await desk.old("/topapi/v2/user/get", {"userid": LEI})


async def test_answers_have_the_platforms_headers(desk: Desk) -> None:
    answer = await desk.send(LEI)
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert answer.headers["Server"] == "DingTalk/1.0.0"
    assert len(answer.headers["x-acs-request-id"]) == 32


async def test_errors_of_the_new_host_name_code_message_and_request(desk: Desk) -> None:
    refused = await desk.send(LEI, msgKey="sampleNothing")
    assert set(refused.body) == {"code", "message", "requestid"}
    assert refused.body["requestid"] == refused.headers["x-acs-request-id"]


async def test_errors_of_the_old_host_are_inside_http_200(desk: Desk) -> None:
    refused = await desk.old("/topapi/v2/user/get", {"userid": "nobody"})
    assert refused.refusal == (200, 60121)
    assert set(refused.body) == {"errcode", "errmsg", "request_id"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1.0/robot/oToMessages/batchRecall"),
        ("POST", "/v1.0/robot/otoMessages/batchSend"),
        ("GET", _SEND),
        ("DELETE", CARDS),
        ("POST", "/v1.0/nothing"),
    ],
)
async def test_an_unknown_method_or_case_is_not_found(desk: Desk, method: str, path: str) -> None:
    assert (await desk.call(method, path, {})).refusal == (404, "InvalidAction.NotFound")
    assert len(desk.fake.complaints) == 1


async def test_a_body_that_is_no_json_object_is_no_body(desk: Desk) -> None:
    headers = {"x-acs-dingtalk-access-token": await desk.bearer()}
    for content in ({"data": "a=b"}, {"json": [1]}, {"data": b""}):
        assert (await desk.request("POST", _SEND, headers=headers, **content)).refusal == (400, "Missingbody")


async def test_the_old_host_takes_forms_too(desk: Desk) -> None:
    params = {"access_token": await desk.bearer()}
    answer = await desk.request("POST", "/topapi/v2/user/get", data={"userid": LEI}, params=params)
    assert answer.body["result"]["name"] == "王磊"


async def test_twenty_calls_of_one_api_pass_in_a_second(desk: Desk) -> None:
    await desk.bearer()
    for _ in range(20):
        assert (await desk.send(LEI)).status == 200
    refused = await desk.send(LEI)
    assert refused.refusal == (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    assert (await _user(desk)).body["errcode"] == 0, "each API has a rate of its own"
    desk.clock.wait(1.0)
    assert (await desk.send(LEI)).status == 200
    assert desk.fake.used("api_call") == 21, "a throttled call is not counted"


async def test_the_old_host_tells_the_rate_by_number() -> None:
    async with open_desk(limits=Limits(per_second=1)) as desk:
        await _user(desk)
        assert (await _user(desk)).refusal == (200, 90018)


async def test_apps_do_not_share_a_rate() -> None:
    async with open_desk(apps=(APP, OTHER_APP), limits=Limits(per_second=1)) as desk:
        await desk.send(LEI)
        desk.become(OTHER_APP)
        assert (await desk.send(LEI)).status == 200


async def test_a_missing_permission_is_named() -> None:
    async with open_desk(apps=(replace(APP, permissions=ALL_PERMISSIONS - {MAY_SEND, MAY_READ_MEMBERS}),)) as desk:
        refused = await desk.send(LEI)
        assert refused.refusal == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
        assert refused.body["accessdenieddetail"] == {"requiredScopes": ["qyapi_robot_sendmsg"]}
        assert (await _user(desk)).refusal == (200, 60011)
        assert desk.fake.used("api_call") == 0


async def test_the_months_calls_run_out_and_come_back_with_the_month_in_shanghai() -> None:
    clock = Clock(datetime(2026, 11, 30, 15, 30, tzinfo=UTC))
    async with open_desk(limits=Limits(api_calls=2), clock=clock) as desk:
        assert [(await desk.send(LEI)).status for _ in range(2)] == [200, 200]
        assert (await desk.send(LEI)).refusal == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
        assert (await _user(desk)).body["errcode"] == 0, "contact calls are not counted"
        assert desk.fake.used("api_call") == 2
        clock.advance(minutes=31)
        assert (await desk.send(LEI)).status == 200
        assert desk.fake.used("api_call") == 1


async def test_the_old_host_tells_the_used_up_month_by_number() -> None:
    async with open_desk(limits=Limits(api_calls=0)) as desk:
        assert (await desk.old("/media/upload", {})).refusal == (200, 90020)


async def test_a_call_that_its_feature_refuses_is_counted(desk: Desk) -> None:
    await desk.send(LEI, msgKey="sampleNothing")
    assert desk.fake.used("api_call") == 1
    assert [(call.code, call.counted) for call in desk.fake.calls if call.client_id] == [
        ("invalidParameter.msgKey.invalid", True)
    ]


@pytest.mark.parametrize(
    ("kind", "more", "new", "old"),
    [
        ("throttle", {}, (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"), (200, 90018)),
        ("fail", {}, (500, "system.error"), (200, -1)),
        ("quota", {}, (403, "Forbidden.AccessDenied.ApiCountLimitForOrg"), (200, 90020)),
        ("permission", {}, (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied"), (200, 60011)),
        ("expired_token", {}, (400, "InvalidAuthentication"), (200, 40014)),
        ("refuse", {"code": "send.too.fast"}, (400, "send.too.fast"), (200, -1)),
        ("refuse", {"code": "50002"}, (500, "system.error"), (200, 50002)),
        ("refuse", {"code": "system.busy"}, (500, "system.busy"), (200, -1)),
    ],
)
async def test_a_fault_refuses_once_on_either_host(desk: Desk, kind: str, more: Any, new: Any, old: Any) -> None:
    desk.fake.set_fault(kind, **more)
    assert (await desk.send(LEI)).refusal == new
    assert desk.fake.messages_of(LEI) == []
    desk.token = ""
    desk.fake.set_fault(kind, **more)
    assert (await _user(desk)).refusal == old
    desk.token = ""
    assert (await _user(desk)).body["errcode"] == 0


async def test_a_quota_fault_can_last_for_ever(desk: Desk) -> None:
    desk.fake.set_fault("quota", None)
    assert {(await desk.send(LEI)).status for _ in range(5)} == {403}


async def test_the_ban_page_is_no_json(desk: Desk) -> None:
    desk.fake.set_fault("ban_page")
    answer = await desk.send(LEI)
    assert (answer.status, "<html>" in answer.body) == (403, True)


async def test_a_failure_may_have_another_status(desk: Desk) -> None:
    desk.fake.set_fault("fail", status=503)
    assert (await desk.send(LEI)).status == 503


async def test_a_gateway_timeout_hides_an_effect(desk: Desk) -> None:
    desk.fake.set_fault("gateway_timeout")
    assert (await desk.send(LEI)).status == 504
    assert len(desk.fake.messages_of(LEI)) == 1
    desk.fake.set_fault("gateway_timeout")
    assert (await _user(desk)).refusal == (200, 15)


@pytest.mark.parametrize(("kind", "messages"), [("reset", 0), ("reset_after", 1)])
async def test_a_connection_can_break_before_or_after_the_effect(desk: Desk, kind: str, messages: int) -> None:
    await desk.bearer()
    desk.fake.set_fault(kind)
    with pytest.raises(aiohttp.ClientError):
        await desk.send(LEI)
    assert len(desk.fake.messages_of(LEI)) == messages
    assert desk.fake.calls[-1].status == 0


@pytest.mark.parametrize(("kind", "messages"), [("delay", 1), ("delay_before", 0)])
async def test_a_late_answer_takes_effect_at_once_or_late(desk: Desk, kind: str, messages: int) -> None:
    await desk.bearer()
    desk.fake.set_fault(kind, seconds=30)
    with pytest.raises(TimeoutError):
        await desk.request(
            "POST",
            _SEND,
            json={
                "robotCode": APP.client_id,
                "userIds": [LEI],
                "msgKey": "sampleText",
                "msgParam": '{"content": "好"}',
            },
            headers={"x-acs-dingtalk-access-token": desk.token},
            timeout=aiohttp.ClientTimeout(total=0.2),
        )
    assert len(desk.fake.messages_of(LEI)) == messages


async def test_faults_meet_token_calls_only_where_they_are_named(desk: Desk) -> None:
    desk.fake.set_fault("fail")
    assert (await desk.login()).status == 200
    desk.fake.clear_faults()
    desk.fake.set_fault("fail", path="accessToken")
    assert (await desk.login()).refusal == (500, "system.error")
    assert (await desk.login()).status == 200


async def test_faults_count_down_and_are_listed(desk: Desk) -> None:
    desk.fake.set_fault("throttle", 2, 0.0)
    desk.fake.set_fault("delay", 1, 0.0)
    assert [(fault["kind"], fault["times"]) for fault in desk.fake.faults()] == [("throttle", 2), ("delay", 1)]
    await desk.send(LEI)
    assert desk.fake.faults()[0]["times"] == 1
    desk.fake.set_fault("throttle", 0, 0.0)
    assert [fault["kind"] for fault in desk.fake.faults()] == ["delay"]
    desk.fake.clear_faults()
    assert desk.fake.faults() == []


async def test_an_equal_fault_replaces_its_number(desk: Desk) -> None:
    desk.fake.set_fault("throttle", 5)
    desk.fake.set_fault("throttle", 1)
    assert [fault["times"] for fault in desk.fake.faults()] == [1]


@pytest.mark.parametrize(
    ("kind", "code", "said"), [("nonsense", "", "nonsense"), ("refuse", "", "no code"), ("refuse", "other", "no code")]
)
async def test_unknown_faults_are_refused(desk: Desk, kind: str, code: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        desk.fake.set_fault(kind, code=code)


def test_the_control_apis_words_are_all_known() -> None:
    assert {"throttle", "fail", "delay", "repeat", "reorder"} <= {kind.value for kind in FaultKind}


async def test_calls_are_noted_with_what_they_carried(desk: Desk) -> None:
    await desk.card(out_track_id="goal-42-v1")
    call = desk.fake.calls[-1]
    assert (call.method, call.path, call.status, call.code) == ("POST", f"{CARDS}/createAndDeliver", 200, "")
    assert (call.client_id, call.counted, call.subject) == (APP.client_id, True, "goal-42-v1")


async def test_the_old_host_takes_an_empty_body(desk: Desk) -> None:
    params = {"access_token": await desk.bearer()}
    answer = await desk.request("POST", "/topapi/v2/department/listsub", params=params)
    assert [each["name"] for each in answer.body["result"]] == ["研发", "人力资源"]


async def test_methods_without_a_token_can_be_throttled_too(desk: Desk) -> None:
    desk.fake.set_fault("throttle", path="sendBySession")
    body = {"msgtype": "empty"}
    assert (await desk.request("POST", "/robot/sendBySession?session=x", json=body)).refusal == (200, 90018)
    assert (await desk.request("POST", "/robot/sendBySession?session=x", json=body)).refusal == (200, 300001)


def test_the_free_edition_is_the_default() -> None:
    limits = Limits()
    assert (limits.per_second, limits.api_calls, limits.pushes) == (20, 5000, 3000)


_COUNTED = [
    ("POST", _SEND),
    ("GET", f"{ROBOT}/oToMessages/readStatus"),
    ("POST", f"{ROBOT}/otoMessages/batchRecall"),
    ("POST", f"{ROBOT}/groupMessages/send"),
    ("POST", f"{ROBOT}/groupMessages/query"),
    ("POST", f"{ROBOT}/groupMessages/recall"),
    ("POST", f"{ROBOT}/messageFiles/download"),
    ("POST", f"{ROBOT}/ding/send"),
    ("POST", CARDS),
    ("PUT", CARDS),
    ("POST", f"{CARDS}/createAndDeliver"),
    ("POST", f"{CARDS}/deliver"),
    ("PUT", "/v1.0/card/streaming"),
    ("POST", "/v1.0/card/callbacks/register"),
]
_OLD_COUNTED = {
    "/media/upload": 1,
    "/topapi/message/corpconversation/asyncsend_v2": 1,
    "/topapi/message/corpconversation/getsendresult": 1,
    "/topapi/v2/user/list": 0,
    "/topapi/user/listsimple": 0,
    "/topapi/user/listid": 0,
    "/topapi/v2/user/getbymobile": 0,
    "/topapi/user/getbyunionid": 0,
    "/topapi/v2/department/listsubid": 0,
    "/topapi/v2/department/listparentbyuser": 0,
}


@pytest.mark.parametrize(("method", "path"), _COUNTED)
async def test_sends_cards_and_what_belongs_to_them_are_counted(desk: Desk, method: str, path: str) -> None:
    await desk.call(method, path, {})
    assert desk.fake.used("api_call") == 1


@pytest.mark.parametrize(("path", "calls"), _OLD_COUNTED.items())
async def test_on_the_old_host_media_and_notices_are_counted_and_contacts_are_not(
    desk: Desk, path: str, calls: int
) -> None:
    await desk.old(path, {})
    assert desk.fake.used("api_call") == calls
