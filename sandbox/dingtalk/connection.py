"""One live stream connection, platform side: frames out, acks in and checked (dingtalk.md sections 9.2, 9.3, 15.2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.company import derived_id
from sandbox.dingtalk.decoding import decoded
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.lines import Outcome, Push, PushKind, Reply
from sandbox.dingtalk.payloads import unified_app_id
from sandbox.dingtalk.world import World

NORMAL = 1000
DROPPED = 1006

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a connection belongs.

    Attributes:
        client_id: Whose it is.
        connection_id: What its frames carry.
        topics: What it subscribed to, as pairs of type and topic.
    """

    client_id: str
    connection_id: str
    topics: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    kind: PushKind | None
    data: str
    answer: asyncio.Future[Reply]


class Connection:
    """An accepted WebSocket.

    Attributes:
        seat: Where it belongs.
        silent: It is half open: TCP stays, but nothing is answered or sent any more.
        draining: It got the frame `disconnect`; nothing is pushed to it any more.

    Args:
        world: The organisation.
        seat: Where it belongs.
        socket: The prepared WebSocket, which must not answer protocol pings itself.
        transport: The TCP connection under it.
    """

    def __init__(
        self, world: World, seat: Seat, socket: web.WebSocketResponse, transport: asyncio.Transport | None
    ) -> None:
        self.seat = seat
        self.silent = False
        self.draining = False
        self._world = world
        self._socket = socket
        self._transport = transport
        self._waiting: dict[str, _Waiting] = {}
        self._optional: set[str] = set()
        self._ended = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether the platform knows that it ended; a half-open one has not, as far as it knows."""
        return self._socket.closed

    def takes(self, kind: PushKind) -> bool:
        """Whether it subscribed to this kind of push."""
        return (kind.frame_type, kind.topic) in self.seat.topics

    async def serve(self) -> None:
        """Read until the end; then whatever still waits for an ack is lost."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.PING:
                    await self._pinged(message.data)
                elif message.type is WSMsgType.TEXT and not self.silent:
                    self._received(message.data)
                elif message.type is WSMsgType.BINARY:
                    self._world.complain("a binary message came over a stream connection; frames are text")
        finally:
            self._ended.set()
            for waiting in self._waiting.values():
                _settle(waiting.answer, Reply(Outcome.CONNECTION_LOST))

    async def deliver(self, push: Push, wait_seconds: float) -> Reply:
        """Send a push and wait for its ack."""
        if await self._broken_instead():
            return Reply(Outcome.CONNECTION_LOST)
        meta = _event_meta(self._world, self.seat.client_id, push) if push.kind is PushKind.EVENT else {}
        # The same in every try, so that clients can tell a repetition (dingtalk.md 9.4).
        message_id = derived_id("", f"frame {push.push_id}")
        frame = self._frame(push.kind.frame_type, push.kind.topic, message_id, push.data, meta)
        return await self._exchange(push.kind, frame, wait_seconds)

    async def ping(self, opaque: str, wait_seconds: float) -> bool:
        """Send a SYSTEM ping; whether its data came back."""
        frame = self._frame("SYSTEM", "ping", self._world.store.mint(""), {"opaque": opaque}, {})
        return (await self._exchange(None, frame, wait_seconds)).succeeded

    async def expire(self, reason: str, drain_seconds: float) -> None:
        """Send the frame `disconnect`, push nothing more, and close after a while unless the client did."""
        self.draining = True
        message_id = self._world.store.mint("")
        frame = self._frame("SYSTEM", "disconnect", message_id, {"reason": reason}, {})
        self._optional.add(message_id)
        await self._write(frame)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await self._ended.wait()
        await self.end(NORMAL)

    async def end(self, code: int) -> None:
        """Close with a close frame; code 1006, or a half-open connection, just drops the TCP connection."""
        if code != DROPPED and not self.silent:
            await self._socket.close(code=code)
        elif self._transport is not None:
            self._transport.abort()

    async def _exchange(self, kind: PushKind | None, frame: Mapping[str, Any], wait_seconds: float) -> Reply:
        message_id = frame["headers"]["messageId"]
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = _Waiting(kind, frame["data"], answer)
        try:
            async with asyncio.timeout(wait_seconds):
                await self._write(frame)
                return await answer
        except TimeoutError:
            return Reply(Outcome.TIMED_OUT)
        finally:
            del self._waiting[message_id]

    def _frame(
        self, frame_type: str, topic: str, message_id: str, data: Mapping[str, Any], meta: Mapping[str, str]
    ) -> dict[str, Any]:
        headers = {
            "appId": unified_app_id(self.seat.client_id),
            "connectionId": self.seat.connection_id,
            "contentType": _JSON,
            "messageId": message_id,
            "time": str(self._world.now_ms()),
            "topic": topic,
            **meta,
        }
        body = json.dumps(dict(data), ensure_ascii=False)
        return {"specVersion": "1.0", "type": frame_type, "headers": headers, "data": body}

    def _received(self, text: str) -> None:
        ack = decoded(text)
        headers = ack.get("headers") if isinstance(ack, dict) else None
        if not isinstance(ack, dict) or not isinstance(headers, dict):
            self._world.complain("an ack is no JSON object with headers")
            return
        message_id = headers.get("messageId")
        if message_id in self._optional:
            return
        waiting = self._waiting.get(message_id) if isinstance(message_id, str) else None
        if waiting is None:
            self._world.complain("an ack came too late, twice, or with a wrong messageId")
            return
        problem = _problem(ack, headers, waiting)
        if problem:
            self._world.complain(problem)
            _settle(waiting.answer, Reply(Outcome.BAD_ANSWER))
        else:
            _settle(waiting.answer, _reply(ack, waiting.kind))

    async def _pinged(self, data: bytes) -> None:
        if self.silent:
            return
        if self._world.faults.take(FaultKind.HALF_OPEN):
            self.silent = True
            return
        with contextlib.suppress(ConnectionResetError):
            await self._socket.pong(data)

    async def _broken_instead(self) -> bool:
        faults = self._world.faults
        fault = faults.take(FaultKind.WS_CLOSE)
        if fault is not None:
            await self.end(fault.status or NORMAL)
            return True
        if faults.take(FaultKind.DROP):
            await self.end(DROPPED)
            return True
        if faults.take(FaultKind.HALF_OPEN):
            self.silent = True
        return False

    async def _write(self, frame: Mapping[str, Any]) -> None:
        if not self.silent:
            with contextlib.suppress(ConnectionResetError):  # the reader notices the end and settles the answer
                await self._socket.send_str(json.dumps(frame, ensure_ascii=False))


