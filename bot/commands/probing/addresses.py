"""Whether the public address that a platform calls leads to our service, and whether both hold the same keys."""

from __future__ import annotations

from datetime import datetime

from adapters.http import HttpReply, HttpSession
from adapters.wecom.crypto import Envelope
from adapters.wecom.settings import WeComSettings
from bot.commands.probing.findings import advice, broken, fine
from bot.connections import Connection
from bot.web.callbacks import PATH
from domain.errors import PlatformError
from domain.ports import Clock, Probe

_NONCE = "fupandoctor"
_ECHO = b"fupan-doctor"
_REFUSALS = (400, 401)
_NOT_FOUND = 404

_UNREACHED = "start serve; look at public_url, the reverse proxy in front of it, its TLS certificate and the firewall"
_STRANGER = "something else answers there: look at public_url and at the reverse proxy"
_OTHER_KEYS = (
    "the service and this configuration differ in token or aes_key, or a clock is wrong: "
    "copy both from 接收消息 → 设置API接收, and save that page again"
)


async def probe_address(connection: Connection, public_url: str | None, clock: Clock) -> Probe:
    """Call the address as the platform would, without saying anything.

    On WeCom it is the platform's own check of an address (验证URL有效性), so it tells wrong keys too. Elsewhere
    nothing is signed, and a service that refuses that is ours.

    Args:
        connection: An app whose callbacks come over HTTP.
        public_url: Where the outer world reaches the bot, or `None`.
        clock: The time.
    """
    name, path = f"{connection.lane}.address", PATH.format(platform=connection.lane, org=connection.org_id)
    if public_url is None or connection.http is None:
        fix = f"write public_url, so that the address can be tried; the console must hold it with {path} at the end"
        return advice(name, "public_url is not configured", fix)
    url = f"{public_url}{path}"
    try:
        if isinstance(connection.settings, WeComSettings):
            return _judged_check(name, url, await _check(connection.http, url, connection.settings, clock.now()))
        return _judged(name, url, await connection.http.send("POST", url, body=b"{}"))
    except PlatformError as error:
        return broken(name, f"{url}: {type(error).__name__} {error.code}", _UNREACHED)


async def _check(http: HttpSession, url: str, settings: WeComSettings, now: datetime) -> HttpReply:
    envelope, timestamp = Envelope(settings.token, settings.aes_key, settings.corp_id), str(int(now.timestamp()))
    echo = envelope.seal(_ECHO, _NONCE)
    signature = envelope.signature(timestamp, _NONCE, echo)
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": _NONCE, "echostr": echo}
    return await http.send("GET", url, query)


def _judged_check(name: str, url: str, reply: HttpReply) -> Probe:
    if reply.status in _REFUSALS:
        return broken(name, f"{url} refuses the platform's check ({reply.status})", _OTHER_KEYS)
    if reply.body == _ECHO:
        return fine(name, f"{url} answers the platform's check")
    return _not_ours(name, url, reply)


def _judged(name: str, url: str, reply: HttpReply) -> Probe:
    if reply.status in _REFUSALS:
        return fine(name, f"{url} is our service")
    return _not_ours(name, url, reply)


def _not_ours(name: str, url: str, reply: HttpReply) -> Probe:
    if reply.status == _NOT_FOUND:
        fix = "serve must run with this organisation and mode: webhook, and the proxy must pass paths on unchanged"
        return broken(name, f"{url} is not known there (404)", fix)
    return broken(name, f"{url} answers {reply.status}", _STRANGER)
