"""What the two logical templates draw out of a card's variables: texts, buttons, and a form's fields.

The rules are those of the templates that the product ships for import: buttons are there while `status` is `open`, and
each of the styles has a button of its own; the form is there while `form_status` is `normal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk.decoding import decoded
from sandbox.dingtalk.settings import Layout

OPEN = "open"
NORMAL = "normal"
STYLES = ("main", "plain", "risky")

SUBMIT = "submit"
"""How a form's button is called here where the card gives it no action of its own."""

FIELD_KINDS = {
    "TEXT": "text",
    "DATE": "date",
    "SELECT": "select",
    "MULTI_SELECT": "multi",
    "CHECKBOX": "check",
}


@dataclass(frozen=True, slots=True)
class Button:
    """A button that posts a callback.

    Attributes:
        action: What it posts.
        label: What is written on it.
        style: One of `STYLES`.
        action_id: What the template calls it.
        submits: Whether it is a form's.
    """

    action: str
    label: str
    style: str
    action_id: str
    submits: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    Attributes:
        name: Under which its value is posted.
        kind: One of `FIELD_KINDS`.
        label: What is written beside it.
        placeholder: What stands in it while it is empty.
        required: Whether the form cannot be sent without it.
        initial: What it holds first: a text, an option's value, a list of these, or a boolean; None is nothing.
        options: Pairs of value and text.
    """

    name: str
    kind: str
    label: str
    placeholder: str
    required: bool
    initial: Any
    options: tuple[tuple[str, str], ...]


def buttons_of(layout: Layout, variables: Mapping[str, str]) -> list[Button]:
    """The buttons that are there, a form's first."""
    listed = _objects(decoded(variables.get("buttons", ""))) if variables.get("status") == OPEN else []
    plain = [
        Button(str(each["action"]), str(each.get("label") or ""), str(each["style"]), str(each["style"]), submits=False)
        for each in listed
        if each.get("action") and each.get("style") in STYLES
    ]
    if not fields_of(layout, variables):
        return plain
    label = variables.get("form_btn_text") or "提交"
    return [Button(variables.get("form_action") or SUBMIT, label, "main", "form", submits=True), *plain]


def fields_of(layout: Layout, variables: Mapping[str, str]) -> list[Field]:
    """The fields of the form; empty for a card without one, or whose form is not there."""
    is_there = layout is Layout.FORM and variables.get("form_status") == NORMAL
    form = decoded(variables.get("form", "")) if is_there else None
    given = form.get("fields") if isinstance(form, dict) else None
    return [_field(each) for each in _objects(given) if each.get("name") and each.get("type") in FIELD_KINDS]


def drawn(layout: Layout, variables: Mapping[str, str]) -> dict[str, Any]:
    """The variables with their JSON decoded; a text that should be JSON and is not draws nothing."""
    shown: dict[str, Any] = {key: variables.get(key, "") for key in ("title", "tag", "tone", "body", "status")}
    shown["buttons"] = _objects(decoded(variables.get("buttons", "")))
    if layout is Layout.FORM:
        shown.update({key: variables.get(key, "") for key in ("form_status", "form_btn_text", "form_action")})
        shown["form"] = decoded(variables.get("form", "")) or {"fields": []}
    return shown


def problems_of(variables: Mapping[str, str]) -> list[str]:
    """What in the variables draws nothing although it was meant to, in sentences."""
    found = [
        f"the variable {name} is to hold JSON and does not"
        for name in ("buttons", "form")
        if variables.get(name) and decoded(variables[name]) is None
    ]
    for each in _objects(decoded(variables.get("buttons", ""))):
        if each.get("style") not in STYLES:
            found.append(f"the template has no button of the style {each.get('style')!r}")
        if not each.get("action") or not each.get("label"):
            found.append("a button has no action or no label")
    return found


def _field(given: Mapping[str, Any]) -> Field:
    kind = FIELD_KINDS[given["type"]]
    options = tuple((str(o.get("value")), str(o.get("text") or "")) for o in _objects(given.get("options")))
    return Field(
        name=str(given["name"]),
        kind=kind,
        label=str(given.get("label") or ""),
        placeholder=str(given.get("placeholder") or ""),
        required=given.get("required") is True,
        initial=_initial(kind, given.get("defaultValue")),
        options=options,
    )


def _initial(kind: str, default: Any) -> Any:
    if isinstance(default, Mapping):
        default = default.get("value")
    if kind == "check":
        return default is True or default == "true"
    if kind == "multi":
        return [str(each) for each in default] if isinstance(default, list) else []
    return None if default in (None, "", []) else str(default)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
