"""Instants and days as the store writes them: microseconds since 1970 in UTC, and ISO dates.

Plain functions instead of a column type: hot statements run on the driver's cursor, where column types do not reach,
and whole numbers compare, index and travel the same way on both engines.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Return an instant as microseconds since 1970-01-01T00:00Z.

    Raises:
        TypeError: If it is naive.
    """
    return (instant - _EPOCH) // _MICROSECOND


def micros_or_none(instant: datetime | None) -> int | None:
    """Return an instant as microseconds, `None` as `None`."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)  # a round's check-ins and duties share their instants
def instant(value: int) -> datetime:
    """Return the instant, UTC, of a number made by `micros`."""
    return _EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """Return the instant, UTC, or `None` for `None`."""
    return None if value is None else instant(value)


def in_micros(length: timedelta) -> int:
    """Return a length of time in microseconds."""
    return length // _MICROSECOND
