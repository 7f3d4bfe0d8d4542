"""How a button says what it does: in one string, which the template hands back as the parameter `action`.

Formats: dingtalk.md 7.4, read 2026-11-22.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from domain.cards import IN_WORDS, Button, Card, CardKey, Style

LABEL_CHARACTERS = 40
"""Longest label that is shown; buttons are as wide as the card at most."""

REFERENCE_CHARACTERS = 6
"""How much of our own id a sent label carries: enough to tell the cards in one person's chat apart."""


def packed(key: CardKey, action: str) -> str:
    """Return what a click brings back."""
    return f"{quote(action, safe='')} {key.pack()}"


def unpacked(value: object) -> tuple[CardKey | None, str]:
    """Return card and action of a click; what is not ours is an action without a card."""
    if not isinstance(value, str):
        return None, ""
    action, blank, rest = value.partition(" ")
    key = CardKey.unpack(rest) if blank else None
    return (key, unquote(action)) if key is not None else (None, value)


def reference(message_id: str) -> str:
    """Return the end of a row's id as a sent label carries it, "#7f3a2c"."""
    return f"#{message_id[-REFERENCE_CHARACTERS:]}"


def drawn_buttons(card: Card, in_words: str) -> tuple[Button, ...]:
    """Return the buttons of a card whose fields are not shown: one leads to the questions in words.

    Args:
        card: What to show.
        in_words: Label of that one.
    """
    if not card.fields:
        return card.buttons
    rest = tuple(button for button in card.buttons if not button.submits)
    return (Button(IN_WORDS, in_words, Style.MAIN), *rest)
