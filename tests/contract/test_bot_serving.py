"""Serving: whatever was opened is closed again, also when there is nowhere to listen."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.service import serve
from config.loader import Loaded, load
from tests.command_line import configured
from tests.contract.bot_rig import LIMIT, eventually


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration with a store of its own."""
    return configured(tmp_path)


def _loaded(file: Path) -> Loaded:
    return load(file, os.environ)


def _writers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "writer"]


async def test_a_port_that_is_taken_leaves_nothing_open(file: Path) -> None:
    """No writer thread, no task, no connection: a caller may try another port in the same process."""
    with socket.create_server(("127.0.0.1", 0)) as taken, capture_logs() as logs:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="address already in use"):
            await asyncio.wait_for(serve(_loaded(file), file, os.environ, "127.0.0.1", port), LIMIT)
    assert _writers() == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert [entry["action"] for entry in logs][-1] == "service.stopped"
    assert "service.started" not in [entry["action"] for entry in logs]


async def test_a_process_that_is_told_to_stop_closes_everything(file: Path) -> None:
    with capture_logs() as logs:
        serving = asyncio.create_task(serve(_loaded(file), file, os.environ, "127.0.0.1", 0))
        await eventually(lambda: any(entry["action"] == "service.started" for entry in logs))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, LIMIT)
    assert _writers() == []
    assert [entry["action"] for entry in logs][-2:] == ["service.stopping", "service.stopped"]
