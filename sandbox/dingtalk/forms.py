"""Filling in a card's form as the client does: what it lets a person enter, and what it then sends.

Value formats: dingtalk.md section 7.4; indexes count from 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.dingtalk.card_face import Field

LONGEST_TEXT = 10_000
"""Most characters that a field takes; the real limit is not published."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class FormProblem(Exception):
    """The client does not let the person send this; its text is what `ClickResult.error` tells."""


def form_values(fields: Sequence[Field], filled: Mapping[str, Any]) -> dict[str, Any]:
    """What a submitted form sends.

    Args:
        fields: Its fields.
        filled: What the person entered, by name; a field that is left out keeps what it holds first.

    Raises:
        FormProblem: `unknown input: <name>`, `required: <name>`, `too long: <name>` or `not possible: <name>`.
    """
    strangers = set(filled) - {field.name for field in fields}
    if strangers:
        raise FormProblem(f"unknown input: {min(strangers)}")
    sent: dict[str, Any] = {}
    for field in fields:
        value = _value(field, filled.get(field.name, field.initial))
        if field.required and value in (None, "", False):
            raise FormProblem(f"required: {field.name}")
        if value is not None:
            sent[field.name] = value
    return sent


def _value(field: Field, entered: Any) -> Any:
    if field.kind == "check":
        return entered is True
    if entered in (None, "", []):
        return "" if field.kind == "text" else None
    if field.kind == "multi":
        return _several(field, entered)
    if not isinstance(entered, str):
        raise FormProblem(f"not possible: {field.name}")
    if field.kind == "select":
        return {"index": _index(field, entered), "value": entered}
    if len(entered) > LONGEST_TEXT:
        raise FormProblem(f"too long: {field.name}")
    if field.kind == "date" and not _DAY.fullmatch(entered):
        raise FormProblem(f"not possible: {field.name}")
    return entered


def _several(field: Field, entered: Any) -> dict[str, Any]:
    if not isinstance(entered, list):
        raise FormProblem(f"not possible: {field.name}")
    indexes = sorted(_index(field, value) for value in dict.fromkeys(map(str, entered)))
    return {"index": indexes, "value": [field.options[index][0] for index in indexes]}


def _index(field: Field, value: str) -> int:
    values = [option for option, _ in field.options]
    if value not in values:
        raise FormProblem(f"not possible: {field.name}")
    return values.index(value)
