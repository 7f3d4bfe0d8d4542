"""Calls to the server API: token, envelope, errors. One object an app; who calls what stands in the modules above."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import orjson

from adapters.feishu.errors import TOKEN_CODES, refusal
from adapters.feishu.settings import FeishuSettings
from adapters.http import HttpReply, HttpSession, Query, Token, TokenCache
from domain.errors import PlatformDown
from domain.ports import Clock

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105 - a path
MAX_PAGES = 10_000
"""A listing that goes on after this many pages turns in circles."""

_JSON = {"Content-Type": "application/json; charset=utf-8"}


class FeishuApi:
    """The server API as one app sees it.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when the token ends.
    """

    def __init__(self, settings: FeishuSettings, http: HttpSession, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._tokens = TokenCache(self._fetch_token, clock)

    async def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        attempts: int = 0,
    ) -> Mapping[str, Any]:
        """Make one call and return the whole envelope, whose `code` is then 0.

        A token that is refused is renewed once, and the call made once more: the first was not carried out.

        Args:
            method: Such as "POST".
            path: From the slash, already encoded.
            query: Values are opaque: page tokens hold `+`, `/` and `=`.
            body: Sent as JSON.
            attempts: Tries before this one, for how long to wait when throttled.

        Raises:
            PlatformError: As its subclasses say.
        """
        encoded = None if body is None else orjson.dumps(body)
        token = await self._tokens.get()
        reply, payload = await self._send(method, path, query, encoded, token)
        if payload.get("code") in TOKEN_CODES:
            self._tokens.forget(token)
            reply, payload = await self._send(method, path, query, encoded, await self._tokens.get())
        return _succeeded(reply, payload, attempts)

    async def token(self) -> str:
        """Return a valid token, to see whether one can be had.

        Raises:
            PlatformError: It cannot.
        """
        return await self._tokens.get()

    async def _send(
        self, method: str, path: str, query: Query | None, body: bytes | None, token: str
    ) -> tuple[HttpReply, Mapping[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers |= _JSON
        reply = await self._http.send(method, self._settings.base_url + path, query, headers, body)
        return reply, envelope_of(reply)

    async def _fetch_token(self) -> Token:
        credentials = {"app_id": self._settings.app_id, "app_secret": self._settings.app_secret}
        url = self._settings.base_url + TOKEN_PATH
        asked_at = self._clock.now()
        reply = await self._http.send("POST", url, headers=_JSON, body=orjson.dumps(credentials))
        payload = _succeeded(reply, envelope_of(reply), 0)
        value, seconds = payload.get("tenant_access_token"), payload.get("expire")
        if not isinstance(value, str) or not value or not isinstance(seconds, int):
            raise PlatformDown("no-token", "the token endpoint reported success without a token")
        return Token(value, asked_at + timedelta(seconds=seconds))


async def pages(
    get: Callable[[str, Query], Awaitable[Mapping[str, Any]]], path: str, query: Query
) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the `data` of each page of a listing.

    Args:
        get: Makes one call and returns its `data`.
        path: Of the listing.
        query: Of each page, without the token that leads to it.

    Raises:
        PlatformError: A page could not be read, so that the listing is incomplete.
    """
    page_token = ""
    for _ in range(MAX_PAGES):
        data = await get(path, {**query, "page_token": page_token} if page_token else query)
        yield data
        if not data.get("has_more"):
            return
        page_token = str(data.get("page_token") or "")
        if not page_token:
            raise PlatformDown("no-page-token", "the listing goes on, but does not say where")
    raise PlatformDown("endless-listing", path)


def data_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the `data` member of an envelope, empty if there is none."""
    data = payload.get("data")
    return data if isinstance(data, dict) else {}


def envelope_of(reply: HttpReply) -> Mapping[str, Any]:
    """Return the decoded body, empty if it is no JSON object (a proxy's error page, for instance)."""
    try:
        payload = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return payload if isinstance(payload, dict) else {}


def _succeeded(reply: HttpReply, payload: Mapping[str, Any], attempts: int) -> Mapping[str, Any]:
    # Success is code 0, never the status alone: the token endpoint refuses with 200.
    if payload.get("code") == 0 and reply.status < 300:
        return payload
    raise refusal(reply.status, reply.headers, payload, attempts)
