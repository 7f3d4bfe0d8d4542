"""The first minute with the demo, as a newcomer has it: start, look, stop, start again, and what can be in the way."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.command_line import TOP, command

START_SECONDS = 60
"""How long a start may take on a machine that does much else; alone it takes two seconds."""


class Running:
    """A demo in a process of its own.

    Args:
        process: It.
        address: Where its page is.
    """

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        self.address = address

    async def greeting(self) -> str:
        """Wait for the lines that say that it is ready."""
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            return (await self._process.stdout.readline() + await self._process.stdout.readline()).decode()

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask its control API."""
        async with ClientSession() as client, client.request(method, f"{self.address}{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; returns the exit code and what was written to stderr."""
        self._process.send_signal(signal.SIGINT)
        async with asyncio.timeout(START_SECONDS):
            _, complaints = await self._process.communicate()
        return self._process.returncode or 0, complaints.decode()

    async def end(self) -> tuple[int, str]:
        """Wait until it ends by itself; as `interrupt`."""
        async with asyncio.timeout(START_SECONDS):
            _, complaints = await self._process.communicate()
        return self._process.returncode or 0, complaints.decode()


@asynccontextmanager
async def demo(folder: Path, port: int, *more: str) -> AsyncIterator[Running]:
    """Start a demo; one that still runs at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        *command("sandbox", "--folder", folder, "--port", port, *more),
        cwd=TOP,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "300"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Running(process, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def kept_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def chat(running: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await running.ask("GET", "/sandbox/api/people/wanglei/messages"))["messages"]
    return found


async def test_a_demo_starts_says_where_stops_on_ctrl_c_and_keeps_the_chats(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    async with demo(tmp_path, port) as first:
        greeting = await first.greeting()
        assert f"http://127.0.0.1:{port}" in greeting
        assert str(tmp_path / "demo") in greeting
        await first.ask("POST", "/sandbox/api/clock", {"advance": "2h"})
        clock = await first.ask("GET", "/sandbox/api/clock")
        before = await chat(first)
        assert before[-1]["kind"] == "card"
        assert await first.interrupt() == (0, "")
    async with demo(tmp_path, port) as again:
        await again.greeting()
        assert await chat(again) == before
        assert (await again.ask("GET", "/sandbox/api/clock"))["now"] > clock["now"]
        assert await again.interrupt() == (0, "")
    async with demo(tmp_path, port, "--fresh") as fresh:
        await fresh.greeting()
        assert await chat(fresh) == []
        assert await fresh.interrupt() == (0, "")


async def test_a_taken_port_is_told_in_one_sentence_before_anything_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        async with demo(tmp_path, other.getsockname()[1]) as running:
            code, complaints = await running.end()
    assert code == 1
    assert complaints.count("\n") == 1
    assert "choose another with --port" in complaints
    assert kept_in(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    (tmp_path / "file").touch()
    async with demo(tmp_path / "file", free_port()) as running:
        code, complaints = await running.end()
    assert code == 1
    assert complaints.count("\n") == 1
    assert "choose another --folder" in complaints


async def test_a_second_demo_on_the_same_folder_is_told_so_and_the_first_goes_on(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    async with demo(tmp_path, free_port()) as first:
        await first.greeting()
        async with demo(tmp_path, free_port(), "--fresh") as second:
            code, complaints = await second.end()
        assert code == 1
        assert complaints.count("\n") == 1
        assert "another demo already runs" in complaints
        assert (await first.ask("GET", "/sandbox/api/people"))["people"]


async def test_a_configuration_that_was_spoilt_meanwhile_is_told_with_its_line_at_the_next_start(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    (tmp_path / "demo").mkdir()
    shipped = (TOP / "sandbox" / "demo" / "fupan.yaml").read_text("utf-8")
    (tmp_path / "demo" / "fupan.yaml").write_text(shipped + "colour: red\n", "utf-8")
    async with demo(tmp_path, free_port()) as running:
        code, complaints = await running.end()
    line = shipped.count("\n") + 1
    assert code == 2
    assert complaints.startswith(f"{tmp_path / 'demo' / 'fupan.yaml'}:{line}: colour: unknown key; allowed: ")
