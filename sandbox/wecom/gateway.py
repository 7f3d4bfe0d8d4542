"""The API's front: tokens, trusted address, rates and faults around every feature, and the shape of its answers.

Answers have HTTP status 200 whatever happened; `errcode` tells (wecom.md section 3).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.wecom.calls import Answer, ApiCall, Feature, Upload
from sandbox.wecom.faults import FaultKind
from sandbox.wecom.journal import CallRecord, Journal
from sandbox.wecom.refusals import Refusal, sentence_of
from sandbox.wecom.settings import CONTACT_SYNC, EGRESS_IP, FakeWeComApp
from sandbox.wecom.tokens import Tokens
from sandbox.wecom.world import World

_NO_APP = FakeWeComApp("", -1, "", "", "0" * 43)
_ABOUT_ITSELF = "agent/get"
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
_ABORTING_LINGER = struct.pack("ii", 1, 0)
"""Makes the kernel send RST in place of FIN."""

_CUT_STATUS = 444
"""Never reaches anybody."""


class Callers(StrEnum):
    """Who may call an API."""

    ANYBODY = "anybody"
    """Also without a token: only the call that issues tokens."""
    APPS = "apps"
    READERS = "readers"
    """Apps; the contact-sync assistant gets 48009, because its address is newer than 2022-08-15."""
    SYNC = "sync"
    BOTH = "both"


_REFUSED_SYNC = {Callers.APPS: 48002, Callers.READERS: 48009}


@dataclass(frozen=True, slots=True)
class Api:
    """One method of the API.

    Attributes:
        method: HTTP method.
        path: Path below `/cgi-bin/`.
        feature: Answers a call that came past the gateway.
        callers: Who may call it.
        is_rated: Whether its calls count against the base frequency.
    """

    method: str
    path: str
    feature: Feature
    callers: Callers = Callers.APPS
    is_rated: bool = True


@dataclass(frozen=True, slots=True)
class _Read:
    """A request's body, read: its bytes, its JSON object or None where it holds none, and its file."""

    raw: bytes
    body: Mapping[str, Any] | None
    upload: Upload | None

    @property
    def msg_type(self) -> str:
        return str((self.body or {}).get("msgtype") or "")

    @property
    def receivers(self) -> int:
        body = self.body or {}
        named, listed = body.get("touser"), body.get("userids")
        if isinstance(named, str) and named not in ("", "@all"):
            return len(named.split("|"))
        return len(listed) if isinstance(listed, list) else 0


class _Cut(Exception):
    """The connection is to end without an answer."""


