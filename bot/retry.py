"""What a refused call means for the row that made it: try again, and when; or give up, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.errors import Misconfigured, PlatformDown, PlatformError, Throttled, Undeliverable
from domain.messages import Fate, Outcome, Outgoing

MOST_TRIES = 28
"""Tries of one row; with the delays below they span more than a day, so that no outage of a night loses a message."""

FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=2)

MISCONFIGURED_DELAY = timedelta(minutes=5)
"""A wrong secret or scope is not the message's fault: it waits for an admin, with at least this between its tries."""


def outcome_of(message: Outgoing, error: PlatformError, now: datetime) -> Outcome:
    """Return what becomes of a row after a refusal.

    Args:
        message: With the tries made before this one.
        error: The refusal.
        now: UTC.
    """
    if isinstance(error, Undeliverable):
        return Outcome(message.message_id, Fate.DEAD, error=error.code, receiver_lost=True)
    delay = _delay(message, error)
    if delay is None or message.attempts + 1 >= MOST_TRIES:
        return Outcome(message.message_id, Fate.DEAD, error=error.code)
    return Outcome(message.message_id, Fate.RETRY, error=error.code, retry_at=now + delay)


def _delay(message: Outgoing, error: PlatformError) -> timedelta | None:
    if isinstance(error, Throttled):
        return max(error.retry_after, _backed_off(message))
    if isinstance(error, Misconfigured):
        return max(MISCONFIGURED_DELAY, _backed_off(message))
    if isinstance(error, PlatformDown):
        return _backed_off(message)
    return None


def _backed_off(message: Outgoing) -> timedelta:
    return min(FIRST_DELAY * int(2 ** min(message.attempts, 20)), LONGEST_DELAY)
