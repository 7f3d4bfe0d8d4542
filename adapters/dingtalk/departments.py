"""The tree of departments: what a path is called, and who leads the people in it.

Formats: dingtalk.md 6.2, read 2026-11-22. The platform's own examples print numbers, booleans and lists as strings, so
every member is read leniently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

ROOT = 1
"""The organisation itself, which is no department."""


@dataclass(frozen=True, slots=True)
class Department:
    """One department.

    Attributes:
        department_id: Its dept_id.
        name: As colleagues write it.
        parent: Above it; `ROOT` at the top.
        managers: Userids of who leads it.
    """

    department_id: int
    name: str
    parent: int = 0
    managers: tuple[str, ...] = ()


class DepartmentTree:
    """All departments that the app may see."""

    def __init__(self, departments: Iterable[Department]) -> None:
        self._departments = {each.department_id: each for each in departments}

    def ids(self) -> list[int]:
        """Return the ids of all departments, each once."""
        return list(self._departments)

    def path(self, department_id: int) -> str:
        """Return the names from the top, joined by "/"; a slash inside a name becomes a full-width one."""
        names = [
            each.name.replace("/", "／")
            for each in self._climb(department_id)
            if each.name and each.department_id != ROOT
        ]
        return "/".join(reversed(names))

    def leader(self, department_id: int, person: str) -> str:
        """Return the nearest leader at or above a department who is not the person, or an empty string."""
        return next((each for found in self._climb(department_id) for each in found.managers if each != person), "")

    def _climb(self, department_id: int) -> Iterator[Department]:
        passed: set[int] = set()
        while department_id in self._departments and department_id not in passed:
            passed.add(department_id)
            department = self._departments[department_id]
            yield department
            department_id = department.parent


def table_of(value: object) -> Mapping[str, Any]:
    """Return an object, empty if it is something else."""
    return value if isinstance(value, dict) else {}


def rows_of(value: object) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list, none if it is something else."""
    return [each for each in list_of(value) if isinstance(each, dict)]


def list_of(value: object) -> Sequence[object]:
    """Return a list, also where it came as a string that holds one."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return ()
    return value if isinstance(value, list) else ()


def text_of(value: object) -> str:
    """Return a string, also where it came as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def number_of(value: object) -> int:
    """Return a whole number, also where it came as a string; 0 if it is none."""
    text = text_of(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def is_false(value: object) -> bool:
    """Tell whether a truth value says no, also where it came as a string; one that is absent does not."""
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
