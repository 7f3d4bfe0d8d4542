"""The demo's clock runs by itself while it is led; nothing that falls due meanwhile may be leapt over."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import DemoClock
from bot.conductor import Conductor
from storage.database import Database
from tests.builders import FRIDAY, ORG, org_policy, staff
from tests.contract.bot_rig import ScriptedPlatform, connection, open_service, settings_for


class Restless:
    """A clock that goes on by some seconds each time somebody looks at it, as on a busy machine."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the next instant."""
        self._at += timedelta(seconds=7)
        return self._at


async def _idle() -> None:
    """No fake is at work."""


@pytest.mark.parametrize("seconds_ahead", range(30, 300, 10))
async def test_what_falls_due_between_two_looks_is_played_at_its_time(
    sqlite_store: Database, tmp_path: Path, seconds_ahead: int
) -> None:
    start = FRIDAY - timedelta(seconds=seconds_ahead)
    clock, chat = DemoClock(tmp_path / "clock", start, Restless(FRIDAY)), ScriptedPlatform()
    async with open_service(sqlite_store, settings_for(connection(chat), people=staff()), clock) as service:
        conductor = Conductor(service, clock, ORG, org_policy().zone, _idle, _idle)
        await conductor.advance_to(FRIDAY + timedelta(hours=5))
        with sqlite_store.reading() as transaction:
            told = transaction.engine.history_after(ORG, FRIDAY - timedelta(hours=1))
    begun = [entry.at for entry in told if entry.kind.startswith("round.")]
    assert begun
    assert max(begun) < FRIDAY + timedelta(minutes=5)
