"""Answers for editors: the form of a configuration file as JSON Schema, with the words of the models' docstrings.

An editor that knows the schema completes keys and marks mistakes of form while somebody types. What parts must be to
one another (names that exist, order of rungs) only `python -m bot check` can tell.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from config.people_file import PeopleFilePart
from config.practice_schema import Part
from config.schema import OrgFilePart

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]


def json_schema() -> Json:
    """Return the schema of an organisation's file (draft 2020-12)."""
    return {"$schema": DIALECT, **_described(OrgFilePart), "title": "Fupan: an organisation", "required": ["platforms"]}


def people_json_schema() -> Json:
    """Return the schema of a file of people (draft 2020-12)."""
    return {"$schema": DIALECT, **_described(PeopleFilePart), "title": "Fupan: people"}


def _described(model: type[BaseModel]) -> Json:
    schema: Json = model.model_json_schema()
    parts = {part.__name__: part for part in _all_parts(Part)}
    for name, definition in {**schema.get("$defs", {}), model.__name__: schema}.items():
        if (part := parts.get(name)) is not None:
            for key, words in _words(part):
                definition["properties"][key]["description"] = words
    _tidy(schema)
    return schema


def _tidy(node: object) -> None:
    """Drop what pydantic adds and nobody needs: titles made of names, and defaults that say no more than "left out"."""
    if isinstance(node, list):
        for each in node:
            _tidy(each)
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        if "default" in node and (node["default"] is None or isinstance(node["default"], dict)):
            del node["default"]
        for each in node.values():
            _tidy(each)


def _all_parts(part: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in part.__subclasses__():
        yield each
        yield from _all_parts(each)


def _words(part: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a model, the inherited ones too, with the docstring that stands below each.

    Pydantic can do that while it builds the models, which parses each module once a class and costs every start of the
    bot a tenth of a second for what only editors read.
    """
    for base in part.__mro__:
        if issubclass(base, Part) and base is not Part:
            classes = [each for each in ast.parse(inspect.getsource(base)).body if isinstance(each, ast.ClassDef)]
            for statement, below in pairwise(classes[0].body):
                words = _docstring(below)
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and words:
                    name = statement.target.id
                    yield part.model_fields[name].alias or name, words


def _docstring(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return " ".join(str(statement.value.value).split())
    return ""
