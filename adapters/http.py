"""How adapters speak HTTP: one session with limits, transport errors in our own tree, and tokens fetched once for many.

Nothing here tries again: the outbox does, because only it knows what a repetition would cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp

from domain.errors import Misconfigured, PlatformDown, PlatformError, Throttled
from domain.ports import Clock

TIMEOUT = timedelta(seconds=10)
"""For a whole call. A call without a limit has kept a bot deaf for three days (larksuite/oapi-sdk-python#169)."""

CONNECTIONS = 100
"""Open at once to all hosts; platforms allow 50 calls a second, which fit into far fewer."""

MAX_REPLY_BYTES = 8 * 1024 * 1024
"""Beyond this an answer is not one of a platform's API."""

RENEW_BEFORE = timedelta(minutes=30)
"""A platform hands out a new token only when less than this is left of the old one."""

Query = Mapping[str, str | Sequence[str]]
"""Values of a query before encoding; a sequence repeats its name."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Looked up without regard to case.
        body: As received, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpSession:
    """Connections that are kept open between calls. Make one for each process and close it at the end.

    Args:
        proxy: URL of an HTTP proxy, or `None`. The environment's proxies are ignored: what is used stands in our
            configuration.
        timeout: For a whole call, and for a socket's handshake.
    """

    def __init__(self, proxy: str | None = None, timeout: timedelta = TIMEOUT) -> None:
        self._proxy = proxy
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        url: str,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpReply:
        """Make one call and read the answer whole. Redirects are not followed: they would carry our token away.

        Args:
            method: Such as "POST".
            url: Absolute, already encoded.
            query: Encoded here; values are opaque.
            headers: Sent as they are.
            body: Sent as it is.

        Raises:
            PlatformDown: No answer, or one that broke off; whether the call had an effect is unknown.
            Misconfigured: The URL or the TLS certificate cannot be used.
        """
        try:
            async with self._open().request(
                method, url, params=query, headers=headers, data=body, proxy=self._proxy, allow_redirects=False
            ) as response:
                return HttpReply(response.status, response.headers, await _read(response))
        except (aiohttp.ClientError, OSError) as error:
            raise _transport_error(error) from error

    async def websocket(self, url: str, max_message_bytes: int) -> aiohttp.ClientWebSocketResponse:
        """Open a socket. Protocol pings are handed to the reader, who must answer them: they are signs of life.

        Args:
            url: May hold secrets in its query; no error repeats it.
            max_message_bytes: Longer messages close the socket.

        Raises:
            aiohttp.WSServerHandshakeError: Refused; the headers say why.
            PlatformDown: No answer.
        """
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await self._open().ws_connect(
                    url,
                    autoping=False,
                    proxy=self._proxy,
                    max_msg_size=max_message_bytes,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                )
        except aiohttp.WSServerHandshakeError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise _transport_error(error) from None

    async def close(self) -> None:
        """Close all connections; the session may be used again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        # Not in __init__: a session belongs to a running loop, and objects are composed before there is one.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=self._timeout.total_seconds()),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise PlatformDown("oversized", f"the answer is longer than {MAX_REPLY_BYTES} bytes")
    return b"".join(chunks)


def _transport_error(error: Exception) -> PlatformError:
    """Name what went wrong without repeating the foreign text, which may hold a URL with secrets."""
    kind = type(error).__name__
    if isinstance(error, TimeoutError):
        return PlatformDown("timeout", kind)
    if isinstance(error, aiohttp.InvalidURL):
        return Misconfigured("invalid-url", "look at base_url in the configuration")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Misconfigured("certificate", "the server's TLS certificate is not trusted; look at base_url and proxy")
    if isinstance(error, aiohttp.ClientConnectorError):
        return PlatformDown("unreachable", kind)
    return PlatformDown("connection", kind)


@dataclass(frozen=True, slots=True)
class Token:
    """A secret with an end.

    Attributes:
        value: Never printed.
        expires_at: UTC.
    """

    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    token: Token
    renew_at: datetime


class TokenCache:
    """Hands out one token to many callers and fetches the next one once, whoever asks first.

    Args:
        fetch: Gets a fresh token; raises `PlatformError`.
        clock: Tells when to renew.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._held: _Held | None = None
        self._flight: asyncio.Task[Token] | None = None

    async def get(self) -> str:
        """Return a valid token.

        Raises:
            PlatformError: There is none, and none could be had. While the old one still lasts, a platform that is
                down or throttling is no reason to fail.
        """
        held = self._held
        now = self._clock.now()
        if held is not None and now < held.renew_at:
            return held.token.value
        try:
            return (await self._fly()).value
        except (PlatformDown, Throttled):
            if held is not None and held is self._held and now < held.token.expires_at:
                return held.token.value
            raise

    def forget(self, value: str) -> None:
        """Drop the token if it is still this one: of many callers that were refused, the first one renews for all."""
        if self._held is not None and self._held.token.value == value:
            self._held = None

    async def _fly(self) -> Token:
        if self._flight is None:
            self._flight = asyncio.create_task(self._renew())
            self._flight.add_done_callback(self._landed)
        # Shielded: a caller who gives up must not take the token away from those who still wait.
        return await asyncio.shield(self._flight)

    async def _renew(self) -> Token:
        token = await self._fetch()
        now = self._clock.now()
        life = token.expires_at - now
        # Half a short life: a platform may hand out what is left of an old token, and asking again at once is no use.
        self._held = _Held(token, token.expires_at - min(RENEW_BEFORE, life / 2))
        return token

    def _landed(self, flight: asyncio.Task[Token]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # seen here too, should every caller have given up
