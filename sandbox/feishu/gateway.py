"""The open API's front: tokens, rates, scopes and faults around every feature, and the shape of its answers.

Order of checks: token, frequency, scope, then the feature's own. Envelopes and headers: feishu.md section 1.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.feishu.calls import ApiCall, Body, Feature
from sandbox.feishu.content import decode_object
from sandbox.feishu.faults import FaultKind
from sandbox.feishu.journal import CallRecord, Journal
from sandbox.feishu.refusals import Refusal, refusal, scope_missing, too_frequent
from sandbox.feishu.settings import FakeApp
from sandbox.feishu.tokens import Tokens
from sandbox.feishu.world import World

_NO_APP = FakeApp("", "")
_CODES_WITH_DATA = (10003, 99991661)
_ABORTING_LINGER = struct.pack("ii", 1, 0)
"""Makes the kernel send RST in place of FIN."""

_CUT_STATUS = 444
"""Never reaches anybody."""


@dataclass(frozen=True, slots=True)
class Api:
    """One method of the open API.

    Attributes:
        method: HTTP method.
        path: Path with aiohttp's variables.
        feature: Answers a call that came past the gateway.
        scopes: Any of these is needed; empty is none.
        needs_token: False only for the calls that issue tokens.
    """

    method: str
    path: str
    feature: Feature
    scopes: frozenset[str] = frozenset()
    needs_token: bool = True


@dataclass(frozen=True, slots=True)
class _Read:
    """A request's body, read: how long it was, and its JSON object or file parts, or None where it is neither."""

    size_bytes: int
    body: Mapping[str, Any] | None
    uploads: Mapping[str, bytes]

    @property
    def uuid(self) -> str:
        return str((self.body or {}).get("uuid") or "")


class _Cut(Exception):
    """The connection is to end without an answer."""


class _Failed(Exception):
    """The answer is to be an HTTP failure without the platform's envelope."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gateway:
    """Serves the methods of one tenant.

    Args:
        world: The tenant.
        tokens: Its tokens.
        journal: Where calls are noted.
    """

    def __init__(self, world: World, tokens: Tokens, journal: Journal) -> None:
        self._world = world
        self._tokens = tokens
        self._journal = journal
        self._being_sent: set[tuple[str, str]] = set()

    async def serve(self, api: Api, request: web.Request) -> web.StreamResponse:
        """Answer one request to a method."""
        at_seconds, log_id = self._world.monotonic(), self._world.store.mint("")
        read = await _read(request)
        app, code = _NO_APP, None
        try:
            self._break(FaultKind.RESET, FaultKind.FAIL, request.path)
            app = self._admitted(api, request)
            body = await self._served(api, request, read, app)
            response, code = _json(body, 200, {}, log_id), 0
        except Refusal as refused:
            response, code = _json(_error(refused, api, log_id), refused.status, refused.headers, log_id), refused.code
        except _Failed as failed:
            response = web.Response(status=failed.status, text="the server failed")
        except _Cut:
            response = web.Response(status=_CUT_STATUS)
            _abort(request)
        status = response.status if response.status != _CUT_STATUS else 0
        self._journal.add(CallRecord(request.method, request.path, at_seconds, read.uuid, status, code, app.app_id))
        return response

    def _admitted(self, api: Api, request: web.Request) -> FakeApp:
        if not api.needs_token:
            return _NO_APP
        app = self._tokens.check(request.headers.get("Authorization", ""))
        self._refuse_by_fault(api, app, request.path)
        self._world.rates.check_api(app.app_id, f"{api.method} {api.path}")
        if api.scopes and not api.scopes & app.scopes:
            raise scope_missing(api.scopes)
        return app

    def _refuse_by_fault(self, api: Api, app: FakeApp, path: str) -> None:
        faults = self._world.faults
        if faults.take(FaultKind.EXPIRED_TOKEN, path):
            self._tokens.forget(app.app_id)
            raise refusal(99991663)
        throttle = faults.take(FaultKind.THROTTLE, path)
        if throttle is not None:
            raise too_frequent(429, self._world.limits.per_second, max(1, round(throttle.seconds)))
        if faults.take(FaultKind.SCOPE_MISSING, path):
            raise scope_missing(api.scopes)
        if faults.take(FaultKind.QUOTA, path):
            raise refusal(99991403)
        refused = faults.take(FaultKind.REFUSE, path)
        if refused is not None:
            raise refusal(refused.code)

    async def _served(self, api: Api, request: web.Request, read: _Read, app: FakeApp) -> Body:
        if read.body is None:
            raise refusal(9499)
        query = {key: request.query.getall(key) for key in request.query}
        call = ApiCall(app, request.path, request.match_info, query, read.body, read.size_bytes, read.uploads)
        try:
            with self._sending(app.app_id, read.uuid):
                await self._wait(FaultKind.DELAY_BEFORE, request.path)
                return api.feature(call)
        finally:
            # A delayed or lost answer hides a refusal just as it hides a success.
            await self._wait(FaultKind.DELAY, request.path)
            self._break(FaultKind.RESET_AFTER, FaultKind.FAIL_AFTER, request.path)

    @contextmanager
    def _sending(self, app_id: str, uuid: str) -> Iterator[None]:
        key = (app_id, uuid)
        if uuid and key in self._being_sent:
            raise refusal(230049)
        self._being_sent.add(key)
        try:
            yield
        finally:
            self._being_sent.discard(key)

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


def json_response(body: Mapping[str, Any]) -> web.Response:
    """An answer outside of the open API, such as that of endpoint discovery."""
    return _json(body, 200, {}, "")


async def json_body(request: web.Request) -> Mapping[str, Any]:
    """The JSON object of a request, empty where it has none."""
    return decode_object((await request.read()).decode(errors="replace")) or {}


async def _read(request: web.Request) -> _Read:
    if request.content_type == "multipart/form-data":
        return _Read(request.content_length or 0, {}, await _uploads(request))
    raw = await request.read()
    # The body counts, not its declared type: lark-oapi sends none with its token request.
    return _Read(len(raw), decode_object(raw.decode(errors="replace")) if raw.strip() else {}, {})


async def _uploads(request: web.Request) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with contextlib.suppress(ValueError):  # a broken body has whatever parts came before the break
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name:
                found[part.name] = bytes(await part.read())
    return found


def _json(body: Mapping[str, Any], status: int, headers: Mapping[str, str], log_id: str) -> web.Response:
    marks = {"X-Tt-Logid": log_id, "X-Request-Id": log_id} if log_id else {}
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", headers={**marks, **headers})


def _error(refused: Refusal, api: Api, log_id: str) -> Body:
    body: Body = {"code": refused.code, "msg": refused.message}
    if refused.code in _CODES_WITH_DATA:
        body["data"] = {}
    if api.needs_token:
        where = f"https://open.feishu.cn/search?from=openapi&log_id={log_id}&code={refused.code}"
        hint = f"排查建议查看(Troubleshooting suggestions): {where}"
        body["error"] = {"log_id": log_id, "troubleshooter": hint, **refused.error}
    return body


def _abort(request: web.Request) -> None:
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTING_LINGER)
        transport.abort()
