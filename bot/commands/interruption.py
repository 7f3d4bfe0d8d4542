"""Ends long-running commands as an operator expects: SIGINT and SIGTERM mean "stop cleanly", and that is success."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine

STOPPING = (signal.SIGINT, signal.SIGTERM)


def run_until_stopped(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine to its end, or until a signal cancels it; a second signal ends the process at once.

    Work that takes over the signals itself ends in its own way; this holds from the first moment until it does.
    """
    asyncio.run(_cancellable(work))


async def _cancellable(work: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        task.cancel()
        for number in STOPPING:
            loop.remove_signal_handler(number)

    for number in STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
