"""What the store tells of an organisation: messages that stay behind, people who cannot be reached, used allowances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from bot.commands.probing.findings import advice, broken, fine
from bot.commands.probing.hints import hint_of
from bot.commands.probing.people import MOST_NAMED
from bot.commands.probing.store import FIX as STORE_FIX
from bot.quota import LOW, SPENT, Allowance, forecast, month_of
from config.loader import Loaded
from config.organisation import LoadedOrg
from domain.errors import StoreDown
from domain.ids import OrgId
from domain.ports import Probe
from storage.database import Database
from storage.queue_tables import PENDING, outbox
from storage.quotas import MonthOfCalls, add_calls, calls_of
from storage.transaction import Transaction
from storage.unreachable import unreachable_people

LATE = timedelta(minutes=10)
"""With something due for longer, nobody sends: a lane is looked at every few seconds, and a tick lasts one minute."""

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything was ever given up."""

RESEND = "mend the cause, then run dead-letters --resend all"


class _Refused(NamedTuple):
    lane: str
    code: str


def probe_records(url: str, org: LoadedOrg, allowances: Mapping[Allowance, int], now: datetime) -> Sequence[Probe]:
    """Tell what the store knows; its tables are this release's.

    Args:
        url: The store.
        org: Whose.
        allowances: Calls that may be made in a month.
        now: UTC.
    """
    try:
        with _opened(url) as database, database.reading() as transaction:
            return [
                _late(transaction, org.policy.org_id, now),
                _refused(transaction, org.policy.org_id),
                _dead(transaction, org.policy.org_id),
                _unreachable(transaction, org.policy.org_id),
                *_used(transaction, org, allowances, now),
            ]
    except StoreDown as error:
        return [broken("messages", str(error), STORE_FIX)]


def note_calls(url: str, loaded: Loaded, calls: Mapping[Allowance, int], now: datetime) -> Sequence[Probe]:
    """Add what an examination called itself to the month's sums; return what went wrong with that."""
    zones = {org.policy.org_id: org.policy.zone for org in loaded.orgs}
    try:
        with _opened(url) as database, database.transaction() as transaction:
            for of, number in calls.items():
                add_calls(transaction, MonthOfCalls(*of, month_of(now, zones[of.org_id]), number))
    except StoreDown as error:
        return [broken("store.write", str(error), STORE_FIX)]
    return []


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database.open(url)
    try:
        yield database
    finally:
        database.dispose()


def _late(transaction: Transaction, org_id: OrgId, now: datetime) -> Probe:
    lag = transaction.engine.lag(now, [org_id])
    late = max(lag.duties, lag.outbox)
    if late <= LATE:
        return fine("messages.lag", "nothing is overdue")
    minutes = late.total_seconds() // 60
    return advice("messages.lag", f"the oldest due thing has waited for {minutes:.0f} minutes", "start serve")


def _refused(transaction: Transaction, org_id: OrgId) -> Probe:
    """Tell which refusals messages wait behind: some, such as a missing address for callbacks, only a message meets."""
    columns = (outbox.c.lane, outbox.c.error)
    behind = select(*columns, func.count()).where(outbox.c.org_id == org_id, PENDING, outbox.c.error != "")
    rows = transaction.query(behind.group_by(*columns).order_by(*columns))
    refused = {_Refused(lane, code): count for lane, code, count in rows}
    if not refused:
        return fine("messages.refused", "no message waits behind a refusal")
    detail = f"messages wait after refusals: {_listed(refused)}"
    return broken("messages.refused", detail, _hints(refused) or "look the codes up in the guide of the platform")


def _dead(transaction: Transaction, org_id: OrgId) -> Probe:
    letters = [each for each in transaction.engine.dead_letters(FIRST) if each.org_id == org_id]
    if not letters:
        return fine("messages.dead", "no message was given up")
    by_code = Counter(_Refused(each.lane, each.error) for each in letters)
    fix = "; ".join(filter(None, (_hints(by_code), RESEND)))
    return advice("messages.dead", f"{len(letters)} messages were given up: {_listed(by_code)}", fix)


def _unreachable(transaction: Transaction, org_id: OrgId) -> Probe:
    lost = unreachable_people(transaction, org_id)
    if not lost:
        return fine("people.unreachable", "no platform has refused to reach anybody")
    named = ", ".join(f"{each.person_id} ({each.platform})" for each in lost[:MOST_NAMED])
    more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    fix = "take them into the app's range (可用范围, 可见范围, 可使用范围), or out of the people file; " + RESEND
    return advice("people.unreachable", f"{len(lost)} cannot be reached: {named}{more}", fix)


def _used(
    transaction: Transaction, org: LoadedOrg, allowances: Mapping[Allowance, int], now: datetime
) -> Iterator[Probe]:
    org_id, zone = org.policy.org_id, org.policy.zone
    month = month_of(now, zone)
    calls = {Allowance(org_id, each.platform, each.kind): each.calls for each in calls_of(transaction, org_id, month)}
    for of, most in allowances.items():
        if of.org_id == org_id:
            yield _share(of, calls.get(of, 0), most, forecast(calls.get(of, 0), now, zone))


def _share(of: Allowance, used: int, most: int, expected: int) -> Probe:
    name = f"{of.platform}.quota.{of.kind}"
    detail = f"{used} of {most} used this month; at this pace {expected} by its end"
    fix = "buy more (用量管理) and write it into allowance, or ask and remind less often; plan shows what uses it up"
    if used * 100 >= most * SPENT:
        return broken(name, detail, fix)
    return advice(name, detail, fix) if used * 100 >= most * LOW else fine(name, detail)


def _listed(refused: Mapping[_Refused, int]) -> str:
    return ", ".join(f"{count} on {lane or 'no platform'} with {code}" for (lane, code), count in refused.items())


def _hints(refused: Mapping[_Refused, int]) -> str:
    hints = {f"{code}: {hint}": None for lane, code in refused if (hint := hint_of(lane, code))}
    return "; ".join(hints)
