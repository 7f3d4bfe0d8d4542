"""Leads the demo's time: moves the clock to one due moment after the other, and lets everything happen in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.app import Service
from bot.clock import DemoClock
from domain.ids import DutyId, OrgId
from handlers import rounds
from handlers.context import Context
from storage.steering import HistoryEntry
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

    @property
    def zone(self) -> str:
        """IANA name of the company's zone."""
        return self._zone

    def now(self) -> datetime:
        """The demo's instant, UTC."""
        return self._clock.now()

    async def next_event(self) -> Mapping[str, str] | None:
        """Return what falls due next."""
        found = await self._next()
        return {"at": self._local(found[0]), "what": found[1]} if found else None

    async def advance_to(self, instant: datetime, /) -> Sequence[Mapping[str, str]]:
        """Let time pass, playing every due moment in order; return what happened."""
        async with self._one_at_a_time:
            began = self._clock.now()
            while (found := await self._next()) is not None and found[0] <= instant:
                self._clock.advance_to(found[0])
                await self._settle()
            self._clock.advance_to(instant)
            await self._settle()
            return await self._service.writer.run(lambda tx: self._played(tx, began))

    async def settle(self) -> None:
        """Wait until the bot has handled and delivered everything that is due now."""
        async with self._one_at_a_time:
            await self._settle()

    async def _settle(self) -> None:
        for _ in range(MOST_ROUNDS):
            await self._fakes_due()
            await self._fakes_idle()
            done = await self._service.ticker.tick()
            await self._service.delivery.settle()
            if not done:
                await self._fakes_idle()
                return

    async def _next(self) -> tuple[datetime, str] | None:
        return await self._service.writer.run(self._find_next)

    def _find_next(self, transaction: Transaction) -> tuple[datetime, str] | None:
        now = self._clock.now()
        ctx = self._service.organisations.context(transaction, self._org_id, now)
        found = [(moment, queue) for queue, moment in transaction.engine.next_moments(now).items()]
        opening = rounds.next_opening(ctx)
        if opening is not None:
            found.append((opening, "opening"))
        if not found:
            return None
        at, queue = min(found)
        return at, ctx.words.say(ctx.policy.locale, f"demo.next.{queue}")

    def _played(self, transaction: Transaction, after: datetime) -> list[Mapping[str, str]]:
        ctx = self._service.organisations.context(transaction, self._org_id, self._clock.now())
        entries = transaction.engine.history_after(self._org_id, after)
        lines = [(entry.at, _sentence(ctx, entry)) for entry in entries]
        return [{"at": self._local(at), "what": line} for at, line in lines if line]

    def _local(self, instant: datetime) -> str:
        return instant.astimezone(ZoneInfo(self._zone)).isoformat()


def _sentence(ctx: Context, entry: HistoryEntry) -> str:
    """Return what happened in one sentence, or an empty one for what needs no telling."""
    if entry.kind == "round.begun":
        cadence = ctx.policy.cadence(entry.detail["cadence"])
        title = cadence.title if cadence else entry.detail["cadence"]
        return ctx.words.say(ctx.policy.locale, "demo.played.round", {"title": title})
    duty = ctx.store.duties.get(DutyId(entry.subject)) if entry.kind == "duty.rung" else None
    if duty is None:
        return ""
    values = {"name": ctx.person(duty.about_id).name, "debtor": ctx.person(duty.debtor_id).name}
    own = entry.detail["act"] == "remind" and duty.debtor_id == duty.about_id
    return ctx.words.say(ctx.policy.locale, f"demo.played.{'remind_own' if own else entry.detail['act']}", values)
