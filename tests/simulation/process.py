"""A process that serves the store: the real ticker and delivery, on a writer that works where it is given work.

Without the writer's thread the order of everything is the same whenever a plan is played. Work gives way to others
before each transaction, so two lanes, two replicas, or a click and a tick come between one another's transactions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from bot.delivery import Delivery
from bot.organisations import Organisations
from bot.ticker import Ticker
from bot.writer import Writer
from domain.cards import Answer
from domain.events import Inbound
from domain.ids import OrgId
from domain.ports import Platform
from handlers import dispatch
from storage.database import Database
from storage.transaction import Transaction
from tests.simulation.power import Power

T = TypeVar("T")


class VirtualClock:
    """Stands still until it is moved forward.

    Args:
        now: The first instant.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return self._now

    def go_to(self, instant: datetime) -> None:
        """Move forward; an instant in the past changes nothing."""
        self._now = max(self._now, instant)


class StraightWriter(Writer):
    """A writer that commits each piece of work on its own, at once.

    Args:
        database: Where to.
        power: Fails before the work, before the commit, or before the work's giver hears of it.
    """

    def __init__(self, database: Database, power: Power) -> None:
        super().__init__(database)
        self._store = database
        self._power = power

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """See `Writer.run`."""
        await asyncio.sleep(0)
        self._power.use()
        with self._store.transaction() as transaction:
            with transaction.savepoint():
                result = work(transaction)
            self._power.use()
        self._power.use()
        return result


class Process:
    """One replica.

    Args:
        database: Its own connections to the store.
        organisations: Who is served; shared by all replicas, as the file is.
        platforms: The ways out.
        clock: The time.
        owner: Its name, unique also among restarts.
        power: What it runs on.
    """

    def __init__(
        self,
        database: Database,
        organisations: Organisations,
        platforms: Mapping[tuple[OrgId, str], Platform],
        clock: VirtualClock,
        owner: str,
        power: Power,
    ) -> None:
        self.writer = StraightWriter(database, power)
        self.delivery = Delivery(self.writer, organisations, platforms, clock, owner)
        self.ticker = Ticker(self.writer, organisations, clock, self.delivery.wake)
        self._database = database
        self._organisations = organisations
        self._clock = clock

    async def work(self) -> int:
        """Do what is due, and send what may go; return how much fell due."""
        done = await self.ticker.tick()
        await self.delivery.settle()
        return done

    async def handle(self, event: Inbound) -> Answer:
        """Handle an event as the service does."""
        return await self.writer.run(lambda transaction: self._dispatch(transaction, event))

    def _dispatch(self, transaction: Transaction, event: Inbound) -> Answer:
        ctx = self._organisations.context(transaction, event.origin.org_id, self._clock.now())
        return dispatch.handle(ctx, event)

    def end(self) -> None:
        """Close the connections, as the end of a process does."""
        self._database.dispose()
