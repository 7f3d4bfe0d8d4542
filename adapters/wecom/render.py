"""The neutral card as a template card (模板卡片) of WeCom.

Three kinds of it hold something to press: drop-downs (multiple_interaction), one question (vote_interaction) and
buttons (button_interaction). None holds a text field: fields that a card cannot show become one button, after which
they are asked in the chat. A drop-down card has only the button that submits; the others are named on it, for typing a
button's label is pressing it. A button's question (`Button.confirm`) has no place here and is left out.
Formats: vendor pages "发送应用消息" and "更新模版卡片消息", read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.wecom.buttons import CLOSED, button_key
from adapters.wecom.labels import Labels
from adapters.wecom.look import APP, Look
from adapters.wecom.room import Room
from adapters.wecom.selects import drop_downs, select_list, vote, vote_box
from adapters.wecom.transcript import listed, quotes, sentences, transcript
from adapters.wecom.words import clean
from domain.cards import IN_WORDS, Button, Card, Facts, Quote, Style, Tone
from domain.errors import ContentRefused

LABEL, KEY_NAME = 10, 5
"""Characters of a button, and of a pair's label in horizontal_content_list."""

MOST_ROWS, MOST_BUTTONS = 6, 6
"""How many pairs and buttons a card takes."""

_MAIN, _PLAIN = 1, 2
_COLOURS = {Tone.ASK: 1, Tone.REMIND: 2, Tone.GOOD: 3, Tone.CALM: 0, Tone.DONE: 0}
_BETWEEN = " · "

Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Face:
    """What stands on a card.

    Attributes:
        template: The platform's `template_card`.
        in_front: What has to be said before the card because it does not fit on it; empty if all fits.
    """

    template: Template
    in_front: str = ""


def pressable(card: Card) -> bool:
    """Tell whether there is anything to press; what is only to be read is a message and no template card."""
    return bool(card.fields or card.buttons)


def render(card: Card, task_id: str, labels: Labels, *, fresh: bool, look: Look = APP) -> Face:
    """Return the platform's form of a card.

    Args:
        card: What to show.
        task_id: Of the card.
        labels: In the reader's language.
        fresh: Whether the card is being sent. A new face of a sent card has nothing in front of it, so that what does
            not fit is cut; without buttons it keeps its form, grey, with the state in place of the button.
        look: Whether it is an app's card or a robot's.

    Raises:
        ContentRefused: Two parts bear one name, fields cannot be submitted, or a key is too long.
    """
    _check(card, fresh=fresh)
    room = Room(labels, fresh=fresh, look=look)
    template = _form(card, room) or _buttons(card, room)
    template["task_id"] = task_id
    return Face(template, _in_front(card, room) if fresh else "")


def _in_front(card: Card, room: Room) -> str:
    """Return what is said before the card; questions that stand on it in full are not asked twice."""
    if not room.overflows and not room.crowded:
        return ""
    said = card if room.overflows else replace(card, fields=())
    return transcript(said, room.labels, _hint(card, room))


def _check(card: Card, *, fresh: bool) -> None:
    for names in ([field.name for field in card.fields], [button.action for button in card.buttons]):
        if len(set(names)) < len(names) or "" in names:
            raise ContentRefused("names", f"every field and every button needs a name of its own: {', '.join(names)}")
    if card.fields and (card.buttons or fresh) and _submit(card) is None:
        raise ContentRefused("form", "the card has fields, but no button submits them")


def _submit(card: Card) -> Button | None:
    submitting = [button for button in card.buttons if button.submits]
    return next((button for button in submitting if button.style is Style.MAIN), next(iter(submitting), None))


def _form(card: Card, room: Room) -> Template | None:
    """Return a card with its fields, or `None` if they are none, or cannot be shown."""
    locked = not card.buttons
    if (field := vote(card.fields, room.look)) is not None:
        parts: Template = {"checkbox": vote_box(field, room, locked=locked)}
        return _with_submit("vote_interaction", card, room, field.label, parts)
    if fields := drop_downs(card.fields, room.look):
        parts = {"select_list": select_list(fields, room, locked=locked)}
        return _with_submit("multiple_interaction", card, room, "", parts)
    return None


def _with_submit(kind: str, card: Card, room: Room, question: str, parts: Template) -> Template:
    source, title = (
        _source(card, room),
        room.cut(card.title, room.look.title) or room.name(card.summary, room.look.title),
    )
    main_title = {"title": title, "desc": _line_of_form(card, room, question)}
    template = {"card_type": kind, **source, "main_title": main_title, **parts}
    submit = _submit(card)
    if submit is None:
        state = room.name(card.tag or room.labels.done, LABEL)
        key = button_key(card.key, CLOSED)
        return template | {"submit_button": {"text": state, "key": key}, "replace_text": state}
    label, key = room.name(submit.label, LABEL), button_key(card.key, submit.action)
    return template | {"submit_button": {"text": label, "key": key}}


