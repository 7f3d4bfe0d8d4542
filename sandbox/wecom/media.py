"""Uploaded media: kept for three days, and only of the sizes and kinds that the platform takes (wecom.md section 7)."""

from __future__ import annotations

from sandbox.wecom.calls import Answer, ApiCall, Body
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import MEDIA_LIFE
from sandbox.wecom.world import World

_FEWEST_BYTES = 6
_MEGABYTE = 1024 * 1024
_MOST_BYTES = {"image": 10 * _MEGABYTE, "voice": 2 * _MEGABYTE, "video": 10 * _MEGABYTE, "file": 20 * _MEGABYTE}
_MARKS = {"image": (b"\x89PNG", b"\xff\xd8\xff"), "voice": (b"#!AMR",), "video": (b"\x00\x00\x00",), "file": (b"",)}
_FIELD = "media"


def upload(world: World, call: ApiCall) -> Body:
    """`POST /cgi-bin/media/upload`: multipart, one file in the field `media`, the kind in the query."""
    kind, given = call.query.get("type", ""), call.upload
    if kind not in _MOST_BYTES:
        raise Refusal(40004)
    if given is None or given.name != _FIELD or not given.file_name or len(given.content) < _FEWEST_BYTES:
        raise Refusal(44001)
    if len(given.content) > _MOST_BYTES[kind]:
        raise Refusal(45001)
    if not given.content.startswith(_MARKS[kind]):
        raise Refusal(40005)
    media_id, now_ms = world.store.mint("1G"), world.now_ms()
    world.store.run(
        "INSERT INTO media (media_id, kind, content, at_ms) VALUES (?, ?, ?, ?)", media_id, kind, given.content, now_ms
    )
    # This answer has no "ok", and tells the time as text.
    return {"errcode": 0, "errmsg": "", "type": kind, "media_id": media_id, "created_at": str(now_ms // 1000)}


def download(world: World, call: ApiCall) -> Answer:
    """`GET /cgi-bin/media/get`: the bytes."""
    media_id = call.query.get("media_id", "")
    row = world.store.row("SELECT content FROM media WHERE media_id = ?", media_id)
    if row is None or not has_media(world, media_id):
        raise Refusal(40007)
    return bytes(row["content"])


def has_media(world: World, media_id: str) -> bool:
    """Whether something was uploaded under this id within the last three days."""
    row = world.store.row("SELECT 1 FROM media WHERE media_id = ? AND at_ms > ?", media_id, world.ms_ago(MEDIA_LIFE))
    return row is not None
