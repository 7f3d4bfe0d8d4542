"""One line that a list of chats shows for a message, in whatever form a platform wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TITLES = (
    ("config", "summary", "content"),  # Feishu's cards, and DingTalk's as its fake tells them
    ("header", "title", "content"),  # Feishu's cards without a summary
    ("main_title", "title"),  # WeCom's template cards
    ("sub_title_text",),  # those of them that need no title
    ("title",),  # DingTalk's markdown
)
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\s]*\)")
_MARKS = re.compile(r"</?font[^>]*>|\*\*|`|^\s*(?:#{1,6}|>)\s+", re.MULTILINE)


def preview_of(message: Mapping[str, Any]) -> str:
    """Return what a list of chats shows: what a card says it is called, else the first words of a text.

    Args:
        message: As `PlatformFake.messages_of` tells it.

    Returns:
        Empty for a recalled message, and for a card that says nothing of itself.
    """
    if message["recalled"]:
        return ""
    native = message["card"] or {}
    titles = (_at(native, *path) for path in _TITLES)
    named = next((title for title in titles if isinstance(title, str) and title), "")
    said = str(message["text"] or "")
    return named or (_bare(said) if message["from"] == "bot" else said)


def _bare(text: str) -> str:
    """A text without the marks of markdown."""
    return _MARKS.sub("", _LINK.sub(r"\1", text)).strip()


def _at(node: object, *keys: str) -> object:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
