"""Media uploads and work notifications on the old host."""

import io
from typing import Any

import aiohttp
import pytest

from sandbox.dingtalk import FakeDingTalkApp
from tests.contract.sandbox_dingtalk.harness import APP, LEI, WEI, Desk

_PNG = b"\x89PNG\r\n" + bytes(20)
_NOTICE = "/topapi/message/corpconversation"


async def _upload(desk: Desk, kind: str, content: bytes | None, name: str = "badge.png") -> Any:
    form = aiohttp.FormData({"type": kind})
    if content is not None:
        form.add_field("media", io.BytesIO(content), filename=name)
    params = {"access_token": await desk.bearer()}
    return await desk.request("POST", "/media/upload", data=form, params=params)


async def test_an_uploaded_picture_has_a_media_id(desk: Desk) -> None:
    answer = (await _upload(desk, "image", _PNG)).body
    assert (answer["errcode"], answer["type"], answer["media_id"][0]) == (0, "image", "@")
    assert answer["created_at"] == int(desk.clock.present.timestamp() * 1000)
    assert desk.fake.media(answer["media_id"]) == _PNG
    assert desk.fake.media("@other") is None
    assert desk.fake.used("api_call") == 1


@pytest.mark.parametrize(
    ("kind", "content", "size"),
    [("image", b"no picture", 100), ("image", b"", 0), ("poem", _PNG, 100), ("voice", b"", 2 * 1024 * 1024 + 1)],
)
async def test_a_bad_upload_is_refused(desk: Desk, kind: str, content: bytes, size: int) -> None:
    refused = (await _upload(desk, kind, content.ljust(size, b"."))).refusal
    assert refused == (200, 400002)


async def test_an_upload_must_be_multipart(desk: Desk) -> None:
    assert (await desk.old("/media/upload", {"type": "image"})).refusal == (200, 43004)


def _body(app: FakeDingTalkApp = APP, text: str = "x", **changes: Any) -> dict[str, Any]:
    message = {"msgtype": "markdown", "markdown": {"title": "t", "text": text}}
    return {"agent_id": app.agent_id, "userid_list": f"{LEI},{WEI}", "to_all_user": False, "msg": message, **changes}


async def _result(desk: Desk, task_id: int) -> Any:
    answer = await desk.old(f"{_NOTICE}/getsendresult", {"agent_id": APP.agent_id, "task_id": task_id})
    return answer.body["send_result"]


async def test_the_same_notice_reaches_a_person_once_a_day_and_still_succeeds(desk: Desk) -> None:
    first = (await desk.old(f"{_NOTICE}/asyncsend_v2", _body())).body
    again = (await desk.old(f"{_NOTICE}/asyncsend_v2", _body())).body
    other = (await desk.old(f"{_NOTICE}/asyncsend_v2", _body(text="y"))).body
    assert [first["errcode"], again["errcode"], other["errcode"]] == [0, 0, 0]
    assert (await _result(desk, first["task_id"]))["unread_user_id_list"] == [LEI, WEI]
    assert (await _result(desk, again["task_id"]))["forbidden_user_id_list"] == [LEI, WEI]
    assert (await _result(desk, other["task_id"]))["forbidden_user_id_list"] == []
    desk.clock.advance(hours=24)
    tomorrow = (await desk.old(f"{_NOTICE}/asyncsend_v2", _body())).body
    assert (await _result(desk, tomorrow["task_id"]))["unread_user_id_list"] == [LEI, WEI]


async def test_strangers_are_named_in_the_result_only(desk: Desk) -> None:
    sent = (await desk.old(f"{_NOTICE}/asyncsend_v2", _body(userid_list="nobody"))).body
    assert (await _result(desk, sent["task_id"]))["invalid_user_id_list"] == ["nobody"]


@pytest.mark.parametrize(
    "changes",
    [
        {"agent_id": 7},
        {"userid_list": ""},
        {"userid_list": ",".join(f"u{number}" for number in range(101))},
        {"msg": "x"},
        {"msg": {"msgtype": "markdown"}},
        {"msg": {"msgtype": "text", "text": {"content": "长" * 700}}},
    ],
)
async def test_a_bad_notice_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    assert (await desk.old(f"{_NOTICE}/asyncsend_v2", _body(**changes))).refusal == (200, 400002)
