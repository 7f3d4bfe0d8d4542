"""Clocks of the benchmarks: each begins at a chosen instant, so that every run lives through the same Friday."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class RunningClock:
    """Begins at an instant and goes on as fast as time does.

    Args:
        start: Aware, UTC.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Return the clock's instant, UTC."""
        return self._start + timedelta(seconds=time.monotonic() - self._began)


class StandingClock:
    """Stands still until it is set.

    Attributes:
        instant: What it shows; aware, UTC.
    """

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """Return the clock's instant, UTC."""
        return self.instant
