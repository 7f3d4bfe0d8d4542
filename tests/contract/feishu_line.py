"""The platform's side of a long connection, waiting that a test is in charge of, and a core that can be held up."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from adapters.feishu.frames import CONTROL, DATA, Frame, decode, encode
from domain.cards import Answer
from domain.events import Inbound, TextSaid

CONFIG = {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": 90}
LIMIT = 10.0  # seconds until a test that waits in vain fails


class Connection:
    """One accepted connection, as the server sees it."""

    def __init__(self, socket: web.WebSocketResponse, ticket: str) -> None:
        self.socket = socket
        self.ticket = ticket
        self.pings: asyncio.Queue[Frame] = asyncio.Queue()
        self.answers: asyncio.Queue[Frame] = asyncio.Queue()
        self.pongs: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def push(self, payload: Mapping[str, Any] | bytes, kind: str = "event", **headers: str) -> Frame:
        """Send a payload as one data frame."""
        raw = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        known = {"type": kind, "message_id": "m-1", "sum": "1", "seq": "0", "trace_id": "t-1"} | headers
        frame = Frame(7, 2**64 - 1, 33554678, DATA, tuple(known.items()), raw)
        await self.socket.send_bytes(encode(frame))
        return frame

    async def pong(self, payload: bytes | None = None) -> None:
        """Answer a ping."""
        await self.socket.send_bytes(encode(Frame(method=CONTROL, headers=(("type", "pong"),), payload=payload)))

    async def answer(self) -> tuple[Frame, dict[str, Any]]:
        """Wait for the next answer and read it."""
        frame = await asyncio.wait_for(self.answers.get(), LIMIT)
        assert frame.payload is not None
        return frame, orjson.loads(frame.payload)

    async def listen(self) -> None:
        """Sort what comes in until the connection ends."""
        async for incoming in self.socket:
            if incoming.type is WSMsgType.BINARY:
                frame = decode(incoming.data)
                queue = self.pings if frame.method == CONTROL else self.answers
                queue.put_nowait(frame)
            elif incoming.type is WSMsgType.PONG:
                self.pongs.put_nowait(incoming.data)
        self.gone.set()


class Server:
    """The platform's side of the long connection."""

    def __init__(self) -> None:
        self.url = ""
        self.config: dict[str, Any] = dict(CONFIG)
        self.codes: list[int] = []
        self.refusals: list[dict[str, str]] = []
        self.endpoint_calls: list[dict[str, Any]] = []
        self.connections: asyncio.Queue[Connection] = asyncio.Queue()
        self.accepted = 0
        self.odd_urls: list[object] = []

    async def endpoint(self, request: web.Request) -> web.Response:
        """Hand out an address, or the next of the codes that a test put in."""
        self.endpoint_calls.append(await request.json())
        code = self.codes.pop(0) if self.codes else 0
        if code == 500:
            return web.Response(status=500, text="oops")
        if code:
            return web.json_response({"code": code, "msg": "no"})
        ticket = f"ticket-{len(self.endpoint_calls)}"
        url: object = f"{self.url.replace('http', 'ws')}/ws/v2?device_id=d-1&service_id=33554678&ticket={ticket}"
        if self.odd_urls:
            url = self.odd_urls.pop(0)
        return web.json_response({"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self.config}})

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Accept a connection, or refuse it with the next headers that a test put in."""
        if self.refusals:
            return web.Response(status=403, headers=self.refusals.pop(0))
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.accepted += 1
        connection = Connection(socket, request.query["ticket"])
        self.connections.put_nowait(connection)
        await connection.listen()
        return socket

    async def connection(self) -> Connection:
        """Wait for the next connection."""
        return await asyncio.wait_for(self.connections.get(), LIMIT)


class Sleeper:
    """Waiting that ends when the test says so."""

    def __init__(self) -> None:
        self.waits: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()

    async def __call__(self, seconds: float) -> None:
        """Wait until woken."""
        event = asyncio.Event()
        self.waits.put_nowait((seconds, event))
        await event.wait()

    async def wake(self) -> float:
        """Wait until somebody sleeps, wake them and return for how long they wanted to sleep."""
        seconds, event = await asyncio.wait_for(self.waits.get(), LIMIT)
        event.set()
        return seconds


class Core:
    """What handles events: answers as it is told, and can be held up."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.reply: Callable[[Inbound], Answer] = lambda _: Answer()
        self.holds: dict[str, asyncio.Event] = {}
        self.began = asyncio.Event()

    async def handle(self, inbound: Inbound) -> Answer:
        """Handle an event."""
        self.began.set()
        if isinstance(inbound, TextSaid) and inbound.text in self.holds:
            await self.holds[inbound.text].wait()
        self.heard.append(inbound)
        return self.reply(inbound)
