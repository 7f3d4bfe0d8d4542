"""Calls to the server API: token, envelope, errors. One object an app; who calls what stands in the modules above."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from adapters.http import HttpReply, HttpSession, Query, Token, TokenCache
from adapters.wecom.errors import TOKEN_CODES, refusal
from adapters.wecom.settings import WeComSettings
from domain.errors import PlatformDown
from domain.ports import Clock

GET_TOKEN = "/cgi-bin/gettoken"  # noqa: S105 - a path

_JSON = {"Content-Type": "application/json; charset=utf-8"}


class WeComApi:
    """The server API as one app sees it.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when the token ends.
    """

    def __init__(self, settings: WeComSettings, http: HttpSession, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._tokens = TokenCache(self._fetch_token, clock)

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        attempts: int = 0,
    ) -> Mapping[str, Any]:
        """Make one call and return its answer, whose `errcode` is then 0.

        A token that is refused is renewed once, and the call made once more: the first was not carried out.

        Args:
            method: GET or POST, as documented for the path; the other one is refused.
            path: From the slash.
            query: Without the token.
            body: Sent as JSON in raw UTF-8: escaped characters are documented to end in 40033.
            attempts: Tries before this one, for how long to wait when throttled.

        Raises:
            PlatformError: As its subclasses say.
        """
        encoded = None if body is None else orjson.dumps(body)
        token = await self._tokens.get()
        reply, payload = await self._send(method, path, query, encoded, token)
        if payload.get("errcode") in TOKEN_CODES:
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
        self, method: str, path: str, query: Mapping[str, str] | None, body: bytes | None, token: str
    ) -> tuple[HttpReply, Mapping[str, Any]]:
        full: Query = {"access_token": token, **(query or {})}
        headers = _JSON if body is not None else None
        reply = await self._http.send(method, self._settings.base_url + path, full, headers, body)
        return reply, _envelope_of(reply)

    async def _fetch_token(self) -> Token:
        credentials = {"corpid": self._settings.corp_id, "corpsecret": self._settings.secret}
        asked_at = self._clock.now()
        reply = await self._http.send("GET", self._settings.base_url + GET_TOKEN, credentials)
        payload = _succeeded(reply, _envelope_of(reply), 0)
        value, seconds = payload.get("access_token"), payload.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(seconds, int) or isinstance(seconds, bool):
            raise PlatformDown("no-token", "the token endpoint reported success without a token")
        return Token(value, asked_at + timedelta(seconds=seconds))


def _envelope_of(reply: HttpReply) -> Mapping[str, Any]:
    """Return the decoded body, empty if it is no JSON object (a proxy's error page, for instance)."""
    try:
        payload = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return payload if isinstance(payload, dict) else {}


def _succeeded(reply: HttpReply, payload: Mapping[str, Any], attempts: int) -> Mapping[str, Any]:
    # Success is errcode 0, never the status: refusals come with 200.
    code = payload.get("errcode")
    if reply.status < 300 and code == 0 and not isinstance(code, bool):
        return payload
    raise refusal(reply.status, payload, attempts)
