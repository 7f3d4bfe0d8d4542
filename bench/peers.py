"""A scheduler made for jobs, one job a reminder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from bench.engines import Engine
from bench.machine import say
from bot.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Peer:
    """What was measured of another scheduler.

    Attributes:
        name: Its name.
        store: Where its jobs were.
        jobs: How many were due at once.
        seconds: Until all had run.
    """

    name: str
    store: str
    jobs: int
    seconds: float

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return self.jobs / self.seconds


class _Tally:
    """Counts jobs as they run, and tells when all have."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)
        self._wanted = 0
        self.all_ran = threading.Event()

    def expect(self, jobs: int) -> None:
        """Begin anew."""
        self._numbers, self._wanted = count(1), jobs
        self.all_ran.clear()

    def one(self) -> None:
        """Note that a job ran."""
        if next(self._numbers) == self._wanted:
            self.all_ran.set()


_TALLY = _Tally()
_PATIENCE_SECONDS = 300.0


def remind(number: int) -> None:
    """Be the job of every peer; named in their stores."""
    _TALLY.one()


def measured_peers(engine: Engine, jobs: int) -> Sequence[Peer]:
    """Return what was measured of each peer on this engine."""
    return [_measured("APScheduler, a job each", engine, jobs, _apscheduler)]


def _measured(name: str, engine: Engine, jobs: int, measure: Callable[[str, int], float]) -> Peer:
    say(f"due: {jobs} jobs of {name} on {engine.name}")
    url = engine.databases.empty()
    _TALLY.expect(jobs)
    took = measure(url, jobs)
    engine.databases.drop(url)
    return Peer(name, engine.name, jobs, took)


def _apscheduler(url: str, jobs: int) -> float:
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        executors={"default": ThreadPoolExecutor(10)},
        job_defaults={"misfire_grace_time": None, "coalesce": True},  # by default it drops what is a second late
    )
    scheduler.start(paused=True)
    due = SystemClock().now() - timedelta(seconds=1)
    for number in range(jobs):
        scheduler.add_job(remind, "date", run_date=due, args=[number], id=str(number))
    began = time.perf_counter()
    scheduler.resume()
    took = _waited(began)
    scheduler.shutdown()
    return took


def _waited(began: float) -> float:
    if not _TALLY.all_ran.wait(_PATIENCE_SECONDS):
        raise RuntimeError(f"the jobs had not all run after {_PATIENCE_SECONDS:.0f} s")
    return time.perf_counter() - began
