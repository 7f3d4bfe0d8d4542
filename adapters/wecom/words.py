"""Keeping words within the platform's lengths, and people's words words.

A length in characters is what the vendor recommends and the client cuts; one in bytes (of UTF-8) is a hard limit
(vendor pages "发送应用消息" and "更新模版卡片消息", read 2026-11-22). Nothing is ever cut without a mark.
"""

from __future__ import annotations

import re
import unicodedata

MARK = "…"
"""Ends what was cut on a card."""

TEXT_BYTES = 2048
"""Of a text or markdown message; the platform cuts the rest off without a word."""

_ZERO_WIDTH = "\u200b"
LINE_ESCAPE_BYTES = len(_ZERO_WIDTH.encode())
"""What keeps the start of a line from being markup."""

_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAG_START = re.compile(r"<(?=[A-Za-z/@!])")
_LINK_MIDDLE = re.compile(r"\](?=\()")
_BOLD = re.compile(r"\*(?=\*)")
_LINE_MARKUP = re.compile(r"^(?=\s*[#>])", re.MULTILINE)


def clean(text: str) -> str:
    """Return text without characters that XML forbids or that have crashed clients (82004); one sort of line end."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return unified if unified.isprintable() else "".join(filter(_harmless, unified))


def fit(text: str, most: int, tail: str = MARK) -> str:
    """Return the text if it is short enough, or its beginning and a tail; never half a visible character.

    Args:
        text: Any text.
        most: Characters that the result may have, at least the tail's.
        tail: What ends a text that was cut.
    """
    if len(text) <= most:
        return text
    return text[: boundary(text, most - len(tail))].rstrip() + tail


def split(text: str, most_bytes: int, most_parts: int, tail: str) -> list[str]:
    """Return the text in parts, at ends of lines where that wastes less than half a part.

    Args:
        text: Any text; empty gives no part.
        most_bytes: Of UTF-8, a part.
        most_parts: What is left over after so many is cut, and the last part then ends in the tail.
        tail: Shorter than a part.
    """
    parts: list[str] = []
    rest = text
    while rest and len(parts) < most_parts - 1 and len(rest.encode()) > most_bytes:
        at = _line_end(rest, _fitting(rest, most_bytes))
        parts.append(rest[:at].rstrip("\n"))
        rest = rest[at:].lstrip("\n")
    if len(rest.encode()) > most_bytes:
        rest = rest[: _place(rest, _fitting(rest, most_bytes - len(tail.encode())))].rstrip() + tail
    return [part for part in [*parts, rest] if part]


def escape_text(text: str) -> str:
    """Return what a text message shows as it stands: `<a href>` is a link there, `<@id>` a mention.

    No escape is documented: a blank without width behind the sign makes it harmless and leaves it readable.
    """
    return _TAG_START.sub("<" + _ZERO_WIDTH, text)


def escape_markdown(text: str) -> str:
    """Return what a markdown message shows as it stands; known are bold, links, code, fonts, headings, quotes."""
    escaped = _LINK_MIDDLE.sub("]" + _ZERO_WIDTH, _BOLD.sub("*" + _ZERO_WIDTH, escape_text(text)))
    return escape_line_start(escaped.replace("`", "｀"))


def escape_line_start(text: str) -> str:
    """Return text none of whose lines begins a heading or a quotation; a line grows by `LINE_ESCAPE_BYTES` at most."""
    return _LINE_MARKUP.sub(_ZERO_WIDTH, text)


def boundary(text: str, at: int) -> int:
    """Return the nearest place at or before `at` that is not inside a visible character; 0 <= `at` < len(text)."""
    while at > 0 and (_continues(text[at]) or text[at - 1] == _JOINER):
        at -= 1
    start = at
    while start > 0 and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    inside_flag = ord(text[at]) in _FLAG_LETTERS and (at - start) % 2 == 1
    return at - 1 if inside_flag else at


def _harmless(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and ord(character) & 0xFFFE != 0xFFFE


def _fitting(text: str, most_bytes: int) -> int:
    """Return how many characters of the text's beginning have at most so many bytes; fewer than all."""
    return len(text[: most_bytes + 1].encode()[:most_bytes].decode(errors="ignore"))


def _line_end(text: str, at: int) -> int:
    end = text.rfind("\n", at // 2, at + 1)
    return end if end > 0 else _place(text, at)


def _place(text: str, at: int) -> int:
    # A "character" longer than a whole part is cut somewhere: the rest must go on.
    return boundary(text, at) or at


def _continues(character: str) -> bool:
    # Mn and Me hold combining marks and variation selectors, Mc the vowel signs of Indian scripts.
    return (
        character == _JOINER or ord(character) in _SKIN_TONES or unicodedata.category(character) in ("Mn", "Me", "Mc")
    )
