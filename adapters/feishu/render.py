"""The neutral card as card JSON 2.0 (飞书卡片), and our plain text as the content of a text message.

The fields and the buttons that submit them stand in a form; buttons that do not submit stand below it, because inside
one the vendor documents only submitting and resetting, and a way out must not ask for required fields first.
Formats: vendor pages "卡片 JSON 2.0 结构" and its components, read 2026-11-22.
"""

from __future__ import annotations

from typing import Any

import orjson

from adapters.feishu.buttons import button_name
from adapters.feishu.elements import Element, block_elements, button_rows, field_elements, plain
from adapters.feishu.markup import escape_text
from domain.cards import Button, Card, Facts, Quote, Tone
from domain.errors import ContentRefused

MAX_BYTES = 24 * 1024
"""Of the card as it lies in a request, escaped once more. The platform's limit of 30 KB counts the whole request, and
one public measurement found it elsewhere (feishu.md 5.9), so we stay well below."""

MAX_ELEMENTS = 180
"""Tags in a card, texts included; 200 are refused, 180 have been accepted."""

_COLOURS = {
    Tone.ASK: ("blue", "blue"),
    Tone.REMIND: ("orange", "orange"),
    Tone.GOOD: ("green", "green"),
    Tone.CALM: ("wathet", "neutral"),
    Tone.DONE: ("grey", "neutral"),
}
_WHOLE = 1_000_000  # characters: longer than any text


def render(card: Card, receiver: str) -> dict[str, Any]:
    """Return the platform's form of a card. Where it would be too long, people's own words are cut and say so.

    Args:
        card: What to show.
        receiver: The reader's open_id, for mentions; empty if not known.

    Raises:
        ContentRefused: Two parts bear one name, fields cannot be submitted, or it is too large even when cut.
    """
    _check_names(card)
    for roomy in (True, False):
        content = _content(card, receiver, _WHOLE, roomy=roomy)
        encoded = orjson.dumps(content)
        if encoded.count(b'"tag":"') <= MAX_ELEMENTS:
            return content if _fits(encoded) else _cut(card, receiver, roomy=roomy)
    raise ContentRefused("elements", f"the card has more than {MAX_ELEMENTS} parts")


def text_content(text: str) -> dict[str, str]:
    """Return the content of a text message in which nothing is markup."""
    return {"text": escape_text(text)}


def _check_names(card: Card) -> None:
    for names in ([field.name for field in card.fields], [button.action for button in card.buttons]):
        if len(set(names)) < len(names) or "" in names:
            raise ContentRefused("names", f"every field and every button needs a name of its own: {', '.join(names)}")
    if card.fields and not any(button.submits for button in card.buttons):
        raise ContentRefused("form", "the card has fields, but no button submits them")


def _fits(encoded: bytes) -> bool:
    # As the content of a request it is escaped once more, which at most doubles it.
    return 2 * len(encoded) <= MAX_BYTES or len(orjson.dumps(encoded.decode())) <= MAX_BYTES


def _cut(card: Card, receiver: str, *, roomy: bool) -> dict[str, Any]:
    """Return the card with as much of people's words as fits, found by bisection: the same limit for each text."""
    longest_text = max((len(text) for text in _own_words(card)), default=0)
    fits, too_long = -1, longest_text
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if _fits(orjson.dumps(_content(card, receiver, middle, roomy=roomy))):
            fits = middle
        else:
            too_long = middle
    if fits < 0:
        raise ContentRefused("size", f"the card is longer than {MAX_BYTES} bytes without anybody's words")
    return _content(card, receiver, fits, roomy=roomy)


def _own_words(card: Card) -> list[str]:
    quotes = [block.text for block in card.blocks if isinstance(block, Quote)]
    return quotes + [value for block in card.blocks if isinstance(block, Facts) for _, value in block.rows]


def _content(card: Card, receiver: str, longest: int, *, roomy: bool) -> dict[str, Any]:
    elements: list[Element] = []
    for block in card.blocks:
        elements += block_elements(block, receiver, longest, roomy=roomy)
    elements += _asked(card)
    return {
        "schema": "2.0",
        "config": {"update_multi": True, "enable_forward": False, "summary": {"content": card.summary}},
        "header": _header(card),
        "body": {"vertical_spacing": "8px", "elements": elements},
    }


def _header(card: Card) -> dict[str, Any]:
    template, colour = _COLOURS[card.tone]
    header: dict[str, Any] = {"title": plain(card.title), "template": template}
    if card.tag:
        header["text_tag_list"] = [{"tag": "text_tag", "text": plain(card.tag), "color": colour}]
    return header


def _asked(card: Card) -> list[Element]:
    if not card.fields:
        return button_rows(card.key, card.buttons, in_form=False)
    parts = [element for field in card.fields for element in field_elements(field)]
    parts += button_rows(card.key, _those(card, submitting=True), in_form=True)
    # Named like a button without an action, which no button is.
    form = {"tag": "form", "name": button_name(card.key, ""), "vertical_spacing": "8px", "elements": parts}
    return [form, *button_rows(card.key, _those(card, submitting=False), in_form=False)]


def _those(card: Card, *, submitting: bool) -> list[Button]:
    return [button for button in card.buttons if button.submits is submitting]
