"""A small stand-in for both of DingTalk's servers: answers as it is told and remembers what it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.dingtalk.api import TOKEN_PATH
from adapters.dingtalk.settings import DingTalkSettings

CLIENT_ID = "dingabc"
CLIENT_SECRET = "top-secret"


@dataclass
class Counted:
    """A tally that only adds up."""

    calls: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str, calls: int) -> None:
        """Add some."""
        self.calls[kind] = self.calls.get(kind, 0) + calls


@dataclass
class Asked:
    """One call as the stub saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


Reply = Callable[[Asked], Awaitable[web.StreamResponse]]
Answer = Mapping[str, Any] | tuple[int, Mapping[str, Any]] | tuple[int, str]


@dataclass
class Stub:
    """What the stub answers, by method and path; everything else is 404. Tokens are there unless told otherwise."""

    asked: list[Asked] = field(default_factory=list)
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    url: str = ""
    tokens: int = 0

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Answer calls one after the other; the last answer is given again and again. A string is sent as a page."""
        remaining = list(answers)

        async def reply(_: Asked) -> web.StreamResponse:
            answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            status, payload = answer if isinstance(answer, tuple) else (200, answer)
            if isinstance(payload, str):
                return web.Response(status=status, text=payload, content_type="text/html")
            return web.json_response(payload, status=status, headers={"x-acs-request-id": "request-1"})

        self.replies[method, path] = reply

    def calls(self, path: str) -> list[Asked]:
        """Return the calls of a path."""
        return [each for each in self.asked if each.path == path]

    def settings(self, **fields: Any) -> DingTalkSettings:
        """Return settings that lead here, with either host."""
        return DingTalkSettings(CLIENT_ID, CLIENT_SECRET, base_url=self.url, old_base_url=self.url, **fields)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember a call and answer it."""
        raw = await request.read()
        body = orjson.loads(raw) if raw else None
        asked = Asked(request.method, request.path, dict(request.query), request.headers, body)
        self.asked.append(asked)
        reply = self.replies.get((request.method, request.path))
        return await reply(asked) if reply else web.json_response({"code": "InvalidAction.NotFound"}, status=404)

    async def hand_out_token(self, _: Asked) -> web.StreamResponse:
        """Answer as the token endpoint does when all is well, with a new token each time."""
        self.tokens += 1
        return web.json_response({"accessToken": f"t-{self.tokens}", "expireIn": 7200})


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
