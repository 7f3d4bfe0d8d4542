"""JSON from strangers: anything may come, nested without end, or with half a character that no file can keep."""

from __future__ import annotations

import json
from typing import Any


def decoded(text: str | bytes) -> Any:
    """What a text says in JSON; None where it says nothing, says null, or cannot be kept."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if is_whole(found) else None


def decoded_object(text: str | bytes) -> dict[str, Any] | None:
    """The object that a text says in JSON, None where it says something else."""
    found = decoded(text)
    return found if isinstance(found, dict) else None


def is_whole(value: Any) -> bool:
    """Whether all texts in a value are made of whole characters; an escape can name half of one, a lone surrogate."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
