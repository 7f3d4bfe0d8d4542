"""The footprint: how soon the service answers after its start, and what it weighs after a whole round."""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from bench.clicks import PromptCopy, submission
from bench.load import Load
from bench.machine import say
from bench.organisation import APP_ID, DEPARTMENTS, ENCRYPT_KEY, ORG, REPORTS_EACH
from bench.report import Bar, Table, number
from bot.clock import SystemClock
from domain.cards import CardKey
from domain.ids import PersonId
from sandbox.company import Company, Department, User
from sandbox.feishu import FakeApp, FeishuFake, make_app

PEOPLE, FEWER = 5_000, 500
STARTS = 5
START_SECONDS, MEGABYTES = 1.5, 150.0
"""The bars."""

ZONE = "Asia/Shanghai"
_PATIENCE_SECONDS = 180.0
_LEAD = timedelta(seconds=25)
"""The round is at least so far ahead of the first start, in which its practice becomes known."""

_IMPORTS = "import aiohttp.web, sqlalchemy, pydantic, cryptography, apscheduler.schedulers.asyncio, structlog, orjson"


def run(folder: Path, *, quick: bool) -> Table:
    """Measure and return the table."""
    return asyncio.run(_measured(folder, FEWER if quick else PEOPLE))


async def _measured(folder: Path, people: int) -> Table:
    async with _feishu(folder, people) as url:
        port, at = _free_port(), _round_moment()
        path = folder / "fupan.yaml"
        path.write_text(_configuration(folder, url, at), "utf-8")
        first, *starts = [await asyncio.to_thread(_started, path, port) for _ in range(STARTS + 1)]
        imports = [await asyncio.to_thread(_imported) for _ in range(STARTS)]
        with _service(path, port) as process:
            await _until_answers(port)
            weights = await _live_a_round(folder, port, process.pid, people)
    return _table(first, starts, imports, weights, people)


@asynccontextmanager
async def _feishu(folder: Path, people: int) -> AsyncIterator[str]:
    """Give the address of a fake Feishu with so many people."""
    app = FakeApp(app_id=APP_ID, secret="bench-secret")
    fake = FeishuFake(str(folder / "feishu.db"), SystemClock().now, time.monotonic, random.Random(1), (app,))
    fake.load_company(_company(people))
    runner = web.AppRunner(make_app(fake), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await fake.close()


def _company(people: int) -> Company:
    departments = [
        Department(f"d{number_}", f"部门{number_}", hrbps=(f"p{number_}",)) for number_ in range(DEPARTMENTS)
    ]
    users = [
        User(
            f"p{number_}",
            f"员工{number_}",
            (f"d{number_ % DEPARTMENTS}",),
            leader=f"p{(number_ - 1) // REPORTS_EACH}" if number_ else None,
            mail=f"p{number_}@example.com",
        )
        for number_ in range(people)
    ]
    return Company("示例科技", tuple(departments), tuple(users))


def _round_moment() -> datetime:
    """Return the first full minute that is far enough ahead, local."""
    earliest = SystemClock().now().astimezone(ZoneInfo(ZONE)) + _LEAD
    return earliest.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _configuration(folder: Path, url: str, at: datetime) -> str:
    return f"""
org: {{id: {ORG}, name: 示例科技, timezone: {ZONE}}}
storage: {{url: "sqlite:///{folder}/fupan.db"}}
calendar: {{country: null, weekend: []}}
quiet_hours: null
platforms:
  feishu: {{mode: webhook, app_id: {APP_ID}, app_secret: bench-secret, encrypt_key: {ENCRYPT_KEY}, base_url: "{url}"}}
cadences: {{weekly: {{preset: review, when: "on {at:%Y-%m-%d %H:%M}"}}}}
"""


@contextmanager
def _service(path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bot", "serve", "--config", str(path), "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, env=os.environ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _started(path: Path, port: int) -> float:
    """Return how many seconds pass from the start of the process until it is ready."""
    began = time.perf_counter()
    with _service(path, port):
        while not _answers(port):
            time.sleep(0.005)
        return time.perf_counter() - began


def _imported() -> float:
    """Return how many seconds an interpreter needs to load the libraries alone."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
    return time.perf_counter() - began


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


async def _until_answers(port: int) -> None:
    while not await asyncio.to_thread(_answers, port):
        await asyncio.sleep(0.05)


async def _live_a_round(folder: Path, port: int, pid: int, people: int) -> list[tuple[str, float]]:
    """Let everybody be read, asked and answer; return what the process weighs after each, in megabytes."""
    weights = [("ready", _megabytes(pid, "VmRSS"))]
    await _until(folder, "SELECT count(*) FROM identity", people)
    weights.append((f"{people:,} people read from the directory", _megabytes(pid, "VmRSS")))
    say("footprint: waiting for the round's minute")
    await _until(folder, "SELECT count(*) FROM checkin", people)
    weights.append(("everybody is asked", _megabytes(pid, "VmRSS")))
    requests = [submission(prompt, number_, SystemClock().now()) for number_, prompt in enumerate(_prompts(folder))]
    refused = await asyncio.to_thread(_clicked, port, requests)
    if refused:
        raise RuntimeError(f"{refused} of {len(requests)} clicks were refused")
    weights.append(("everybody has answered", _megabytes(pid, "VmRSS")))
    weights.append(("at its heaviest", _megabytes(pid, "VmHWM")))
    return weights


def _clicked(port: int, requests: Sequence[bytes]) -> int:
    load = Load(port, 64, b'"success"')
    try:
        return load.saturate(requests).refused
    finally:
        load.close()


def _prompts(folder: Path) -> list[PromptCopy]:
    rows = _rows(
        folder,
        "SELECT c.person_id, i.external_id, c.occurrence_id FROM checkin c JOIN identity i ON i.person_id = c.person_id",
    )
    return [PromptCopy(PersonId(row[0]), row[1], "om_bench", CardKey("checkin", row[2])) for row in rows]


async def _until(folder: Path, query: str, wanted: int) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while int((await asyncio.to_thread(_rows, folder, query))[0][0]) < wanted:
            await asyncio.sleep(0.25)


def _rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / "fupan.db", timeout=30)) as store:
        return store.execute(query).fetchall()


def _megabytes(pid: int, line: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(rf"^{line}:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/{pid}/status has no {line}")
    return int(found[1]) / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _table(
    first: float, starts: Sequence[float], imports: Sequence[float], weights: Sequence[tuple[str, float]], people: int
) -> Table:
    start, floor = statistics.median(starts), statistics.median(imports)
    rows = [
        ("libraries alone are imported", number(floor), "s", "1.00"),
        ("ready, tables there", number(start), "s", number(start / floor)),
        ("ready, tables made first", number(first), "s", number(first / floor)),
        *((name, number(weight), "MB", number(weight / MEGABYTES)) for name, weight in weights),
    ]
    return Table(
        f"footprint: `python -m bot serve`, {people:,} people from Feishu's directory",
        ("", "figure", "", "of imports, of bar"),
        rows,
        [
            Bar.at_most("cold start until /readyz", start, START_SECONDS, " s"),
            Bar.at_most("resident memory at its heaviest", dict(weights)["at its heaviest"], MEGABYTES, " MB"),
        ],
        [
            f"median of {STARTS} starts; one round: everybody is asked and answers over HTTP, cards leave at Feishu's pace",
            "meanwhile; the directory is read after the start, so its size is no part of the cold start",
        ],
    )
