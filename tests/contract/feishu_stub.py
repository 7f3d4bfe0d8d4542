"""A small stand-in for the Feishu server: answers as it is told and remembers what it was asked."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.feishu.api import TOKEN_PATH
from adapters.feishu.settings import FeishuSettings
from adapters.http import HttpSession

APP_ID = "cli_1"
APP_SECRET = "top-secret"


@dataclass
class SteppingClock:
    """A clock that stands still until it is moved."""

    at: datetime = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return where it stands."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self.at += by


@dataclass
class Asked:
    """One call as the stub saw it."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: Any


Reply = Callable[[Asked], Awaitable[web.StreamResponse]]


@dataclass
class Stub:
    """What the stub answers, by method and path; everything else is 404. Tokens are there unless told otherwise."""

    asked: list[Asked] = field(default_factory=list)
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    url: str = ""
    tokens: int = 0

    def on(self, method: str, path: str, *answers: Mapping[str, Any] | tuple[int, Mapping[str, Any]]) -> None:
        """Answer calls one after the other; the last answer is given again and again."""
        remaining = list(answers)

        async def reply(_: Asked) -> web.StreamResponse:
            answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            status, payload = answer if isinstance(answer, tuple) else (200, answer)
            return web.json_response(payload, status=status, headers={"X-Tt-Logid": "log-1"})

        self.replies[method, path] = reply

    def calls(self, path: str) -> list[Asked]:
        """Return the calls of a path."""
        return [each for each in self.asked if each.path == path]

    def settings(self, **fields: Any) -> FeishuSettings:
        """Return settings that lead here."""
        return FeishuSettings(APP_ID, APP_SECRET, base_url=self.url, **fields)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember a call and answer it."""
        raw = await request.read()
        body = orjson.loads(raw) if raw else None
        asked = Asked(request.method, request.path, list(request.query.items()), request.headers, body)
        self.asked.append(asked)
        reply = self.replies.get((request.method, request.path))
        return await reply(asked) if reply else web.Response(status=404, text="not here")

    async def hand_out_token(self, _: Asked) -> web.StreamResponse:
        """Answer as the token endpoint does when all is well, with a new token each time."""
        self.tokens += 1
        payload = {"code": 0, "msg": "ok", "tenant_access_token": f"t-{self.tokens}", "expire": 7200}
        return web.json_response(payload)


@asynccontextmanager
async def running_stub() -> AsyncIterator[Stub]:
    """A stub that listens on the loopback."""
    stub = Stub()
    stub.replies["POST", TOKEN_PATH] = stub.hand_out_token
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    async with TestServer(app) as server:
        stub.url = str(server.make_url("")).rstrip("/")
        yield stub


@asynccontextmanager
async def open_session(patience: timedelta = timedelta(seconds=5)) -> AsyncIterator[HttpSession]:
    """An HTTP session that is closed in the end."""
    http = HttpSession(timeout=patience)
    try:
        yield http
    finally:
        await http.close()


def unknown_certificate(folder: Path) -> ssl.SSLContext:
    """Make a server's certificate that nobody vouches for; it is kept in a file, as `ssl` wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "both.pem"
    path.write_bytes(secret + builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
