"""A robot's long connection: stays connected as long as the process lives, hears events, and carries what is sent.

The platform knows one connection a robot. Whoever subscribes next takes it over, and the one before is told to go: two
processes that then came back would throw each other out for ever, so whoever was told to go stays away and says so. No
event is repeated, so one that could not be stored is tried again here. Rules: wecom.md 13.2, read 2026-11-22.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import aiohttp
import structlog

from adapters.http import HttpSession
from adapters.wecom.look import ROBOT
from adapters.wecom.render import render
from adapters.wecom.robot_frames import CHANGE_CARD, EVENT, MAX_FRAME_BYTES, MESSAGE, Body, Frame, frame_in
from adapters.wecom.robot_line import BROKEN, RobotLine
from adapters.wecom.robot_settings import RobotSettings
from adapters.wecom.robot_wire import DISCONNECTED, decode, event_type
from domain.cards import Answer, Card
from domain.errors import Malformed, Misconfigured, PlatformDown, PlatformError, StoreDown, Throttled
from domain.events import CardClicked, Inbound
from domain.ids import OrgId
from domain.ports import Clock

FATAL_WAIT_SECONDS = 300.0
"""Between tries after a refusal that only an admin can mend."""

LONGEST_WAIT_SECONDS = 60.0
"""Between other tries; they begin at one second and double. Fast ones end in 45009."""

_CANCEL_SECONDS = 0.5
_HANG_UP_SECONDS = 2.0  # as HttpSession sets it for the closing handshake

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RobotLimits:
    """How patient a robot's connection is, in seconds.

    Attributes:
        ping_seconds: Between our pings; the platform wants one every 30 s.
        silence_seconds: How long beyond that nothing may come in.
        answer_seconds: How long the platform may take to answer a frame.
        click_seconds: How long after a click the card can be changed; the platform's 5 s, less the way there.
        store_seconds: Between tries to store an event.
        store_tries: How often that is tried.
        stable_seconds: A connection that lasted so long ends the back-off.
        finish_seconds: How long handlers may take to finish when the connection is closed.
    """

    ping_seconds: float = 30.0
    silence_seconds: float = 30.0
    answer_seconds: float = 5.0
    click_seconds: float = 4.5
    store_seconds: float = 1.0
    store_tries: int = 30
    stable_seconds: float = 60.0
    finish_seconds: float = 2.5


class _End(Enum):
    BROKEN = "broken"
    REPLACED = "replaced"


class RobotSocket:
    """Hears events of one robot over a connection that we open, and sends over it.

    Args:
        settings: Which robot.
        http: Connections.
        clock: Tells when an event came.
        handle: Handles one event; raises `StoreDown` to be given it again.
        org_id: Whose robot it is.
        chance: A number from 0 up to 1, so that not all clients connect at the same instant.
        alert: Told once when connecting fails in a way that only an admin can mend.
        sleep: Waits for seconds.
        limits: How patient to be.
    """

    def __init__(
        self,
        settings: RobotSettings,
        http: HttpSession,
        clock: Clock,
        handle: Callable[[Inbound], Awaitable[Answer]],
        *,
        org_id: OrgId,
        chance: Callable[[], float],
        alert: Callable[[PlatformError], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limits: RobotLimits = RobotLimits(),
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._handle = handle
        self._org_id = org_id
        self._chance = chance
        self._alert = alert
        self._sleep = sleep
        self._limits = limits
        self._line: RobotLine | None = None
        self._serving: set[asyncio.Task[None]] = set()
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

    async def ask(self, command: str, body: Body, attempts: int = 0) -> None:
        """Ask the platform for something over the open connection.

        Args:
            command: What.
            body: With what.
            attempts: Tries before this one.

        Raises:
            PlatformError: Refused, no answer, or there is no connection.
        """
        if self._line is None or not self.connected:
            raise PlatformDown("not-connected", "the robot's connection is not open; see the log for why")
        await self._line.ask(command, body, attempts=attempts)

    async def run(self) -> None:
        """Connect, listen and connect again until cancelled or replaced; at the end finish what was taken up."""
        self._runner = asyncio.current_task()
        try:
            while (wait_seconds := await self._connect_once()) is not None:
                await self._sleep(wait_seconds)
            await asyncio.Event().wait()  # replaced: an end would look like a fault of the process
        finally:
            await self._settle()

    async def close(self) -> None:
        """End `run` and return when it has ended; at most 5 s."""
        if self._runner is not None and not self._runner.done():
            self._runner.cancel()
            await asyncio.wait({self._runner}, timeout=self._limits.finish_seconds + _CANCEL_SECONDS + _HANG_UP_SECONDS)

    async def _connect_once(self) -> float | None:
        """Connect and stay until the connection ends; return the wait before the next try, or `None` for no next."""
        try:
            line = await self._open()
        except Misconfigured as error:
            _log.error("cannot connect until an admin acts", action="wecom.robot.refused", code=error.code)
            self._report(error)
            return FATAL_WAIT_SECONDS
        except PlatformError as error:
            _log.warning("cannot connect; trying again", action="wecom.robot.down", code=error.code)
            least = error.retry_after.total_seconds() if isinstance(error, Throttled) else 0.0
            return max(least, self._back_off())
        _log.info("connected", action="wecom.robot.connected")
        self._alerted = False
        end = await self._converse(line)
        if end is _End.REPLACED:
            _log.error("another process has taken the robot over", action="wecom.robot.replaced")
            self._report(Misconfigured("replaced", "another process uses this robot: run one, and restart it"))
            return None
        _log.warning("disconnected", action="wecom.robot.disconnected")
        if asyncio.get_running_loop().time() - line.opened_at >= self._limits.stable_seconds:
            self._failures = 0
        return self._back_off()

    def _back_off(self) -> float:
        longest = min(2.0 ** min(self._failures, 16), LONGEST_WAIT_SECONDS)
        self._failures += 1
        return longest * (0.5 + self._chance() / 2)

    def _report(self, error: Misconfigured) -> None:
        if not self._alerted:
            self._alerted = True
            self._alert(error)

    async def _open(self) -> RobotLine:
        try:
            socket = await self._http.websocket(self._settings.address, MAX_FRAME_BYTES)
        except aiohttp.WSServerHandshakeError as error:
            raise PlatformDown(f"handshake-{error.status}", "the robot's connection was refused") from None
        line = RobotLine(socket, asyncio.get_running_loop().time(), self._limits.answer_seconds)
        self._line = line
        try:
            await line.subscribe(self._settings)
        except PlatformError:
            await line.close()
            raise
        return line

    async def _converse(self, line: RobotLine) -> _End:
        self._up.set()
        try:
            async with asyncio.TaskGroup() as group:
                pings = group.create_task(self._keep_pinging(line))
                end = await self._listen(line)
                pings.cancel()
        finally:
            self._up.clear()
        await line.close()
        return end

    async def _keep_pinging(self, line: RobotLine) -> None:
        try:
            while True:
                await self._sleep(self._limits.ping_seconds)
                await line.ping()
        except BROKEN:
            return

    async def _listen(self, line: RobotLine) -> _End:
        """Take in frames until the connection ends, has been silent for too long, or is taken over."""
        try:
            while True:
                async with asyncio.timeout(self._limits.ping_seconds + self._limits.silence_seconds):
                    message = await line.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    if self._take(line, message.data):
                        return _End.REPLACED
                elif message.type is aiohttp.WSMsgType.PING:
                    await line.pong(message.data)
                elif message.type not in (aiohttp.WSMsgType.PONG, aiohttp.WSMsgType.BINARY):
                    return _End.BROKEN
        except TimeoutError:
            _log.warning("silent for too long", action="wecom.robot.silent")
            return _End.BROKEN
        except BROKEN:
            return _End.BROKEN

    def _take(self, line: RobotLine, text: str) -> bool:
        """Take in a frame; return whether it says that the robot was taken over."""
        try:
            frame = frame_in(text)
        except Malformed as error:
            _log.warning("a frame was dropped", action="wecom.robot.malformed", reason=error.reason)
            return False
        if not frame.command:
            line.settle(frame)
            return False
        if frame.command == EVENT and event_type(frame.body) == DISCONNECTED:
            return True
        if frame.command in (MESSAGE, EVENT):
            task = asyncio.create_task(self._serve(line, frame))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return False

    async def _serve(self, line: RobotLine, frame: Frame) -> None:
        came_at = asyncio.get_running_loop().time()
        try:
            inbound = decode(frame.body, self._org_id, self._clock.now())
            answer = await self._stored(inbound)
        except Exception as error:  # noqa: BLE001 - the dispatcher's edge: one event must not end the others
            reason = error.reason if isinstance(error, Malformed) else ""
            action = "wecom.robot.event_failed"
            _log.error("an event is lost", action=action, error=type(error).__name__, reason=reason)
            return
        if isinstance(inbound, CardClicked) and answer.card is not None:
            seconds_left = came_at + self._limits.click_seconds - asyncio.get_running_loop().time()
            await self._show(line, frame.req_id, inbound.message, answer.card, in_time=seconds_left > 0)

    async def _stored(self, inbound: Inbound) -> Answer:
        for _ in range(self._limits.store_tries - 1):
            try:
                return await self._handle(inbound)
            except StoreDown:
                await self._sleep(self._limits.store_seconds)
        return await self._handle(inbound)

    async def _show(self, line: RobotLine, req_id: str, task_id: str, card: Card, *, in_time: bool) -> None:
        """Give the clicked card its new face, which is only to be had as the answer to the click."""
        try:
            if not in_time:
                raise PlatformDown("late", "the card can no longer be changed")
            template = render(card, task_id, self._settings.labels, fresh=False, look=ROBOT).template
            body = {"response_type": "update_template_card", "template_card": template}
            await line.ask(CHANGE_CARD, body, req_id)
        except PlatformError as error:
            _log.warning("a card's new face could not be shown", action="wecom.click.unshown", code=error.code)

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
