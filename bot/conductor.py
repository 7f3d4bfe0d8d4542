"""Leads the demo's time: moves the clock to one due moment after the other, and lets everything happen in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from bot import narrator
from bot.app import Service
from bot.clock import DemoClock
from domain.ids import OrgId
from handlers.context import Context
from storage.transaction import Transaction

MOST_ROUNDS = 200
"""Turns of one settling; more would mean that two parts feed one another for ever."""


class Conductor:
    """Moves the demo's clock.

    Args:
        service: The bot.
        clock: Its clock.
        org_id: The demo's organisation.
        zone: The company's zone.
        fakes_idle: Waits until no fake platform is delivering an event.
        fakes_due: Lets the fakes do what is due by the clock, such as sending an event again.
    """

    def __init__(
        self,
        service: Service,
        clock: DemoClock,
        org_id: OrgId,
        zone: str,
        fakes_idle: Callable[[], Awaitable[None]],
        fakes_due: Callable[[], Awaitable[object]],
    ) -> None:
        self._service = service
        self._clock = clock
        self._org_id = org_id
        self._zone = zone
        self._fakes_idle = fakes_idle
        self._fakes_due = fakes_due
        self._one_at_a_time = asyncio.Lock()
        self._told = clock.now()
        self._looked = clock.now()

    @property
    def zone(self) -> str:
        """IANA name of the company's zone."""
        return self._zone

    def now(self) -> datetime:
        """The demo's instant, UTC."""
        return self._clock.now()

    async def next_event(self) -> Mapping[str, str] | None:
        """Return what falls due in the next eventful minute, in the company's language and in those of the page."""
        return await self._service.writer.run(self._find_next)

    async def advance_to(self, instant: datetime, /) -> Sequence[Mapping[str, str]]:
        """Let time pass, playing every due moment in order; return what happened since this was last told.

        What came due by itself in between is told too: the demo's clock never stands still.
        """
        async with self._one_at_a_time:
            await self._settle()
            while (moment := await self._service.writer.run(self._next_moment)) is not None and moment <= instant:
                self._clock.advance_to(moment)
                await self._settle()
            self._clock.advance_to(instant)
            await self._settle()
            return await self._service.writer.run(self._played)

    async def settle(self) -> None:
        """Wait until the bot has handled and delivered everything that is due now."""
        async with self._one_at_a_time:
            await self._settle()

    async def _settle(self) -> None:
        for _ in range(MOST_ROUNDS):
            await self._fakes_due()
            await self._fakes_idle()
            self._looked = self._clock.now()
            done = await self._service.ticker.tick()
            await self._service.delivery.settle()
            if not done:
                await self._fakes_idle()
                return

    def _next_moment(self, transaction: Transaction) -> datetime | None:
        # After the last look, not after now: the clock runs, and what fell due since would be leapt over.
        ctx = self._service.organisations.context(transaction, self._org_id, self._looked)
        return narrator.moment(ctx, transaction.engine.next_moments(self._looked))

    def _find_next(self, transaction: Transaction) -> Mapping[str, str] | None:
        return narrator.coming(self._context(transaction), transaction.engine.next_moments(self._clock.now()))

    def _played(self, transaction: Transaction) -> Sequence[Mapping[str, str]]:
        entries = transaction.engine.history_after(self._org_id, self._told)
        self._told = max([self._told, *(entry.at for entry in entries)])
        return narrator.happened(self._context(transaction), entries)

    def _context(self, transaction: Transaction) -> Context:
        return self._service.organisations.context(transaction, self._org_id, self._clock.now())
