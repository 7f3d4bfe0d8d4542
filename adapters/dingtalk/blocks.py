"""The parts of a card in markdown, for messages and for the body of an interactive card alike.

Only what DingTalk's subset has: headings, quotations, bold, lists (dingtalk.md 4.1, read 2026-11-22). It has no line
and no chart; both are said in characters. Nothing that anybody typed is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.dingtalk.markup import BREAK, escape, escape_line, quoted, shorten
from domain.cards import Block, Chart, ChoiceField, Divider, Facts, Field, Mention, Paragraph, Quote

WHOLE = 1_000_000
"""Characters: longer than any text."""

_LINE = "——————"


def body(blocks: Sequence[Block], fields: Sequence[Field], longest: int = WHOLE) -> str:
    """Return what is to be read, and the questions if there are any that the card cannot ask itself.

    Args:
        blocks: In order.
        fields: Asked in words.
        longest: Characters that are shown of each text of somebody's own.
    """
    return "\n\n".join([_block(block, longest) for block in blocks] + [_question(field) for field in fields])


def own_words(blocks: Iterable[Block]) -> list[str]:
    """Return the texts that `body` may shorten."""
    listed = list(blocks)
    quotes = [block.text for block in listed if isinstance(block, Quote)]
    return quotes + [value for block in listed if isinstance(block, Facts) for _, value in block.rows]


def _block(block: Block, longest: int) -> str:
    match block:
        case Paragraph():
            return escape(block.text)
        case Mention():
            return f"**@{escape_line(block.name)}** {escape(block.text)}"
        case Quote():
            heading = f"**{escape_line(block.heading)}**\n\n" if block.heading.strip() else ""
            return heading + quoted(shorten(block.text, longest))
        case Facts():
            return BREAK.join(f"{_label(label)}{escape(shorten(value, longest))}" for label, value in block.rows)
        case Divider():
            return _LINE
        case Chart():
            return _chart(block)


def _label(label: str) -> str:
    return f"{escape_line(label)}{'：' if any(ord(sign) >= 0x1100 for sign in label) else ': '}"


def _chart(chart: Chart) -> str:
    lines = [f"**{escape_line(chart.title)}**"]
    for place, label in enumerate(chart.labels):
        shown = [(each.name, each.values[place]) for each in chart.series if place < len(each.values)]
        lines.append(_label(label) + " · ".join(f"{escape_line(name)} {value:g}" for name, value in shown))
    return BREAK.join(lines)


def _question(field: Field) -> str:
    lines = [escape_line(field.label)]
    if isinstance(field, ChoiceField):
        lines += [f"{number}）{escape_line(option.label)}" for number, option in enumerate(field.options, start=1)]
    return BREAK.join(line for line in lines if line)
