"""The vendor's client, imported once and late, and a runner for its stream connection.

Its calls block the loop they run in, so it gets a thread and a loop of its own while the fake serves from the test's.
"""

import asyncio
import importlib
import logging
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.contract.sandbox_dingtalk.harness import Desk

_ENDPOINT = "DINGTALK_OPENAPI_ENDPOINT"
_TRIES_SECONDS = 0.1


@pytest.fixture(scope="session")
def dingtalk() -> Any:
    """The module `dingtalk_stream`, which knows of no address beyond loopback."""
    # It hangs its own handlers on loggers that have none, and they would outlive pytest's capture.
    for name in ("dingtalk_stream.client", "dingtalk_stream.handler", "dingtalk_stream.card_replier"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        patch.setenv(_ENDPOINT, "http://127.0.0.1:9")
        warnings.simplefilter("ignore")  # what the vendor's dependencies deprecate is not ours to fix
        return importlib.import_module("dingtalk_stream")


class VendorClient:
    """The vendor's stream client in a thread with a loop of its own.

    Attributes:
        client: The vendor's object, made in its thread.
        opened: How often it asked for a connection.
        ended: Set when its thread has ended.
    """

    def __init__(self, dingtalk: Any, desk: Desk, handlers: dict[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._stopping = threading.Event()
        self.ended = threading.Event()
        self.opened = 0
        _point_at(dingtalk, desk.url(""))
        self.client = self._made(dingtalk, desk, handlers)
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def stop(self) -> None:
        """End the client, which has no way to stop: it is made to give up where it would connect again."""
        self._stopping.set()
        while not self.ended.is_set():
            self._loop.call_soon_threadsafe(self._nudge)
            await asyncio.to_thread(self.ended.wait, _TRIES_SECONDS)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    def _made(self, dingtalk: Any, desk: Desk, handlers: dict[str, Any]) -> Any:
        runner = self

        class Stoppable(dingtalk.DingTalkStreamClient):  # type: ignore[misc] # the vendor has no type information
            def open_connection(self) -> Any:
                runner.opened += 1
                if runner._stopping.is_set():
                    raise KeyboardInterrupt  # the only thing at which its endless loop ends
                return super().open_connection()

            def get_host_ip(self) -> str:
                return "127.0.0.1"

        client = Stoppable(dingtalk.Credential(desk.app.client_id, desk.app.client_secret))
        for topic, handler in handlers.items():
            if topic == "*":
                client.register_all_event_handler(handler)
            else:
                client.register_callback_handler(topic, handler)
        return client

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._live())
        self.ended.set()

    async def _live(self) -> None:
        self._main = asyncio.current_task()
        await asyncio.gather(asyncio.create_task(self.client.start()), return_exceptions=True)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _nudge(self) -> None:
        socket = self.client.websocket
        if socket is not None and socket.close_code is None:
            self._closing = self._loop.create_task(socket.close())
            return
        for task in asyncio.all_tasks(self._loop) - {self._main}:
            task.cancel()


def _point_at(dingtalk: Any, address: str) -> None:
    # The vendor reads the address when a module is imported, and there is a new one for each test.
    for name, module in list(sys.modules.items()):
        if name.startswith("dingtalk_stream") and hasattr(module, _ENDPOINT):
            setattr(module, _ENDPOINT, address)
    dingtalk.DingTalkStreamClient.OPEN_CONNECTION_API = f"{address}/v1.0/gateway/connections/open"


Connect = Callable[[Desk, dict[str, Any]], AbstractAsyncContextManager[VendorClient]]


@pytest.fixture
def connect(dingtalk: Any) -> Connect:
    """A function that runs the vendor's client on a desk with handlers by topic, `*` for events."""

    @asynccontextmanager
    async def run(desk: Desk, handlers: dict[str, Any]) -> AsyncIterator[VendorClient]:
        running = VendorClient(dingtalk, desk, handlers)
        try:
            yield running
        finally:
            await running.stop()

    return run
