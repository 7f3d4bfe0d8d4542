"""Ids of messages, made from their dedupe keys.

The same message has the same id whenever it is made: after a transaction that was rolled back, and on another replica.
So the primary key is the dedupe key too, and a platform that recognises ids recognises the message.
"""

from __future__ import annotations

import hashlib
import re

from domain.ids import MessageId, OrgId

_PROMPT = "ask:"
_PROMPT_KEY = re.compile(r"ask:([0-9a-f]{32})")


def prompt_dedupe(checkin_id: str) -> str:
    """Return the dedupe key of the prompt that a fan-out puts for a check-in."""
    return _PROMPT + checkin_id


def message_id_of(org_id: OrgId, dedupe: str) -> MessageId:
    """Return the id of a message: 32 hexadecimal digits.

    A fan-out's prompt has its check-in's own id, which the database can name without computing digests.

    Raises:
        UnicodeEncodeError: The key is not proper Unicode, so it cannot be stored either.
    """
    prompt = _PROMPT_KEY.fullmatch(dedupe)
    if prompt is not None:
        return MessageId(prompt[1])
    return MessageId(hashlib.sha256(f"{org_id}\n{dedupe}".encode()).hexdigest()[:32])
