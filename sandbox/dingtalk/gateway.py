"""The open platform's front on both hosts: token, rate, permission, quota and faults around every feature.

Order of checks: token, rate, permission, quota, then the feature's own. Bodies and headers: dingtalk.md section 3. A
call that is refused by token, rate or permission is not taken from the month's quota; one that its feature refuses is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.dingtalk.calls import ApiCall, Body, Feature, Upload
from sandbox.dingtalk.decoding import decoded_object, is_whole
from sandbox.dingtalk.faults import Fault, FaultKind
from sandbox.dingtalk.journal import CallRecord, Journal
from sandbox.dingtalk.refusals import (
    CATALOGUE,
    QPS,
    QUOTA,
    Refusal,
    in_old_words,
    old_refusal,
    permission_missing,
    refusal,
)
from sandbox.dingtalk.settings import FakeDingTalkApp
from sandbox.dingtalk.tokens import Tokens
from sandbox.dingtalk.world import World

_NOBODY = FakeDingTalkApp("", "")
_JSON = "application/json;charset=utf-8"
_BAN_PAGE = "<!doctype html><html><body><h1>punish</h1><p>your request was blocked</p></body></html>"
_ABORTING_LINGER = struct.pack("ii", 1, 0)
"""Makes the kernel send RST in place of FIN."""

_CUT_STATUS = 444
"""Never reaches anybody."""


class Host(StrEnum):
    """Which generation of the platform a method belongs to."""

    NEW = "api.dingtalk.com"
    OLD = "oapi.dingtalk.com"


@dataclass(frozen=True, slots=True)
class Api:
    """One method of the open platform.

    Attributes:
        method: HTTP method.
        path: Path with aiohttp's variables.
        feature: Answers a call that came past the gateway.
        host: Whose manners it has.
        permission: Needed for it; empty is none.
        counted: Whether it is taken from the month's calls.
        needs_token: False for the calls that issue tokens, and for addresses that are secrets themselves.
    """

    method: str
    path: str
    feature: Feature
    host: Host = Host.NEW
    permission: str = ""
    counted: bool = False
    needs_token: bool = True


@dataclass(frozen=True, slots=True)
class _Read:
    """A request's body, read: its members and file parts; `body` is None where it is what its host does not take."""

    body: Mapping[str, Any] | None
    uploads: Mapping[str, Upload]

    @property
    def subject(self) -> str:
        return str((self.body or {}).get("outTrackId") or "")


class _Cut(Exception):
    """The connection is to end without an answer."""


