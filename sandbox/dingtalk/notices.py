"""The old host's other pushes: media uploads and work notifications (dingtalk.md sections 6.1 and 6.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.dingtalk.calls import ApiCall, Body, Upload, ok
from sandbox.dingtalk.meters import ZONE
from sandbox.dingtalk.refusals import old_refusal
from sandbox.dingtalk.settings import (
    MOST_BYTES_OF_IMAGE,
    MOST_BYTES_OF_NOTICE,
    MOST_BYTES_OF_VOICE,
    MOST_RECEIVERS_OF_NOTICE,
)
from sandbox.dingtalk.world import World

_MOST_BYTES = {
    "image": MOST_BYTES_OF_IMAGE,
    "voice": MOST_BYTES_OF_VOICE,
    "video": MOST_BYTES_OF_IMAGE,
    "file": MOST_BYTES_OF_IMAGE,
}
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")
_MOST_A_DAY = 500


def upload_media(world: World, call: ApiCall) -> Body:
    """`POST /media/upload`, multipart with `type` and a file `media`.

    Raises:
        Refusal: 400002 for a part that is missing or wrong, 43004 for a body that is not multipart.
    """
    kind, media = call.text("type"), call.uploads.get("media")
    if not call.uploads:
        raise old_refusal(43004)
    if kind not in _MOST_BYTES or media is None or not _fits(kind, media):
        raise old_refusal(400002, "type or media")
    media_id = world.store.mint("@lAD")
    world.store.run("INSERT INTO media (media_id, kind, content) VALUES (?, ?, ?)", media_id, kind, media.content)
    return ok(media_id=media_id, created_at=world.now_ms(), type=kind)


def send_notice(world: World, call: ApiCall) -> Body:
    """`POST /topapi/message/corpconversation/asyncsend_v2`; succeeds also where nobody is shown anything.

    The same content reaches a person once a day, and a person 500 a day at most.

    Raises:
        Refusal: 400002.
    """
    user_ids, message = _receivers(call), _message(call)
    if call.number("agent_id") != call.app.agent_id or not user_ids or len(user_ids) > MOST_RECEIVERS_OF_NOTICE:
        raise old_refusal(400002, "agent_id or userid_list")
    task_id = 256_000_000_000 + world.store.mint_number()
    with world.store.transaction():
        for user_id in user_ids:
            _show(world, task_id, user_id, json.dumps(message, ensure_ascii=False, sort_keys=True))
    return ok(task_id=task_id)


def notice_result(world: World, call: ApiCall) -> Body:
    """`POST /topapi/message/corpconversation/getsendresult`: who was shown a notice and who was not.

    Raises:
        Refusal: 400002.
    """
    rows = world.store.rows("SELECT user_id, shown FROM notices WHERE task_id = ?", call.number("task_id"))
    known = {row["user_id"] for row in rows if world.directory.employed(row["user_id"])}
    result = {
        "invalid_user_id_list": [row["user_id"] for row in rows if row["user_id"] not in known],
        "forbidden_user_id_list": [row["user_id"] for row in rows if row["user_id"] in known and not row["shown"]],
        "unread_user_id_list": [row["user_id"] for row in rows if row["shown"]],
        "read_user_id_list": [],
    }
    return ok(send_result=result)


def _fits(kind: str, media: Upload) -> bool:
    looks_right = kind != "image" or media.content.startswith(_IMAGES)
    return 0 < len(media.content) <= _MOST_BYTES[kind] and looks_right


def _receivers(call: ApiCall) -> list[str]:
    return list(dict.fromkeys(filter(None, call.text("userid_list").split(","))))


def _message(call: ApiCall) -> Mapping[str, Any]:
    message = call.body.get("msg")
    if not isinstance(message, Mapping) or not isinstance(message.get(str(message.get("msgtype"))), Mapping):
        raise old_refusal(400002, "msg")
    if len(json.dumps(message, ensure_ascii=False).encode()) > MOST_BYTES_OF_NOTICE:
        raise old_refusal(400002, "msg is too long")
    return message


def _show(world: World, task_id: int, user_id: str, content: str) -> None:
    day = world.now().astimezone(ZoneInfo(ZONE)).date().isoformat()
    rows = world.store.rows("SELECT content FROM notices WHERE user_id = ? AND day = ? AND shown = 1", user_id, day)
    is_new = content not in {row["content"] for row in rows} and len(rows) < _MOST_A_DAY
    shown = is_new and world.directory.employed(user_id) is not None
    world.store.run(
        "INSERT INTO notices (task_id, user_id, day, content, shown) VALUES (?, ?, ?, ?, ?)",
        *(task_id, user_id, day, content, int(shown)),
    )