class _Failed(Exception):
    """The answer is to be an HTTP failure without JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gateway:
    """Serves the methods of one company.

    Args:
        world: The company.
        tokens: Its tokens.
        journal: Where calls are noted.
    """

    def __init__(self, world: World, tokens: Tokens, journal: Journal) -> None:
        self._world = world
        self._tokens = tokens
        self._journal = journal

    async def serve(self, api: Api, request: web.Request) -> web.StreamResponse:
        """Answer one request to a method."""
        at_seconds, read = self._world.monotonic(), await _read(request)
        app, code = _NO_APP, None
        try:
            self._break(FaultKind.RESET, FaultKind.FAIL, request.path)
            app = self._admitted(api, request)
            response, code = _response(await self._served(api, request, read, app)), 0
        except Refusal as refused:
            response, code = self._refused(refused), refused.code
        except _Failed as failed:
            response = web.Response(status=failed.status, text="the server failed")
        except _Cut:
            response = web.Response(status=_CUT_STATUS)
            _abort(request)
        status = response.status if response.status != _CUT_STATUS else 0
        record = CallRecord(
            *(request.method, request.path, at_seconds, read.msg_type, read.receivers, status, code, app.agent_id)
        )
        self._journal.add(record)
        return response

    def _admitted(self, api: Api, request: web.Request) -> FakeWeComApp:
        if request.method != api.method:
            raise Refusal(40063)
        if api.callers is Callers.ANYBODY:
            self._refuse_by_fault(request.path)
            return _NO_APP
        app = self._tokens.check(request.query.get("access_token", ""))
        self._meet_token_faults(app, request.path)
        if self._world.faults.take(FaultKind.UNTRUSTED_IP, request.path):
            raise Refusal(60020)
        self._refuse_by_fault(request.path)
        _check_caller(api, app)
        if app.is_closed and api.path != _ABOUT_ITSELF:
            raise Refusal(50003)
        if api.is_rated and not self._world.rates.api(api.path):
            raise Refusal(45009)
        return app

    def _meet_token_faults(self, app: FakeWeComApp, path: str) -> None:
        if self._world.faults.take(FaultKind.EXPIRED_TOKEN, path):
            self._tokens.expire(app.agent_id)
            raise Refusal(42001)
        if self._world.faults.take(FaultKind.INVALID_TOKEN, path):
            self._tokens.forget(app.agent_id)
            raise Refusal(40014)

    def _refuse_by_fault(self, path: str) -> None:
        faults = self._world.faults
        if faults.take(FaultKind.THROTTLE, path):
            raise Refusal(45009)
        if faults.take(FaultKind.BUSY, path):
            raise Refusal(-1)
        refused = faults.take(FaultKind.REFUSE, path)
        if refused is not None:
            raise Refusal(refused.code)

    async def _served(self, api: Api, request: web.Request, read: _Read, app: FakeWeComApp) -> Answer:
        try:
            await self._wait(FaultKind.DELAY_BEFORE, request.path)
            return api.feature(ApiCall(app, dict(request.query), self._checked(read), read.upload))
        finally:
            # A delayed or lost answer hides a refusal just as it hides a success.
            await self._wait(FaultKind.DELAY, request.path)
            self._break(FaultKind.RESET_AFTER, FaultKind.FAIL_AFTER, request.path)

    def _checked(self, read: _Read) -> Mapping[str, Any]:
        if read.body is None:
            raise Refusal(40058)
        if self._world.limits.escapes_refused and _ESCAPE.search(read.raw):
            raise Refusal(40033)
        return read.body

    async def _wait(self, kind: FaultKind, path: str) -> None:
        fault = self._world.faults.take(kind, path)
        if fault is not None:
            await asyncio.sleep(fault.seconds)

    def _break(self, reset: FaultKind, fail: FaultKind, path: str) -> None:
        if self._world.faults.take(reset, path):
            raise _Cut
        failure = self._world.faults.take(fail, path)
        if failure is not None:
            raise _Failed(failure.code or 500)

    def _refused(self, refused: Refusal) -> web.Response:
        sentence = sentence_of(refused.code, self._world.hint(), EGRESS_IP)
        return _response({"errcode": refused.code, "errmsg": sentence})


def _check_caller(api: Api, app: FakeWeComApp) -> None:
    if api.callers is Callers.BOTH:
        return
    is_sync = app.agent_id == CONTACT_SYNC
    if is_sync and api.callers in _REFUSED_SYNC:
        raise Refusal(_REFUSED_SYNC[api.callers])
    if not is_sync and api.callers is Callers.SYNC:
        raise Refusal(48002)


async def _read(request: web.Request) -> _Read:
    if request.content_type == "multipart/form-data":
        return _Read(b"", {}, await _upload(request))
    raw = await request.read()
    return _Read(raw, _object_in(raw) if raw.strip() else {}, None)


def _object_in(raw: bytes) -> Mapping[str, Any] | None:
    try:
        decoded = json.loads(raw.decode())
        # A lone surrogate passes JSON's grammar, yet nothing could store it.
        json.dumps(decoded, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


async def _upload(request: web.Request) -> Upload | None:
    with contextlib.suppress(ValueError):  # a broken body has whatever parts came before the break
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name:
                return Upload(part.name, part.filename or "", bytes(await part.read()))
    return None


def _response(answer: Answer) -> web.Response:
    if isinstance(answer, bytes):
        return web.Response(body=answer, headers={"Content-Disposition": 'attachment; filename="media"'})
    return web.Response(text=json.dumps(answer, ensure_ascii=False), content_type="application/json")


def _abort(request: web.Request) -> None:
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTING_LINGER)
        transport.abort()
