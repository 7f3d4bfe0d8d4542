"""Answers for turning a document into a model and every mistake of form into a finding, all in one go.

A mistake does not hide the next one: what is wrong is cut out and the rest is read on, so that checks between parts
still run over all that is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.problems import Finding, KeyPath, near
from config.yaml_source import Node

Model = TypeVar("Model", bound=BaseModel)

_KEY_OF_MAPPING = "[key]"
"""What pydantic appends to the path of a mapping's key that is wrong."""


@dataclass(frozen=True, slots=True)
class Validated(Generic[Model]):
    """What came of reading a document as a model.

    Attributes:
        model: All that is right; `None` if nothing is left to make a model of.
        findings: What is wrong, each with its path in the document.
        removed: Paths of what was cut out, each as it stood when it was cut, in that order.
    """

    model: Model | None
    findings: tuple[Finding, ...]
    removed: tuple[KeyPath, ...]

    def is_sound(self, *path: str | int) -> bool:
        """Tell whether nothing is wrong at or below a path of the document."""
        return not any(finding.path[: len(path)] == path for finding in self.findings)

    def in_document(self, path: KeyPath) -> KeyPath:
        """Return where something of the model stands in the document: list items that were cut out count there."""
        for *before, index in reversed(self.removed):
            depth = len(before)
            if isinstance(index, int) and len(path) > depth and path[:depth] == tuple(before):
                here = path[depth]
                if isinstance(here, int) and here >= index:
                    path = (*path[:depth], here + 1, *path[depth + 1 :])
        return path


def validate(model: type[Model], content: Node) -> Validated[Model]:
    """Read a document as a model, as much of it as is right."""
    kept = content
    findings: tuple[Finding, ...] = ()
    removed: tuple[KeyPath, ...] = ()
    while True:
        try:
            return Validated(model.model_validate(kept), findings, removed)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        findings = findings or tuple(_finding(model, detail) for detail in details if not _is_echo(detail, details))
        targets = {_deepest(kept, detail["loc"]) for detail in details}
        if () in targets:
            return Validated(None, findings, removed)
        if kept is content:
            kept = deepcopy(content)
        ordered = sorted(targets, key=_document_order, reverse=True)
        for target in ordered:
            _cut(kept, target)
        removed = (*removed, *ordered)


def _is_echo(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Tell whether a list is only too short because pydantic does not count those of its items that are wrong."""
    here = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(here)] == here and len(other["loc"]) > len(here) for other in details
    )


def _deepest(content: Node, path: Sequence[str | int]) -> KeyPath:
    """Return the part of a path that is there: a mistake about something missing is one of what should hold it."""
    found: KeyPath = ()
    for part in path:
        if isinstance(content, dict) and isinstance(part, str) and part in content:
            content = content[part]
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            break
        found = (*found, part)
    return found


def _document_order(path: KeyPath) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (0, part) for part in path]


def _cut(content: Node, path: KeyPath) -> None:
    for part in path[:-1]:
        content = content[part]  # type: ignore[index]
    del content[path[-1]]  # type: ignore[union-attr, arg-type]


def _finding(model: type[BaseModel], detail: ErrorDetails) -> Finding:
    path = tuple(part for part in detail["loc"] if part != _KEY_OF_MAPPING)
    context = detail.get("ctx", {})
    match detail["type"]:
        case "refused":
            return Finding(path, context["message"], context["allowed"])
        case "extra_forbidden":
            known = known_keys(model, path[:-1])
            return Finding(path, f"unknown key{near(str(path[-1]), known)}", ", ".join(known))
        case "missing":
            return Finding(path, "is missing")
        case "enum" | "literal_error":
            return Finding(path, "is none of the words known here", context["expected"])
        case "model_type" | "model_attributes_type" | "dict_type":
            return Finding(path, "must be a mapping of keys to values")
        case "tuple_type" | "list_type":
            return Finding(path, "must be a list")
        case "string_type":
            return Finding(path, "must be a text")
        case "too_short":
            return Finding(path, "must not be empty; leave the key out instead")
    return Finding(path, detail["msg"].replace("Input should", "must").replace("String should", "must"))


def known_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that a mapping at a path of the model's document may have, in the order of the schema."""
    inside: list[Any] = [model]
    for part in path:
        inside = [each for annotation in inside for each in _step(annotation, part)]
    models = (each for annotation in inside for each in _alternatives(annotation) if _is_model(each))
    return [field.alias or name for each in models for name, field in each.model_fields.items()]


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    for each in _alternatives(annotation):
        if _is_model(each):
            yield from (f.annotation for name, f in each.model_fields.items() if part in (name, f.alias))
        elif isinstance(part, int):
            yield from get_args(each)[:1]
        else:
            yield from get_args(each)[1:2]


def _alternatives(annotation: Any) -> Iterable[Any]:
    """Yield what a value may be: the members of a union, without the marks of ``Annotated``."""
    marked = getattr(annotation, "__metadata__", None) is not None
    if marked:
        return _alternatives(get_args(annotation)[0])
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return [each for member in get_args(annotation) for each in _alternatives(member)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
