"""Writing the callbacks' XML in all forms that the platform uses, and reading the replies' XML.

The order of elements is not fixed, and text comes as CDATA or plain (wecom.md section 11); dice choose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from xml.etree import ElementTree

Value = str | int | Sequence[tuple[str, "Value"]]
"""What an element holds: text, a number, or elements."""

Node = str | Mapping[str, "list[Node]"]
"""What an element was read as: its text, or its elements by name, in the order of writing."""

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class XmlError(Exception):
    """A text is no XML that the platform reads; says why."""


def write(fields: Sequence[tuple[str, Value]], chance: Random) -> str:
    """An `<xml>` element with these fields, its top level in any order, without characters that XML cannot hold."""
    shuffled = list(fields)
    chance.shuffle(shuffled)
    return f"<xml>{_elements(shuffled, chance)}</xml>"


def read(raw: bytes) -> Mapping[str, list[Node]]:
    """The elements of an `<xml>` element.

    Raises:
        XmlError: It is not well-formed, declares a document type, or is another element.
    """
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise XmlError("it declares a document type")
    try:
        root = ElementTree.fromstring(raw.decode())  # noqa: S314 document types were refused above
    except (ElementTree.ParseError, UnicodeDecodeError):
        raise XmlError("it is not well-formed") from None
    found = _node(root)
    if root.tag != "xml" or isinstance(found, str):
        raise XmlError("its element is not <xml>")
    return found


def text_in(node: Mapping[str, list[Node]], name: str) -> str:
    """The text of the first element of this name, empty where there is none."""
    found = node.get(name, [""])[0]
    return found if isinstance(found, str) else ""


def _elements(fields: Sequence[tuple[str, Value]], chance: Random) -> str:
    return "".join(f"<{name}>{_value(value, chance)}</{name}>" for name, value in fields)


def _value(value: Value, chance: Random) -> str:
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        return _elements(value, chance)
    clean = _NO_XML.sub("", value)
    if chance.random() < 0.5:
        return clean.translate(_ESCAPES)
    # The end mark cannot stand inside, so it is parted over two sections.
    return f"<![CDATA[{clean.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _node(element: ElementTree.Element) -> Node:
    if not len(element):
        return element.text or ""
    found: dict[str, list[Node]] = {}
    for child in element:
        found.setdefault(child.tag, []).append(_node(child))
    return found
