"""What becomes of a frame that carries an event: it is read, handled, and answered on the connection that brought it.

An event is acknowledged once it is stored. What could not be stored comes again: events because we ask for it, messages
because we keep silent, which alone has been seen to bring one back. A click is different: nothing brings it back, and
its answer is worth something only within two seconds. Then it is acknowledged without a face, which follows by itself.
Rules: dingtalk.md 7.5 and 9.4, read 2026-11-22.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.dingtalk.gateway import CALLBACK, EVENT, FAILED, OK, UNREADABLE, Frame
from adapters.dingtalk.line import Line
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.wire import CARD_TOPIC, PUSHES, QUOTA_USED_UP, ROBOT_TOPIC, Reader, encode_answer, object_in
from domain.cards import Answer, Card
from domain.errors import ContentRefused, Malformed, Misconfigured, PlatformError
from domain.events import CardClicked, Ignored, Inbound
from domain.ids import OrgId
from domain.ports import Clock, Tally

_CANCEL_SECONDS = 0.5

_NO_FACE: Mapping[str, Any] = {"response": {}}
_SUCCESS: Mapping[str, Any] = {"status": "SUCCESS", "message": ""}
_LATER: Mapping[str, Any] = {"status": "LATER"}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How patient a connection is.

    Attributes:
        ping_seconds: Between our pings.
        silence_seconds: How long beyond that nothing may come in, not even a pong.
        stable_seconds: A connection that held so long was none of a series of failures.
        drain_seconds: How long a replaced connection is kept for answers; the server closes it after 10 s.
        click_seconds: How long a click may wait for its answer; the platform waits 2 s.
        finish_seconds: How long handlers may take to finish when the connection is closed.
        most_at_once: Events being handled; what comes beyond is not taken up, and the platform sends it again.
    """

    ping_seconds: float = 20.0
    silence_seconds: float = 10.0
    stable_seconds: float = 60.0
    drain_seconds: float = 15.0
    click_seconds: float = 1.5
    finish_seconds: float = 2.5
    most_at_once: int = 1000

    @property
    def longest_close_seconds(self) -> float:
        """How long finishing and cancelling takes at most."""
        return self.finish_seconds + _CANCEL_SECONDS


PATIENT = StreamLimits()
"""As the platform's own times ask for."""


class Serving:
    """Handles what one app is told, many events at a time.

    Args:
        settings: Which app.
        clock: Tells when an event came.
        handle: Handles one event durably, raises if it could not.
        org_id: Whose app it is.
        alert: Told once a month when messages come without words, because the month's pushes are used up.
        tally: Counts what uses up the month's allowance.
        show: Gives a clicked card its new face when the answer came too late to carry it.
        limits: How patient to be.
    """

    def __init__(
        self,
        settings: DingTalkSettings,
        clock: Clock,
        handle: Callable[[Inbound], Awaitable[Answer]],
        org_id: OrgId,
        alert: Callable[[PlatformError], None],
        tally: Tally,
        show: Callable[[str, Card], Awaitable[None]],
        limits: StreamLimits,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._handle = handle
        self._reader = Reader(settings.client_id, org_id)
        self._alert = alert
        self._tally = tally
        self._show = show
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._alerted: tuple[int, int] | None = None

    def take(self, line: Line, frame: Frame) -> None:
        """Begin to handle what a frame carries."""
        if len(self._tasks) >= self._limits.most_at_once:
            _log.error("too much at once; a frame waits to come again", action="dingtalk.stream.overloaded")
            return
        task = asyncio.create_task(self._serve(line, frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Let what was taken up finish and be answered; end what takes too long."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=self._limits.finish_seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_CANCEL_SECONDS)

    async def _serve(self, line: Line, frame: Frame) -> None:
        try:
            inbound = self._inbound(frame)
        except Malformed as error:
            _log.error("an event cannot be read", action="dingtalk.stream.unreadable", reason=error.reason)
            await line.answer(frame, UNREADABLE, {})
            return
        if isinstance(inbound, CardClicked):
            await self._serve_click(line, frame, inbound)
        else:
            await self._serve_other(line, frame, inbound)

    def _inbound(self, frame: Frame) -> Inbound:
        now = self._clock.now()
        if frame.kind == EVENT:
            headers = frame.headers
            kind, event_id = headers.get("eventType", ""), headers.get("eventId", "") or frame.message_id
            return self._reader.event(kind, event_id, headers.get("eventBornTime"), object_in(frame.data), now)
        if frame.kind != CALLBACK or frame.topic not in (ROBOT_TOPIC, CARD_TOPIC):
            return self._reader.event(f"{frame.kind}:{frame.topic}", frame.message_id, None, {}, now)
        self._tally.count(PUSHES, 1)
        if frame.topic == CARD_TOPIC:
            return self._reader.click(object_in(frame.data), frame.message_id, now)
        return self._reader.message(object_in(frame.data), now)

    async def _serve_other(self, line: Line, frame: Frame, inbound: Inbound) -> None:
        if isinstance(inbound, Ignored) and inbound.event_type == QUOTA_USED_UP:
            self._report_quota()
        try:
            await self._handle(inbound)
        except Exception as error:  # noqa: BLE001 - the dispatcher's edge: whatever failed, the event must come again
            _failed(error)
            if frame.kind == EVENT:
                await line.answer(frame, OK, _LATER)
            return
        if not await line.answer(frame, OK, _SUCCESS if frame.kind == EVENT else _NO_FACE):
            _log.info("handled, but the connection is gone; it comes again", action="dingtalk.stream.unanswered")

    async def _serve_click(self, line: Line, frame: Frame, clicked: CardClicked) -> None:
        in_time = False
        handling = asyncio.ensure_future(self._handle(clicked))
        try:
            await asyncio.wait({handling}, timeout=self._limits.click_seconds)
            in_time = handling.done()
            if not in_time:
                await line.answer(frame, OK, _NO_FACE)
            answer = await handling
        except Exception as error:  # noqa: BLE001 - the dispatcher's edge: whoever clicked sees that it failed
            _failed(error)
            if in_time:
                await line.answer(frame, FAILED, _NO_FACE)
            return
        finally:
            handling.cancel()
        shown = in_time and await line.answer(frame, OK, {"response": self._face(clicked, answer)})
        if not shown and answer.card is not None:
            await self._show_late(clicked, answer.card)

    def _face(self, clicked: CardClicked, answer: Answer) -> Mapping[str, Any]:
        try:
            return encode_answer(answer, clicked.message, self._settings)
        except ContentRefused as error:
            _log.error("a card's new face cannot be shown", action="dingtalk.click.unshown", code=error.code)
            return {}

    async def _show_late(self, clicked: CardClicked, card: Card) -> None:
        try:
            await self._show(clicked.message, card)
        except PlatformError as error:
            _log.warning("a card keeps its old face", action="dingtalk.click.unshown", code=error.code)

    def _report_quota(self) -> None:
        now = self._clock.now()
        if self._alerted != (now.year, now.month):
            self._alerted = (now.year, now.month)
            hint = "the month's pushes are used up: what people write arrives without words (用量管理)"
            self._alert(Misconfigured("20001", hint))


def _failed(error: Exception) -> None:
    _log.error("an event failed", action="dingtalk.stream.event_failed", error=type(error).__name__)