def _line_of_form(card: Card, room: Room, question: str) -> str:
    """Return the one line below the title: all that is said, or, where that is too long, what is needed to answer."""
    said = [line for block in card.blocks for line in sentences(block, room.labels)]
    said += [text for quote in quotes(card) for text in (quote.heading, quote.text)]
    needed = [question, _hint(card, room)]
    everything = _joined([question, *said, _hint(card, room)])
    if len(everything) <= room.look.desc:
        return room.cut(everything, room.look.desc)
    room.crowded = True
    return room.cut(_joined(needed), room.look.desc) or room.cut(everything, room.look.desc)


def _joined(parts: Sequence[str]) -> str:
    return _BETWEEN.join(" ".join(part.split()) for part in parts if part.strip())


def _hint(card: Card, room: Room) -> str:
    """Return the sentence that names the buttons for which the card has no room."""
    if vote(card.fields, room.look) is not None or drop_downs(card.fields, room.look):
        hidden = [button for button in card.buttons if button is not _submit(card)]
    else:
        hidden = _pressable(card, room.labels)[MOST_BUTTONS:]
    return room.labels.or_reply + listed([button.label for button in hidden]) if hidden else ""


def _buttons(card: Card, room: Room) -> Template:
    shown = _pressable(card, room.labels)[:MOST_BUTTONS]
    template = {"card_type": "button_interaction", **_source(card, room), **_said(card, room)}
    if "source" in template:
        template["source"]["desc_color"] = _COLOURS[card.tone]
    if not shown:
        state = room.name(card.tag or room.labels.done, LABEL)
        grey = {"type": 0, "text": state, "style": room.look.closed, "key": button_key(card.key, CLOSED)}
        return template | {"button_list": [grey], "replace_text": state}
    return template | {"button_list": [_button(card, button, room) for button in shown]}


def _pressable(card: Card, labels: Labels) -> list[Button]:
    if not card.fields or not card.buttons:
        return list(card.buttons)
    submit = _submit(card)
    in_words = Button(IN_WORDS, labels.in_words, submit.style if submit else Style.MAIN)
    return [in_words, *(button for button in card.buttons if not button.submits)]


def _button(card: Card, button: Button, room: Room) -> Template:
    key = button_key(card.key, button.action)
    style = {Style.MAIN: _MAIN, Style.RISKY: room.look.risky}.get(button.style, _PLAIN)
    return {"type": 0, "text": room.name(button.label, LABEL), "style": style, "key": key}


def _source(card: Card, room: Room) -> Template:
    # The line above the title is the only place for the state in words.
    return {"source": {"desc": room.name(card.tag, room.look.source)}} if card.tag.strip() else {}


def _said(card: Card, room: Room) -> Template:
    """Return title, quotation, paragraph and pairs of a card of buttons."""
    rows, lines = _sorted(card, room)
    quoted = quotes(card)
    lines += [f"{quote.heading}\n{quote.text}".strip() for quote in quoted[1:]]
    title: Template = {"title": room.cut(card.title, room.look.title) or room.name(card.summary, room.look.title)}
    if lines and len(lines[0]) <= room.look.desc and "\n" not in lines[0]:
        title["desc"] = room.cut(lines.pop(0), room.look.desc)
    parts: Template = {"main_title": title}
    if quoted:
        parts["quote_area"] = _quote_area(quoted[0], room)
    if paragraph := _with_questions(room.cut("\n".join(lines), room.look.sub_title), card, room):
        parts["sub_title_text"] = paragraph
    if rows:
        parts["horizontal_content_list"] = rows
    return parts


def _sorted(card: Card, room: Room) -> tuple[list[Template], list[str]]:
    """Return the pairs that have room as pairs, and everything else of ours as lines."""
    rows: list[Template] = []
    lines = list(filter(None, [_hint(card, room)]))
    for block in card.blocks:
        if not isinstance(block, Facts):
            lines += sentences(block, room.labels)
            continue
        for label, value in block.rows:
            if len(rows) < MOST_ROWS and _is_row(label, value, room):
                rows.append({"keyname": room.cut(label, KEY_NAME), "value": room.cut(value, room.look.value)})
            else:
                lines.append(f"{label}{room.labels.colon}{value}")
    return rows, lines


def _is_row(label: str, value: str, room: Room) -> bool:
    short = len(label) <= KEY_NAME and len(value) <= room.look.value
    return short and all(text.strip().isprintable() and text.strip() for text in (label, value))


def _quote_area(quote: Quote, room: Room) -> Template:
    area: Template = {"type": 0, "quote_text": room.cut(quote.text, room.look.sub_title)}
    return area | {"title": room.cut(quote.heading, room.look.title)} if quote.heading.strip() else area


def _with_questions(paragraph: str, card: Card, room: Room) -> str:
    """Add what will be asked, as far as there is room: the questions come one by one in any case."""
    for field in card.fields if card.buttons else ():
        longer = f"{paragraph}\n{clean(field.label).strip()}".strip()
        if len(longer) > room.look.sub_title:
            break
        paragraph = longer
    return paragraph
