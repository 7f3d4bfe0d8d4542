"""Fields as drop-downs or boxes to tick, and what they bring back.

A drop-down card (multiple_interaction) takes three fields with one answer each; a voting card (vote_interaction) takes
one field, of which several boxes may be ticked. The client preselects a drop-down's first line, so that is a neutral
one, which stands for no answer.
Formats: vendor page "发送应用消息" (模板卡片消息), read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.wecom.look import Look
from adapters.wecom.room import Room
from adapters.wecom.words import clean, fit
from domain.cards import ChoiceField, Field, Option
from domain.events import FormValue

NEUTRAL = "__choose__"
"""The id of a drop-down's first line."""

MOST_DROP_DOWNS, MOST_LINES, MOST_BOXES = 3, 10, 20
ID_BYTES, NAME_BYTES = 128, 1024

_SEVERAL = "[]"  # ends the key of a field with several answers: one box ticked looks like one answer otherwise


def vote(fields: Sequence[Field], look: Look) -> ChoiceField | None:
    """Return the field that a voting card can show, if it is the only one and fits."""
    field = fields[0] if len(fields) == 1 else None
    return field if isinstance(field, ChoiceField) and _shows(field, look.box, MOST_BOXES) else None


def drop_downs(fields: Sequence[Field], look: Look) -> list[ChoiceField]:
    """Return the fields that a drop-down card can show, if it can show all of them; none otherwise."""
    shown = [
        field
        for field in fields
        if isinstance(field, ChoiceField) and not field.multiple and _shows(field, look.line, MOST_LINES - 1)
    ]
    return shown if len(shown) == len(fields) <= MOST_DROP_DOWNS else []


def vote_box(field: ChoiceField, room: Room, *, locked: bool) -> dict[str, Any]:
    """Return the `checkbox` of a voting card."""
    ticked = _known(field) if field.multiple else _known(field)[:1]
    options = [
        {"id": option.value, "text": room.cut(option.label, room.look.box), "is_checked": option.value in ticked}
        for option in field.options
    ]
    key = field.name + _SEVERAL if field.multiple else field.name
    box: dict[str, Any] = {"question_key": key, "mode": int(field.multiple), "option_list": options}
    return box | {"disable": True} if locked else box


def select_list(fields: Sequence[ChoiceField], room: Room, *, locked: bool) -> list[dict[str, Any]]:
    """Return the `select_list` of a drop-down card."""
    return [_select(field, room, locked=locked) for field in fields]


def read_selected(question_key: str, option_ids: Sequence[str]) -> tuple[str, FormValue] | None:
    """Return a field's name and value out of what a card brought back; `None` if nothing was chosen."""
    chosen = tuple(option_id for option_id in option_ids if option_id and option_id != NEUTRAL)
    if not question_key or not chosen:
        return None
    name = question_key.removesuffix(_SEVERAL)
    return (name, chosen[0]) if name == question_key else (name, chosen)


def _select(field: ChoiceField, room: Room, *, locked: bool) -> dict[str, Any]:
    lines = [{"id": NEUTRAL, "text": room.name(room.labels.choose, room.look.line)}]
    lines += [{"id": option.value, "text": room.cut(option.label, room.look.line)} for option in field.options]
    select: dict[str, Any] = {
        "question_key": field.name,
        "title": room.cut(field.label, room.look.title) or room.name(field.placeholder, room.look.title),
        "selected_id": next(iter(_known(field)), NEUTRAL),
        "option_list": lines,
    }
    return select | {"disable": True} if locked else select


def _known(field: ChoiceField) -> list[str]:
    values = {option.value for option in field.options}
    return [value for value in field.initial if value in values]


def _shows(field: ChoiceField, longest: int, most: int) -> bool:
    """Tell whether each option can be told from the others and comes back as it was sent."""
    names = {fit(clean(option.label).strip(), longest) for option in field.options}
    ids = {option.value for option in field.options}
    return (
        1 <= len(field.options) <= most
        and len(names) == len(ids) == len(field.options)
        and "" not in names
        and all(map(_returns, field.options))
        and field.name.isprintable()
        and not field.name.endswith(_SEVERAL)
        and len(field.name.encode()) <= NAME_BYTES - len(_SEVERAL)
    )


def _returns(option: Option) -> bool:
    value = option.value
    return bool(value) and value.isprintable() and len(value.encode()) <= ID_BYTES and value != NEUTRAL