def _event_meta(world: World, client_id: str, push: Push) -> dict[str, str]:
    return {
        "eventType": push.event_type,
        "eventId": push.push_id,
        "eventCorpId": world.corp_id,
        "eventBornTime": str(push.born_ms),
        "eventUnifiedAppId": unified_app_id(client_id),
    }


def _problem(ack: Mapping[str, Any], headers: Mapping[str, Any], waiting: _Waiting) -> str:
    """What is wrong with an ack, empty where nothing is."""
    code, data = ack.get("code"), ack.get("data")
    if headers.get("contentType") != _JSON:
        return "an ack has not the contentType application/json"
    if not isinstance(code, int) or isinstance(code, bool):
        return "an ack's code is no whole number"
    said = decoded(data) if isinstance(data, str) else None
    if not isinstance(data, str) or (said is None and data.strip() != "null"):
        return "an ack's data is no string of JSON"
    if waiting.kind is None and said != decoded(waiting.data):
        return "the ack of a ping does not bring its data back"
    is_card = waiting.kind is PushKind.CLICK and code == 200
    if is_card and not (isinstance(said, dict) and isinstance(said.get("response"), dict)):
        return "the ack of a card callback has no object response in its data"
    return ""


def _reply(ack: Mapping[str, Any], kind: PushKind | None) -> Reply:
    said = decoded(ack["data"])
    if kind is PushKind.EVENT and isinstance(said, dict) and said.get("status") == "LATER":
        return Reply(Outcome.LATER, ack["code"])
    if kind is PushKind.CLICK and isinstance(said, dict):
        return Reply(Outcome.ANSWERED, ack["code"], json.dumps(said.get("response"), ensure_ascii=False))
    return Reply(Outcome.ANSWERED, ack["code"], ack["data"])


def _settle(answer: asyncio.Future[Reply], reply: Reply) -> None:
    if not answer.done():
        answer.set_result(reply)
