"""The platform's side of a Stream connection: hands out tickets, pushes frames, and reads what comes back."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from adapters.dingtalk.wire import CARD_TOPIC, ROBOT_TOPIC

LIMIT = 10.0  # seconds until a test that waits in vain fails


class Connection:
    """One accepted connection, as the server sees it."""

    def __init__(self, socket: web.WebSocketResponse, ticket: str) -> None:
        self.socket = socket
        self.ticket = ticket
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.pings: asyncio.Queue[bytes] = asyncio.Queue()
        self.pongs: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def push(
        self, kind: str, topic: str, data: Mapping[str, Any] | str, message_id: str = "f-1", **headers: str
    ) -> None:
        """Send a frame."""
        known = {"appId": "a", "connectionId": "c", "contentType": "application/json", "messageId": message_id}
        known |= {"time": "1769851697756", "topic": topic} | headers
        text = data if isinstance(data, str) else orjson.dumps(data).decode()
        frame = {"specVersion": "1.0", "type": kind, "headers": known, "data": text}
        await self.socket.send_str(orjson.dumps(frame).decode())

    async def say(self, payload: Mapping[str, Any] | str, message_id: str = "f-1") -> None:
        """Push a robot message."""
        await self.push("CALLBACK", ROBOT_TOPIC, payload, message_id)

    async def click(self, payload: Mapping[str, Any] | str, message_id: str = "f-1") -> None:
        """Push a click."""
        await self.push("CALLBACK", CARD_TOPIC, payload, message_id)

    async def tell(self, kind: str, data: Mapping[str, Any], message_id: str = "f-1", event_id: str = "ev-1") -> None:
        """Push an event of the organisation."""
        born = "1685501863357"
        await self.push("EVENT", "*", data, message_id, eventType=kind, eventId=event_id, eventBornTime=born)

    async def answer(self) -> dict[str, Any]:
        """Wait for the next answer; its `data` is decoded."""
        answer = await asyncio.wait_for(self.answers.get(), LIMIT)
        assert isinstance(answer["data"], str)
        return answer | {"data": orjson.loads(answer["data"])}

    async def listen(self) -> None:
        """Sort what comes in until the connection ends."""
        async for incoming in self.socket:
            if incoming.type is WSMsgType.TEXT:
                self.answers.put_nowait(orjson.loads(incoming.data))
            elif incoming.type is WSMsgType.PING:
                self.pings.put_nowait(incoming.data)
            elif incoming.type is WSMsgType.PONG:
                self.pongs.put_nowait(incoming.data)
        self.gone.set()


class Server:
    """The gateway and the sockets behind it."""

    def __init__(self) -> None:
        self.url = ""
        self.opened: list[tuple[Mapping[str, str], dict[str, Any]]] = []
        self.refusals: list[tuple[int, Mapping[str, Any]]] = []
        self.odd_answers: list[Mapping[str, Any]] = []
        self.handshakes: list[int] = []
        self.connections: asyncio.Queue[Connection] = asyncio.Queue()

    async def open(self, request: web.Request) -> web.Response:
        """Hand out a ticket, or the next refusal that a test put in."""
        self.opened.append((request.headers, await request.json()))
        if self.refusals:
            status, payload = self.refusals.pop(0)
            return web.json_response(payload, status=status)
        endpoint = f"{self.url.replace('http', 'ws')}/connect"
        answer = {"endpoint": endpoint, "ticket": f"ticket/{len(self.opened)}+"}
        return web.json_response(self.odd_answers.pop(0) if self.odd_answers else answer)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Accept a connection, or refuse it with the next status that a test put in."""
        if self.handshakes:
            return web.Response(status=self.handshakes.pop(0))
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request.query["ticket"])
        self.connections.put_nowait(connection)
        await connection.listen()
        return socket

    async def connection(self) -> Connection:
        """Wait for the next connection."""
        return await asyncio.wait_for(self.connections.get(), LIMIT)
