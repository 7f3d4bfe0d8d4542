"""Who may speak to the control API: pages and programs of this very machine.

The demo has no log-in, so the only wall is the loopback address. A page of another site could still reach it through
the visitor's browser, by pointing its own name at 127.0.0.1 (DNS rebinding) or by posting blindly (CSRF): the first
shows in the Host header, the second in the Origin header.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

from aiohttp import web
from yarl import URL

from sandbox.control_input import InputError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(handler: Handler) -> Handler:
    """The same handler behind the wall; its `InputError`s become JSON answers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            _must_be_local(request)
            return await handler(request)
        except InputError as refused:
            return as_json({"error": {"field": refused.field, "message": refused.message}}, refused.status)

    return answer


def as_json(payload: dict[str, Any], status: int = 200) -> web.Response:
    """A JSON answer that no browser keeps."""
    return web.json_response(payload, status=status, headers={"Cache-Control": "no-store"})


def _must_be_local(request: web.Request) -> None:
    if not _is_loopback(f"http://{request.headers.get('Host', '')}"):
        raise InputError("Host", "must be a loopback name: localhost, 127.0.0.1 or [::1]", 403)
    origin = request.headers.get("Origin")
    if origin is not None and not _is_loopback(origin):
        raise InputError("Origin", "must be a page of this machine", 403)


def _is_loopback(address: str) -> bool:
    try:
        host = URL(address).host or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
