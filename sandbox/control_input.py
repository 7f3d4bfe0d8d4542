"""Reading what callers of the control API send, and saying exactly what is wrong with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from typing import Any, NoReturn

from aiohttp import web

_SHOWN_AT_MOST = 12
_LARGEST_BODY_BYTES = 256 * 1024


class InputError(Exception):
    """A request that cannot be carried out as it stands.

    Args:
        field: Where the fault is: a key of the body, of the query or of the path; `body` for the body as a whole.
        message: What is wrong and what is allowed.
        status: HTTP status, 400 unless the thing named does not exist (404) or is too large (413).
    """

    def __init__(self, field: str, message: str, status: int = 400) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.status = status


async def read_object(request: web.Request, allowed: Collection[str]) -> dict[str, Any]:
    """The request's body as a JSON object with no keys but the allowed ones.

    Raises:
        InputError: No JSON, no object, a key that is not allowed, text that no Unicode string can hold, or too long.
    """
    payload = _parsed(await _bounded(request))
    if not isinstance(payload, dict):
        raise InputError("body", f"must be a JSON object with {listed(allowed)}")
    for key in payload:
        if key not in allowed:
            raise InputError(key, f"is unknown; allowed: {listed(allowed)}")
    return payload


async def _bounded(request: web.Request) -> bytes:
    try:
        body = await request.content.readexactly(_LARGEST_BODY_BYTES + 1)
    except asyncio.IncompleteReadError as all_of_it:
        return all_of_it.partial
    raise InputError("body", f"is longer than {_LARGEST_BODY_BYTES} bytes, not read after {len(body)}", 413)


def _parsed(body: bytes) -> object:
    try:
        payload = json.loads(body, parse_constant=_refused_constant)
        # A lone surrogate passes the JSON grammar, yet no platform could carry it: encoding finds it.
        json.dumps(payload, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as unreadable:
        raise InputError("body", f"is not JSON: {type(unreadable).__name__}") from unreadable
    return payload


def _refused_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def text(payload: dict[str, Any], field: str, longest: int) -> str:
    """A text that must be there and not be blank.

    Args:
        payload: The object it stands in.
        field: Its key.
        longest: Most characters allowed.

    Raises:
        InputError: Missing, no text, blank or too long.
    """
    value = payload.get(field)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise InputError(field, f"must be a text of 1 to {longest} characters that is not blank")
    return value


def optional_text(payload: dict[str, Any], field: str, longest: int) -> str | None:
    """As `text`, but may be missing or null."""
    return None if payload.get(field) is None else text(payload, field, longest)


def choice(value: object, field: str, allowed: Collection[str], status: int = 400) -> str:
    """One of a few words.

    Raises:
        InputError: Any other value; carries `status`.
    """
    if not isinstance(value, str) or value not in allowed:
        raise InputError(field, f"must be one of {listed(allowed)}", status)
    return value


def number(payload: dict[str, Any], field: str, lowest: int, highest: int, default: int) -> int:
    """A whole number within bounds; the default where the key is missing.

    Raises:
        InputError: No whole number (true and false are none), or out of bounds.
    """
    value = payload.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise InputError(field, f"must be a whole number from {lowest} to {highest}")
    return value


def listed(words: Collection[str]) -> str:
    """The words as a reader wants them in an error: joined, and cut after a dozen."""
    shown = ", ".join(list(words)[:_SHOWN_AT_MOST])
    hidden = len(words) - _SHOWN_AT_MOST
    return (shown or "nothing") + (f" and {hidden} more" if hidden > 0 else "")
