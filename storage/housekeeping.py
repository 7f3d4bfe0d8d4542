"""What is only kept for a while: received events once no platform repeats them, counts of days gone by, old questions.

The answers to clicks show people's own words; there is no reason to keep them beyond the time in which a platform may
ask for them again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Delete, delete, select, tuple_

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


def sweep(transaction: Transaction, now: datetime, most: int = SLICE) -> int:
    """Remove one slice of what has been kept long enough; return how many rows went.

    Args:
        transaction: Where; over all organisations.
        now: UTC.
        most: Events removed at once.
    """
    gone = transaction.alter(_old_events(micros(now - EVENTS_KEPT), most))
    if gone < most:
        transaction.alter(delete(attention).where(attention.c.day < (now - COUNTS_KEPT).date().isoformat()))
        transaction.alter(delete(conversation).where(conversation.c.expires_at < micros(now)))
    return gone


def _old_events(before: int, most: int) -> Delete:
    key = tuple_(inbox.c.org_id, inbox.c.platform, inbox.c.event_id)
    old = select(inbox.c.org_id, inbox.c.platform, inbox.c.event_id).where(inbox.c.received_at < before).limit(most)
    return delete(inbox).where(key.in_(old))
