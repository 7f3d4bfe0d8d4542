"""Platforms' callbacks: verify, decode, handle durably, answer. What was not stored is not acknowledged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from aiohttp import web

from adapters.webhook import MAX_BODY_BYTES, HttpAnswer, Immediate, Webhook
from bot.meter import Meter
from domain.cards import Answer
from domain.errors import Malformed, NotAuthentic, StoreDown
from domain.events import Inbound
from domain.ids import OrgId
from domain.ports import Clock

log = structlog.get_logger(__name__)

PATH = "/callback/{platform}/{org}"

UNKNOWN = "?"
"""Stands for the platform where callbacks are for no app of ours: metrics keep every label for ever, and whoever calls
made-up addresses must not fill them."""


class FindWebhook(Protocol):
    """Finds what reads an app's callbacks."""

    def __call__(self, platform: str, org_id: OrgId, /) -> Webhook | None:
        """Return it, or `None` where no callbacks are expected."""


class Callbacks:
    """The callback route.

    Args:
        find: Finds the reader of an app's callbacks.
        handle: Handles one event durably.
        clock: The time.
        meter: Where refusals are counted.
    """

    def __init__(
        self, find: FindWebhook, handle: Callable[[Inbound], Awaitable[Answer]], clock: Clock, meter: Meter
    ) -> None:
        self._find = find
        self._handle = handle
        self._clock = clock
        self._meter = meter

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one callback: 200 when stored, 4xx when it is not the platform's, 503 when it could not be stored."""
        platform, org_id = request.match_info["platform"], OrgId(request.match_info["org"])
        webhook = self._find(platform, org_id)
        if webhook is None:
            return self._refused(UNKNOWN, 404, "no such app")
        try:
            raw = await request.read()
            call = webhook.receive(request.headers, request.query, raw, self._clock.now())
        except web.HTTPRequestEntityTooLarge:
            return self._refused(platform, 413, "too large")
        except web.RequestPayloadError:
            return self._refused(platform, 400, "the body is not what its headers say")
        except NotAuthentic as error:
            return self._refused(platform, 401, error.reason)
        except Malformed as error:
            return self._refused(platform, 400, error.reason)
        if isinstance(call, Immediate):
            return _response(call.answer)
        try:
            return _response(call.reply(await self._handle(call.inbound)))
        except StoreDown:
            log.warning("a callback could not be stored", action="callback.store_down", platform=platform)
            return web.Response(status=503, headers={"Retry-After": "5"})

    def _refused(self, platform: str, status: int, reason: str) -> web.Response:
        self._meter.refused.labels(platform, str(status)).inc()
        log.warning("a callback was refused", action="callback.refused", platform=platform, status=status, why=reason)
        return web.Response(status=status)


def _response(answer: HttpAnswer) -> web.Response:
    # As a header: aiohttp's own `content_type` takes no charset, which some platforms want to see.
    return web.Response(status=answer.status, headers={"Content-Type": answer.content_type}, body=answer.body)


def add_routes(app: web.Application, callbacks: Callbacks) -> None:
    """Put the callback route into an application made with `client_max_size=MAX_BODY_BYTES`."""
    app.router.add_post(PATH, callbacks.receive)
    app.router.add_get(PATH, callbacks.receive)


__all__ = ["MAX_BODY_BYTES", "PATH", "Callbacks", "add_routes"]
