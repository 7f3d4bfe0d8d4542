"""Batch sending: who gets it, what it cannot do, and its errors with HTTP 200."""

from dataclasses import replace

import pytest

from sandbox.company import derived_id
from sandbox.feishu.settings import ALL_SCOPES, SCOPE_BATCH_DEPARTMENTS, SCOPE_BATCH_USERS
from tests.contract.sandbox_feishu.harness import (
    APP,
    HUA,
    IM,
    JING,
    LEI,
    WEI,
    Answer,
    Desk,
    Json,
    open_desk,
    plain_card,
)

_PATH = "/open-apis/message/v4/batch_send/"
_TEXT: Json = {"msg_type": "text", "content": {"text": "本周徽章榜"}}
_NOBODY = derived_id("ou_", "nobody")


async def _send(desk: Desk, **body: object) -> Answer:
    return await desk.call("POST", _PATH, {**_TEXT, **body})


async def test_everybody_named_in_any_way_gets_it_once(desk: Desk) -> None:
    departments = [derived_id("od-", "rd-platform"), "0", "od-nobody"]
    answer = await _send(desk, open_ids=[LEI, _NOBODY], user_ids=["chenjing"], department_ids=departments)
    assert answer.status == 200
    assert answer.data["message_id"].startswith("bm-")
    assert answer.data["invalid_open_ids"] == [_NOBODY]
    assert answer.data["invalid_department_ids"] == ["0", "od-nobody"]
    counts = [len(desk.fake.messages_of(each)) for each in (LEI, WEI, JING, HUA)]
    assert counts == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "body",
    [
        {"msg_type": "interactive", "card": plain_card("本周徽章榜")},
        {"msg_type": "post", "content": {"post": {"zh_cn": {"content": [[{"tag": "text", "text": "好"}]]}}}},
    ],
)
async def test_cards_and_posts_have_their_own_wrapping(desk: Desk, body: Json) -> None:
    assert (await _send(desk, open_ids=[LEI], **body)).code == 0
    assert len(desk.fake.messages_of(LEI)) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 10003),
        ({"open_ids": [LEI] * 201}, 10003),
        ({"open_ids": LEI}, 10003),
        ({"open_ids": [LEI], "msg_type": "file"}, 10003),
        ({"open_ids": [LEI], "content": '{"text":"x"}'}, 10003),
        ({"open_ids": [LEI], "content": {"text": 5}}, 10003),
        ({"open_ids": [LEI], "msg_type": "interactive", "card": {"schema": "2.0", "elements": []}}, 11246),
    ],
)
async def test_a_bad_batch_is_refused_with_http_200(desk: Desk, body: Json, code: int) -> None:
    assert (await _send(desk, **body)).refusal == (200, code)


@pytest.mark.parametrize(
    ("missing", "body", "code"),
    [
        (SCOPE_BATCH_USERS, {"open_ids": [LEI]}, 11203),
        (SCOPE_BATCH_DEPARTMENTS, {"department_ids": ["rd"]}, 11204),
    ],
)
async def test_each_kind_of_list_needs_its_scope(missing: str, body: Json, code: int) -> None:
    async with open_desk(apps=(replace(APP, scopes=ALL_SCOPES - {missing}),)) as desk:
        assert (await _send(desk, **body)).refusal == (200, code)


async def test_a_batch_message_cannot_be_answered_updated_or_urged(desk: Desk) -> None:
    batch = (await _send(desk, open_ids=[LEI], msg_type="interactive", card=plain_card("榜"))).data["message_id"]
    single = desk.fake.messages_of(LEI)[0]["id"]
    for message_id in (batch, single):
        assert (await desk.patch(message_id, plain_card("二"))).refusal == (400, 230001)
        reply = {"msg_type": "text", "content": '{"text":"好"}'}
        assert (await desk.call("POST", f"{IM}/messages/{message_id}/reply", reply)).refusal == (400, 230001)
        urgent = await desk.call("PATCH", f"{IM}/messages/{message_id}/urgent_app", {"user_id_list": [LEI]})
        assert urgent.refusal == (400, 230001)


async def test_the_progress_counts_readers_and_recalls(desk: Desk) -> None:
    batch = (await _send(desk, open_ids=[LEI, WEI])).data["message_id"]
    await desk.fake.open_chat(LEI)
    path = f"{IM}/batch_messages/{batch}"
    progress = (await desk.call("GET", f"{path}/get_progress")).data
    assert progress["batch_message_send_progress"] == {
        "valid_user_ids_count": 2,
        "success_user_ids_count": 2,
        "read_user_ids_count": 1,
    }
    assert (await desk.call("DELETE", path)).code == 0
    progress = (await desk.call("GET", f"{path}/get_progress")).data
    assert progress["batch_message_recall_progress"] == {"recall": True, "recall_count": 2}
    assert (await desk.call("GET", f"{IM}/batch_messages/bm-nobody/get_progress")).refusal == (400, 230001)
    assert (await desk.call("DELETE", f"{IM}/batch_messages/bm-nobody")).refusal == (400, 230001)
