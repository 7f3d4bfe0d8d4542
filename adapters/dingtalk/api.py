"""Calls to both generations of the server API with one token: token, envelope, errors, and the count of the quota.

Rules: dingtalk.md 3 and 11, read 2026-11-22. New calls carry the token in a header and fail by status, old ones in the
query and fail inside HTTP 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from adapters.dingtalk.errors import code_of, html_instead, refusal, refuses_token
from adapters.dingtalk.settings import DingTalkSettings
from adapters.http import HttpReply, HttpSession, Query, Token, TokenCache
from domain.errors import PlatformDown, Throttled
from domain.ports import Clock, Tally

TOKEN_PATH = "/v1.0/oauth2/accessToken"  # noqa: S105 - a path
API_CALLS = "api"
"""The allowance that calls use up, for `Tally`."""

JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
"""Without `Accept` some answers come as XML (dingtalk.md 9.1)."""

_TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a name


class DingTalkApi:
    """The server API as one app sees it.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when the token ends.
        tally: Counts what uses up the month's allowance.
    """

    def __init__(self, settings: DingTalkSettings, http: HttpSession, clock: Clock, tally: Tally) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._tally = tally
        self._tokens = TokenCache(self._fetch_token, clock)

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Query | None = None,
        attempts: int = 0,
    ) -> Mapping[str, Any]:
        """Make one call of the new API, which counts against the month's allowance, and return its answer.

        A token that is refused is renewed once, and the call made once more: the first was not carried out.

        Args:
            method: Such as "POST".
            path: From the slash, already encoded.
            body: Sent as JSON.
            query: Values are opaque.
            attempts: Tries before this one, for how long to wait when throttled.

        Raises:
            PlatformError: As its subclasses say.
        """
        url = self._settings.base_url + path
        reply, payload = await self._with_token(method, url, query or {}, body)
        if _was_counted(reply, payload):
            self._tally.count(API_CALLS, 1)
        return _succeeded(reply, payload, attempts)

    async def contacts(self, path: str, body: Mapping[str, Any], attempts: int = 0) -> Mapping[str, Any]:
        """Make one call of the old API's contacts, which are not counted, and return the whole answer.

        Args:
            path: From the slash.
            body: Sent as JSON.
            attempts: Tries before this one.

        Raises:
            PlatformError: As its subclasses say.
        """
        reply, payload = await self._with_token("POST", self._settings.old_base_url + path, None, body)
        return _succeeded(reply, payload, attempts)

    async def token(self) -> str:
        """Return a valid token, to see whether one can be had.

        Raises:
            PlatformError: It cannot.
        """
        return await self._tokens.get()

    async def _with_token(
        self, method: str, url: str, query: Query | None, body: Mapping[str, Any] | None
    ) -> tuple[HttpReply, Mapping[str, Any]]:
        """Send with a token in the header if there is a `query`, and in the query itself if there is none."""
        encoded = None if body is None else orjson.dumps(body)
        token = await self._tokens.get()
        reply, payload = await self._send(method, url, query, encoded, token)
        if refuses_token(payload):
            self._tokens.forget(token)
            reply, payload = await self._send(method, url, query, encoded, await self._tokens.get())
        return reply, payload

    async def _send(
        self, method: str, url: str, query: Query | None, body: bytes | None, token: str
    ) -> tuple[HttpReply, Mapping[str, Any]]:
        if query is None:
            reply = await self._http.send(method, url, {"access_token": token}, JSON_HEADERS, body)
        else:
            reply = await self._http.send(method, url, query, {**JSON_HEADERS, _TOKEN_HEADER: token}, body)
        return reply, envelope_of(reply)

    async def _fetch_token(self) -> Token:
        credentials = {"appKey": self._settings.client_id, "appSecret": self._settings.client_secret}
        url = self._settings.base_url + TOKEN_PATH
        asked_at = self._clock.now()
        reply = await self._http.send("POST", url, headers=JSON_HEADERS, body=orjson.dumps(credentials))
        payload = _succeeded(reply, envelope_of(reply), 0)
        value, seconds = payload.get("accessToken"), payload.get("expireIn")
        if not isinstance(value, str) or not value or not isinstance(seconds, int):
            raise PlatformDown("no-token", "the token endpoint reported success without a token")
        return Token(value, asked_at + timedelta(seconds=seconds))


def envelope_of(reply: HttpReply) -> Mapping[str, Any]:
    """Return the decoded body, empty if it is no JSON object.

    Raises:
        Throttled: It is a page for people, as shut out callers get.
    """
    try:
        payload = orjson.loads(reply.body or b"{}")
    except orjson.JSONDecodeError:
        page = html_instead(reply.status, reply.body)
        if page is not None:
            raise page from None
        return {}
    return payload if isinstance(payload, dict) else {}


def _was_counted(reply: HttpReply, payload: Mapping[str, Any]) -> bool:
    # Calls refused by throttling are not counted (dingtalk.md 11); neither are those whose quota is used up.
    return reply.status < 300 or (reply.status != 403 and not isinstance(refusal(reply.status, {}, payload), Throttled))


def _succeeded(reply: HttpReply, payload: Mapping[str, Any], attempts: int) -> Mapping[str, Any]:
    if not 200 <= reply.status < 300 or code_of(payload) or not payload:
        raise refusal(reply.status, reply.headers, payload, attempts)
    return payload
