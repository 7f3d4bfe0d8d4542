"""Media: what can be uploaded, fetched and sent, and for how long."""

import io

import aiohttp
import pytest

from tests.contract.sandbox_wecom.harness import LEI, Desk, Json

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


async def _upload(desk: Desk, kind: str, content: bytes, field: str = "media", name: str | None = "a.png") -> Json:
    form = aiohttp.FormData(default_to_multipart=True)
    if name is None:
        form.add_field(field, content.decode())
    else:
        form.add_field(field, io.BytesIO(content), filename=name, content_type="application/octet-stream")
    query = {"access_token": await desk.bearer(), "type": kind}
    async with desk.session.post(desk.url("media/upload"), data=form, params=query) as response:
        answer: Json = await response.json()
        return answer


async def test_an_upload_can_be_fetched_and_sent_for_three_days(desk: Desk) -> None:
    uploaded = await _upload(desk, "image", _PNG)
    assert (uploaded["errcode"], uploaded["errmsg"], uploaded["type"]) == (0, "", "image")
    assert uploaded["created_at"] == str(int(desk.clock.present.timestamp()))
    media = {"media_id": uploaded["media_id"]}
    query = {"access_token": await desk.bearer(), **media}
    async with desk.session.get(desk.url("media/get"), params=query) as response:
        assert "attachment" in response.headers["Content-Disposition"]
        assert await response.read() == _PNG
    assert (await desk.send(LEI, "image", media))["errcode"] == 0
    assert desk.texts() == ["[image]"]
    desk.clock.advance(days=3)
    assert (await desk.send(LEI, "image", media))["errcode"] == 40007
    assert (await desk.get("media/get", **media))["errcode"] == 40007
    assert (await desk.send(LEI, "file", {}))["errcode"] == 41006


@pytest.mark.parametrize(
    ("kind", "content", "field", "name", "code"),
    [
        ("sticker", _PNG, "media", "a.png", 40004),
        ("image", b"GIF89a" + bytes(9), "media", "a.gif", 40005),
        ("voice", _PNG, "media", "a.amr", 40005),
        ("file", b"12345", "media", "a.txt", 44001),
        ("file", b"123456", "file", "a.txt", 44001),
        ("file", b"123456", "media", None, 44001),
    ],
)
async def test_bad_uploads_have_their_codes(
    desk: Desk, kind: str, content: bytes, field: str, name: str | None, code: int
) -> None:
    assert (await _upload(desk, kind, content, field, name))["errcode"] == code


async def test_too_large_an_upload_is_refused(desk: Desk) -> None:
    assert (await _upload(desk, "voice", b"#!AMR" + bytes(2 * 1024 * 1024)))["errcode"] == 45001


async def test_a_file_of_six_bytes_is_a_file_and_no_file_is_none(desk: Desk) -> None:
    assert (await _upload(desk, "file", b"123456", name="a.txt"))["errcode"] == 0
    token = await desk.bearer()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    query = {"access_token": token, "type": "file"}
    async with desk.session.post(desk.url("media/upload"), data=b"nonsense", params=query, headers=headers) as response:
        assert (await response.json())["errcode"] == 44001
