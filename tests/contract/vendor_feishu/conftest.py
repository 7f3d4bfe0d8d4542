"""The vendor's client, imported once and late, and a runner for its long connection.

Importing it takes seconds and captures whatever event loop it finds, so it happens in a thread, on the first use. Its
calls block, so they run in threads while the fake serves from the test's loop.
"""

import asyncio
import contextlib
import importlib
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import pytest

from tests.contract.sandbox_feishu.harness import Desk


@pytest.fixture(scope="session")
def lark() -> Iterator[Any]:
    """The module `lark_oapi`."""
    found: list[Any] = []
    loop = asyncio.new_event_loop()

    def load() -> None:
        asyncio.set_event_loop(loop)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the vendor's dependencies deprecate is not ours to fix
            found.append(importlib.import_module("lark_oapi"))
            importlib.import_module("lark_oapi.ws.client")

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    yield found[0]
    loop.close()


@pytest.fixture
def im(lark: Any) -> Any:
    """The vendor's module of message requests; it needs `lark` to be there first."""
    return importlib.import_module(f"{lark.__name__}.api.im.v1")


@pytest.fixture
def contact(lark: Any) -> Any:
    """The vendor's module of directory requests."""
    return importlib.import_module(f"{lark.__name__}.api.contact.v3")


@pytest.fixture
def api(lark: Any) -> Callable[[Desk], Any]:
    """A function that makes the vendor's API client for a desk."""

    def make(desk: Desk) -> Any:
        builder = lark.Client.builder().app_id(desk.app.app_id).app_secret(desk.app.secret)
        return builder.domain(desk.url("")).log_level(lark.LogLevel.CRITICAL).build()

    return make


class VendorSocket:
    """The vendor's long-connection client in a thread with a loop of its own.

    Attributes:
        client: The vendor's object, None before its thread made it: making it starts a task in the thread's loop.
        failure: What its `start` raised, None while it runs or when it was stopped.
    """

    def __init__(self, lark: Any, desk: Desk, handler: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._module = lark.ws.client
        self._module.loop = self._loop
        self._make = partial(
            lark.ws.Client,
            desk.app.app_id,
            desk.app.secret,
            log_level=lark.LogLevel.CRITICAL,
            event_handler=handler,
            domain=desk.url(""),
        )
        self.client: Any = None
        self.failure: Exception | None = None
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def stop(self) -> None:
        """End the client as a process's end would, after its tasks were cancelled."""
        if not self.ended.is_set():
            self._loop.call_soon_threadsafe(self._cancel)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self.client = self._make()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self.client.start()
        except self._module.ClientException as error:
            self.failure = error
        self._cancel()
        self._loop.run_until_complete(self._wind_up())
        self.ended.set()

    async def _wind_up(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left, return_exceptions=True)
        await self.client._disconnect()

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()


Connect = Callable[[Desk, Any], AbstractAsyncContextManager[VendorSocket]]


@pytest.fixture
def connect(lark: Any) -> Connect:
    """A function that runs the vendor's long-connection client on a desk with a dispatcher."""

    @asynccontextmanager
    async def run(desk: Desk, handler: Any) -> AsyncIterator[VendorSocket]:
        running = VendorSocket(lark, desk, handler)
        try:
            yield running
        finally:
            await running.stop()

    return run
