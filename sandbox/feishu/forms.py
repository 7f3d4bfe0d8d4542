"""Filling in a card's inputs as the client does: what it lets a person enter, and what it then sends.

Value formats: feishu.md section 5.6. Left empty, a text input sends "" and the others send nothing; both are seen, and
apps must take either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.feishu.messages import Message
from sandbox.feishu.view import Part, initial_of, longest_text, options_of
from sandbox.feishu.world import World

ZONE = "Asia/Shanghai"
"""Where all people of the fake have their phones."""

_OFFSET = "+0800"
_MOMENTS = {
    "date_picker": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "picker_time": re.compile(r"\d{2}:\d{2}", re.ASCII),
    "picker_datetime": re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", re.ASCII),
}
_MULTIPLE = ("multi_select_static", "multi_select_person")


class FormProblem(Exception):
    """The client does not let the person send this; its text is what `ClickResult.error` tells."""


def form_value(world: World, message: Message, inputs: Sequence[Part], filled: Mapping[str, Any]) -> dict[str, Any]:
    """What a submitted form sends.

    Args:
        world: The tenant.
        message: The message whose card holds the form.
        inputs: The inputs of this form.
        filled: What the person entered, by name; an input that is left out keeps its initial value.

    Raises:
        FormProblem: `required: <name>`, `too long: <name>` or `not possible: <name>`.
    """
    sent: dict[str, Any] = {}
    for part in inputs:
        value = entered(world, message, part, filled.get(part.name, initial_of(part)))
        if value in (None, "", []) and part.element.get("required") is True:
            raise FormProblem(f"required: {part.name}")
        if value not in (None, []):
            sent[part.name] = value
    return sent


def entered(world: World, message: Message, part: Part, value: Any) -> Any:
    """One value as it is sent; None for nothing.

    Raises:
        FormProblem: As above.
    """
    if part.tag == "input":
        return _text(part, value)
    if part.tag == "checker":
        return value is True
    if value in (None, "", []):
        return None
    if part.tag in _MOMENTS:
        return _moment(part, value)
    possible = {option["value"] for option in options_of(world, message, part)}
    if part.tag in _MULTIPLE or part.element.get("multi_select") is True:
        return _several(part, value, possible)
    if value not in possible:
        raise FormProblem(f"not possible: {part.name}")
    return value


def _text(part: Part, value: Any) -> str:
    text = "" if value is None else value
    if not isinstance(text, str):
        raise FormProblem(f"not possible: {part.name}")
    if len(text) > longest_text(part):
        raise FormProblem(f"too long: {part.name}")
    return text


def _moment(part: Part, value: Any) -> str:
    bare = str(value).removesuffix(f" {_OFFSET}")
    if not _MOMENTS[part.tag].fullmatch(bare):
        raise FormProblem(f"not possible: {part.name}")
    return f"{bare} {_OFFSET}"


def _several(part: Part, value: Any, possible: set[str]) -> list[str]:
    if not isinstance(value, list) or not set(map(str, value)) <= possible:
        raise FormProblem(f"not possible: {part.name}")
    return [str(each) for each in value]
