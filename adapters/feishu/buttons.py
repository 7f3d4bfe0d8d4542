"""How a button says what it does: once in its value, and once more in its name.

Clicks have come without a value (larksuite/oapi-sdk-python#98); the name then still tells action and card. Names must
be unique in the whole card and are made of ASCII letters, digits and underscores, like those of the vendor's examples,
as far as the action is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from domain.cards import CardKey

_SEPARATOR = "__k"
_UNSAFE = re.compile(r"[^0-9A-Za-z]")
_ESCAPED = re.compile(r"(?:_[0-9a-f]{2})+")


def button_name(key: CardKey, action: str) -> str:
    """Return a name from which `read_button_name` recovers the action and the card."""
    return f"{action}{_SEPARATOR}{_UNSAFE.sub(_escape, key.pack())}"


def button_value(key: CardKey, action: str) -> dict[str, str]:
    """Return what the platform hands back with the click."""
    return {"card": key.pack(), "action": action}


def read_button_name(name: str) -> tuple[CardKey | None, str]:
    """Return card and action of a name; a name that is not ours is an action without a card."""
    action, separator, packed = name.rpartition(_SEPARATOR)
    key = CardKey.unpack(_ESCAPED.sub(_unescape, packed)) if separator else None
    return (key, action) if key is not None else (None, name)


def read_button(value: object, name: object) -> tuple[CardKey | None, str]:
    """Return card and action of a click.

    Args:
        value: The button's value: an object, its JSON as a string, or whatever else was configured.
        name: The button's name, or anything if it came without one.
    """
    fields = _fields(value)
    packed, action = fields.get("card"), fields.get("action")
    key = CardKey.unpack(packed) if isinstance(packed, str) else None
    if key is not None and isinstance(action, str) and action:
        return key, action
    named_key, named_action = read_button_name(name) if isinstance(name, str) else (None, "")
    return key or named_key, action if isinstance(action, str) and action else named_action


def _fields(value: object) -> Mapping[str, object]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _escape(match: re.Match[str]) -> str:
    return "".join(f"_{octet:02x}" for octet in match[0].encode("utf-8", "surrogatepass"))


def _unescape(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("_", "")).decode("utf-8", "replace")
