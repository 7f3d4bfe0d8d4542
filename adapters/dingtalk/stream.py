"""The Stream connection (Stream 模式): stays connected as long as the process lives, acknowledges what was stored.

A connection can be dead without any error, so silence ends it; a pong counts as a sign of life, because quiet tenants
send nothing else. A connection that is told to go is replaced before it is given up. Rules: dingtalk.md 9, read
2026-11-22.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

import aiohttp
import structlog

from adapters.dingtalk.gateway import (
    DISCONNECT,
    MAX_FRAME_BYTES,
    OK,
    PING,
    SYSTEM,
    Frame,
    discover,
    frame_in,
)
from adapters.dingtalk.line import BROKEN, Line
from adapters.dingtalk.serving import PATIENT, Serving, StreamLimits
from adapters.dingtalk.settings import DingTalkSettings
from adapters.http import HttpSession
from domain.cards import Answer, Card
from domain.errors import Malformed, Misconfigured, PlatformDown, PlatformError
from domain.events import Inbound
from domain.ids import OrgId
from domain.ports import Clock, Tally

FATAL_WAIT_SECONDS = 300.0
"""Between tries after a refusal that only an admin can mend; a wrong secret must not become a storm of calls."""

LONGEST_WAIT_SECONDS = 60.0
"""Between other tries; they begin at one second and double."""

_HANG_UP_SECONDS = 2.0  # as HttpSession sets it for the closing handshake

_log = structlog.get_logger()


class _End(Enum):
    BROKEN = "broken"
    RELIEVED = "relieved"  # told to go: the next one is opened at once


class DingTalkStream:
    """Hears events of one app over a connection that we open.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when an event came.
        handle: Handles one event; returns once the event may be acknowledged, raises to have it sent again.
        org_id: Whose app it is.
        chance: A number from 0 up to 1, so that not all clients connect at the same instant.
        alert: Told once when connecting fails in a way that only an admin can mend, and once a month when pushes are
            used up.
        tally: Counts what uses up the month's allowance.
        show: Gives a clicked card its new face when the answer came too late to carry it.
        sleep: Waits for seconds.
        limits: How patient to be.
    """

    def __init__(
        self,
        settings: DingTalkSettings,
        http: HttpSession,
        clock: Clock,
        handle: Callable[[Inbound], Awaitable[Answer]],
        *,
        org_id: OrgId,
        chance: Callable[[], float],
        alert: Callable[[PlatformError], None],
        tally: Tally,
        show: Callable[[str, Card], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limits: StreamLimits = PATIENT,
    ) -> None:
        self._settings = settings
        self._http = http
        self._chance = chance
        self._alert = alert
        self._sleep = sleep
        self._limits = limits
        self._serving = Serving(settings, clock, handle, org_id, alert, tally, show, limits)
        self._relieved: set[asyncio.Task[None]] = set()
        self._line: Line | None = None
        self._runner: asyncio.Task[Any] | None = None
        self._alerted = False
        self._failures = 0
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
                wait_seconds = await self._connect_once()
                if wait_seconds:
                    self._up.clear()
                    await self._sleep(wait_seconds)
        finally:
            self._up.clear()
            await self._settle()

    async def close(self) -> None:
        """End `run` and return when it has ended; at most 5 s."""
        if self._runner is not None and not self._runner.done():
            self._runner.cancel()
            await asyncio.wait({self._runner}, timeout=self._limits.longest_close_seconds + _HANG_UP_SECONDS)

    async def _connect_once(self) -> float:
        """Connect and stay until the connection ends; return how long to wait before the next try, in seconds."""
        try:
            line = await self._open()
        except Misconfigured as error:
            self._report(error)
            return FATAL_WAIT_SECONDS
        except PlatformError as error:
            _log.warning("cannot connect; trying again", action="dingtalk.stream.down", code=error.code)
            return self._back_off()
        _log.info("connected", action="dingtalk.stream.connected")
        self._alerted = False
        self._up.set()
        end = await self._converse(line)
        if end is _End.RELIEVED:
            self._failures = 0
            self._drain_in_background(line)
            return 0.0
        await line.close()
        _log.warning("disconnected", action="dingtalk.stream.disconnected")
        if asyncio.get_running_loop().time() - line.opened_at >= self._limits.stable_seconds:
            self._failures = 0
        return self._back_off()

    def _back_off(self) -> float:
        longest = min(2.0 ** min(self._failures, 16), LONGEST_WAIT_SECONDS)
        self._failures += 1
        return longest * (0.5 + self._chance() / 2)

    async def _open(self) -> Line:
        endpoint = await discover(self._settings, self._http)
        try:
            socket = await self._http.websocket(endpoint.url, MAX_FRAME_BYTES)
        except aiohttp.WSServerHandshakeError as error:
            # Its text holds the ticket, and a used one is no fault of anybody's.
            raise PlatformDown(f"handshake-{error.status}", "the Stream connection was refused") from None
        self._line = Line(socket, asyncio.get_running_loop().time())
        return self._line

    def _report(self, error: Misconfigured) -> None:
        _log.error("cannot connect until an admin acts", action="dingtalk.stream.refused", code=error.code)
        if not self._alerted:
            self._alerted = True
            self._alert(error)

    async def _converse(self, line: Line) -> _End:
        async with asyncio.TaskGroup() as group:
            pings = group.create_task(self._keep_pinging(line))
            end = await self._listen(line)
            pings.cancel()
        return end

    async def _keep_pinging(self, line: Line) -> None:
        try:
            while True:
                await self._sleep(self._limits.ping_seconds)
                await line.ping()
        except BROKEN:
            return

    async def _listen(self, line: Line) -> _End:
        """Take in frames until the connection ends, has been silent for too long, or is to be replaced."""
        try:
            while True:
                async with asyncio.timeout(self._limits.ping_seconds + self._limits.silence_seconds):
                    message = await line.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    if await self._take(line, message.data):
                        return _End.RELIEVED
                elif message.type is aiohttp.WSMsgType.PING:
                    await line.pong(message.data)
                elif message.type not in (aiohttp.WSMsgType.PONG, aiohttp.WSMsgType.BINARY):
                    return _End.BROKEN
        except TimeoutError:
            _log.warning("silent for too long", action="dingtalk.stream.silent")
            return _End.BROKEN
        except BROKEN:
            return _End.BROKEN

    async def _take(self, line: Line, text: str) -> bool:
        """Take in a frame; return whether it tells the connection to go."""
        try:
            frame = frame_in(text)
        except Malformed as error:
            _log.warning("a frame was dropped", action="dingtalk.stream.malformed", reason=error.reason)
            return False
        if frame.kind != SYSTEM:
            self._serving.take(line, frame)
            return False
        return await _answer_system(line, frame)

    def _drain_in_background(self, line: Line) -> None:
        """Keep a connection that is told to go for as long as handlers may still answer on it."""
        _log.info("the connection is replaced", action="dingtalk.stream.relieved")
        task = asyncio.create_task(self._drain(line))
        self._relieved.add(task)
        task.add_done_callback(self._relieved.discard)

    async def _drain(self, line: Line) -> None:
        try:
            async with asyncio.timeout(self._limits.drain_seconds):
                while await self._listen(line) is _End.RELIEVED:
                    continue
        except TimeoutError:
            _log.debug("a replaced connection is closed", action="dingtalk.stream.drained")
        finally:
            await line.close()

    async def _settle(self) -> None:
        """Let handlers that run finish and answer, then hang up."""
        await self._serving.finish()
        closing = set(self._relieved)
        for task in closing:
            task.cancel()
        if self._line is not None:
            closing.add(asyncio.create_task(self._line.close()))
        if closing:
            await asyncio.wait(closing, timeout=_HANG_UP_SECONDS)


async def _answer_system(line: Line, frame: Frame) -> bool:
    if frame.topic == PING:
        await line.answer(frame, OK, frame.data or {})
    elif frame.topic == DISCONNECT:
        await line.answer(frame, OK, frame.data or {})
        return True
    return False
