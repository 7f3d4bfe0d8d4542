"""One live long connection, platform side: frames out, answers in, pings answered (feishu.md sections 7.4 and 7.5)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from sandbox.feishu.faults import Fault, FaultKind
from sandbox.feishu.frames import CONTROL, DATA, Frame, FrameCodec, FrameError
from sandbox.feishu.lines import Outcome, Reply
from sandbox.feishu.settings import ClientConfig
from sandbox.feishu.world import World

_GOING_AWAY = 1001
_DROPPED = 1006
_FEW_BYTES = 16


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a connection belongs.

    Attributes:
        app_id: Whose it is.
        device_id: Its id, as the client saw it in its URL.
        service_id: What its frames carry.
    """

    app_id: str
    device_id: str
    service_id: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    sent: Frame
    answer: asyncio.Future[Reply]


class Connection:
    """An accepted WebSocket.

    Attributes:
        seat: Where it belongs.
        silent: It is half open: TCP stays, but nothing is answered or sent any more.

    Args:
        world: The tenant.
        seat: Where it belongs.
        socket: The prepared WebSocket, which must not answer protocol pings itself.
        transport: The TCP connection under it.
        codec: For the frames.
        config: What the next pong tells the client.
    """

    def __init__(
        self,
        world: World,
        seat: Seat,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        codec: FrameCodec,
        config: Callable[[], ClientConfig],
    ) -> None:
        self.seat = seat
        self.silent = False
        self._world = world
        self._socket = socket
        self._transport = transport
        self._codec = codec
        self._config = config
        self._waiting: dict[str, _Waiting] = {}

    @property
    def closed(self) -> bool:
        """Whether the platform knows that it ended; a half-open one has not, as far as it knows."""
        return self._socket.closed

    async def serve(self) -> None:
        """Read until the end; then whatever still waits for an answer is lost."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.PING and not self.silent:
                    await self._socket.pong(message.data)
                elif message.type is WSMsgType.BINARY and not self.silent:
                    await self._received(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._world.complain("a text message came over a long connection; frames are binary")
        finally:
            for waiting in self._waiting.values():
                _settle(waiting.answer, Reply(Outcome.CONNECTION_LOST))

    async def deliver(self, payload: bytes, fragment_bytes: int, wait_seconds: float) -> Reply:
        """Send a payload, in several frames above `fragment_bytes`, and wait for the answer."""
        if await self._broken_instead():
            return Reply(Outcome.CONNECTION_LOST)
        message_id = self._world.store.mint("")
        frames = self._frames(message_id, payload, fragment_bytes)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = _Waiting(frames[0], answer)
        try:
            async with asyncio.timeout(wait_seconds):
                await self._write(self._disturbed(frames))
                return await answer
        except TimeoutError:
            return Reply(Outcome.TIMED_OUT)
        finally:
            del self._waiting[message_id]

    async def end(self, code: int) -> None:
        """Close with a close frame; code 1006, or a half-open connection, just drops the TCP connection."""
        if code != _DROPPED and not self.silent:
            await self._socket.close(code=code, message=b"the server goes away")
        elif self._transport is not None:
            self._transport.abort()

    async def _received(self, data: bytes) -> None:
        try:
            frame = self._codec.decode(data)
        except FrameError as error:
            self._world.complain(str(error))
            return
        if frame.service != self.seat.service_id:
            self._world.complain(f"a frame names service {frame.service}, not {self.seat.service_id}")
        if frame.method == CONTROL and frame.headers.get("type") == "ping":
            await self._pong(frame)
        elif frame.method == DATA:
            self._answered(frame)
        else:
            self._world.complain(f"a frame of method {frame.method} and type {frame.headers.get('type')!r} came")

    async def _pong(self, ping: Frame) -> None:
        if self._world.faults.take(FaultKind.HALF_OPEN):
            self.silent = True
            return
        payload = json.dumps(self._config().as_wire()).encode()
        await self._write([Frame(ping.seq_id, ping.log_id, ping.service, CONTROL, {"type": "pong"}, payload)])

    def _answered(self, frame: Frame) -> None:
        waiting = self._waiting.get(frame.headers.get("message_id", ""))
        if waiting is None:
            self._world.complain("an answer came too late, twice, or with a wrong message_id")
            return
        problem = _mismatch(waiting.sent, frame)
        reply = None if problem else _reply(frame.payload)
        if reply is None:
            self._world.complain(problem or "an answer's payload is no object with code, headers and data")
            return
        _settle(waiting.answer, reply)

    def _frames(self, message_id: str, payload: bytes, fragment_bytes: int) -> list[Frame]:
        fault = self._fragmenting()
        size = fragment_bytes if fault is None else fault.size or _FEW_BYTES
        pieces = [payload[start : start + size] for start in range(0, len(payload), size)]
        common = {
            "type": "card" if self._world.faults.take(FaultKind.CARD_FRAME) else "event",
            "message_id": message_id,
            "sum": str(len(pieces)),
            "trace_id": self._world.store.mint(""),
            "timestamp": str(self._world.now_ms()),
            "instance_id": self.seat.device_id,
        }
        log_id, seq_id = self._world.chance.getrandbits(64), self._world.store.mint_number()
        return [
            Frame(seq_id, log_id, self.seat.service_id, DATA, {**common, "seq": str(index)}, piece)
            for index, piece in enumerate(pieces)
        ]

    def _fragmenting(self) -> Fault | None:
        kinds = (FaultKind.FRAGMENTS, FaultKind.LOST_FRAGMENT)
        return next((fault for fault in self._world.faults.all() if fault.kind in kinds), None)

    def _disturbed(self, frames: list[Frame]) -> list[Frame]:
        if self._world.faults.take(FaultKind.LOST_FRAGMENT):
            return frames[1:]
        fault = self._world.faults.take(FaultKind.FRAGMENTS)
        return frames[::-1] if fault is not None and fault.reverse else frames

    async def _broken_instead(self) -> bool:
        fault = self._world.faults.take(FaultKind.WS_CLOSE)
        if fault is not None:
            await self.end(fault.code or _GOING_AWAY)
            return True
        if self._world.faults.take(FaultKind.HALF_OPEN):
            self.silent = True
        return False

    async def _write(self, frames: list[Frame]) -> None:
        for frame in frames if not self.silent else ():
            with contextlib.suppress(ConnectionResetError):  # the reader notices the end and settles the answer
                await self._socket.send_bytes(self._codec.encode(frame))


def _mismatch(sent: Frame, answer: Frame) -> str | None:
    if (answer.seq_id, answer.log_id) != (sent.seq_id, sent.log_id):
        return "an answer does not repeat SeqID and LogID"
    missing = [key for key in sent.headers if key not in answer.headers]
    return f"an answer lacks headers of the frame it answers: {missing}" if missing else None


def _reply(payload: bytes) -> Reply | None:
    try:
        answer = json.loads(payload)
        encoded = answer.get("data")
        content = None if encoded is None else base64.b64decode(encoded, validate=True)
    except (ValueError, AttributeError, TypeError, binascii.Error):
        return None
    return Reply(Outcome.ANSWERED, answer["code"], content) if isinstance(answer.get("code"), int) else None


def _settle(answer: asyncio.Future[Reply], reply: Reply) -> None:
    if not answer.done():
        answer.set_result(reply)
