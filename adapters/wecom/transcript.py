"""A card in plain sentences: what of it is said in words, sorted by where a card of WeCom has room for it.

A card has a line below its title, one quotation, six pairs of label and value, and a paragraph; the drop-down cards
have nothing but the line. What does not fit is said in a message in front of the card, which `transcript` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.wecom.labels import Labels
from adapters.wecom.words import clean
from domain.cards import Block, Card, Chart, ChoiceField, Facts, Field, Mention, Paragraph, Quote


def transcript(card: Card, labels: Labels, hint: str = "") -> str:
    """Return all that a card says, as a text; empty lines set title and quotations apart.

    Args:
        card: Whose blocks and questions are told.
        labels: In the reader's language.
        hint: Our last sentence, or empty.
    """
    lines = [card.title]
    for block in card.blocks:
        lines += ["", block.heading, block.text] if isinstance(block, Quote) else sentences(block, labels)
    lines += [_question(field, labels) for field in card.fields]
    return clean("\n".join([*lines, *filter(None, [hint])]).strip())


def sentences(block: Block, labels: Labels) -> Iterator[str]:
    """Yield what a block says, a line each; quotations, being somebody else's words, are no sentences of ours."""
    match block:
        case Paragraph():
            yield block.text
        case Mention():
            yield f"@{block.name} {block.text}"
        case Facts():
            yield from (f"{label}{labels.colon}{value}" for label, value in block.rows)
        case Chart():
            yield block.title
            yield from _bars(block, labels)


def quotes(card: Card) -> list[Quote]:
    """Return the quotations of a card."""
    return [block for block in card.blocks if isinstance(block, Quote)]


def listed(words: Sequence[str]) -> str:
    """Return choices in a row."""
    return " / ".join(words)


def _bars(chart: Chart, labels: Labels) -> Iterator[str]:
    """Yield a line for each group of bars: the names are left out where there is only one row of numbers."""
    several = len(chart.series) > 1
    for index, label in enumerate(chart.labels):
        values = [(each.name, each.values[index]) for each in chart.series if index < len(each.values)]
        told = listed([f"{name} {value:g}" if several else f"{value:g}" for name, value in values])
        yield f"{label}{labels.colon}{told}"


def _question(field: Field, labels: Labels) -> str:
    if not isinstance(field, ChoiceField):
        return field.label
    return f"{field.label}{labels.colon}{listed([option.label for option in field.options])}"
