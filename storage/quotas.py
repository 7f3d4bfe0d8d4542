"""How many calls of each kind an organisation has made on a platform in a month, and who was warned of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.ids import OrgId
from storage.flavour import Flavour
from storage.prepared import Prepared, Statement
from storage.select_by import equal, parameter, select_by
from storage.tables import quota

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class MonthOfCalls:
    """What was used of one allowance.

    Attributes:
        org_id: The organisation.
        platform: The platform's name.
        kind: Which allowance: "api" or "push".
        month: "2026-11", in the organisation's zone.
        calls: How many calls were made.
    """

    org_id: OrgId
    platform: str
    kind: str
    month: str
    calls: int


_NAMES = "org_id platform kind month calls warned"
_KEY = "org_id platform kind month"


def _add(flavour: Flavour) -> Statement:
    insertion = flavour.insert(quota, _NAMES)
    return insertion.on_conflict_do_update(
        index_elements=[quota.c[name] for name in _KEY.split()],
        set_={"calls": quota.c.calls + insertion.excluded.calls},
    ).returning(quota.c.calls)


def _warn() -> Statement:
    higher = quota.c.warned < parameter("level", quota.c.warned)
    return quota.update().where(*equal(quota, _KEY), higher).values(warned=parameter("level", quota.c.warned))


_ADD = Prepared(_NAMES, _add)
_WARN = Prepared(f"{_KEY} level", lambda _: _warn())
_OF_MONTH = Prepared(
    "org_id month",
    lambda _: select_by(quota, "org_id month", quota.c.platform, quota.c.kind, quota.c.calls).order_by(
        quota.c.platform, quota.c.kind
    ),
)


def add_calls(transaction: Transaction, more: MonthOfCalls) -> int:
    """Add calls to a month's; return how many there are now, those of other processes included."""
    row = transaction.row(_ADD, (more.org_id, more.platform, more.kind, more.month, more.calls, 0))
    return more.calls if row is None else int(row[0])


def note_warning(transaction: Transaction, used: MonthOfCalls, level: int) -> bool:
    """Note that somebody is warned at a percentage of the allowance.

    Returns:
        False if that was done before for this month, at this percentage or a higher one, by whatever process.
    """
    return transaction.change(_WARN, (used.org_id, used.platform, used.kind, used.month, level)) == 1


def calls_of(transaction: Transaction, org_id: OrgId, month: str) -> Sequence[MonthOfCalls]:
    """Return what an organisation has used in a month ("2026-11"), by platform and kind; the unused is left out."""
    rows = transaction.rows(_OF_MONTH, (org_id, month))
    return [MonthOfCalls(org_id, platform, kind, month, calls) for platform, kind, calls in rows]
