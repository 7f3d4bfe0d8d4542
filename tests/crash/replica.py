"""One process of the bot, started as an operator starts it, told to stop, or killed as no operator would.

Whoever waits for it waits for a line of its log or for its end; both have deadlines.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

BIRTH_SECONDS = 60.0
"""How long a start may take on a machine that does much else, under coverage; alone it takes two."""

_LONGEST_LINE_BYTES = 4 * 1024 * 1024
_LAST_LINES = 25


class Replica:
    """A running `python -m bot serve`; made by `start`.

    Attributes:
        lines: What it has logged so far, decoded.
    """

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.lines: list[Mapping[str, Any]] = []
        self._process = process
        self._port = port
        self._serving = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, configuration: Path, port: int) -> Replica:
        """Start a process; returns at once, whatever becomes of it.

        Args:
            configuration: Its file.
            port: Where it is to listen.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--config", str(configuration), "--port", str(port)),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE_BYTES,
        )
        return cls(process, port)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended, as far as we know."""
        return self._process.returncode is None

    @property
    def is_serving(self) -> bool:
        """Whether it listens."""
        return self.alive and self._has_said("service.started")

    def url(self, path: str) -> str:
        """The address of one of its pages."""
        return f"http://127.0.0.1:{self._port}{path}"

    async def serving(self) -> None:
        """Return once it listens.

        Raises:
            AssertionError: It ended instead, or takes too long.
        """
        try:
            async with asyncio.timeout(BIRTH_SECONDS):
                await self._serving.wait()
        except TimeoutError:
            raise AssertionError(f"the process does not serve:\n{self.tail()}") from None
        assert self._has_said("service.started"), f"the process ended before it served:\n{self.tail()}"

    def kill(self) -> None:
        """End it with SIGKILL, this very moment; one that has ended already stays as it is."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def gone(self) -> int:
        """Return its exit code once it has ended; the number of the signal, negative, if that ended it."""
        code = await self._process.wait()
        await self._reading
        return code

    async def stop(self) -> tuple[int, float]:
        """Ask it to stop with SIGTERM; return its exit code and how many seconds it took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = await self.gone()
        return code, time.monotonic() - began

    def limit_files_to(self, size_bytes: int) -> None:
        """Let every write beyond that place in any file fail, as on a full disk; `resource.RLIM_INFINITY` ends it."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size_bytes, most))

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in self.lines[-_LAST_LINES:])

    def _has_said(self, action: str) -> bool:
        return any(line.get("action") == action for line in self.lines)

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for raw in self._process.stderr:
            self.lines.append(_decoded(raw.decode(errors="replace")))
            if self.lines[-1].get("action") == "service.started":
                self._serving.set()
        self._serving.set()


def _decoded(line: str) -> Mapping[str, Any]:
    """A line of the log; what is no JSON came from the interpreter itself, such as a traceback."""
    try:
        found = json.loads(line)
    except ValueError:
        found = line.rstrip()
    return found if isinstance(found, dict) else {"event": found}
