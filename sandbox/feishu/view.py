"""What a person can press and fill in on a card, in a form that a page can draw without knowing Feishu's cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.feishu.card_model import Element, objects_in, submits
from sandbox.feishu.card_schema import INPUTS, LONGEST_INPUT
from sandbox.feishu.messages import Message
from sandbox.feishu.world import World

_KINDS: Mapping[str, str] = {
    "input": "text",
    "select_static": "select",
    "multi_select_static": "multi",
    "date_picker": "date",
    "checker": "check",
    "select_person": "person",
    "multi_select_person": "multi",
    "picker_time": "text",
    "picker_datetime": "text",
    "select_img": "select",
}
_INITIAL_KEYS = (
    *("default_value", "initial_option", "selected_values", "initial_date", "initial_time", "initial_datetime"),
    "checked",
)
_NOT_LAYOUT = ("value", "chart_spec", "rows", "options")


@dataclass(frozen=True, slots=True)
class Part:
    """An interactive element of a card.

    Attributes:
        element: As written in the card.
        form: Name of the form around it, None outside of forms.
    """

    element: Element
    form: str | None

    @property
    def tag(self) -> str:
        """The kind of component."""
        return str(self.element["tag"])

    @property
    def name(self) -> str:
        """Its name, empty where it has none."""
        return str(self.element.get("name") or "")

    @property
    def label(self) -> str:
        """What is written on it."""
        return text_of(self.element.get("label") or self.element.get("text"))

    @property
    def action(self) -> str:
        """By what a click names it: its name, else what is written on it."""
        return self.name or self.label

    @property
    def submits(self) -> bool:
        """Whether it sends its form."""
        return submits(self.element)

    @property
    def resets(self) -> bool:
        """Whether it empties its form, which happens in the client alone."""
        return self.element.get("form_action_type") == "reset" or self.element.get("action_type") == "form_reset"


def parts_of(card: Mapping[str, Any]) -> list[Part]:
    """The interactive elements of a card of either schema, in the order of writing."""
    return list(_parts(card, None))


def buttons_of(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The buttons, as `messages_of` tells them."""
    return [_button(part) for part in parts_of(card) if part.tag == "button"]


def inputs_of(world: World, message: Message) -> list[dict[str, Any]]:
    """The inputs of a message's card, as `messages_of` tells them."""
    return [_input(world, message, part) for part in parts_of(message.content) if part.tag in INPUTS]


def options_of(world: World, message: Message, part: Part) -> list[dict[str, str]]:
    """What can be chosen; a person picker without options offers the members of the chat, here its one person."""
    if part.tag not in ("select_person", "multi_select_person"):
        given = objects_in(part.element, "options")
        return [{"value": str(each.get("value")), "label": text_of(each.get("text"))} for each in given]
    own = world.directory.open_id(message.app_id, message.user_id)
    ids = [str(each.get("value")) for each in objects_in(part.element, "options") or [{"value": own}]]
    found = ((each, world.directory.lookup(message.app_id, each, "open_id")) for each in ids)
    return [{"value": each, "label": user.name if user else each} for each, user in found]


def initial_of(part: Part) -> Any:
    """What is filled in or chosen before the person touches it; None where nothing is."""
    index, options = part.element.get("initial_index"), objects_in(part.element, "options")
    if "initial_option" not in part.element and isinstance(index, int) and 1 <= index <= len(options):
        return options[index - 1].get("value")
    return next((part.element[key] for key in _INITIAL_KEYS if part.element.get(key) not in (None, "", [])), None)


def longest_text(part: Part) -> int:
    """How many characters an input takes."""
    longest = part.element.get("max_length")
    return longest if isinstance(longest, int) else LONGEST_INPUT


def callback_value(part: Part) -> Any:
    """What the element sends back, None where it sends nothing of its own."""
    for behavior in objects_in(part.element, "behaviors"):
        if behavior.get("type") == "callback":
            return behavior.get("value")
    return part.element.get("value")


def calls_back(part: Part) -> bool:
    """Whether touching the element reaches the app."""
    behaviors = objects_in(part.element, "behaviors")
    return part.submits or "value" in part.element or any(each.get("type") == "callback" for each in behaviors)


def text_of(text: Any) -> str:
    """The content of a text object, empty for none."""
    return str(text.get("content") or "") if isinstance(text, Mapping) else ""


def _parts(node: Any, form: str | None) -> Iterator[Part]:
    if isinstance(node, Mapping):
        tag = node.get("tag")
        if tag == "button" or tag in INPUTS:
            yield Part(node, form)
        if tag == "form":
            form = str(node.get("name") or "")
        for key, value in node.items():
            yield from _parts(value, form) if key not in _NOT_LAYOUT else ()
    elif isinstance(node, list):
        for each in node:
            yield from _parts(each, form)


def _button(part: Part) -> dict[str, Any]:
    return {
        "action": part.action,
        "label": part.label,
        "style": part.element.get("type", "default"),
        "disabled": part.element.get("disabled") is True,
        "submits": part.submits,
        "confirm": _confirm(part.element.get("confirm")),
        "link": _link(part.element),
    }


def _confirm(confirm: Any) -> dict[str, str] | None:
    if not confirm or not isinstance(confirm, Mapping):
        return None
    return {"title": text_of(confirm.get("title")), "text": text_of(confirm.get("text"))}


def _link(element: Element) -> str | None:
    urls = [element.get("url")]
    for behavior in objects_in(element, "behaviors"):
        if behavior.get("type") == "open_url":
            urls += [behavior.get("pc_url"), behavior.get("default_url")]
    return next((str(url) for url in urls if url), None)


def _input(world: World, message: Message, part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "kind": _KINDS[part.tag],
        "label": part.label,
        "placeholder": text_of(part.element.get("placeholder")),
        "required": part.element.get("required") is True,
        "multiline": part.element.get("input_type") == "multiline_text",
        "max_length": longest_text(part) if part.tag == "input" else None,
        "options": options_of(world, message, part),
        "initial": initial_of(part),
    }
