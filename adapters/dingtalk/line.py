"""One open Stream connection: what is written to it, and whether it is still worth listening to.

Formats: dingtalk.md 9.2 and 9.3, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from adapters.dingtalk.gateway import Frame, answer_to

BROKEN = (aiohttp.ClientError, ConnectionError)
"""What writing raises when the other end is gone; the reader finds out by itself."""


class Line:
    """One connection, good until it breaks or is told to make room for another.

    Args:
        socket: As opened.
        opened_at: Seconds of the event loop's clock.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, opened_at: float) -> None:
        self._socket = socket
        self.opened_at = opened_at

    async def receive(self) -> aiohttp.WSMessage:
        """Wait for the next message, whatever it is."""
        return await self._socket.receive()

    async def ping(self) -> None:
        """Ask for a sign of life.

        Raises:
            OSError | aiohttp.ClientError: The other end is gone.
        """
        await self._socket.ping()

    async def pong(self, payload: bytes) -> None:
        """Answer a ping of the socket's own protocol.

        Raises:
            OSError | aiohttp.ClientError: The other end is gone.
        """
        await self._socket.pong(payload)

    async def answer(self, frame: Frame, code: int, data: Mapping[str, Any] | str) -> bool:
        """Answer a frame on the connection that brought it; return whether that could be written."""
        try:
            await self._socket.send_str(answer_to(frame, code, data))
        except BROKEN:
            return False
        return True

    async def close(self) -> None:
        """Say goodbye and hang up; the session's limit for closing ends it if nobody answers."""
        await self._socket.close()
