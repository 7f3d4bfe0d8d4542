"""Answers for what a YAML file says and on which line: text in, plain mappings, lists and strings out.

Scalars stay the text that was written (``0123``, ``16:00`` and ``2026-12-25`` lose nothing); only an empty value,
``~`` and ``null`` become ``None``. What type a value has is the schema's to decide. Anchors, aliases, tags and second
documents are refused: they make a line mean something that is not on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import yaml
from yaml.events import (
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from config.problems import ConfigErrors, ConfigProblem, Finding, KeyPath, dotted

Node = str | None | list["Node"] | dict[str, "Node"]
"""A value as written."""

DEEPEST = 30
"""Levels of nesting that are read; no setting needs a third of them."""

_NOWHERE_KEPT = re.compile("[\x00\ud800-\udfff]")
"""Characters that YAML can write down (``"\\0"``) or a text can hold, and that no store keeps and no UTF-8 says."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class Mark:
    """The line (from 1) of a key or list item, and the marks of what is inside it."""

    line: int
    parts: dict[str | int, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content and where each part of it stands.

    Attributes:
        file: As shown to the operator.
        content: The document; an empty file is an empty mapping.
        mark: The document's mark.
        problems: What had to be left out to read on, such as a key written twice.
        digest: Of the bytes that were read; see `digest_of`.
    """

    file: str
    content: Node
    mark: Mark
    problems: tuple[ConfigProblem, ...] = ()
    digest: str = ""

    def problem(self, finding: Finding) -> ConfigProblem:
        """Give a finding its line: that of the deepest part of its path that is written."""
        mark, known = self.mark, 0
        for part in finding.path:
            if part not in mark.parts:
                break
            mark, known = mark.parts[part], known + 1
        return ConfigProblem(
            self.file, mark.line, dotted(_readable(finding.path, known)), finding.message, finding.allowed
        )


def _readable(path: KeyPath, known: int) -> KeyPath:
    # An index that is not written comes from a lone value taken as a list of one.
    return path[:known] + tuple(part for part in path[known:] if isinstance(part, str))


def read_source(path: Path) -> Source:
    """Read a YAML file.

    Raises:
        ConfigErrors: It cannot be read, is not UTF-8, or is not YAML.
    """
    file = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigErrors([ConfigProblem(file, 1, "", f"cannot be read: {error.strerror}")]) from None
    try:
        return replace(parse_source(raw.decode("utf-8-sig"), file), digest=digest_of(raw))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigErrors([ConfigProblem(file, line, "", "is not UTF-8; save the file in that encoding")]) from None


def is_text(value: str) -> bool:
    """Tell whether a string is one that UTF-8 can say and every store keeps; the environment may hold others."""
    return _NOWHERE_KEPT.search(value) is None


def digest_of(raw: bytes) -> str:
    """Return the SHA-256 of a file's content in hexadecimal, by which a changed file is told from a touched one."""
    return sha256(raw).hexdigest()


def parse_source(text: str, file: str) -> Source:
    """Read YAML from a text.

    Args:
        text: The document.
        file: What problems call it.

    Raises:
        ConfigErrors: The text cannot be read to its end.
    """
    reader = _Reader(file, _events(text, file))
    content, mark = reader.document()
    return Source(file, content, mark, tuple(reader.problems))


def _events(text: str, file: str) -> Iterator[Event]:
    # libyaml, which comes with every wheel of PyYAML, reads ten times faster than Python does.
    line = 1
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            line = _line(event)
            yield event
    except yaml.YAMLError as error:
        raise ConfigErrors([_syntax_problem(error, text, file)]) from None
    except UnicodeEncodeError as error:
        # A surrogate, which a text can hold in Python and a file in UTF-8 cannot; libyaml then reads no word of it.
        line = text.count("\n", 0, error.start) + 1
        raise ConfigErrors([ConfigProblem(file, line, "", "holds half a character (a lone surrogate)")]) from None
    except ValueError:
        raise ConfigErrors([ConfigProblem(file, line, "", "holds a character that YAML does not allow")]) from None


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> ConfigProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        return ConfigProblem(file, line, "", "holds a character that YAML does not allow")
    words = getattr(error, "problem", None) or getattr(error, "context", None) or "nobody knows why"
    # What is missing at the end is told of the line below the last, which no editor can jump to.
    line = min(mark.line + 1, len(text.splitlines()) or 1)
    if "\\t" in words or "\t" in words or "tab character" in words:
        return ConfigProblem(file, line, "", "a tab cannot indent; use spaces")
    return ConfigProblem(file, line, "", f"is not YAML: {words}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads nodes from parser events; as deep as `DEEPEST`, so that no nesting can exhaust the stack."""

    file: str
    events: Iterator[Event]
    problems: list[ConfigProblem] = field(default_factory=list)

    def document(self) -> tuple[Node, Mark]:
        """Read the one document; an empty file is an empty mapping."""
        content: Node = None
        mark = Mark(1)
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent) and (documents := documents + 1) > 1:
                self._refuse(_line(event), (), "a second document begins here; one file is one document")
                break
            if isinstance(event, NodeEvent):
                content, mark = self._node(event, ())
        return {} if content is None else content, mark

    def _node(self, event: Event, path: KeyPath) -> tuple[Node, Mark]:
        mark = Mark(_line(event))
        if len(path) > DEEPEST:
            raise ConfigErrors([ConfigProblem(self.file, mark.line, "", f"is nested deeper than {DEEPEST} levels")])
        self._refuse_marks(event, path)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path, mark), mark
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path, mark), mark
        if isinstance(event, ScalarEvent) and not (event.implicit[0] and event.value in _NULLS):
            return self._text(event, path), mark
        return None, mark

    def _mapping(self, path: KeyPath, mark: Mark) -> Node:
        content: dict[str, Node] = {}
        while not isinstance(opened := next(self.events), MappingEndEvent):
            if not isinstance(opened, ScalarEvent):
                message = "a key must be a plain word, not a list, a mapping or an alias"
                raise ConfigErrors([ConfigProblem(self.file, _line(opened), dotted(path), message)])
            key = self._text(opened, path)
            here = (*path, key)
            value, inside = self._node(next(self.events), here)
            if key in content:
                self._refuse(_line(opened), here, f"is written twice; the first is on line {mark.parts[key].line}")
                continue
            content[key], mark.parts[key] = value, Mark(_line(opened), inside.parts)
        return content

    def _sequence(self, path: KeyPath, mark: Mark) -> Node:
        content: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            value, mark.parts[len(content)] = self._node(event, (*path, len(content)))
            content.append(value)
        return content

    def _text(self, event: ScalarEvent, path: KeyPath) -> str:
        text = str(event.value)
        kept = _NOWHERE_KEPT.sub("", text)
        if kept != text:
            self._refuse(_line(event), path, "holds a character that no store keeps (NUL, or half a character)")
        return kept

    def _refuse_marks(self, event: Event, path: KeyPath) -> None:
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._refuse(_line(event), path, "anchors (&name) and aliases (*name) are not used; write the value out")
        elif isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            self._refuse(_line(event), path, f"tags ({event.tag}) are not used; write the plain value")

    def _refuse(self, line: int, path: KeyPath, message: str) -> None:
        self.problems.append(ConfigProblem(self.file, line, dotted(path), message))


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