class _Page(Exception):
    """The answer is to be a page or a bare failure, not a body of the platform."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status)
        self.response = web.Response(status=status, text=text, content_type="text/html")


class _Visit:
    """What is known of one request while it is served."""

    def __init__(self) -> None:
        self.app = _NOBODY
        self.counted = False
        self.code = ""


class Gateway:
    """Serves the methods of one organisation.

    Args:
        world: The organisation.
        tokens: Its tokens.
        journal: Where calls are noted.
    """

    def __init__(self, world: World, tokens: Tokens, journal: Journal) -> None:
        self._world = world
        self._tokens = tokens
        self._journal = journal

    async def serve(self, api: Api, request: web.Request) -> web.StreamResponse:
        """Answer one request to a method."""
        at_seconds, request_id = self._world.monotonic(), self._world.store.mint("").upper()
        read, visit = await _read(api, request), _Visit()
        try:
            response: web.StreamResponse = _json(await self._answer(api, request, read, visit), 200, request_id)
        except Refusal as refused:
            said = in_old_words(refused) if api.host is Host.OLD else refused
            visit.code = str(said.code)
            response = _json(_error(said, request_id), said.status, request_id)
        except _Page as page:
            visit.code, response = str(page.response.status), page.response
        except _Cut:
            response = web.Response(status=_CUT_STATUS)
            _abort(request)
        status = response.status if response.status != _CUT_STATUS else 0
        self._journal.add(
            CallRecord(
                *(request.method, request.path, at_seconds, status, visit.code),
                *(visit.app.client_id, visit.counted, read.subject),
            )
        )
        return response

    async def _answer(self, api: Api, request: web.Request, read: _Read, visit: _Visit) -> Body:
        self._break(api, request.path)
        self._admit(api, request, visit)
        if read.body is None or not is_whole(dict(request.query)):
            raise refusal("Missingbody")
        query = {key: request.query.getall(key) for key in request.query}
        call = ApiCall(visit.app, request.match_info, query, read.body, read.uploads)
        try:
            await self._wait(FaultKind.DELAY_BEFORE, request.path)
            return api.feature(call)
        finally:
            # A delayed or lost answer hides a refusal just as it hides a success.
            await self._wait(FaultKind.DELAY, request.path)
            self._lose(api, request.path)

    def _admit(self, api: Api, request: web.Request, visit: _Visit) -> None:
        path = request.path
        if api.needs_token:
            visit.app = self._caller(api, request)
            if self._world.faults.take(FaultKind.THROTTLE, path):
                raise refusal(QPS)
            self._world.rates.check(visit.app.client_id, f"{api.method} {api.path}")
        elif self._world.faults.take(FaultKind.THROTTLE, path):
            raise refusal(QPS)
        if self._world.faults.take(FaultKind.PERMISSION, path) or not _granted(api, visit.app):
            raise permission_missing(api.permission)
        if self._world.faults.take(FaultKind.QUOTA, path):
            raise refusal(QUOTA)
        if api.counted:
            self._world.quota.spend_call()
            visit.counted = True
        refused = self._world.faults.take(FaultKind.REFUSE, path)
        if refused is not None:
            raise _chosen(api, refused)

    def _caller(self, api: Api, request: web.Request) -> FakeDingTalkApp:
        if api.host is Host.OLD:
            token, check = request.query.get("access_token", ""), self._tokens.check_old
        else:
            token, check = request.headers.get("x-acs-dingtalk-access-token", ""), self._tokens.check_new
        if self._world.faults.take(FaultKind.EXPIRED_TOKEN, request.path):
            self._tokens.forget(token)
        return check(token)

    def _break(self, api: Api, path: str) -> None:
        faults = self._world.faults
        if faults.take(FaultKind.RESET, path):
            raise _Cut
        if faults.take(FaultKind.BAN_PAGE, path):
            raise _Page(403, _BAN_PAGE)
        failure = faults.take(FaultKind.FAIL, path)
        if failure is None:
            return
        if failure.status:
            raise _Page(failure.status, "the server failed")
        raise old_refusal(-1) if api.host is Host.OLD else refusal("system.error")

    def _lose(self, api: Api, path: str) -> None:
        if self._world.faults.take(FaultKind.RESET_AFTER, path):
            raise _Cut
        if self._world.faults.take(FaultKind.GATEWAY_TIMEOUT, path):
            if api.host is Host.OLD:
                raise old_refusal(15)
            raise _Page(504, "gateway timeout")

    async def _wait(self, kind: FaultKind, path: str) -> None:
        fault = self._world.faults.take(kind, path)
        if fault is not None:
            await asyncio.sleep(fault.seconds)


def json_response(body: Mapping[str, Any], status: int, request_id: str) -> web.Response:
    """An answer outside of the gateway, such as that of `connections/open`."""
    return _json(body, status, request_id)


def error_response(refused: Refusal, request_id: str) -> web.Response:
    """A refusal outside of the gateway."""
    return _json(_error(refused, request_id), refused.status, request_id)


async def json_body(request: web.Request) -> Mapping[str, Any] | None:
    """The JSON object of a request, None where it has none."""
    return decoded_object(await request.read())


def _granted(api: Api, app: FakeDingTalkApp) -> bool:
    return not api.permission or api.permission in app.permissions


def _chosen(api: Api, fault: Fault) -> Refusal:
    if api.host is Host.OLD:
        return old_refusal(int(fault.code) if fault.code.lstrip("-").isdecimal() else -1)
    return refusal(fault.code if fault.code in CATALOGUE else "system.error")


async def _read(api: Api, request: web.Request) -> _Read:
    if request.method == "GET":
        return _Read({}, {})
    if request.content_type == "multipart/form-data" and api.host is Host.OLD:
        return await _multipart(request)
    if request.content_type == "application/x-www-form-urlencoded" and api.host is Host.OLD:
        return _Read({key: str(value) for key, value in (await request.post()).items()}, {})
    raw = await request.read()
    is_json = request.content_type == "application/json"
    if api.host is Host.OLD and not raw.strip():
        return _Read({}, {})
    return _Read(decoded_object(raw) if is_json else None, {})


async def _multipart(request: web.Request) -> _Read:
    fields: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    with contextlib.suppress(ValueError, HttpProcessingError):  # a broken body has whatever parts came before the break
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or not part.name:
                continue
            content = bytes(await part.read())
            if part.filename is None:
                fields[part.name] = content.decode(errors="replace")
            else:
                uploads[part.name] = Upload(part.filename, content)
    return _Read(fields, uploads)


def _json(body: Mapping[str, Any], status: int, request_id: str) -> web.Response:
    headers = {
        "Content-Type": _JSON,
        "Server": "DingTalk/1.0.0",
        "x-acs-request-id": request_id,
        "x-acs-trace-id": request_id.lower(),
    }
    return web.Response(status=status, body=json.dumps(body, ensure_ascii=False).encode(), headers=headers)


def _error(refused: Refusal, request_id: str) -> Body:
    if isinstance(refused.code, int):
        return {"errcode": refused.code, "errmsg": refused.sentence, "request_id": request_id.lower()[:12]}
    return {"code": refused.code, "requestid": request_id, "message": refused.sentence, **refused.more}


def _abort(request: web.Request) -> None:
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTING_LINGER)
        transport.abort()
