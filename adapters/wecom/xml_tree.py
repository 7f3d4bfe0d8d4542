"""Reads the platform's XML, and nothing that XML could do besides: no document types, no entities, no depth.

Element order varies, and text may come as CDATA or plain (wecom.md 11, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from domain.errors import Malformed

MOST_DEPTH = 16
MOST_ELEMENTS = 5000
"""A callback has some dozens, four deep."""


@dataclass(slots=True)
class Element:
    """An element with what is in it; attributes are not used by the platform.

    Attributes:
        name: As written.
        text: All of its own text.
        children: In order.
    """

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def find(self, name: str) -> Element:
        """Return the first child of a name, or an empty element."""
        return next(self.all(name), Element(name))

    def said(self, name: str) -> str:
        """Return the text of the first child of a name without outer blanks; empty if there is none."""
        return self.find(name).text.strip()


def read_xml(raw: bytes) -> Element:
    """Return the root element.

    Args:
        raw: In UTF-8, whatever it says of itself.

    Raises:
        Malformed: Not well-formed, too large in some way, or with a document type.
    """
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        raise Malformed("the XML is not well-formed") from None
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self._open = [Element("")]
        self._count = 0

    @property
    def root(self) -> Element:
        return self._open[0].children[0]

    def start(self, name: str, _: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MOST_DEPTH or self._count > MOST_ELEMENTS:
            raise Malformed("the XML is too deep or has too many elements")
        element = Element(name)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].text += text


def _refuse_document_type(_name: str, _system: str | None, _public: str | None, _internal: int) -> None:
    raise Malformed("the XML brings a document type along")
