"""Ids of messages: 32 hexadecimal digits that sort by time of birth and are otherwise made from the dedupe key.

Rows that are born together lie together in every index: a batch of five hundred touches a few pages instead of five
hundred, which is most of what a commit costs. And a message that is made again at the same instant, after a transaction
was rolled back, has the same id.
"""

from __future__ import annotations

import hashlib

from domain.ids import MessageId, OrgId

TIME_DIGITS = 12
"""Hexadecimal digits of the milliseconds that ids begin with, as in `domain.ids.uuid7`."""


def time_prefix(present: int) -> str:
    """Return the first digits of an id born at an instant in microseconds."""
    return f"{present // 1000:0{TIME_DIGITS}x}"


def message_id_of(present: int, org_id: OrgId, dedupe: str) -> MessageId:
    """Return the id of a message.

    Args:
        present: When it is put, in microseconds.
        org_id: Whose it is.
        dedupe: Its dedupe key.

    Raises:
        UnicodeEncodeError: The key is not proper Unicode, so it cannot be stored either.
    """
    digest = hashlib.sha256(f"{org_id}\n{dedupe}".encode()).hexdigest()
    return MessageId(time_prefix(present) + digest[: 32 - TIME_DIGITS])


def prompt_dedupe(checkin_id: str) -> str:
    """Return the dedupe key of the prompt that a fan-out puts for a check-in."""
    return f"ask:{checkin_id}"
