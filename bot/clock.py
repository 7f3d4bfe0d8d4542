"""The one file that reads the wall clock, and the demo's clock that can be moved forward."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.ids import uuid7
from domain.ports import Clock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place


class DemoClock:
    """Runs as fast as the machine's clock, but can be moved forward; remembers where it was across restarts.

    Args:
        path: Where the distance from the machine's clock is kept.
        start: Where a new demo begins.
        system: The machine's clock.
    """

    def __init__(self, path: Path, start: datetime, system: Clock) -> None:
        self._path = path
        self._system = system
        if path.exists():
            self._ahead = timedelta(seconds=float(path.read_text("utf-8")))
        else:
            self._set(start)

    def now(self) -> datetime:
        """Return the demo's instant, UTC."""
        return self._system.now() + self._ahead

    def advance_to(self, instant: datetime) -> None:
        """Move forward to an instant; one in the past changes nothing."""
        if instant > self.now():
            self._set(instant)

    def _set(self, instant: datetime) -> None:
        self._ahead = instant - self._system.now()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(repr(self._ahead.total_seconds()), "utf-8")
        part.replace(self._path)


def id_maker(clock: Clock) -> Callable[[], str]:
    """Return a maker of fresh ids by a clock, with the machine's randomness."""

    def make() -> str:
        return uuid7(clock.now(), secrets.token_bytes(10))

    return make
