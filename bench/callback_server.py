"""The servers under load, each a process of its own on one core: `python -m bench.callback_server KIND FOLDER CPU`.

Prints its port when it listens, and stops when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from aiohttp import web

from adapters.feishu.verify import Verifier
from bench.clicks import PATH
from bench.clocks import RunningClock
from bench.organisation import FEISHU, ROUND, SilentPlatform, policy, settings
from bench.week import serving
from bot.app import Rhythm
from bot.collection import collect_rarely, keep_what_is_loaded
from bot.web.callbacks import MAX_BODY_BYTES
from bot.writer import MOST_AT_ONCE
from domain.ports import Abilities

AFTER_ROUND = ROUND + timedelta(minutes=30)


class Kind(StrEnum):
    """What serves."""

    BARE = "bare"
    """aiohttp that verifies, decrypts and parses each body, and answers `{}`."""
    OURS = "ours"
    """The whole service."""
    SINGLE = "single"
    """The whole service with a commit for each event."""


async def _serve(kind: Kind, folder: Path) -> None:
    async with _bare() if kind is Kind.BARE else _service(kind, folder) as app:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        keep_what_is_loaded()  # as `serve` does
        print(runner.addresses[0][1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


@asynccontextmanager
async def _bare() -> AsyncIterator[web.Application]:
    verifier = Verifier(FEISHU)

    async def receive(request: web.Request) -> web.Response:
        verifier.open(request.headers, await request.read(), AFTER_ROUND)
        return web.Response(body=b"{}", content_type="application/json")

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post(PATH, receive)
    yield app


@asynccontextmanager
async def _service(kind: Kind, folder: Path) -> AsyncIterator[web.Application]:
    made_from = settings(policy(folder), SilentPlatform(Abilities()))
    most = 1 if kind is Kind.SINGLE else MOST_AT_ONCE
    url = f"sqlite:///{folder}/fupan.db"
    async with serving(url, RunningClock(AFTER_ROUND), made_from, Rhythm(), most=most) as service:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        service.routes(app)
        yield app


def main() -> None:
    """Serve until standard input ends."""
    kind, folder, cpu = Kind(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.sched_setaffinity(0, {cpu})
    collect_rarely()
    asyncio.run(_serve(kind, folder))


if __name__ == "__main__":
    main()
