"""Whatever an app sends, the fake answers like the platform and stays up: never an HTTP 500 of its own."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.sandbox_dingtalk.harness import (
    APP,
    CARDS,
    LEI,
    OPEN,
    ROBOT,
    Desk,
    card_ack,
    ok_ack,
    open_desk,
    stream_bot,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    "robotCode userIds msgKey msgParam openConversationId processQueryKeys processQueryKey outTrackId cardData "
    "privateData cardParamMap openSpaceId cardTemplateId callbackType userIdType userid dept_id cursor size msg "
    "agent_id userid_list subscriptions clientId clientSecret appKey appSecret receiverUserIdList remindType".split()
)
_NEW = [
    ("POST", f"{ROBOT}/oToMessages/batchSend"),
    ("POST", f"{ROBOT}/groupMessages/send"),
    ("POST", f"{ROBOT}/groupMessages/query"),
    ("POST", f"{ROBOT}/otoMessages/batchRecall"),
    ("POST", f"{ROBOT}/messageFiles/download"),
    ("POST", f"{ROBOT}/ding/send"),
    ("POST", CARDS),
    ("PUT", CARDS),
    ("POST", f"{CARDS}/createAndDeliver"),
    ("POST", f"{CARDS}/deliver"),
    ("PUT", "/v1.0/card/streaming"),
    ("POST", "/v1.0/card/callbacks/register"),
    ("POST", "/v1.0/oauth2/accessToken"),
    ("POST", OPEN),
]
_OLD = [
    "/topapi/v2/user/get",
    "/topapi/v2/user/list",
    "/topapi/user/listid",
    "/topapi/v2/user/getbymobile",
    "/topapi/v2/department/listsub",
    "/topapi/v2/department/get",
    "/topapi/message/corpconversation/asyncsend_v2",
    "/topapi/message/corpconversation/getsendresult",
    "/media/upload",
    "/robot/sendBySession",
]


_GENTLE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_GENTLE
@given(call=st.sampled_from(_NEW), body=st.dictionaries(_KEYS, _JSON, max_size=8))
async def test_any_object_gets_an_answer_of_the_new_host(desk: Desk, call: tuple[str, str], body: Any) -> None:
    desk.clock.wait(1)
    body.setdefault("robotCode", APP.client_id)
    answer = await desk.call(*call, body)
    assert answer.status in (200, 400, 401)
    assert answer.status == 200 or {"code", "message", "requestid"} <= set(answer.body)


@_GENTLE
@given(path=st.sampled_from(_OLD), body=st.dictionaries(_KEYS, _JSON, max_size=8))
async def test_any_object_gets_an_answer_of_the_old_host(desk: Desk, path: str, body: Any) -> None:
    desk.clock.wait(1)
    answer = await desk.old(path, body)
    assert (answer.status, "errcode" in answer.body) == (200, True)


@_GENTLE
@given(call=st.sampled_from(_NEW), raw=st.binary(max_size=200))
async def test_any_bytes_get_an_answer(desk: Desk, call: tuple[str, str], raw: bytes) -> None:
    desk.clock.wait(1)
    headers = {"x-acs-dingtalk-access-token": await desk.bearer(), "Content-Type": "application/json"}
    answer = await desk.request(*call, data=raw, headers=headers)
    assert 400 <= answer.status < 500 or isinstance(json.loads(raw), dict)


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"null"])
async def test_hostile_json_is_no_body(desk: Desk, raw: bytes) -> None:
    headers = {"x-acs-dingtalk-access-token": await desk.bearer(), "Content-Type": "application/json"}
    answer = await desk.request("POST", f"{ROBOT}/oToMessages/batchSend", data=raw, headers=headers)
    assert answer.refusal == (400, "Missingbody")


@_GENTLE
@given(text=st.text(max_size=100) | _JSON.map(json.dumps))
async def test_any_ack_leaves_the_connection_in_use(desk: Desk, text: str) -> None:
    async with stream_bot(desk) as bot:
        await bot.socket.send_str(text)
        bot.handler = ok_ack
        assert await desk.fake.ping() == [True]


async def test_a_multipart_body_that_breaks_off_is_refused() -> None:
    async with open_desk() as desk:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        params = {"access_token": await desk.bearer()}
        for raw in (b"--x\r\nbroken", b"--x\r\n\r\n", b"--x", b""):
            answer = await desk.request("POST", "/media/upload", data=raw, headers=headers, params=params)
            assert answer.refusal == (200, 43004)
        assert (await desk.send(LEI)).status == 200


_HALF = '"\\ud83d"'


@pytest.mark.parametrize("member", ["robotCode", "msgKey", "outTrackId", "openSpaceId", "downloadCode"])
async def test_half_a_character_is_no_body(desk: Desk, member: str) -> None:
    headers = {"x-acs-dingtalk-access-token": await desk.bearer(), "Content-Type": "application/json"}
    for method, path in _NEW:
        answer = await desk.request(method, path, data=f'{{"{member}": {_HALF}}}', headers=headers)
        assert answer.refusal == (400, "Missingbody"), path


async def test_half_a_character_in_a_message_or_an_answer_is_refused(desk: Desk) -> None:
    assert (await desk.send(LEI, msgParam=f'{{"title": "t", "text": {_HALF}}}')).status == 400
    message_id = await desk.card()
    half = {"cardData": {"cardParamMap": {"status": "\ud83d"}}}
    async with stream_bot(desk, card_ack(**half)):
        assert (await desk.fake.click(LEI, message_id, "agree", {})).error is not None
    assert desk.fake.messages_of(LEI)[0]["version"] == 1


@pytest.mark.parametrize("number", [10**30, -(10**30), "9" * 30, "9" * 5000])
async def test_numbers_beyond_measure_are_refused(desk: Desk, number: object) -> None:
    for path in ("/topapi/message/corpconversation/getsendresult", "/topapi/v2/department/get"):
        answer = await desk.old(path, {"task_id": number, "dept_id": number})
        assert answer.refusal == (200, 400002)


async def test_an_odd_address_gets_an_answer(desk: Desk) -> None:
    headers = {"x-acs-dingtalk-access-token": await desk.bearer()}
    query = f"robotCode={APP.client_id}&processQueryKey=%ED%A0%BD%FF"
    answer = await desk.request("GET", f"{ROBOT}/oToMessages/readStatus?{query}", headers=headers)
    assert answer.status == 400
    assert (await desk.request("GET", "/connect?ticket=%ED%A0%BD%FF")).status == 401
