"""Where the long connection is, and what the server asks of whoever holds it.

Formats: feishu.md 7.2 and 7.3, from the vendor's SDKs for Python, Go and Node, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import orjson

from adapters.feishu.api import data_of, envelope_of
from adapters.feishu.settings import FeishuSettings
from adapters.http import HttpSession
from domain.errors import Misconfigured, PlatformDown, PlatformError

ENDPOINT_PATH = "/callback/ws/endpoint"

_DAY = 86_400.0
_PASSING = frozenset({1, 1000040343})  # system busy, internal error
_FIXES: Mapping[int, str] = {
    403: "the app may not use the long connection (事件与回调 → 订阅方式 → 长连接)",
    514: "app_id or app_secret is wrong (凭证与基础信息)",
    10003: "app_id or app_secret is wrong (凭证与基础信息)",
    10014: "app_id or app_secret is wrong (凭证与基础信息)",
    1000040344: "app_id or app_secret is wrong (凭证与基础信息)",
    1000040350: "more than 50 connections: another environment uses the same app; give each its own",
}


@dataclass(frozen=True, slots=True)
class SocketConfig:
    """What the server asks for. All in seconds; the defaults are the official clients'.

    Attributes:
        ping_seconds: Between our pings.
        interval_seconds: Between tries to connect again.
        nonce_seconds: The first try comes after a random part of this, so that not all clients come at once.
    """

    ping_seconds: float = 120.0
    interval_seconds: float = 120.0
    nonce_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Leads to one connection, once.

    Attributes:
        url: Holds a ticket and a key.
        service_id: Goes into each ping.
        device_id: The connection's name in logs.
        config: What the server asks for.
    """

    url: str = field(repr=False)
    service_id: int
    device_id: str
    config: SocketConfig


async def discover(settings: FeishuSettings, http: HttpSession) -> Endpoint:
    """Ask for the address of a new connection.

    Raises:
        PlatformDown: Try again.
        Misconfigured: The official clients give up here.
    """
    body = orjson.dumps({"AppID": settings.app_id, "AppSecret": settings.app_secret})
    headers = {"Content-Type": "application/json", "locale": "zh", "User-Agent": "fupan"}
    reply = await http.send("POST", settings.base_url + ENDPOINT_PATH, headers=headers, body=body)
    payload = envelope_of(reply)
    code = payload.get("code")
    if reply.status != 200 or not isinstance(code, int):
        raise PlatformDown(f"http-{reply.status}", "the endpoint of the long connection does not answer")
    if code:
        raise endpoint_error(code)
    data = data_of(payload)
    return _endpoint(data.get("URL"), configured(SocketConfig(), data.get("ClientConfig")))


def endpoint_error(code: int) -> PlatformError:
    """Return what a code of the endpoint, or of a refused handshake, means."""
    if code in _PASSING:
        return PlatformDown(str(code), "the platform is busy")
    return Misconfigured(str(code), _FIXES.get(code, "look the code up at https://open.feishu.cn/search"))


def configured(config: SocketConfig, sent: object) -> SocketConfig:
    """Return the configuration with what the server sent; what is missing or makes no sense stays as it was."""
    table = sent if isinstance(sent, dict) else {}
    return replace(
        config,
        ping_seconds=_seconds(table.get("PingInterval"), config.ping_seconds, least=0.01),
        interval_seconds=_seconds(table.get("ReconnectInterval"), config.interval_seconds, least=0.01),
        nonce_seconds=_seconds(table.get("ReconnectNonce"), config.nonce_seconds, least=0.0),
    )


def _seconds(value: object, otherwise: float, *, least: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= _DAY:
        return float(value)
    return otherwise


def _endpoint(url: object, config: SocketConfig) -> Endpoint:
    if not isinstance(url, str):
        raise PlatformDown("no-url", "the endpoint of the long connection reported success without an address")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    query = parse_qs(parts.query)
    service = query.get("service_id", ["0"])[0]
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise PlatformDown("no-url", "the endpoint of the long connection gave no address of a socket")
    return Endpoint(url, int(service) if service.isdecimal() else 0, query.get("device_id", [""])[0], config)
