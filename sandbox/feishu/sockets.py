"""Long connections, platform side: endpoint discovery, handshake, and which connection gets an event.

Protocol: feishu.md section 7. Each event goes to one random live connection of its app; there is no broadcast.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.feishu.connection import Connection, Seat
from sandbox.feishu.faults import FaultKind
from sandbox.feishu.frames import FrameCodec
from sandbox.feishu.lines import Envelope, Outcome, Reply, on_the_wire
from sandbox.feishu.settings import ClientConfig, FakeApp, Timing
from sandbox.feishu.world import World

TOO_MANY_CONNECTIONS = 1000040350
NO_CREDENTIAL = 1000040344
AUTH_FAILED = 514
FORBIDDEN = 403
SYSTEM_BUSY = 1

_CLOSE_SECONDS = 2.0
"""How long a closing connection waits for the client's close frame."""

_FIRST_SERVICE_ID = 33554678
_FIRST_DEVICE_ID = 7_000_000_000_000_000_000


class SocketHub:
    """The ingress over long connections.

    Attributes:
        config: What clients are told at discovery and with every pong; may be replaced at any time.

    Args:
        world: The tenant.
        timing: How long to wait for answers.
        config: See above.
        fragment_bytes: Payloads above this come in several frames.
        connected: Called with the app's id after a connection is up.
    """

    def __init__(
        self,
        world: World,
        timing: Timing,
        config: ClientConfig,
        fragment_bytes: int,
        connected: Callable[[str], None],
    ) -> None:
        self.config = config
        self._world = world
        self._timing = timing
        self._fragment_bytes = fragment_bytes
        self._connected = connected
        self._codec = FrameCodec()
        self._tickets: dict[str, str] = {}
        self._connections: list[Connection] = []

    def live(self, app_id: str) -> list[Connection]:
        """The connections of an app, oldest first."""
        return [each for each in self._connections if each.seat.app_id == app_id and not each.closed]

    def discover(self, body: Mapping[str, Any], host: str) -> dict[str, Any]:
        """`POST /callback/ws/endpoint`: a URL with a ticket for one connection, or an error, always with HTTP 200."""
        problem = self._problem(body)
        if problem is not None:
            code, sentence = problem
            return {"code": code, "msg": sentence, "data": None}
        url = self._url(str(body["AppID"]), host)
        return {"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self.config.as_wire()}}

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """`GET /ws/v2`: serve a connection until it ends, or refuse the handshake."""
        app_id = self._tickets.pop(request.query.get("ticket", ""), None)
        refused = self._refused(app_id)
        if refused is not None or app_id is None:
            return refused or _refusal(AUTH_FAILED, "ticket is invalid", NO_CREDENTIAL)
        # Protocol-level pings are answered by hand, because a half-open connection must not answer them.
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSE_SECONDS)
        await socket.prepare(request)
        seat = Seat(app_id, request.query.get("device_id", ""), self._service_id(app_id))
        connection = Connection(self._world, seat, socket, request.transport, self._codec, lambda: self.config)
        self._connections.append(connection)
        self._connected(app_id)
        try:
            await connection.serve()
        finally:
            self._connections.remove(connection)
        return socket

    async def send(self, app: FakeApp, envelope: Envelope) -> Reply:
        """Send an envelope over a random connection; see `sandbox.feishu.lines.Line`."""
        alive = self.live(app.app_id)
        if not alive:
            return Reply(Outcome.NO_ROUTE)
        payload = on_the_wire(self._world, envelope)
        connection = self._world.chance.choice(alive)
        return await connection.deliver(payload, self._fragment_bytes, self._timing.answer_seconds)

    async def disconnect(self, app_id: str | None, code: int) -> None:
        """End the connections of one app, or all; code 1006 drops them without a close frame."""
        chosen = [each for each in self._connections if app_id in (None, each.seat.app_id)]
        await asyncio.gather(*(each.end(code) for each in chosen))

    def _problem(self, body: Mapping[str, Any]) -> tuple[int, str] | None:
        fault = self._world.faults.take(FaultKind.ENDPOINT)
        if fault is not None:
            return fault.code or SYSTEM_BUSY, "system busy"
        app_id, secret = str(body.get("AppID") or ""), str(body.get("AppSecret") or "")
        if not app_id or not secret:
            return NO_CREDENTIAL, "no credential"
        app = self._world.apps.get(app_id)
        if app is None or not hmac.compare_digest(app.secret.encode(), secret.encode()):
            return AUTH_FAILED, "app_id or app_secret is invalid"
        if self._is_full(app_id):
            return TOO_MANY_CONNECTIONS, "the number of connections exceeded the limit"
        return None

    def _url(self, app_id: str, host: str) -> str:
        store = self._world.store
        ticket = store.mint("")
        self._tickets[ticket] = app_id
        query = {
            "fpid": 493,
            "aid": 552564,
            "device_id": _FIRST_DEVICE_ID + store.mint_number(),
            "access_key": store.mint(""),
            "service_id": self._service_id(app_id),
            "ticket": ticket,
        }
        return f"ws://{host}/ws/v2?{urlencode(query)}"

    def _service_id(self, app_id: str) -> int:
        return _FIRST_SERVICE_ID + list(self._world.apps).index(app_id)

    def _is_full(self, app_id: str) -> bool:
        return len(self.live(app_id)) >= self._world.limits.connections

    def _refused(self, app_id: str | None) -> web.Response | None:
        fault = self._world.faults.take(FaultKind.HANDSHAKE)
        if fault is not None and fault.code == FORBIDDEN:
            return _refusal(FORBIDDEN, "forbidden", FORBIDDEN)
        if fault is not None:
            return _refusal(AUTH_FAILED, "handshake refused", fault.code)
        if app_id is not None and self._is_full(app_id):
            return _refusal(AUTH_FAILED, "too many connections", TOO_MANY_CONNECTIONS)
        return None


def _refusal(status: int, message: str, auth_code: int) -> web.Response:
    headers = {"Handshake-Status": str(status), "Handshake-Msg": message, "Handshake-Autherrcode": str(auth_code)}
    return web.Response(status=403, headers=headers)
