"""Words as a robot's markdown, the only sort of text that it can send unasked.

Its dialect is far richer than an app's (lists, tables, emphasis by single signs), and no escape of it is documented: a
blank without width, or the wide form of a sign, makes a sign harmless and leaves it readable. Limit: vendor page
"智能机器人 主动回复消息", read 2026-11-22 (wecom.md 13).
"""

from __future__ import annotations

import re

from adapters.wecom.words import LINE_ESCAPE_BYTES, clean, escape_text, split

MARKDOWN_BYTES = 20480
"""Of one message."""

MOST_PARTS = 2
"""Messages that one text may become; more is cut, and says so."""

_ZERO_WIDTH = "\u200b"
_LINE_END = "  \n"
_WIDE = str.maketrans({"*": "＊", "`": "｀"})
_LINK_MIDDLE = re.compile(r"\](?=[(\[:])")
_STRUCK = re.compile(r"~(?=~)")
_EDGE_OF_WORD = re.compile(r"(?<!\w)_|_(?!\w)")
_START = re.compile(r"^(?=[ \t]*(?:[#>+=|-]|\d+[.)])|[ ]{4}|\t)", re.MULTILINE)


def plain_messages(text: str, cut: str) -> list[str]:
    """Return a text as markdown messages that show it as it stands; none for an empty text.

    Args:
        text: Any text.
        cut: Ends what had to be cut.
    """
    lines = escape_rich(clean(text).strip()).split("\n")
    whole = _LINE_END.join(line.rstrip() and escape_rich_start(line.rstrip()) for line in lines)
    return [escape_rich_start(part) for part in split(whole, MARKDOWN_BYTES - LINE_ESCAPE_BYTES, MOST_PARTS, cut)]


def escape_rich(text: str) -> str:
    """Return text in which nothing within a line is markup; underscores inside of words are none and stay."""
    escaped = _LINK_MIDDLE.sub("]" + _ZERO_WIDTH, escape_text(text)).translate(_WIDE)
    return _EDGE_OF_WORD.sub("＿", _STRUCK.sub("~" + _ZERO_WIDTH, escaped))


def escape_rich_start(text: str) -> str:
    """Return text none of whose lines begins a heading, quotation, list, table or block of code."""
    return _START.sub(_ZERO_WIDTH, text)
