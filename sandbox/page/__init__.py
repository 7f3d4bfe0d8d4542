"""The demo page: one HTML file, one style sheet and plain ES modules, served as they lie here.

No build step and nothing from other hosts. The page shows texts that people typed, so its policy lets no markup become
script: all scripts come from here, and the browser refuses to turn any text into HTML (Trusted Types).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from sandbox.control_guard import Handler

_FOLDER = Path(__file__).parent
_SERVED = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The page's Content-Security-Policy; https://www.w3.org/TR/CSP3/, read 2026-11-22."""


def make_routes() -> Iterable[web.RouteDef]:
    """The page at `/` and its files under `/static/`, found once when this is called."""
    files = sorted(one for one in _FOLDER.iterdir() if one.suffix in _SERVED)
    static = [web.get(f"/static/{one.name}", _sender(one)) for one in files]
    return (web.get("/", _sender(_FOLDER / "index.html")), *static)


def _sender(file: Path) -> Handler:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Content-Type": _SERVED[file.suffix],
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }

    async def send(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file, headers=headers)

    return send
