"""Runs the service for real: from a checked configuration to a clean stop."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from aiohttp import web

from bot.app import Rhythm, Service
from bot.assemble import open_store, settings_of, watch_configuration, words
from bot.clock import SystemClock
from bot.collection import keep_what_is_loaded
from bot.web.callbacks import MAX_BODY_BYTES
from config.loader import Loaded

log = structlog.get_logger(__name__)


async def serve(loaded: Loaded, path: Path, environment: Mapping[str, str], host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        loaded: What to serve.
        path: Where it was read from; watched for changes.
        environment: For `${NAME}` in it.
        host: Where to listen.
        port: Where to listen; 0 takes a free one.

    Raises:
        OSError: The port is taken; whatever was opened before is closed again.
        StoreDown: The store cannot be written.
    """
    clock = SystemClock()
    service = Service(open_store(loaded), words(), clock, owner=_owner())
    async with AsyncExitStack() as stack:
        stack.callback(log.info, "stopped", action="service.stopped")
        stack.push_async_callback(service.close)
        await service.start(settings_of(loaded, clock, service.handle, service.quotas.tally), Rhythm())
        watching = watch_configuration(path, environment, loaded, service)
        stack.push_async_callback(_ended, asyncio.create_task(watching, name="watch"))
        runner = await _listening(service, stack, host, port)
        keep_what_is_loaded()
        log.info("serving", action="service.started", address=_address(runner), organisations=len(loaded.orgs))
        await until_stopped()
        log.info("stopping", action="service.stopping")


async def _listening(service: Service, stack: AsyncExitStack, host: str, port: int) -> web.AppRunner:
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    service.routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _address(runner: web.AppRunner) -> str:
    return ", ".join(f"http://{address[0]}:{address[1]}" for address in runner.addresses)


async def until_stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


def announce(sentence: str) -> None:
    """Tell the person at the terminal where to look."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()
