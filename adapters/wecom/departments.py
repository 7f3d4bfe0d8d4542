"""The tree of departments: what a path is called, and who leads the people in it.

Format: vendor page "获取部门列表", read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEPARTMENTS = "/cgi-bin/department/list"


@dataclass(frozen=True, slots=True)
class Department:
    """One department.

    Attributes:
        department_id: 1 is the company itself.
        name: As colleagues write it.
        parent: Above it; an id that the app may not see, or 0, at the top.
        leaders: Userids of those who lead it.
    """

    department_id: int
    name: str
    parent: int = 0
    leaders: tuple[str, ...] = ()


def department_of(row: Mapping[str, Any]) -> Department:
    """Return the department of an answer's row; absent members are left empty."""
    return Department(
        number_of(row.get("id")),
        text_of(row.get("name")),
        number_of(row.get("parentid")),
        texts_of(row.get("department_leader")),
    )


class DepartmentTree:
    """All departments that the app may see."""

    def __init__(self, departments: Iterable[Department]) -> None:
        self._departments = {each.department_id: each for each in departments if each.department_id}

    def ids(self) -> list[int]:
        """Return the ids of all departments, each once."""
        return list(self._departments)

    def path(self, department_id: int) -> str:
        """Return the names from the top, joined by "/"; a slash inside a name becomes a full-width one.

        The company's own name is left out: it would stand before every path.
        """
        names = [each.name.replace("/", "／") for each in self._climb(department_id) if each.name and each.parent]
        return "/".join(reversed(names))

    def leader(self, department_id: int, person: str) -> str:
        """Return the nearest leader at or above a department who is not the person, or an empty string."""
        leaders = (leader for each in self._climb(department_id) for leader in each.leaders)
        return next((leader for leader in leaders if leader.lower() != person.lower()), "")

    def _climb(self, department_id: int) -> Iterator[Department]:
        passed: set[int] = set()
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


def number_of(value: object) -> int:
    """Return a whole number, or 0 if it is absent or something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
