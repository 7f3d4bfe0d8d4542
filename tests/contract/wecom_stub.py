"""A small stand-in for the WeCom server: answers as it is told and remembers what it was asked.

Beside it, the platform's way of sealing callbacks, written once more from its description, for tests to call back with.
"""

import base64
import hashlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from adapters.wecom.api import GET_TOKEN
from adapters.wecom.client import SEND
from adapters.wecom.settings import WeComSettings

CORP = "ww00112233445566aa"
AGENT_ID = 1000002
SECRET = "top-secret"
TOKEN = "DemoToken2026"
AES_KEY = "u8jzPde0IgxLd6GncfBAepfJBd0Kh8oOOL8dKLzdocJ"
SETTINGS = WeComSettings(CORP, AGENT_ID, SECRET, TOKEN, AES_KEY)
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TIMESTAMP = str(int(NOW.timestamp()))


@dataclass
class Asked:
    """One call as the stub saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The decoded body."""
        return orjson.loads(self.raw)


Reply = Callable[[Asked], Awaitable[web.StreamResponse]]


@dataclass
class Stub:
    """What the stub answers, by method and path; everything else is 404. Tokens are there unless told otherwise."""

    asked: list[Asked] = field(default_factory=list)
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    url: str = ""
    tokens: int = 0
    sent: int = 0

    def on(self, method: str, path: str, *answers: Mapping[str, Any] | tuple[int, Mapping[str, Any]]) -> None:
        """Answer calls one after the other; the last answer is given again and again."""
        remaining = list(answers)

        async def reply(_: Asked) -> web.StreamResponse:
            answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            status, payload = answer if isinstance(answer, tuple) else (200, answer)
            return web.json_response(payload, status=status)

        self.replies[method, path] = reply

    def calls(self, path: str) -> list[Asked]:
        """Return the calls of a path."""
        return [each for each in self.asked if each.path == path]

    def bodies(self, path: str = SEND) -> list[Any]:
        """Return the bodies of the calls of a path."""
        return [each.body for each in self.calls(path)]

    def settings(self, **fields: Any) -> WeComSettings:
        """Return settings that lead here."""
        return WeComSettings(CORP, AGENT_ID, SECRET, TOKEN, AES_KEY, base_url=self.url, **fields)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember a call and answer it."""
        asked = Asked(request.method, request.path, dict(request.query), request.headers, await request.read())
        self.asked.append(asked)
        reply = self.replies.get((request.method, request.path))
        return await reply(asked) if reply else web.Response(status=404, text="not here")

    async def hand_out_token(self, _: Asked) -> web.StreamResponse:
        """Answer as the token endpoint does when all is well, with a new token each time."""
        self.tokens += 1
        payload = {"errcode": 0, "errmsg": "ok", "access_token": f"t-{self.tokens}", "expires_in": 7200}
        return web.json_response(payload)

    async def accept(self, asked: Asked) -> web.StreamResponse:
        """Answer as message/send does when all is well: cards that can be pressed get a response_code."""
        self.sent += 1
        payload = {"errcode": 0, "errmsg": "ok", "msgid": f"msg-{self.sent}"}
        if asked.body["msgtype"] == "template_card":
            payload["response_code"] = f"code-{self.sent}"
        return web.json_response(payload)


@asynccontextmanager
async def running_stub() -> AsyncIterator[Stub]:
    """A stub that listens on the loopback."""
    stub = Stub()
    stub.replies["GET", GET_TOKEN] = stub.hand_out_token
    stub.replies["POST", SEND] = stub.accept
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    async with TestServer(app) as server:
        stub.url = str(server.make_url("")).rstrip("/")
        yield stub


def encrypt(
    message: bytes, receive_id: str = CORP, aes_key: str = AES_KEY, noise: bytes = b"\xffabcdefghijklmn\x00"
) -> str:
    """Encrypt as the platform does."""
    plain = noise + struct.pack(">I", len(message)) + message + receive_id.encode()
    missing = 32 - len(plain) % 32
    return encrypt_blocks(plain + bytes([missing]) * missing, aes_key)


def encrypt_blocks(padded: bytes, aes_key: str = AES_KEY) -> str:
    """Encrypt what is already made of whole blocks."""
    key = base64.b64decode(aes_key + "=")
    cipher = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


def sign(encrypted: str, timestamp: str = TIMESTAMP, nonce: str = "demo123", token: str = TOKEN) -> dict[str, str]:
    """Return the query that proves where a callback comes from."""
    signature = hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


def envelope(encrypted: str, agent_id: str = str(AGENT_ID)) -> bytes:
    """Return the body of a callback."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[{agent_id}]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()


def called_back(message: str, timestamp: str = TIMESTAMP) -> tuple[dict[str, str], bytes]:
    """Return query and body of the callback that brings a message."""
    encrypted = encrypt(message.encode())
    return sign(encrypted, timestamp), envelope(encrypted)


def event(kind: str, user_id: str = "zhangsan", inner: str = "", at: str = TIMESTAMP) -> str:
    """Return the XML of an event."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{user_id}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{kind}]]></Event>"
        f"<AgentID>{AGENT_ID}</AgentID>{inner}</xml>"
    )
