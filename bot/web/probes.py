"""What orchestrators and operators ask: alive, ready, figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.meter import Meter


class Probes:
    """`/healthz`, `/readyz` and `/metrics`.

    Args:
        ready: Returns why the service is not ready, or an empty string.
        measure: Brings the gauges up to date.
        meter: The figures.
    """

    def __init__(
        self, ready: Callable[[], Awaitable[str]], measure: Callable[[], Awaitable[None]], meter: Meter
    ) -> None:
        self._ready = ready
        self._measure = measure
        self._meter = meter

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that the process lives and its event loop turns."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Say whether events can be stored; 503 with the reason if not."""
        reason = await self._ready()
        if reason:
            return web.json_response({"status": "not ready", "reason": reason}, status=503)
        return web.json_response({"status": "ready"})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Return the figures in Prometheus' text format."""
        await self._measure()
        return web.Response(body=self._meter.render(), content_type="text/plain", charset="utf-8")


def add_routes(app: web.Application, probes: Probes) -> None:
    """Put the probes into an application."""
    app.router.add_get("/healthz", probes.healthz)
    app.router.add_get("/readyz", probes.readyz)
    app.router.add_get("/metrics", probes.metrics)
