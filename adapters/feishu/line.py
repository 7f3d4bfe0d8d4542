"""One open long connection: what is written to it, and what is understood of what comes in.

Formats: feishu.md 7.4 and 7.5, from the vendor's SDK sources, read 2026-11-22.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import orjson

from adapters.feishu.endpoint import Endpoint, configured
from adapters.feishu.fragments import Fragments
from adapters.feishu.frames import CONTROL, DATA, Frame, encode

BROKEN = (aiohttp.ClientError, ConnectionError)
"""What writing raises when the other end is gone; the reader finds out by itself."""

_EVENTS = frozenset({"event", "card"})
"""Clicks come as "event"; reports of "card" exist, which the official client drops (larksuite/oapi-sdk-python#126)."""

HANDLED: Mapping[str, Any] = {"code": 200}
FAILED: Mapping[str, Any] = {"code": 500}


class Line:
    """One connection, good until it breaks.

    Args:
        socket: As opened.
        endpoint: Where it leads, and what the server asked for.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, endpoint: Endpoint) -> None:
        self._socket = socket
        self._service_id = endpoint.service_id
        self._fragments = Fragments()
        self.config = endpoint.config
        self.device_id = endpoint.device_id

    async def receive(self) -> aiohttp.WSMessage:
        """Wait for the next message, whatever it is."""
        return await self._socket.receive()

    async def ping(self) -> None:
        """Show that we are there.

        Raises:
            OSError | aiohttp.ClientError: The other end is gone.
        """
        frame = Frame(service=self._service_id, method=CONTROL, headers=(("type", "ping"),))
        await self._socket.send_bytes(encode(frame))

    async def pong(self, payload: bytes) -> None:
        """Answer a ping of the socket's own protocol.

        Raises:
            OSError | aiohttp.ClientError: The other end is gone.
        """
        await self._socket.pong(payload)

    def event_in(self, frame: Frame, now_seconds: float) -> bytes | None:
        """Return the envelope that a frame completes, if it does; take over what a pong asks for.

        Args:
            frame: As received.
            now_seconds: Of the event loop's clock.

        Raises:
            Malformed: Pieces that do not fit together.
        """
        kind = frame.header("type")
        if frame.method == DATA and kind in _EVENTS:
            return self._fragments.add(frame, now_seconds)
        if frame.method == CONTROL and kind == "pong" and frame.payload:
            self.config = configured(self.config, _loaded(frame.payload))
        return None

    async def answer(self, frame: Frame, response: Mapping[str, Any], took_ms: int | None = None) -> bool:
        """Answer a data frame with itself and the response; return whether it could be written.

        Args:
            frame: The last piece of what is answered.
            response: `HANDLED`, `FAILED` or what `answered` returns.
            took_ms: How long handling took, in milliseconds; `None` for failures.
        """
        headers = frame.headers if took_ms is None else (*frame.headers, ("biz_rt", str(took_ms)))
        try:
            await self._socket.send_bytes(encode(replace(frame, headers=headers, payload=orjson.dumps(response))))
        except BROKEN:
            return False
        return True

    async def close(self) -> None:
        """Say goodbye and hang up; the session's limit for closing ends it if nobody answers."""
        await self._socket.close()


def answered(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response to a click. Even an empty body is sent: without one the client shows error 108002."""
    return {"code": 200, "headers": {}, "data": base64.b64encode(orjson.dumps(body)).decode()}


def _loaded(payload: bytes) -> object:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
