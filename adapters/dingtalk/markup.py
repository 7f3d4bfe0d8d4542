"""Keeping people's words words in DingTalk's markdown, and cutting long texts.

No escape is documented for that markdown, and clients differ. A sign that could be markup therefore becomes its
full-width twin, which no client takes for markup: people read the same, and nobody can smuggle a link that sends a text
in the reader's name (`dtmd://`) into another person's message. Formats: dingtalk.md 4.1 and 8, read 2026-11-22.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

BREAK = "  \n  "
"""Begins a new line inside a paragraph (dingtalk.md 4.1)."""

CUT_MARK = "…（已截短 / shortened）"
"""Stands where a text had to be cut; in both languages, because an adapter does not know its reader's."""

SEND_MESSAGE = "dtmd://dingtalkclient/sendMessage?content="
"""A link of the client's own: it sends the text in the name of whoever taps it (dingtalk.md 8a)."""

_WIDE = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "[]<>*_`~\\|&"})
_LINE_START = re.compile(r"[#+\-=]+")
_NUMBERED = re.compile(r"(\d+)([.)])")
_OWN_SCHEMES = re.compile(r"(?i)(dtmd|dingtalk):")

_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


def escape(text: str) -> str:
    """Return text that markdown shows as it stands, but for full-width signs and blanks around lines."""
    return BREAK.join(map(_escape_line, text.splitlines()))


def escape_line(text: str) -> str:
    """Return text as `escape` does, on a single line, for headings and links."""
    return _escape_line(" ".join(text.split()))


def quoted(text: str) -> str:
    """Return somebody's words as a quotation, each line marked."""
    return "\n".join(f"> {_escape_line(line)}  " for line in text.splitlines() or [""])


def sending_link(label: str, text: str) -> str:
    """Return a link that shows a label and sends a text in the reader's name."""
    return f"[{escape_line(label)}]({SEND_MESSAGE}{quote(text, safe='')})"


def shorten(text: str, longest: int) -> str:
    """Return the text, or its beginning followed by `CUT_MARK`; never half a visible character.

    Args:
        text: Any text.
        longest: Characters kept of a text that is longer, the mark not counted; at least 0.
    """
    return text if len(text) <= longest else text[: _boundary(text, longest)].rstrip() + CUT_MARK


def _escape_line(line: str) -> str:
    line = _OWN_SCHEMES.sub(r"\1：", line.strip().translate(_WIDE))
    numbered = _NUMBERED.match(line)
    if numbered:
        return numbered[1] + _twin(numbered[2]) + line[numbered.end() :]
    start = _LINE_START.match(line)
    return line if start is None else "".join(map(_twin, start[0])) + line[start.end() :]


def _twin(sign: str) -> str:
    return chr(ord(sign) + 0xFEE0)


def _boundary(text: str, at: int) -> int:
    """Return the nearest place at or before `at` that is not inside a visible character; 0 <= `at` < len(text)."""
    while at > 0 and (_continues(text[at]) or text[at - 1] == _JOINER):
        at -= 1
    if at > 0 and ord(text[at]) in _FLAG_LETTERS and _flag_letters_before(text, at) % 2:
        at -= 1
    return at


def _continues(sign: str) -> bool:
    return sign == _JOINER or ord(sign) in _SKIN_TONES or unicodedata.category(sign) in ("Mn", "Me", "Mc")


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start > 0 and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    return at - start
