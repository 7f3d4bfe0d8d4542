"""Reading the XML form of a template card, which only passive replies use (wecom.md section 12).

Its names are those of the JSON form in CamelCase, and lists are repeated elements without an element around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.wecom.xml import Node, XmlError

_LISTS = {
    *("HorizontalContentList", "VerticalContentList", "JumpList", "ButtonList", "SelectList", "OptionList"),
    "ActionList",
}
_ODD_NAMES = {
    "KeyName": "keyname",
    "CheckBox": "checkbox",
    "UserId": "userid",
    "AppId": "appid",
    "PagePath": "pagepath",
}
_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def card_of(node: Node) -> dict[str, Any]:
    """The card in its JSON form.

    Raises:
        XmlError: It holds text where elements belong, or words where numbers belong.
    """
    if isinstance(node, str):
        raise XmlError("the card has no elements")
    return {_json_name(name): _member(name, found) for name, found in node.items()}


def _json_name(name: str) -> str:
    return _ODD_NAMES.get(name) or _INNER_CAPITAL.sub("_", name).lower()


def _member(name: str, found: list[Node]) -> Any:
    if name in _LISTS:
        return [card_of(each) for each in found]
    if len(found) > 1:
        raise XmlError(f"{name} is there {len(found)} times")
    value = found[0]
    if not isinstance(value, str):
        return card_of(value)
    try:
        return _SCALARS[name](value) if name in _SCALARS else value
    except ValueError:
        raise XmlError(f"{name} is {value!r}") from None


def _flag(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return text in ("true", "1")


_SCALARS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("Type", "Style", "DescColor", "Mode"), int),
    **dict.fromkeys(("IsChecked", "Disable"), _flag),
    "AspectRatio": float,
}
