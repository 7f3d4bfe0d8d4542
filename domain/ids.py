"""Names for ids, so that a type checker tells a person from a duty; and how ids are made.

Ids are UUIDs of version 7 in hexadecimal (RFC 9562): they sort by time of birth, need no round trip to the store,
and 32 characters fit every platform's idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NewType

OrgId = NewType("OrgId", str)
PersonId = NewType("PersonId", str)
DutyId = NewType("DutyId", str)
CheckinId = NewType("CheckinId", str)
OccurrenceId = NewType("OccurrenceId", str)
MessageId = NewType("MessageId", str)
"""Our id of an outgoing message: the outbox row, and the idempotency key given to the platform."""

NewId = Callable[[datetime], str]
"""Makes a fresh id for something born at the given instant."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now: datetime, entropy: bytes) -> str:
    """Return the version 7 UUID of `now` and ten random bytes, as 32 hexadecimal digits.

    Args:
        now: Aware instant; its milliseconds are the id's prefix.
        entropy: Ten random bytes.

    Raises:
        TypeError: If `now` is naive.
        ValueError: If there are fewer than ten bytes.
    """
    if len(entropy) < 10:
        raise ValueError(f"ten random bytes are needed, not {len(entropy)}")
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    value = milliseconds << 80 | int.from_bytes(entropy[:10], "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return f"{value:032x}"
