"""Calling an app's address: the URL check, sealed and signed posts, and the platform's patience.

Wire format: wecom.md section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1
from io import BytesIO

import aiohttp
from yarl import URL

from sandbox.wecom import sealing, xml
from sandbox.wecom.faults import FaultKind
from sandbox.wecom.settings import CONTACT_SYNC, FakeWeComApp, Timing
from sandbox.wecom.world import World

_XML = {"Content-Type": "text/xml; charset=utf-8"}
_OVERSIZE_BYTES = 2 * 1024 * 1024
_FOREIGN_CORP = "wwffffffffffffffff"


class Outcome(StrEnum):
    """What became of one try to reach an app."""

    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    NOT_REACHED = "not_reached"
    CONNECTION_LOST = "connection_lost"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        outcome: Whether anything came at all.
        status: HTTP status; 0 without an answer.
        content: The body.
    """

    outcome: Outcome
    status: int = 0
    content: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the platform counts the event as delivered."""
        return self.outcome is Outcome.ANSWERED and self.status == 200


@dataclass(frozen=True, slots=True)
class Packed:
    """A request as it leaves: its query in URL form, and its body."""

    query: str
    body: bytes


class Callbacks:
    """The way from the platform to apps.

    Args:
        world: The company.
        timing: How long to wait.
    """

    def __init__(self, world: World, timing: Timing) -> None:
        self._world = world
        self._timing = timing
        self._session: aiohttp.ClientSession | None = None

    async def check_url(self, app: FakeWeComApp) -> bool:
        """Save the address in the console: whether exactly the echo's plain text came back within a second."""
        world = self._world
        echo = str(world.chance.getrandbits(63))
        sealed = sealing.seal(app.aes_key, echo.encode(), app.corp_id, world.chance.randbytes(16))
        query = self._signed(app, sealed, {"echostr": sealed})
        if world.faults.take(FaultKind.RAW_PLUS):
            query = query.replace("%2B", "+")
        reply = await self._request("GET", app, Packed(query, b""), self._timing.check_seconds)
        return reply.succeeded and reply.content == echo.encode()

    def packed(self, app: FakeWeComApp, plain: str) -> Packed:
        """Seal and sign a text anew, with the faults that change it."""
        faults, chance = self._world.faults, self._world.chance
        text = b"\x00\xff" if faults.take(FaultKind.NO_XML) else plain.encode()
        receive_id = _FOREIGN_CORP if faults.take(FaultKind.WRONG_RECEIVER) else app.corp_id
        seal = sealing.seal_badly if faults.take(FaultKind.BAD_PADDING) else sealing.seal
        sealed = seal(app.aes_key, text, receive_id, chance.randbytes(16))
        fields: list[tuple[str, xml.Value]] = [("ToUserName", app.corp_id), ("Encrypt", sealed)]
        if app.agent_id != CONTACT_SYNC:
            fields.append(("AgentID", str(app.agent_id)))
        elif chance.random() < 0.5:
            fields.append(("AgentID", ""))
        if faults.take(FaultKind.OVERSIZE):
            fields.append(("Filling", "x" * _OVERSIZE_BYTES))
        return Packed(self._signed(app, sealed, {}), xml.write(fields, chance).encode())

    async def post(self, app: FakeWeComApp, packed: Packed) -> Reply:
        """Post a sealed text once, and wait for the answer as long as the platform does."""
        return await self._request("POST", app, packed, self._timing.answer_seconds)

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()

    def _signed(self, app: FakeWeComApp, sealed: str, more: Mapping[str, str]) -> str:
        world = self._world
        timestamp, nonce = str(world.now_ms() // 1000), str(world.chance.getrandbits(31))
        signature = sealing.sign(app.token, timestamp, nonce, sealed)
        if world.faults.take(FaultKind.WRONG_SIGNATURE):
            signature = sha1(signature.encode()).hexdigest()  # noqa: S324 only has to look like one
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, **more}
        return "&".join(f"{key}={_escaped(value)}" for key, value in query.items())

    async def _request(self, method: str, app: FakeWeComApp, packed: Packed, wait_seconds: float) -> Reply:
        joint = "&" if "?" in app.callback_url else "?"
        url = URL(f"{app.callback_url}{joint}{packed.query}", encoded=True)
        limits = aiohttp.ClientTimeout(total=wait_seconds, sock_connect=self._timing.connect_seconds)
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.request(
                method, url, data=BytesIO(packed.body), headers=_XML, timeout=limits, allow_redirects=False
            ) as response:
                return Reply(Outcome.ANSWERED, response.status, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Reply(Outcome.NOT_REACHED)
        except TimeoutError:
            return Reply(Outcome.TIMED_OUT)
        except (aiohttp.ClientError, OSError):
            return Reply(Outcome.CONNECTION_LOST)


def _escaped(value: str) -> str:
    return value.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
