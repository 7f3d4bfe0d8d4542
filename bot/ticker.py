"""The ticker: asks the store what is due, and does it. Any number of processes may tick at the same time.

Rule: nothing that must happen is held in memory. APScheduler only wakes this; what is due is a query.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.organisations import Organisations
from bot.unreachable import tell_admins
from bot.writer import Writer
from domain.duties import Duty
from domain.errors import StoreDown
from domain.ids import OrgId
from domain.ports import Clock
from handlers import ladders, rounds
from handlers.context import Context
from storage.housekeeping import sweep
from storage.transaction import Transaction

log = structlog.get_logger(__name__)

BATCH = 500
"""Duties taken in one transaction."""

POISON_DELAY = timedelta(minutes=10)
"""A duty or round whose handling failed is tried again after this long, so that it does not block the others."""

SWEEP = timedelta(hours=1)
"""How often what was kept long enough is removed."""

RECHECK = timedelta(hours=1)
"""How often openings are computed afresh even if none was expected: zones and calendars may have changed."""


class Ticker:
    """Fires what is due.

    Args:
        writer: Where state changes go.
        organisations: Who is served.
        clock: The time.
        wake: Called after something was put into the outbox.
    """

    def __init__(self, writer: Writer, organisations: Organisations, clock: Clock, wake: Callable[[], None]) -> None:
        self._writer = writer
        self._organisations = organisations
        self._clock = clock
        self._wake = wake
        self._scheduler = AsyncIOScheduler()
        self._checked: dict[OrgId, datetime] = {}
        self._opening: dict[OrgId, datetime] = {}
        self._next_sweep = clock.now()
        self._running = asyncio.Lock()
        self.last_tick: datetime | None = None

    def start(self, every: timedelta) -> None:
        """Begin to tick."""
        self._scheduler.add_job(
            self._tick_once,
            IntervalTrigger(seconds=every.total_seconds()),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    async def close(self) -> None:
        """Stop ticking, after the tick that is under way."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        async with self._running:
            return

    def forget_openings(self) -> None:
        """Compute anew when cadences open next; called after a change of configuration or people."""
        # New ones: what is being computed from the old settings ends up in the old ones. And what was looked for in
        # vain is looked for again: for people who have just become known it may still be within its grace.
        self._opening, self._checked = {}, {}

    async def _tick_once(self) -> None:
        try:
            await self.tick()
        except StoreDown as error:
            log.warning("the store is down; trying again", action="tick.store_down", error=type(error).__name__)
        except Exception:
            log.exception("a tick failed; trying again", action="tick.failed")
            raise

    async def tick(self) -> int:
        """Do all that is due; return how many things were done."""
        async with self._running:
            done = await self._begin_rounds()
            done += await self._repeat(self._advance_rounds)
            done += await self._repeat(self._fire_duties)
            await self._sweep()
            self.last_tick = self._clock.now()
            if done:
                self._wake()
            return done

    async def _repeat(self, step: Callable[[Transaction], int]) -> int:
        total = 0
        while done := await self._writer.run(step):
            total += done
        return total

    async def _sweep(self) -> None:
        now = self._clock.now()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP
            served = self._organisations.ids()
            await self._repeat(lambda transaction: sweep(transaction, now, served=served))
            for org_id in served:
                await self._tell_unreachable(org_id)

    async def _tell_unreachable(self, org_id: OrgId) -> None:
        def tell(transaction: Transaction) -> int:
            return tell_admins(transaction, self._organisations.context(transaction, org_id, self._clock.now()))

        try:
            if await self._writer.run(tell):
                self._wake()
        except StoreDown:
            raise
        except Exception:  # edge: a tick; one organisation's defect must not stop the others
            log.exception("admins could not be told who is unreachable", action="unreachable.failed", org=org_id)

    async def _begin_rounds(self) -> int:
        now, openings, checks = self._clock.now(), self._opening, self._checked
        waiting = [org_id for org_id in self._organisations.ids() if openings.get(org_id, now) <= now]
        total = 0
        for org_id in waiting:
            try:
                begun, opening, checked = await self._writer.run(partial(self._begin, org_id=org_id))
            except StoreDown:
                raise
            except Exception:  # edge: a tick; one organisation's defect must not stop the others
                log.exception("rounds could not be begun; trying again later", action="rounds.failed", org=org_id)
                openings[org_id] = now + POISON_DELAY
                continue
            total += begun
            # Only now is it durable: what was begun in a transaction that failed must be found again.
            openings[org_id], checks[org_id] = opening, checked
        return total

    def _begin(self, transaction: Transaction, org_id: OrgId) -> tuple[int, datetime, datetime]:
        now = self._clock.now()
        ctx = self._organisations.context(transaction, org_id, now)
        begun = rounds.begin_due(ctx, self._checked.get(org_id))
        return begun, min(rounds.next_opening(ctx) or now + RECHECK, now + RECHECK), now

    def _advance_rounds(self, transaction: Transaction) -> int:
        now = self._clock.now()
        due = transaction.engine.due_rounds(now, 1, self._organisations.ids())
        for round_ in due:
            ctx = self._organisations.context(transaction, round_.org_id, now)
            try:
                with transaction.savepoint():
                    rounds.advance(ctx, round_)
            except StoreDown:
                raise
            except Exception:
                log.exception("a round failed and is parked", action="round.parked", occurrence=round_.occurrence_id)
                transaction.engine.park_round(round_, now + POISON_DELAY)
        return len(due)

    def _fire_duties(self, transaction: Transaction) -> int:
        now = self._clock.now()
        due = transaction.engine.due_duties(now, BATCH, self._organisations.ids())
        by_org: dict[OrgId, list[Duty]] = defaultdict(list)
        for duty in due:
            by_org[duty.org_id].append(duty)
        for org_id, duties in by_org.items():
            self._fire(transaction, self._organisations.context(transaction, org_id, now), duties)
        return len(due)

    def _fire(self, transaction: Transaction, ctx: Context, duties: Sequence[Duty]) -> None:
        try:
            with transaction.savepoint():
                for duty in duties:
                    ladders.climb(ctx, duty)
        except StoreDown:
            raise
        except Exception:
            if len(duties) > 1:
                for duty in duties:
                    self._fire(transaction, ctx, [duty])
                return
            log.exception("a duty failed and is parked", action="duty.parked", duty=duties[0].duty_id)
            transaction.engine.park_duty(duties[0], ctx.now + POISON_DELAY)
