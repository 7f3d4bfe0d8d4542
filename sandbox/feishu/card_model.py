"""The vocabulary of the card check: what a fault is, what a card may refer to, and how to walk one.

Sub codes are those of feishu.md section 5.8. Two are our best guess because no page names one: 200530 also for a name
used twice, and 200621 also for a form without a submit button. Both are surely refused, only the number may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BAD_JSON = 200621
BAD_NAME = 200530
BAD_CHART = 200550
BAD_IMAGE = 200570
BAD_PERSON = 100290
BAD_ROWS = 200914
BAD_COLUMNS = 200915
TOO_MANY = 11310
GONE_TAG = 200861
NO_TEMPLATE = 200380

Element = Mapping[str, Any]


class CardFault(Exception):
    """A card is refused.

    Attributes:
        err_code: The sub code.
        sentence: What stands in the error's `msg` after "Failed to create card content, ".
    """

    def __init__(self, err_code: int, path: str, message: str, value: str) -> None:
        where = f" ErrPath: {path};" if path else ""
        self.err_code = err_code
        self.sentence = f"ext=ErrCode: {err_code};{where} ErrMsg: {message}; ErrorValue: {value}"
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True)
class References:
    """What a card may refer to.

    Attributes:
        has_image: Whether an image key is one of the tenant's.
        has_person: Whether an id (of any type) is somebody's.
    """

    has_image: Callable[[str], bool]
    has_person: Callable[[str], bool]


def is_v2(card: Mapping[str, Any]) -> bool:
    """Whether a card declares schema 2.0."""
    return card.get("schema") == "2.0"


def config_of(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """A card's `config`, empty where it has none; old cards are not checked, so it may have been anything."""
    config = card.get("config")
    return config if isinstance(config, Mapping) else {}


def objects_in(element: Element, key: str) -> list[Mapping[str, Any]]:
    """The objects in a list member, such as `options` or `behaviors`; what else is in there is passed over."""
    value = element.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def elements_in(node: Any) -> Iterator[dict[str, Any]]:
    """Every object with a `tag` inside a card, in the order of writing; not inside data that is not layout."""
    if isinstance(node, dict):
        if isinstance(node.get("tag"), str):
            yield node
        for key, value in node.items():
            if key not in ("value", "chart_spec", "rows"):
                yield from elements_in(value)
    elif isinstance(node, list):
        for each in node:
            yield from elements_in(each)


def submits(element: Mapping[str, Any]) -> bool:
    """Whether an element is a button that submits its form, in either spelling."""
    return element.get("tag") == "button" and (
        element.get("form_action_type") == "submit" or element.get("action_type") == "form_submit"
    )


def as_object(parent: Element, key: str, path: str) -> Element:
    """A member that must be an object where it is there; empty where it is not."""
    value = parent.get(key) or {}
    if not isinstance(value, dict):
        raise CardFault(BAD_JSON, f"{path} -> {key}", "parse card json err", f"{key} is not an object")
    return value


def as_list(parent: Element, key: str, path: str) -> list[Any]:
    """A member that must be an array where it is there; empty where it is not."""
    value = parent.get(key) or []
    if not isinstance(value, list):
        raise CardFault(BAD_JSON, f"{path} -> {key}", "parse card json err", f"{key} is not an array")
    return value


def only(element: Any, allowed: frozenset[str], path: str) -> Element:
    """Something that must be an object without other members than these."""
    if not isinstance(element, dict):
        raise CardFault(BAD_JSON, path, "parse card json err", "not an object")
    for key in element:
        if key not in allowed:
            message = "parse card json err, please check whether the card json is correct"
            raise CardFault(BAD_JSON, path, message, f"unknown property: {key}")
    return element


def one_of(value: Any, words: frozenset[str], path: str) -> None:
    """A word that must be one of these."""
    if not isinstance(value, str) or value not in words:
        raise CardFault(BAD_JSON, path, "parse card json err", f"unknown value: {value}")
