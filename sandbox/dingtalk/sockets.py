"""Stream mode, platform side: `connections/open`, tickets, and which connection gets a push (dingtalk.md section 9).

A push goes to one random live connection of the app that has subscribed to its topic; there is no broadcast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from sandbox.dingtalk.connection import Connection, Seat
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.gateway import error_response, json_body, json_response
from sandbox.dingtalk.lines import Outcome, Push, PushKind, Reply
from sandbox.dingtalk.refusals import refusal
from sandbox.dingtalk.settings import TICKET_LIFE, FakeDingTalkApp, Timing
from sandbox.dingtalk.tokens import Tokens
from sandbox.dingtalk.world import World

PATH = "/connect"

_CLOSE_SECONDS = 2.0
"""How long a closing connection waits for the client's close frame."""

_TYPES = ("EVENT", "CALLBACK", "SYSTEM")
_XML = "<OpenConnectionResponse><endpoint>{}</endpoint><ticket>{}</ticket></OpenConnectionResponse>"


@dataclass(frozen=True, slots=True)
class _Ticket:
    client_id: str
    topics: frozenset[tuple[str, str]]
    expires_ms: int


class SocketHub:
    """The way to apps in Stream mode.

    Args:
        world: The organisation.
        tokens: Knows the apps' secrets.
        timing: How long to wait.
        connected: Called with the client id after a connection is up.
    """

    def __init__(self, world: World, tokens: Tokens, timing: Timing, connected: Callable[[str], None]) -> None:
        self._world = world
        self._tokens = tokens
        self._timing = timing
        self._connected = connected
        self._tickets: dict[str, _Ticket] = {}
        self._last_ticket = ""
        self._connections: list[Connection] = []
        self._draining: set[asyncio.Task[None]] = set()

    def live(self, client_id: str) -> list[Connection]:
        """The connections of an app that get pushes, oldest first."""
        return [each for each in self._of(client_id) if not each.draining]

    def draining(self, client_id: str) -> list[Connection]:
        """The connections of an app that wait for their end after `disconnect`."""
        return [each for each in self._of(client_id) if each.draining]

    async def open(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1.0/gateway/connections/open`: an endpoint and a ticket for one connection."""
        request_id = self._world.store.mint("").upper()
        slow = self._world.faults.take(FaultKind.SLOW_OPEN)
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        fault = self._world.faults.take(FaultKind.OPEN)
        if fault is not None and fault.status != 401:
            return web.Response(status=fault.status or 503, text="service unavailable")
        body = await json_body(request)
        if body is None or request.content_type != "application/json":
            return error_response(refusal("Missingbody"), request_id)
        app = self._tokens.proven(body.get("clientId"), body.get("clientSecret"))
        if app is None or fault is not None:
            return error_response(refusal("authFailed"), request_id)
        topics = _topics(body)
        if topics is None:
            return error_response(refusal("param.invalid", "subscriptions"), request_id)
        endpoint, ticket = f"ws://{request.host}{PATH}", self._ticket(app.client_id, topics)
        if "application/json" not in request.headers.get("Accept", ""):
            return web.Response(text=_XML.format(endpoint, ticket), content_type="application/xml")
        return json_response({"endpoint": endpoint, "ticket": ticket}, 200, request_id)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """`GET /connect`: serve a connection until it ends, or refuse its ticket with HTTP 401."""
        ticket = self._tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or ticket.expires_ms <= self._world.now_ms():
            return web.Response(status=401, text="ticket is invalid")
        # Protocol-level pings are answered by hand, because a half-open connection must not answer them.
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSE_SECONDS)
        await socket.prepare(request)
        seat = Seat(ticket.client_id, self._uuid(), ticket.topics)
        connection = Connection(self._world, seat, socket, request.transport)
        self._connections.append(connection)
        self._connected(ticket.client_id)
        try:
            await connection.serve()
        finally:
            self._connections.remove(connection)
        return socket

    async def send(self, app: FakeDingTalkApp, push: Push) -> Reply:
        """Send a push over a random connection; see `sandbox.dingtalk.lines.Line`."""
        if self.draining(app.client_id) and self._world.faults.take(FaultKind.LOST_AT_DISCONNECT):
            return Reply(Outcome.LOST)
        taking = [each for each in self.live(app.client_id) if each.takes(push.kind)]
        if not taking:
            return Reply(Outcome.NO_ROUTE)
        is_click = push.kind is PushKind.CLICK
        patience = self._timing.click_seconds if is_click else self._timing.stream_seconds
        return await self._world.chance.choice(taking).deliver(push, patience)

    async def ping(self, client_id: str) -> list[bool]:
        """Send a SYSTEM ping over every connection of an app; whether each brought its data back in time."""
        alive = self.live(client_id)
        return list(await asyncio.gather(*(each.ping(self._uuid(), self._timing.stream_seconds) for each in alive)))

    def expire(self, client_id: str | None, reason: str) -> None:
        """Tell the connections of one app, or all, by `disconnect` that they end soon."""
        for connection in [each for each in self._connections if client_id in (None, each.seat.client_id)]:
            connection.draining = True
            task = asyncio.create_task(connection.expire(reason, self._timing.drain_seconds))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    async def end(self, client_id: str | None, code: int) -> None:
        """End the connections of one app, or all; code 1006 drops them without a close frame."""
        chosen = [each for each in self._connections if client_id in (None, each.seat.client_id)]
        await asyncio.gather(*(each.end(code) for each in chosen))

    async def close(self) -> None:
        """Give up what waits for its end."""
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)

    def _of(self, client_id: str) -> list[Connection]:
        return [each for each in self._connections if each.seat.client_id == client_id and not each.closed]

    def _ticket(self, client_id: str, topics: frozenset[tuple[str, str]]) -> str:
        if self._last_ticket and self._world.faults.take(FaultKind.TICKET_REUSE):
            return self._last_ticket
        now_ms = self._world.now_ms()
        self._tickets = {key: each for key, each in self._tickets.items() if each.expires_ms > now_ms}
        ticket = self._last_ticket = self._uuid()
        self._tickets[ticket] = _Ticket(client_id, topics, now_ms + int(TICKET_LIFE.total_seconds() * 1000))
        return ticket

    def _uuid(self) -> str:
        return str(UUID(int=self._world.chance.getrandbits(128), version=4))


def _topics(body: Mapping[str, Any]) -> frozenset[tuple[str, str]] | None:
    """The subscriptions as pairs of type and topic, None where they are malformed."""
    given = body.get("subscriptions", [])
    if not isinstance(given, list):
        return None
    found = set()
    for each in given:
        if not isinstance(each, dict) or each.get("type") not in _TYPES or not isinstance(each.get("topic"), str):
            return None
        found.add((each["type"], each["topic"]))
    return frozenset(found)
