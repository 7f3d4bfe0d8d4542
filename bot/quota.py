"""Counts the calls that platforms limit by the month, keeps the sums in the store, and warns before they are used up.

Calls are counted in memory and written every `FLUSH_SECONDS` and at the end; so a process that is killed forgets those
of its last seconds, and what the platform counts is the truth.
"""

from __future__ import annotations

import asyncio
import calendar
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from bot.meter import Meter
from bot.organisations import Organisations
from bot.writer import Writer
from domain.errors import StoreDown
from domain.ids import OrgId
from domain.messages import Draft, Priority
from domain.ports import Clock
from handlers.context import Context
from storage.quotas import MonthOfCalls, add_calls, note_warning
from storage.transaction import Transaction

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 10.0
"""Between two writings of what was counted."""

LOW, SPENT = 80, 100
"""Percentages of an allowance at which somebody is told, once each a month."""


class Allowance(NamedTuple):
    """What an organisation may use up in a month.

    Attributes:
        org_id: The organisation.
        platform: The platform's name.
        kind: Which calls: "api" or "push".
    """

    org_id: OrgId
    platform: str
    kind: str


class _Count(NamedTuple):
    of: Allowance
    month: str


@dataclass(frozen=True, slots=True)
class _Warning:
    used: MonthOfCalls
    level: int
    most: int


@dataclass(frozen=True, slots=True)
class _Tally:
    """One app's counter; implements `domain.ports.Tally`."""

    book: QuotaBook
    org_id: OrgId
    platform: str

    def count(self, kind: str, calls: int) -> None:
        """See the port."""
        self.book.count(Allowance(self.org_id, self.platform, kind), calls)


class QuotaBook:
    """The calls of all apps.

    Args:
        writer: Where the sums go.
        organisations: Whose month it is, and who is told.
        clock: The time.
        meter: Where operators look.
    """

    def __init__(self, writer: Writer, organisations: Organisations, clock: Clock, meter: Meter) -> None:
        self._writer = writer
        self._organisations = organisations
        self._clock = clock
        self._meter = meter
        self._counted: Counter[_Count] = Counter()
        self._allowances: Mapping[Allowance, int] = {}

    def tally(self, org_id: OrgId, platform: str) -> _Tally:
        """Return the counter of one app of an organisation."""
        return _Tally(self, org_id, platform)

    def allow(self, allowances: Mapping[Allowance, int]) -> None:
        """Take over how many calls may be made in a month; what is not named is counted without a limit."""
        self._allowances = dict(allowances)

    def count(self, of: Allowance, calls: int) -> None:
        """Note calls that were made now."""
        policy = self._organisations.policy(of.org_id)
        self._counted[_Count(of, month_of(self._clock.now(), policy.zone if policy else "UTC"))] += calls

    async def run(self) -> None:
        """Write what was counted again and again, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what was counted; while the store is down, it waits for the next time."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            sums, warnings = await self._writer.run(lambda transaction: self._write(transaction, counted))
        except StoreDown as error:
            self._counted.update(counted)
            log.warning("the store is down; calls are counted later", action="quota.store_down", error=str(error))
            return
        for used in sums:
            self._show(used)
        for warning in warnings:
            _tell_operator(warning)

    def _write(
        self, transaction: Transaction, counted: Mapping[_Count, int]
    ) -> tuple[Sequence[MonthOfCalls], Sequence[_Warning]]:
        now = self._clock.now()
        transaction.tell(now)
        sums = [
            MonthOfCalls(*of, month, add_calls(transaction, MonthOfCalls(*of, month, calls)))
            for (of, month), calls in sorted(counted.items())
        ]
        warnings = [warning for used in sums if (warning := self._warning(used)) is not None]
        due = [each for each in warnings if note_warning(transaction, each.used, each.level)]
        for warning in due:
            if self._organisations.policy(warning.used.org_id) is not None:
                _tell_admins(self._organisations.context(transaction, warning.used.org_id, now), warning)
        return sums, due

    def _warning(self, used: MonthOfCalls) -> _Warning | None:
        most = self._allowances.get(Allowance(used.org_id, used.platform, used.kind), 0)
        if most == 0 or used.calls * 100 < most * LOW:
            return None
        return _Warning(used, SPENT if used.calls >= most else LOW, most)

    def _show(self, used: MonthOfCalls) -> None:
        self._meter.calls.labels(used.org_id, used.platform, used.kind).set(used.calls)
        most = self._allowances.get(Allowance(used.org_id, used.platform, used.kind), 0)
        if most:
            self._meter.quota.labels(used.org_id, used.platform, used.kind).set(used.calls / most)


def month_of(now: datetime, zone: str) -> str:
    """Return the month that an instant lies in for a zone (IANA name), as "2026-11"."""
    return now.astimezone(ZoneInfo(zone)).strftime("%Y-%m")


def forecast(calls: int, now: datetime, zone: str) -> int:
    """Return how many calls a month will have seen at its end if they go on as they have until now.

    Args:
        calls: Made in the month until now.
        now: UTC.
        zone: IANA name of the zone whose month it is.
    """
    local = now.astimezone(ZoneInfo(zone))
    days_in_month = calendar.monthrange(local.year, local.month)[1]
    days_gone = local.day - 1 + (local.hour * 60 + local.minute) / (24 * 60)
    return round(calls * days_in_month / max(days_gone, 1.0))


def _tell_operator(warning: _Warning) -> None:
    used = warning.used
    spent = warning.level == SPENT
    log.warning(
        "a month's calls are used up; buy more or remind less" if spent else "a month's calls are nearly used up",
        action="quota.spent" if spent else "quota.low",
        org=used.org_id,
        platform=used.platform,
        kind=used.kind,
        calls=used.calls,
        allowed=warning.most,
    )


def _tell_admins(ctx: Context, warning: _Warning) -> None:
    used = warning.used
    values = {
        "platform": used.platform,
        "kind": used.kind,
        "used": used.calls,
        "allowed": warning.most,
        "percent": used.calls * 100 // warning.most,
        "forecast": forecast(used.calls, ctx.now, ctx.policy.zone),
    }
    key = "admin.quota_spent" if warning.level == SPENT else "admin.quota_low"
    for admin_id in ctx.policy.admins:
        admin = ctx.store.people.person(admin_id)
        if admin is not None:
            dedupe = f"quota:{used.platform}:{used.kind}:{used.month}:{warning.level}:{admin_id}"
            ctx.store.outbox.put(Draft(admin_id, ctx.speaker(admin).say(key, values), Priority.ESCALATION, dedupe))
