"""The gateway to which intelligent robots (智能机器人) connect, and the people who chat with one.

One connection a robot: a new one has the one before told to go, and closed. Events come once; a click can be answered
with a new card once, within 5 s. Protocol: wecom.md section 13.2 (official page, read 2026-11-22).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.wecom.aibot_chats import Body, RobotChats, RobotMessage
from sandbox.wecom.refusals import CATALOGUE, Refusal

CLICK_SECONDS = 5.0
DROPPED = 1006

_CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class FakeRobot:
    """A robot in API mode over the long connection.

    Attributes:
        bot_id: Its Bot ID.
        secret: Its Secret for the long connection.
    """

    bot_id: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class _Event:
    """What the robot was told and may answer: a message, an entry (once) or a click (once, in time)."""

    kind: str
    user_id: str
    message_id: str = ""
    spent: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class AibotGateway:
    """The gateway of one robot.

    Attributes:
        chats: What was sent.
        subscribe_codes: Errors for the next subscriptions, such as 45009 and 853006.
        answer_codes: Errors for the next commands other than subscriptions and pings.
        mute: Whether answers and pings are swallowed: TCP stays, nothing else.
        pings: How many came.
        spurned: Commands that came before a subscription, or after being told to go.

    Args:
        robot: Its credentials.
        now: The company's clock, UTC.
        monotonic: Seconds, for rates.
        click_seconds: How long a click can be answered, in real seconds; tests shorten it.
    """

    def __init__(
        self,
        robot: FakeRobot,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        click_seconds: float = CLICK_SECONDS,
    ) -> None:
        self.chats = RobotChats(monotonic)
        self.subscribe_codes: list[int] = []
        self.answer_codes: list[int] = []
        self.mute = False
        self.pings = 0
        self.spurned: list[str] = []
        self._robot = robot
        self._now = now
        self._click_seconds = click_seconds
        self._events: dict[str, _Event] = {}
        self._streams: dict[tuple[str, str], str] = {}
        self._seat: web.WebSocketResponse | None = None
        self._transport: asyncio.Transport | None = None
        self._seated = asyncio.Condition()

    @property
    def connected(self) -> bool:
        """Whether a robot has subscribed and is still there."""
        return self._seat is not None

    async def wait(self, *, connected: bool) -> None:
        """Return as soon as a robot is connected, or none is."""
        async with self._seated:
            await self._seated.wait_for(lambda: self.connected is connected)

    # What people do

    async def enter(self, user_id: str) -> None:
        """Open the chat, for the first time on a day."""
        self.chats.open(user_id)
        await self._tell(_Event("enter_chat", user_id), {"msgtype": "event", "event": {"eventtype": "enter_chat"}})

    async def say(self, user_id: str, text: str, group: str = "") -> None:
        """Write to the robot in private, or with a mention in a group."""
        if not group:
            self.chats.open(user_id)
        place = {"chattype": "group", "chatid": group} if group else {}
        await self._tell(_Event("message", user_id), {"msgtype": "text", "text": {"content": text}, **place})

    async def click(
        self, user_id: str, message_id: str, key: str, chosen: Mapping[str, Sequence[str]] | None = None
    ) -> RobotMessage | None:
        """Press a button of a card; returns the card with its new face, None if none came in time."""
        message = self.chats.known(message_id)
        items = [{"question_key": name, "option_ids": {"option_id": list(ids)}} for name, ids in (chosen or {}).items()]
        told = {
            "card_type": message.content["card_type"],
            "event_key": key,
            "task_id": message.content["task_id"],
            "selected_items": {"selected_item": items},
        }
        event = _Event("click", user_id, message_id)
        body = {"msgtype": "event", "event": {"eventtype": "template_card_event", "template_card_event": told}}
        await self._tell(event, body)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.answered.wait(), self._click_seconds)
        event.spent = True
        return self.chats.known(message_id) if event.answered.is_set() else None

    # What goes wrong

    async def disconnect(self, code: int) -> None:
        """End the connection; 1006 drops it without a close frame."""
        seat, transport = self._seat, self._transport
        if seat is None:
            return
        if code == DROPPED and transport is not None:
            transport.abort()
        else:
            await seat.close(code=code)

    async def push(self, text: str) -> None:
        """Send whatever text as a frame."""
        if self._seat is not None:
            await self._seat.send_str(text)

    # The platform

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection until it ends."""
        socket = web.WebSocketResponse(timeout=_CLOSE_SECONDS)
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._received(socket, request.transport, json.loads(message.data))
        finally:
            if self._seat is socket:
                await self._take_seat(None, None)
        return socket

    async def _received(self, socket: web.WebSocketResponse, transport: Any, frame: Body) -> None:
        command, req_id = str(frame.get("cmd")), str(frame["headers"]["req_id"])
        code = 0
        try:
            if command == "aibot_subscribe":
                await self._subscribe(socket, transport, frame.get("body") or {})
            elif self._seat is not socket:
                self.spurned.append(command)
                return
            else:
                self._obey(command, req_id, frame.get("body") or {})
        except Refusal as refused:
            code = refused.code
        if not self.mute:
            sentence = CATALOGUE[code] if code else "ok"
            await socket.send_str(json.dumps({"headers": {"req_id": req_id}, "errcode": code, "errmsg": sentence}))

    async def _subscribe(self, socket: web.WebSocketResponse, transport: Any, body: Body) -> None:
        if self.subscribe_codes:
            raise Refusal(self.subscribe_codes.pop(0))
        right = hmac.compare_digest(str(body.get("secret")).encode(), self._robot.secret.encode())
        if body.get("bot_id") != self._robot.bot_id or not right:
            raise Refusal(40001)
        before = self._seat
        if before is not None and before is not socket:
            await self._tell(_Event("", ""), {"msgtype": "event", "event": {"eventtype": "disconnected_event"}})
            await self._take_seat(socket, transport)
            await before.close()
        await self._take_seat(socket, transport)

    async def _take_seat(self, socket: web.WebSocketResponse | None, transport: Any) -> None:
        async with self._seated:
            self._seat, self._transport = socket, transport
            self._seated.notify_all()

    def _obey(self, command: str, req_id: str, body: Body) -> None:
        if command == "ping":
            self.pings += 1
            return
        if self.answer_codes:
            raise Refusal(self.answer_codes.pop(0))
        match command:
            case "aibot_send_msg":
                self.chats.push(body)
            case "aibot_respond_msg":
                self._respond(self._told(req_id, "message"), body)
            case "aibot_respond_welcome_msg":
                event = self._told(req_id, "enter_chat")
                self.chats.add(event.user_id, body)
                event.spent = True
            case "aibot_respond_update_msg":
                event = self._told(req_id, "click")
                self.chats.change_card(event.message_id, body.get("template_card"))
                event.spent = True
                event.answered.set()
            case _:
                raise Refusal(40058)

    def _told(self, req_id: str, kind: str) -> _Event:
        event = self._events.get(req_id)
        if event is None or event.kind != kind or event.spent:
            raise Refusal(846605)
        return event

    def _respond(self, event: _Event, body: Body) -> None:
        stream = body.get("stream") if body.get("msgtype") == "stream" else None
        key = (event.user_id, str(stream.get("id"))) if isinstance(stream, Mapping) else None
        if key is not None and key in self._streams:
            return self.chats.change_stream(self._streams[key], stream)
        message = self.chats.add(event.user_id, body)
        if key is not None:
            self._streams[key] = message.message_id
        return None

    async def _tell(self, event: _Event, body: Body) -> None:
        """Send an event to whoever is connected; if nobody is, it is lost: nothing is sent twice."""
        req_id = f"req{len(self._events) + 1}"
        self._events[req_id] = event
        command = "aibot_msg_callback" if event.kind == "message" else "aibot_event_callback"
        common = {
            "msgid": f"CAIQ{len(self._events)}",
            "create_time": int(self._now().timestamp()),
            "aibotid": self._robot.bot_id,
            "chattype": "single",
            "from": {"userid": event.user_id},
        }
        await self.push(json.dumps({"cmd": command, "headers": {"req_id": req_id}, "body": {**common, **body}}))
