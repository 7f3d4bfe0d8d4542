"""Links in messages: those of markdown that make the client send a text, and the buttons of action cards.

`dtmd://dingtalkclient/sendMessage?content=<percent-encoded>` works in the markdown of ordinary messages; in the buttons
of action cards the sources contradict each other, so here it does nothing there (dingtalk.md section 8, a). No escape
is documented for the platform's markdown, so a backslash before a bracket keeps nothing from being a link here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

DTMD = "dtmd://dingtalkclient/sendMessage?"

_LINK = re.compile(r"(?<!!)\[(?P<label>[^\]\n]*)\]\((?P<url>[^)\s]+)\)")
_ACTION_PAIRS = (
    *((f"actionTitle{number}", f"actionURL{number}") for number in range(1, 6)),
    *((f"buttonTitle{number}", f"buttonUrl{number}") for number in (1, 2)),
    ("singleTitle", "singleURL"),
)


@dataclass(frozen=True, slots=True)
class SpeakingLink:
    """A link whose press sends a text in the person's name."""

    label: str
    text: str


def speaking_links(markdown: str) -> list[SpeakingLink]:
    """The links of a markdown text that send something, in their order; those with a broken address are none."""
    found = (SpeakingLink(match["label"], said_by(match["url"])) for match in _LINK.finditer(markdown))
    return [link for link in found if link.text]


def said_by(url: str) -> str:
    """What a press of an address sends, empty where it sends nothing."""
    if not url.startswith(DTMD):
        return ""
    try:
        return parse_qs(urlsplit(url).query, strict_parsing=True, errors="strict").get("content", [""])[0]
    except (ValueError, UnicodeDecodeError):
        return ""


def action_links(content: Mapping[str, str]) -> list[tuple[str, str]]:
    """The buttons of an action card as pairs of label and address."""
    return [(content[title], content.get(url, "")) for title, url in _ACTION_PAIRS if content.get(title)]
