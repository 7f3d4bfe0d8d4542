"""How a button says what it does: card and action in its key, which the click brings back as EventKey.

The key is ASCII throughout, so that neither JSON nor XML changes anything in it. It is seen by whoever decrypts the
callback, and holds ids only.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from domain.cards import CardKey
from domain.errors import ContentRefused

KEY_BYTES = 1024
"""Of a button's key (vendor page "发送应用消息", read 2026-11-22)."""

CLOSED = "closed"
"""The action of the grey button of a card that has none any more; old clients may still let it be pressed."""

_SEPARATOR = "|"


def button_key(card: CardKey, action: str) -> str:
    """Return the key from which `read_key` recovers card and action.

    Raises:
        ContentRefused: It would be too long.
    """
    key = f"{_quoted(action)}{_SEPARATOR}{_quoted(card.pack())}"
    if len(key) > KEY_BYTES:
        raise ContentRefused("key", f"a button's key has {len(key)} bytes, {KEY_BYTES} are allowed")
    return key


def read_key(key: str) -> tuple[CardKey | None, str]:
    """Return card and action of a key; one that is not ours is an action without a card."""
    action, separator, packed = key.partition(_SEPARATOR)
    card = CardKey.unpack(unquote(packed, errors="replace")) if separator and packed.isascii() else None
    return (card, unquote(action, errors="replace")) if card is not None else (None, key)


def _quoted(text: str) -> str:
    return quote(text, safe=":", errors="surrogatepass")
