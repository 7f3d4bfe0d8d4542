"""The long connection (长连接): stays connected for as long as the process lives, and acknowledges what was handled.

A connection can be dead without any error (larksuite/oapi-sdk-go#224), so silence ends it; a refusal that the official
clients take as final is reported and tried again, because a bot that lives but hears nothing is the worst of all.
Rules: vendor page "使用长连接接收事件" and feishu.md 7, read 2026-11-22.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import structlog

from adapters.feishu.endpoint import SocketConfig, discover, endpoint_error
from adapters.feishu.frames import MAX_FRAME_BYTES, Frame, decode
from adapters.feishu.line import BROKEN, FAILED, HANDLED, Line, answered
from adapters.feishu.settings import FeishuSettings
from adapters.feishu.wire import decode as decode_event
from adapters.feishu.wire import encode_answer
from adapters.http import HttpSession
from domain.cards import Answer
from domain.errors import Malformed, Misconfigured, PlatformDown, PlatformError
from domain.events import CardClicked, Inbound
from domain.ids import OrgId
from domain.ports import Clock

FATAL_WAIT_SECONDS = 60.0
"""Between tries after a refusal that only an admin can mend."""

_CANCEL_SECONDS = 0.5
_HANG_UP_SECONDS = 2.0  # as HttpSession sets it for the closing handshake
_LEAST_WAIT_SECONDS = 0.1

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """How patient a socket is.

    Attributes:
        silence_seconds: How long beyond the ping interval nothing may come in.
        finish_seconds: How long handlers may take to finish when the socket is closed; with what it takes to cancel
            the others and to hang up it makes 5 s.
        most_at_once: Events being handled; what comes beyond is refused, and the platform sends it again 15 s later.
    """

    silence_seconds: float = 30.0
    finish_seconds: float = 2.5
    most_at_once: int = 1000


class FeishuSocket:
    """Hears events of one app over a connection that we open.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when an event came.
        handle: Handles one event; returns once the event may be acknowledged, raises to have it sent again.
        org_id: Whose app it is.
        chance: A number from 0 up to 1, so that not all clients connect at the same instant.
        alert: Told once when connecting fails in a way that only an admin can mend.
        bot_open_id: The bot's own id, whose mention is dropped from texts.
        sleep: Waits for seconds.
        limits: How patient to be.
    """

    def __init__(
        self,
        settings: FeishuSettings,
        http: HttpSession,
        clock: Clock,
        handle: Callable[[Inbound], Awaitable[Answer]],
        *,
        org_id: OrgId,
        chance: Callable[[], float],
        alert: Callable[[PlatformError], None],
        bot_open_id: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limits: SocketLimits = SocketLimits(),
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._handle = handle
        self._org_id = org_id
        self._chance = chance
        self._alert = alert
        self._bot_open_id = bot_open_id
        self._sleep = sleep
        self._limits = limits
        self._config = SocketConfig()
        self._line: Line | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._runner: asyncio.Task[Any] | None = None
        self._alerted = False
        self._failures = 0
        self._was_connected = False
        self._up = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether a connection is open, as far as we know."""
        return self._up.is_set()

    async def wait_connected(self) -> None:
        """Return as soon as a connection is open."""
        await self._up.wait()

    async def run(self) -> None:
        """Connect, listen and connect again until cancelled; then finish what was taken up, within 5 s."""
        self._runner = asyncio.current_task()
        try:
            while True:
                await self._sleep(max(_LEAST_WAIT_SECONDS, await self._connect_once()))
        finally:
            await self._settle()

    async def close(self) -> None:
        """End `run` and return when it has ended; at most 5 s."""
        if self._runner is not None and not self._runner.done():
            limit = self._limits.finish_seconds + _CANCEL_SECONDS + _HANG_UP_SECONDS
            self._runner.cancel()
            await asyncio.wait({self._runner}, timeout=limit)

    async def _connect_once(self) -> float:
        """Connect and stay until the connection ends; return how long to wait before the next try, in seconds."""
        try:
            line = await self._open()
        except Misconfigured as error:
            self._report(error)
            return max(FATAL_WAIT_SECONDS, self._config.interval_seconds)
        except PlatformError as error:
            _log.warning("cannot connect; trying again", action="feishu.socket.down", code=error.code)
            self._failures += 1
            return self._config.interval_seconds if self._was_connected else self._first_waits()
        _log.info("connected", action="feishu.socket.connected", device=line.device_id)
        self._alerted, self._was_connected, self._failures = False, True, 0
        await self._converse(line)
        return self._chance() * self._config.nonce_seconds

    def _first_waits(self) -> float:
        # Somebody is starting us up and watching: two minutes of silence would look like a fault.
        return min(2.0 ** min(self._failures - 1, 16), self._config.interval_seconds)

    async def _open(self) -> Line:
        endpoint = await discover(self._settings, self._http)
        self._config = endpoint.config
        try:
            socket = await self._http.websocket(endpoint.url, MAX_FRAME_BYTES)
        except aiohttp.WSServerHandshakeError as error:
            raise _handshake_error(error.status, error.headers or {}) from None  # its text holds the ticket
        self._line = Line(socket, endpoint)
        return self._line

    def _report(self, error: Misconfigured) -> None:
        _log.error("cannot connect until an admin acts", action="feishu.socket.refused", code=error.code)
        if not self._alerted:
            self._alerted = True
            self._alert(error)

    async def _converse(self, line: Line) -> None:
        self._up.set()
        try:
            async with asyncio.TaskGroup() as group:
                pings = group.create_task(self._keep_pinging(line))
                await self._listen(line)
                pings.cancel()
        finally:
            self._up.clear()
        self._config = line.config
        await line.close()
        _log.warning("disconnected", action="feishu.socket.disconnected", device=line.device_id)

    async def _keep_pinging(self, line: Line) -> None:
        try:
            while True:
                await line.ping()
                await self._sleep(line.config.ping_seconds)
        except BROKEN:
            return

    async def _listen(self, line: Line) -> None:
        """Take in frames until the connection ends or has been silent for too long."""
        try:
            while True:
                async with asyncio.timeout(line.config.ping_seconds + self._limits.silence_seconds):
                    message = await line.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    await self._take(line, message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await line.pong(message.data)
                elif message.type not in (aiohttp.WSMsgType.PONG, aiohttp.WSMsgType.TEXT):
                    return
        except TimeoutError:
            _log.warning("silent for too long", action="feishu.socket.silent", device=line.device_id)
        except BROKEN:
            return

    async def _take(self, line: Line, raw: bytes) -> None:
        try:
            frame = decode(raw)
            payload = line.event_in(frame, asyncio.get_running_loop().time())
        except Malformed as error:
            _log.warning("a frame was dropped", action="feishu.socket.malformed", reason=error.reason)
            return
        if payload is None:
            return
        if len(self._serving) >= self._limits.most_at_once:
            await line.answer(frame, FAILED)
            return
        task = asyncio.create_task(self._serve(line, frame, payload))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, line: Line, frame: Frame, payload: bytes) -> None:
        """Handle one event and acknowledge it on the connection on which it came."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        try:
            response = await self._respond(payload)
        except Exception as error:  # noqa: BLE001 - the dispatcher's edge: whatever failed, the event must come again
            reason = error.reason if isinstance(error, Malformed) else ""
            action = "feishu.socket.event_failed"
            _log.error("an event failed", action=action, error=type(error).__name__, reason=reason)
            await line.answer(frame, FAILED)
            return
        if not await line.answer(frame, response, round((loop.time() - began_at) * 1000)):
            _log.info("handled, but the connection is gone; the event comes again", action="feishu.socket.unanswered")

    async def _respond(self, payload: bytes) -> Mapping[str, Any]:
        inbound = decode_event(_envelope(payload), self._org_id, self._clock.now(), self._bot_open_id)
        answer = await self._handle(inbound)
        if isinstance(inbound, CardClicked):
            return answered(encode_answer(answer, inbound.origin.actor))
        return HANDLED

    async def _settle(self) -> None:
        """Let handlers that run finish and answer, then hang up."""
        if self._serving:
            _, late = await asyncio.wait(self._serving, timeout=self._limits.finish_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_CANCEL_SECONDS)
        if self._line is not None:
            await self._line.close()


def _envelope(payload: bytes) -> Mapping[str, Any]:
    try:
        envelope = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise Malformed("the payload is not JSON") from None
    if not isinstance(envelope, dict):
        raise Malformed("the payload is not an object")
    return envelope


def _handshake_error(status: int, headers: Mapping[str, str]) -> PlatformError:
    """Return what a refused handshake means (feishu.md 7.3): final are 403, and 514 with too many connections."""
    said = headers.get("Handshake-Status", "")
    if said == "514" and headers.get("Handshake-Autherrcode") == "1000040350":
        return endpoint_error(1000040350)
    if said == "403":
        return endpoint_error(403)
    return PlatformDown(f"handshake-{said or status}", "the long connection was refused")
