"""A card's fields as the form component of a card template, and what it brings back.

Formats: dingtalk.md 7.4 and 8 (form template), read 2026-11-22; the component takes a default in the shape in which it
brings an answer back: a choice is its place and its value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.cards import ChoiceField, Field
from domain.events import FormValue


def form_of(fields: Sequence[Field]) -> dict[str, Any]:
    """Return the value of the template's variable `form`."""
    return {"fields": [_field(field) for field in fields]}


def answers_of(form: object) -> dict[str, FormValue]:
    """Return what a click's parameter `form` holds; what was left empty may be missing."""
    answers = form if isinstance(form, Mapping) else {}
    read = {name: _answer(value) for name, value in answers.items() if isinstance(name, str)}
    return {name: value for name, value in read.items() if value is not None}


def _field(field: Field) -> dict[str, Any]:
    drawn: dict[str, Any] = {"name": field.name, "label": field.label, "required": field.required}
    if field.placeholder:
        drawn["placeholder"] = field.placeholder
    if not isinstance(field, ChoiceField):
        drawn["type"] = "TEXT"
        return drawn | ({"defaultValue": field.initial} if field.initial else {})
    drawn["type"] = "MULTI_SELECT" if field.multiple else "SELECT"
    drawn["options"] = [{"value": option.value, "text": option.label} for option in field.options]
    chosen = _default(field)
    return drawn | ({"defaultValue": chosen} if chosen else {})


def _default(field: ChoiceField) -> dict[str, Any]:
    values = [option.value for option in field.options]
    chosen = [value for value in field.initial if value in values]
    if not chosen:
        return {}
    if field.multiple:
        return {"index": [values.index(value) for value in chosen], "value": chosen}
    return {"index": values.index(chosen[0]), "value": chosen[0]}


def _answer(value: object) -> FormValue | None:
    if isinstance(value, Mapping):
        value = value.get("value")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, list):
        return tuple(each if isinstance(each, str) else str(each) for each in value)
    return str(value)
