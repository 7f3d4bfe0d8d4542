"""A card on which nothing is to be pressed, as markdown messages: a template card without buttons needs an address.

The subset knows headings, bold, links, code, quotations and three colours; members who read in WeChat (微信插件) see
only that there is a message. Format: vendor page "发送应用消息" (markdown消息), read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.wecom.labels import Labels
from adapters.wecom.transcript import sentences
from adapters.wecom.words import LINE_ESCAPE_BYTES, TEXT_BYTES, clean, escape_line_start, escape_markdown, split
from domain.cards import Block, Card, Divider, Paragraph, Quote, Tone

MOST_PARTS = 5
"""Messages of one row at most; beyond it people's own words are cut, and say so."""

_FULL = TEXT_BYTES - 64  # leaves room for the words that say it was cut
_COLOURS = {Tone.ASK: "warning", Tone.REMIND: "warning", Tone.GOOD: "info", Tone.CALM: "comment", Tone.DONE: "comment"}
_COMMENT = '<font color="comment">'
_END = "</font>"


@dataclass(frozen=True, slots=True)
class _Line:
    """Text that may be cut, between markup that may not."""

    text: str = ""
    before: str = ""
    after: str = ""

    def pieces(self) -> list[str]:
        """Return the line, or, of one that is too long for a message, several."""
        room = _FULL - len((self.before + self.after).encode()) - LINE_ESCAPE_BYTES
        parts = split(escape_markdown(self.text), room, len(self.text) + 1, "") or [""]
        return [f"{self.before}{escape_line_start(part)}{self.after}" for part in parts]


def markdown_messages(card: Card, labels: Labels) -> list[str]:
    """Return the contents of the messages that say what a card says, each at most 2,048 bytes."""
    messages = _packed([piece for line in _lines(card, labels) for piece in line.pieces()])
    if len(messages) <= MOST_PARTS:
        return messages
    return [*messages[: MOST_PARTS - 1], f"{messages[MOST_PARTS - 1]}\n{labels.cut}"]


def _packed(lines: Sequence[str]) -> list[str]:
    messages: list[str] = []
    for line in lines:
        if messages and len(f"{messages[-1]}\n{line}".encode()) <= _FULL:
            messages[-1] += f"\n{line}"
        elif line:
            messages.append(line)
    return [message.strip("\n") for message in messages]


def _lines(card: Card, labels: Labels) -> Iterator[_Line]:
    yield from _each(card.title if clean(card.title).strip() else card.summary, "**", "**")
    if card.tag.strip():
        yield from _each(card.tag, f'<font color="{_COLOURS[card.tone]}">', _END)
    for block in card.blocks:
        yield from _block(block, labels)


def _block(block: Block, labels: Labels) -> Iterator[_Line]:
    match block:
        case Quote():
            yield _Line()
            if block.heading.strip():
                yield from _each(block.heading, "**", "**")
            yield from _each(block.text, "> ", "")
        case Divider():
            yield _Line()
        case Paragraph(small=True):
            yield from _each(block.text, _COMMENT, _END)
        case _:
            for sentence in sentences(block, labels):
                yield from _each(sentence, "", "")


def _each(text: str, before: str, after: str) -> Iterator[_Line]:
    for line in clean(text).strip().split("\n"):
        yield _Line(line, before, after) if line.strip() else _Line()
