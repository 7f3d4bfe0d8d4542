"""The machine of a run: what it is, how busy others keep it, and which of its cores does what."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TURNS = 1_000_000


def describe() -> str:
    """Return one line about the machine and one about how busy it is."""
    cores = len(os.sched_getaffinity(0))
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    load = ", ".join(f"{minutes:.1f}" for minutes in os.getloadavg())
    loop = loop_milliseconds()
    return (
        f"{cores} cores, {_model()}, {platform.system()} {platform.machine()}, {versions}\n"
        f"load average {load}; a fixed loop takes {loop:.0f} ms (the same loop in every run: compare it before figures)"
    )


def _model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "processor unknown"


def loop_milliseconds() -> float:
    """Return how long a fixed loop takes now: what the machine is worth to one process."""
    began, total = time.perf_counter(), 0
    for turn in range(_TURNS):
        total += turn * turn % 7
    return (time.perf_counter() - began) * 1000


def two_cores() -> tuple[int, int]:
    """Return a core for what is measured and one for what measures; the same twice where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this process on one core for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def say(words: str) -> None:
    """Tell whoever waits what is going on; tables go to standard output, this does not."""
    sys.stderr.write(f"... {words}\n")
    sys.stderr.flush()
