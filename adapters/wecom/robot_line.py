"""One open connection of a robot: what is asked over it, and which answer belongs to what.

Formats: vendor page "智能机器人长连接", read 2026-11-22 (wecom.md 13.2).
"""

from __future__ import annotations

import asyncio
from itertools import count

import aiohttp

from adapters.wecom.errors import refusal
from adapters.wecom.robot_frames import PING, SUBSCRIBE, Body, Frame, frame_in, frame_out
from adapters.wecom.robot_settings import RobotSettings
from domain.errors import Malformed, Misconfigured, PlatformDown, PlatformError, Throttled

BROKEN = (aiohttp.ClientError, ConnectionError)
"""What writing raises when the other end is gone; the reader finds out by itself."""

_WRONG_CREDENTIALS = (
    "bot_id or robot_secret is wrong, or the robot is not in API mode over the long connection (长连接)"
)


class RobotLine:
    """One connection, good until it breaks.

    Args:
        socket: As opened.
        opened_at: On the event loop's clock, in seconds.
        answer_seconds: How long the platform may take to answer.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, opened_at: float, answer_seconds: float) -> None:
        self.opened_at = opened_at
        self._socket = socket
        self._answer_seconds = answer_seconds
        self._waiting: dict[str, asyncio.Future[Frame]] = {}
        self._numbers = count(1)

    async def receive(self) -> aiohttp.WSMessage:
        """Wait for the next message, whatever it is."""
        return await self._socket.receive()

    async def subscribe(self, settings: RobotSettings) -> None:
        """Say who we are; from then on the platform sends events here, and to no other connection of the robot.

        Raises:
            Misconfigured: Refused for good.
            Throttled: Too often.
            PlatformDown: No answer.
        """
        body = {"bot_id": settings.bot_id, "secret": settings.secret}
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._socket.send_str(frame_out(SUBSCRIBE, "subscribe", body))
                answer = await self._answer_to("subscribe")
        except TimeoutError:
            raise PlatformDown("timeout", "the gateway does not answer") from None
        except BROKEN:
            raise PlatformDown("connection", "the gateway hung up") from None
        if not answer.accepted:
            raise _subscribe_error(answer.result)

    async def ask(self, command: str, body: Body, req_id: str = "", attempts: int = 0) -> None:
        """Ask for something and wait until it is granted; somebody else has to read (`settle`).

        Args:
            command: What.
            body: With what.
            req_id: Of the event that this answers; empty if it answers none.
            attempts: Tries before this one.

        Raises:
            PlatformError: Refused, or no answer.
        """
        name = req_id or f"{command}-{next(self._numbers)}"
        waiting = self._waiting[name] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._socket.send_str(frame_out(command, name, body))
                answer = await waiting
        except TimeoutError:
            raise PlatformDown("timeout", "the gateway does not answer") from None
        except BROKEN:
            raise PlatformDown("connection", "the connection is gone") from None
        finally:
            self._waiting.pop(name, None)
        if not answer.accepted:
            raise refusal(200, answer.result, attempts)

    def settle(self, frame: Frame) -> None:
        """Hand an answer to whoever waits for it; that of a ping belongs to nobody."""
        waiting = self._waiting.get(frame.req_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    async def ping(self) -> None:
        """Show that we are there.

        Raises:
            OSError | aiohttp.ClientError: The other end is gone.
        """
        await self._socket.send_str(frame_out(PING, f"ping-{next(self._numbers)}"))

    async def pong(self, payload: bytes) -> None:
        """Answer a ping of the socket's own protocol.

        Raises:
            OSError | aiohttp.ClientError: The other end is gone.
        """
        await self._socket.pong(payload)

    async def close(self) -> None:
        """Hang up; whoever still waits for an answer is told that none comes."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError())
        await self._socket.close()

    async def _answer_to(self, req_id: str) -> Frame:
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                frame = _readable(message.data)
                if frame is not None and frame.req_id == req_id and not frame.command:
                    return frame
            elif message.type is not aiohttp.WSMsgType.PONG:
                raise PlatformDown("connection", "the gateway hung up")


def _readable(text: str) -> Frame | None:
    try:
        return frame_in(text)
    except Malformed:
        return None


def _subscribe_error(result: Body) -> PlatformError:
    """Return what a refused subscription means: it holds nothing but credentials, so an unknown code is theirs."""
    error = refusal(200, result)
    if isinstance(error, Throttled) or not isinstance(result.get("errcode"), int) or result["errcode"] == -1:
        return error
    return Misconfigured(error.code, _WRONG_CREDENTIALS)
