"""The frames of a robot's long connection: JSON texts of a command, an id and a body; answers have no command.

Formats: vendor page "智能机器人长连接", read 2026-11-22 (wecom.md 13.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.errors import Malformed

SUBSCRIBE, PING = "aibot_subscribe", "ping"
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
SEND, CHANGE_CARD = "aibot_send_msg", "aibot_respond_update_msg"

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""Longer ones are not the platform's: media come as links."""

SINGLE = 1
"""The `chat_type` of a private chat, whose `chatid` is the userid."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that came in.

    Attributes:
        command: Its `cmd`; empty for an answer.
        req_id: What an answer to it repeats; of an answer, what was asked.
        body: Empty if there is none.
        result: Of an answer: `errcode` and `errmsg`.
    """

    command: str
    req_id: str
    body: Body = field(default_factory=dict)
    result: Body = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether an answer says yes; without a code that can be read it does not."""
        code = self.result.get("errcode")
        return isinstance(code, int) and code == 0


def frame_in(text: str) -> Frame:
    """Return the frame of a text.

    Raises:
        Malformed: It is none.
    """
    try:
        loaded = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed("the frame is not JSON") from None
    if not isinstance(loaded, dict):
        raise Malformed("the frame is not an object")
    command, headers, body = loaded.get("cmd"), loaded.get("headers"), loaded.get("body")
    req_id = headers.get("req_id") if isinstance(headers, dict) else None
    if not isinstance(req_id, str) or not isinstance(command, str | None):
        raise Malformed("the frame names no request")
    result = {} if command else {"errcode": loaded.get("errcode"), "errmsg": loaded.get("errmsg")}
    return Frame(command or "", req_id, body if isinstance(body, dict) else {}, result)


def frame_out(command: str, req_id: str, body: Body | None = None) -> str:
    """Return the text of a frame."""
    frame: dict[str, Any] = {"cmd": command, "headers": {"req_id": req_id}}
    return orjson.dumps(frame | {"body": body} if body is not None else frame).decode()
