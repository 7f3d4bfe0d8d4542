"""Plays a plan on a store of its own, and gives back the record and the books."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from structlog.testing import capture_logs

from storage.database import Database
from tests.simulation.books import Books, read_books
from tests.simulation.chance import seeded
from tests.simulation.office_acts import perform
from tests.simulation.plans import Plan
from tests.simulation.record import Circumstances, Record
from tests.simulation.world import World

_KNOWN = frozenset({"delivery.failed", "delivery.down"})
"""Logged when a power cut ends the sending, and when the platform takes nothing, as the plan may have it; whatever else
fails there comes up to whoever settles."""

_PATIENCE = timedelta(days=5)
"""No act waits longer for something to fall due."""


@dataclass(frozen=True, slots=True)
class Run:
    """A plan that was played.

    Attributes:
        plan: The plan.
        record: What was seen.
        books: What the store holds at the end.
        present: How things stand at the end.
        ended_at: The last instant, UTC.
    """

    plan: Plan
    record: Record
    books: Books
    present: Circumstances
    ended_at: datetime


def migrated(url: str) -> None:
    """Give an empty database its tables."""
    database = Database.open(url)
    database.migrate()
    database.dispose()


def play(url: str, plan: Plan) -> Run:
    """Play a plan on a migrated store to its end."""
    with seeded(plan.seed), capture_logs() as lines:
        world = World(url, plan)
        try:
            asyncio.run(_live(world))
            run = Run(plan, world.record, world.look_up(read_books), world.present, world.now)
        finally:
            world.close()
    run.record.errors += [str(line) for line in lines if line["log_level"] == "error" and line["action"] not in _KNOWN]
    return run


async def _live(world: World) -> None:
    await world.settle()
    for act in world.plan.acts:
        since = min(world.next_moment(), world.now + _PATIENCE) if act.follows else world.now
        await world.until(since + act.after)
        await perform(world, act)
    await world.until(world.now + world.plan.tail)
    world.power.restore()
    await world.settle()
