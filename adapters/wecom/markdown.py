"""A card on which nothing is to be pressed, as markdown messages: a template card without buttons needs an address.

The subset knows headings, bold, links, code, quotations and three colours; members who read in WeChat (微信插件) see
only that there is a message. Format: vendor page "发送应用消息" (markdown消息), read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from adapters.wecom.labels import Labels
from adapters.wecom.robot_words import MARKDOWN_BYTES, escape_rich, escape_rich_start
from adapters.wecom.transcript import sentences
from adapters.wecom.words import LINE_ESCAPE_BYTES, TEXT_BYTES, clean, escape_line_start, escape_markdown, split
from domain.cards import Block, Card, Divider, Paragraph, Quote, Tone

MOST_PARTS = 5
"""Messages of one row at most; beyond it people's own words are cut, and say so."""

_COLOURS = {Tone.ASK: "warning", Tone.REMIND: "warning", Tone.GOOD: "info", Tone.CALM: "comment", Tone.DONE: "comment"}
_COMMENT = '<font color="comment">'
_END = "</font>"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What markdown means on one way out.

    Attributes:
        full_bytes: Of a message, with room left for the words that say it was cut.
        escape: Makes a text show as it stands.
        escape_start: Makes sure that a line begins nothing; adds `LINE_ESCAPE_BYTES` at most.
        line_end: Between two lines.
        rich: CommonMark: no colours, and a quotation goes on until an empty line.
    """

    full_bytes: int
    escape: Callable[[str], str]
    escape_start: Callable[[str], str]
    line_end: str
    rich: bool


APP = Dialect(TEXT_BYTES - 64, escape_markdown, escape_line_start, "\n", rich=False)
"""Messages of a self-built app."""

ROBOT = Dialect(MARKDOWN_BYTES - 64, escape_rich, escape_rich_start, "  \n", rich=True)
"""Messages of an intelligent robot; two blanks make a line end count, and are not seen where it counts anyway."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Text that may be cut, between markup that may not."""

    text: str = ""
    before: str = ""
    after: str = ""

    def pieces(self, dialect: Dialect) -> list[str]:
        """Return the line, or, of one that is too long for a message, several."""
        room = dialect.full_bytes - len((self.before + self.after).encode()) - LINE_ESCAPE_BYTES
        parts = split(dialect.escape(self.text), room, len(self.text) + 1, "") or [""]
        return [f"{self.before}{dialect.escape_start(part)}{self.after}" for part in parts]


def markdown_messages(card: Card, labels: Labels, dialect: Dialect = APP) -> list[str]:
    """Return the contents of the messages that say what a card says, each at most 2,048 bytes, or what `dialect` says.

    Args:
        card: What to say.
        labels: In the reader's language.
        dialect: An app's or a robot's.
    """
    messages = _packed([piece for line in _lines(card, labels, dialect) for piece in line.pieces(dialect)], dialect)
    if len(messages) <= MOST_PARTS:
        return messages
    return [*messages[: MOST_PARTS - 1], f"{messages[MOST_PARTS - 1]}\n{labels.cut}"]


def _packed(lines: Sequence[str], dialect: Dialect) -> list[str]:
    messages: list[str] = []
    for line in lines:
        if messages and len(f"{messages[-1]}{dialect.line_end}{line}".encode()) <= dialect.full_bytes:
            messages[-1] += f"{dialect.line_end}{line}"
        elif line:
            messages.append(line)
    return [message.strip(dialect.line_end) for message in messages]


def _lines(card: Card, labels: Labels, dialect: Dialect) -> Iterator[_Line]:
    yield from _each(card.title if clean(card.title).strip() else card.summary, "**", "**")
    if card.tag.strip():
        yield from _each(card.tag, *(("", "") if dialect.rich else (f'<font color="{_COLOURS[card.tone]}">', _END)))
    for block in card.blocks:
        yield from _block(block, labels, dialect)


def _block(block: Block, labels: Labels, dialect: Dialect) -> Iterator[_Line]:
    match block:
        case Quote():
            yield _Line()
            if block.heading.strip():
                yield from _each(block.heading, "**", "**")
            yield from _each(block.text, "> ", "")
            if dialect.rich:
                yield _Line()
        case Divider():
            yield _Line()
        case Paragraph(small=True) if not dialect.rich:
            yield from _each(block.text, _COMMENT, _END)
        case _:
            for sentence in sentences(block, labels):
                yield from _each(sentence, "", "")


def _each(text: str, before: str, after: str) -> Iterator[_Line]:
    for line in clean(text).strip().split("\n"):
        yield _Line(line, before, after) if line.strip() else _Line()
