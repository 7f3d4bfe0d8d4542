"""Callbacks: how many an hour of one core takes when each is durable before it is answered, beside one that stores nothing."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from bench import week
from bench.callback_server import Kind
from bench.clicks import prompts, submission
from bench.load import Load, Measured
from bench.machine import on_core, say, two_cores
from bench.report import Bar, Table, number
from storage.database import Database
from storage.tables import checkin

CONNECTIONS = 64
STEADY_RATE = 1000
"""Requests a second of the open load."""

SHARE_OF_BARE, TIMES_SINGLE, STEADY_P99_MS = 0.40, 10.0, 15.0
"""The bars."""

_ACCEPTED = b'"success"'
"""Part of the sentence that only a stored submission gets."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done.

    Attributes:
        people: Who could click; a click is of another person each.
        clicks: In one run at saturation.
        single: Clicks in one run with a commit for each.
        steady: Clicks of the open load.
        rounds: Repetitions; the median is reported.
    """

    people: int
    clicks: int
    single: int
    steady: int
    rounds: int


FULL = Size(people=20_000, clicks=12_000, single=3_000, steady=15_000, rounds=3)
QUICK = Size(people=4_000, clicks=3_000, single=1_000, steady=3_000, rounds=1)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure and return the table."""
    size = QUICK if quick else FULL
    say(f"callback: {size.people} people are asked")
    template = folder / "asked.db"
    asyncio.run(week.asked(f"sqlite:///{template}", folder, size.people))
    requests = _requests(template, size)
    found: dict[Kind, list[Measured]] = {kind: [] for kind in Kind}
    for number_ in range(size.rounds):
        for kind in Kind:
            say(f"callback: {kind.value}, round {number_ + 1} of {size.rounds}")
            count = size.single if kind is Kind.SINGLE else size.clicks
            found[kind].append(_saturated(kind, template, folder, requests[:count]))
    say(f"callback: {STEADY_RATE} a second for {size.steady / STEADY_RATE:.0f} s")
    steady = _steady(template, folder, requests[: size.steady])
    return _table(found, steady)


def _requests(template: Path, size: Size) -> Sequence[bytes]:
    copies = list(prompts(f"sqlite:///{template}"))
    random.Random(size.people).shuffle(copies)  # nobody clicks in the order of ids
    return [submission(copy, number_) for number_, copy in enumerate(copies[: max(size.clicks, size.steady)])]


def _saturated(kind: Kind, template: Path, folder: Path, requests: Sequence[bytes]) -> Measured:
    return _loaded(kind, template, folder, requests, lambda load: load.saturate(requests))


def _steady(template: Path, folder: Path, requests: Sequence[bytes]) -> Measured:
    chance, offset, offsets = random.Random(1), 0.0, []
    for _ in requests:
        offset += chance.expovariate(STEADY_RATE)
        offsets.append(offset)
    return _loaded(Kind.OURS, template, folder, requests, lambda load: load.pace(requests, offsets))


def _loaded(
    kind: Kind, template: Path, folder: Path, requests: Sequence[bytes], drive: Callable[[Load], Measured]
) -> Measured:
    home = folder / "served"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    shutil.copyfile(template, home / "fupan.db")
    measured_core, load_core = two_cores()
    with _server(kind, home, measured_core) as port, on_core(load_core):
        load = Load(port, CONNECTIONS, b"{}" if kind is Kind.BARE else _ACCEPTED)
        try:
            measured = drive(load)
        finally:
            load.close()
    stored = 0 if kind is Kind.BARE else _stored(home / "fupan.db")
    if measured.refused or (kind is not Kind.BARE and stored != len(requests)):
        raise RuntimeError(f"{kind.value}: {len(requests)} clicks, {measured.refused} refused, {stored} stored")
    return measured


@contextmanager
def _server(kind: Kind, home: Path, core: int) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.callback_server", kind.value, str(home), str(core)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


def _stored(path: Path) -> int:
    """Return how many check-ins were submitted; read after the server's death."""
    database = Database.open(f"sqlite:///{path}")
    with database.reading() as transaction:
        ((count,),) = transaction.query(select(func.count()).select_from(checkin).where(checkin.c.state == "submitted"))
    database.dispose()
    return int(count)


def _median(found: Sequence[Measured]) -> Measured:
    return sorted(found, key=lambda measured: measured.rate)[len(found) // 2]


def _table(found: dict[Kind, list[Measured]], steady: Measured) -> Table:
    middle = {kind: _median(runs) for kind, runs in found.items()}
    shares = [ours.rate / bare.rate for ours, bare in zip(found[Kind.OURS], found[Kind.BARE], strict=True)]
    gains = [ours.rate / single.rate for ours, single in zip(found[Kind.OURS], found[Kind.SINGLE], strict=True)]
    share, gain, p99 = statistics.median(shares), statistics.median(gains), steady.quantile(0.99) * 1000
    rows = [_row(_NAMES[kind], middle[kind], middle[Kind.BARE].rate) for kind in Kind]
    rows.append(_row(f"ours, open load of {STEADY_RATE}/s", steady, middle[Kind.BARE].rate))
    return Table(
        "callback: durable callbacks of one core (SQLite, synchronous=FULL)",
        ("", "req/s", "of bare", "p50 ms", "p99 ms", "runs"),
        rows,
        [
            Bar.at_least("of a bare aiohttp server, in pairs", share, SHARE_OF_BARE, ""),
            Bar.at_least("times one commit for each event", gain, TIMES_SINGLE, "x"),
            Bar.at_most(f"p99 at {STEADY_RATE}/s", p99, STEADY_P99_MS, " ms"),
        ],
        [
            "a request is an encrypted, signed Feishu click on 'submit' of a person who has not answered yet, each of another",
            f"person, in random order over {CONNECTIONS} kept connections; the server has one core, the load another",
            "bare: verifies, decrypts, parses, answers {}; ours: dedupe, answers, duty fulfilled, the manager's duty opened,",
            "cards composed, commit, answered with the new card; after each run all answered clicks were found in the store",
            "latency under the open load counts from the moment a click was due (random arrivals)",
        ],
    )


_NAMES = {Kind.BARE: "bare aiohttp", Kind.OURS: "ours", Kind.SINGLE: "ours, a commit for each event"}


def _row(name: str, measured: Measured, bare: float) -> tuple[str, ...]:
    p50, p99 = (measured.quantile(share) * 1000 for share in (0.5, 0.99))
    return (
        name,
        number(measured.rate),
        number(measured.rate / bare),
        number(p50),
        number(p99),
        str(len(measured.latencies)),
    )
