"""What is only kept for a while: received events once no platform repeats them, counts of days gone by, old questions.

The answers to clicks show people's own words; there is no reason to keep them beyond the time in which a platform may
ask for them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Delete, delete, select, true, tuple_

from domain.ids import OrgId
from storage.instants import micros
from storage.queue_tables import attention
from storage.tables import conversation, inbox

if TYPE_CHECKING:
    from storage.transaction import Transaction

EVENTS_KEPT = timedelta(days=7)
"""Platforms repeat an event for some hours at most (Feishu: four times in about seven hours)."""

COUNTS_KEPT = timedelta(days=35)
"""Daily counts of what was said are needed on their day; a month helps to explain a digest."""

SLICE = 5000
"""Rows removed in one transaction, so that nobody waits for long."""


def sweep(transaction: Transaction, now: datetime, most: int = SLICE, served: Sequence[OrgId] | None = None) -> int:
    """Remove one slice of what has been kept long enough; return how many rows went.

    Args:
        transaction: Where.
        now: UTC.
        most: Events removed at once.
        served: Of these organisations only; others may have processes, and clocks, of their own. `None`: of all.
    """
    gone = transaction.alter(_old_events(micros(now - EVENTS_KEPT), most, served))
    if gone < most:
        old_day = attention.c.day < (now - COUNTS_KEPT).date().isoformat()
        transaction.alter(delete(attention).where(old_day, _of(served, attention.c.org_id)))
        transaction.alter(
            delete(conversation).where(conversation.c.expires_at < micros(now), _of(served, conversation.c.org_id))
        )
    return gone


def _old_events(before: int, most: int, served: Sequence[OrgId] | None) -> Delete:
    key = tuple_(inbox.c.org_id, inbox.c.platform, inbox.c.event_id)
    old = select(inbox.c.org_id, inbox.c.platform, inbox.c.event_id).where(
        inbox.c.received_at < before, _of(served, inbox.c.org_id)
    )
    return delete(inbox).where(key.in_(old.limit(most)))


def _of(served: Sequence[OrgId] | None, column: ColumnElement[str]) -> ColumnElement[bool]:
    return true() if served is None else column.in_(sorted(served))
