"""The neutral card both ways: as the variables of an interactive card's template, and as a message in markdown.

A template is made by hand in every tenant, so there may be none: then buttons become links that make the client send
their label in the reader's name (dingtalk.md 8a), and fields are asked in words. Formats: dingtalk.md 4.1, 7.1 and 8,
read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from adapters.dingtalk.blocks import WHOLE, body, own_words
from adapters.dingtalk.buttons import LABEL_CHARACTERS, drawn_buttons, packed
from adapters.dingtalk.form import form_of
from adapters.dingtalk.markup import escape_line, sending_link, shorten
from adapters.dingtalk.settings import DingTalkSettings, Labels
from domain.cards import Button, Card
from domain.errors import ContentRefused

MAX_PARAM_BYTES = 14_000
"""Of a message's `msgParam`. The platform takes 15,000 in groups and documents no number for one person."""

_LONGEST_TITLE = 100  # characters: it is only the line in the list of chats

T = TypeVar("T")


class Template(StrEnum):
    """The two templates that `docs/dingtalk-templates` ships."""

    CARD = "card"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Words:
    """A robot's message.

    Attributes:
        key: The platform's kind of message (msgKey).
        param: Its content as JSON (msgParam).
    """

    key: str
    param: str


Face = dict[str, str]
"""A card's variables (cardParamMap): every value is a string."""


def text_message(text: str) -> Words:
    """Return a plain text, in which nothing is markup.

    Raises:
        ContentRefused: It is too long.
    """
    return _message("sampleText", {"content": text})


def card_message(card: Card, labels: Labels, reference: str) -> Words:
    """Return a card said in words. Where it would be too long, people's own words are cut and say so.

    Args:
        card: What to show.
        labels: The adapter's own words.
        reference: Goes behind each label that a link sends ("#7f3a2c"), or empty to leave it out.

    Raises:
        ContentRefused: As `face`.
    """
    _check_names(card)
    return _cut(card, lambda longest: _message("sampleMarkdown", _words(card, labels, reference, longest)))


def template_for(card: Card, settings: DingTalkSettings) -> Template | None:
    """Return which template shows a fresh card whole, or `None` if only words do.

    Raises:
        ContentRefused: As `face`.
    """
    _check_names(card)
    wanted = [Template.FORM] if settings.form_template and _asks_itself(card) else []
    for template in [*wanted, Template.CARD] if settings.card_template else []:
        if _fits(_variables(card, template, settings.labels, WHOLE), settings.value_bytes):
            return template
    return None


def face(card: Card, template: Template, settings: DingTalkSettings) -> Face:
    """Return a card's variables. Where one would be too long, people's own words are cut and say so.

    Raises:
        ContentRefused: Two parts bear one name, fields cannot be submitted, or it is too long even when cut.
    """
    _check_names(card)

    def drawn(longest: int) -> Face:
        variables = _variables(card, template, settings.labels, longest)
        if not _fits(variables, settings.value_bytes):
            raise ContentRefused("size", f"a variable is longer than {settings.value_bytes} bytes")
        return variables

    return _cut(card, drawn)


def _check_names(card: Card) -> None:
    for names in ([field.name for field in card.fields], [button.action for button in card.buttons]):
        if len(set(names)) < len(names) or "" in names:
            raise ContentRefused("names", f"every field and every button needs a name of its own: {', '.join(names)}")
    if card.fields and not any(button.submits for button in card.buttons):
        raise ContentRefused("form", "the card has fields, but no button submits them")


def _cut(card: Card, drawn: Callable[[int], T]) -> T:
    """Return the card with as much of people's words as fits, found by bisection: the same limit for each text."""
    try:
        return drawn(WHOLE)
    except ContentRefused:
        best = drawn(0)
    fits, too_long = 0, max((len(text) for text in own_words(card.blocks)), default=0)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        try:
            fits, best = middle, drawn(middle)
        except ContentRefused:
            too_long = middle
    return best


def _message(key: str, content: dict[str, str]) -> Words:
    param = orjson.dumps(content)
    if len(param) > MAX_PARAM_BYTES:
        raise ContentRefused("size", f"the message is longer than {MAX_PARAM_BYTES} bytes")
    return Words(key, param.decode())


def _words(card: Card, labels: Labels, reference: str, longest: int) -> dict[str, str]:
    tag = f" 【{escape_line(card.tag)}】" if card.tag.strip() else ""
    parts = [f"### {escape_line(card.title)}{tag}", body(card.blocks, card.fields, longest)]
    buttons = drawn_buttons(card, labels.in_words)
    parts += [f"**{_link(button, reference)}**" for button in buttons]
    parts += [labels.tap_hint] if buttons else []
    parts += [labels.number_hint] if len(card.fields) > 1 else []
    return {"title": (card.summary.strip() or card.title)[:_LONGEST_TITLE], "text": "\n\n".join(filter(None, parts))}


def _link(button: Button, reference: str) -> str:
    # The whole label is sent, however much of it is shown: it must equal the button's.
    return sending_link(button.label, f"{button.label} {reference}".strip())


def _asks_itself(card: Card) -> bool:
    # The form component has one button of its own, so no more than one may submit.
    return bool(card.fields) and sum(button.submits for button in card.buttons) == 1


def _variables(card: Card, template: Template, labels: Labels, longest: int) -> Face:
    asked = template is Template.FORM and _asks_itself(card)
    buttons = tuple(b for b in card.buttons if not b.submits) if asked else drawn_buttons(card, labels.in_words)
    variables = {
        "title": card.title,
        "tag": card.tag,
        "tone": card.tone.value,
        "body": body(card.blocks, () if asked else card.fields, longest),
        "buttons": _json([_button(card, button) for button in buttons]),
        "status": "open" if card.buttons else "closed",
    }
    return variables | (_form(card, asked=asked) if template is Template.FORM else {})


def _button(card: Card, button: Button) -> dict[str, str]:
    return {
        "action": packed(card.key, button.action),
        "label": shorten(button.label, LABEL_CHARACTERS),
        "style": button.style.value,
    }


def _form(card: Card, *, asked: bool) -> Face:
    submit = next((button for button in card.buttons if button.submits), None) if asked else None
    return {
        "form": _json(form_of(card.fields if asked else ())),
        "form_status": "normal" if asked else "disabled",
        "form_btn_text": submit.label if submit else "",
        "form_action": packed(card.key, submit.action) if submit else "",
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _fits(variables: Face, most_bytes: int) -> bool:
    return all(len(value.encode()) <= most_bytes for value in variables.values())
