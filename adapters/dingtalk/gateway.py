"""Where the Stream connection leads, and what its frames hold.

Formats: dingtalk.md 9.1 and 9.2, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from adapters.dingtalk.api import JSON_HEADERS, envelope_of
from adapters.dingtalk.errors import refusal
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.wire import CARD_TOPIC, ROBOT_TOPIC
from adapters.http import HttpSession
from domain.errors import Malformed, PlatformDown

OPEN_PATH = "/v1.0/gateway/connections/open"

SYSTEM, EVENT, CALLBACK = "SYSTEM", "EVENT", "CALLBACK"
PING, DISCONNECT = "ping", "disconnect"

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""Longer ones are no frames of DingTalk's, whose largest hold a message's text."""

OK, UNREADABLE, FAILED = 200, 400, 500
"""Codes of an answer to a frame."""

_SUBSCRIPTIONS = (
    {"type": EVENT, "topic": "*"},
    {"type": CALLBACK, "topic": ROBOT_TOPIC},
    {"type": CALLBACK, "topic": CARD_TOPIC},
)
"""What is not named here is not pushed: without the last one all clicks would be lost in silence."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Leads to one connection, once, within 90 s.

    Attributes:
        url: Holds the ticket.
    """

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the server's.

    Attributes:
        kind: `SYSTEM`, `EVENT` or `CALLBACK`.
        headers: Names and values as sent; what is no string is left out.
        data: JSON as a string.
    """

    kind: str
    headers: Mapping[str, str]
    data: str

    @property
    def topic(self) -> str:
        """What it is about; "*" for events."""
        return self.headers.get("topic", "")

    @property
    def message_id(self) -> str:
        """Under which it is answered; the same when it is sent again."""
        return self.headers.get("messageId", "")


async def discover(settings: DingTalkSettings, http: HttpSession) -> Endpoint:
    """Ask for the address of a new connection.

    Raises:
        Misconfigured: The credentials are wrong; asking again is of no use.
        PlatformError: As its subclasses say.
    """
    request = {
        "clientId": settings.client_id,
        "clientSecret": settings.client_secret,
        "subscriptions": _SUBSCRIPTIONS,
        "ua": "fupan/1.0",
    }
    reply = await http.send("POST", settings.base_url + OPEN_PATH, headers=JSON_HEADERS, body=orjson.dumps(request))
    payload = envelope_of(reply)
    if reply.status != 200:
        raise refusal(reply.status, reply.headers, payload)
    return Endpoint(_address(payload.get("endpoint"), payload.get("ticket")))


def frame_in(text: str) -> Frame:
    """Return the frame of a message.

    Raises:
        Malformed: It is none, or cannot be answered.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed("a frame is not JSON") from None
    headers = value.get("headers") if isinstance(value, dict) else None
    if not isinstance(headers, dict):
        raise Malformed("a frame has no headers")
    kind, data = value.get("type"), value.get("data")
    known = {name: each for name, each in headers.items() if isinstance(each, str)}
    return Frame(kind if isinstance(kind, str) else "", known, data if isinstance(data, str) else "")


def answer_to(frame: Frame, code: int, data: Mapping[str, Any] | str) -> str:
    """Return the answer to a frame.

    Args:
        frame: What is answered.
        code: `OK`, `UNREADABLE` or `FAILED`.
        data: An object, or its JSON.
    """
    return orjson.dumps(
        {
            "code": code,
            "headers": {"contentType": "application/json", "messageId": frame.message_id},
            "message": "OK" if code == OK else "",
            "data": data if isinstance(data, str) else orjson.dumps(data).decode(),
        }
    ).decode()


def _address(endpoint: object, ticket: object) -> str:
    if not isinstance(endpoint, str) or not isinstance(ticket, str) or not ticket:
        raise PlatformDown("no-endpoint", "the gateway reported success without an address")
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise PlatformDown("no-endpoint", "the gateway gave no address of a socket")
    return f"{endpoint}?ticket={quote(ticket, safe='')}"
