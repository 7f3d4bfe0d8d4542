"""Keeping people's words words: escaping for the platform's two markup languages, and cutting long texts.

Formats: vendor pages "富文本（Markdown）" (特殊字符转义说明) and "发送消息内容" (text), read 2026-11-22.
"""

from __future__ import annotations

import re
import unicodedata

CUT_MARK = "…（已截短 / shortened）"
"""Stands where a text had to be cut; in both languages, because an adapter does not know its reader's."""

_MARKDOWN = str.maketrans({sign: f"&#{ord(sign)};" for sign in "&<>*_~`[]()#+-!|\\/:$\"'="})
_TAG_START = re.compile(r"<(?=[A-Za-z/])")
_LINK_MIDDLE = re.compile(r"\](?=\()")
_ZERO_WIDTH = "\u200b"
_RECEIVER = re.compile(r"[A-Za-z0-9_-]{1,64}")

_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


def escape_markdown(text: str) -> str:
    """Return text that a card's markdown shows as it stands, every sign that could be markup as an HTML entity."""
    return text.translate(_MARKDOWN)


def escape_text(text: str) -> str:
    """Return text that a text message shows as it stands.

    Tags such as `<at user_id="all">` are real mentions there, and no escape is documented: a blank without width
    behind the sign is what makes it harmless and leaves it readable.
    """
    return _LINK_MIDDLE.sub("]" + _ZERO_WIDTH, _TAG_START.sub("<" + _ZERO_WIDTH, text))


def mention(receiver: str) -> str:
    """Return the markdown that calls somebody by an id, or an empty string if that is no id at all."""
    return f"<at id={receiver}></at>" if _RECEIVER.fullmatch(receiver) else ""


def shorten(text: str, longest: int) -> str:
    """Return the text, or its beginning followed by `CUT_MARK`; never half a visible character.

    Args:
        text: Any text.
        longest: Characters kept of a text that is longer, the mark not counted; at least 0.
    """
    return text if len(text) <= longest else text[: _boundary(text, longest)].rstrip() + CUT_MARK


def _boundary(text: str, at: int) -> int:
    """Return the nearest place at or before `at` that is not inside a visible character; 0 < `at` < len(text)."""
    while at > 0 and (_continues(text[at]) or text[at - 1] == _JOINER):
        at -= 1
    if at > 0 and ord(text[at]) in _FLAG_LETTERS and _flag_letters_before(text, at) % 2:
        at -= 1
    return at


def _continues(character: str) -> bool:
    # Mn and Me hold combining marks and variation selectors, Mc the vowel signs of Indian scripts.
    return (
        character == _JOINER or ord(character) in _SKIN_TONES or unicodedata.category(character) in ("Mn", "Me", "Mc")
    )


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start > 0 and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    return at - start
