"""The tree of departments: what a path is called, and who is responsible for people in it.

Formats: vendor page "部门资源介绍", read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROOT = "0"
"""The tenant itself, which is no department."""


@dataclass(frozen=True, slots=True)
class Department:
    """One department.

    Attributes:
        department_id: Its open_department_id.
        name: As colleagues write it.
        parent: Above it; `ROOT` or empty at the top, or an id that the app may not see.
        hrbps: Open_ids of its HR business partners.
    """

    department_id: str
    name: str
    parent: str = ""
    hrbps: tuple[str, ...] = ()


def department_of(row: object, known_id: str = "") -> Department:
    """Return the department of an answer's row.

    Args:
        row: As received; absent members are left empty.
        known_id: Its id, where the question held it.
    """
    fields: Mapping[str, Any] = row if isinstance(row, dict) else {}
    return Department(
        text_of(fields.get("open_department_id")) or known_id,
        text_of(fields.get("name")),
        text_of(fields.get("parent_department_id")),
        texts_of(fields.get("department_hrbps")),
    )


class DepartmentTree:
    """All departments that the app may see."""

    def __init__(self, departments: Iterable[Department]) -> None:
        self._departments = {each.department_id: each for each in departments if each.department_id}

    def ids(self) -> list[str]:
        """Return the ids of all departments, each once."""
        return list(self._departments)

    def path(self, department_id: str) -> str:
        """Return the names from the top, joined by "/"; a slash inside a name becomes a full-width one."""
        names = [each.name.replace("/", "／") for each in self._climb(department_id) if each.name]
        return "/".join(reversed(names))

    def hrbp(self, department_id: str, person: str) -> str:
        """Return the nearest HR business partner at or above a department who is not the person, or an empty string."""
        return next((hrbp for each in self._climb(department_id) for hrbp in each.hrbps if hrbp != person), "")

    def _climb(self, department_id: str) -> Iterator[Department]:
        passed: set[str] = set()
        while department_id in self._departments and department_id not in passed:
            passed.add(department_id)
            department = self._departments[department_id]
            yield department
            department_id = department.parent


def text_of(value: object) -> str:
    """Return a string member, or an empty string if it is absent or something else."""
    return value if isinstance(value, str) else ""


def texts_of(value: object) -> tuple[str, ...]:
    """Return the strings of a list member, none if it is absent or something else."""
    return tuple(each for each in value if isinstance(each, str) and each) if isinstance(value, list) else ()
