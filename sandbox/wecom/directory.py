"""The company's people and departments as state: looking them up as WeCom does, and changing them.

Departments have numbers here, 1 is the root; a userid is the company's own id and means the same in any case.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, fields
from typing import Any

from sandbox.company import ROOT_DEPARTMENT, Company, Department, User, UserStatus
from sandbox.wecom.store import Store

ROOT_NUMBER = 1


class Directory:
    """People and departments, kept in memory and written through.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.company_name = store.setting("company") or ""
        users = (_user(json.loads(row["content"])) for row in store.rows("SELECT content FROM users ORDER BY rowid"))
        self._users = {user.user_id: user for user in users}
        rows = store.rows("SELECT content FROM departments ORDER BY rowid")
        self._take(tuple(_department(json.loads(row["content"])) for row in rows))
        self._index()

    def load(self, company: Company) -> None:
        """Put a company in place of whatever was there, without telling any app."""
        with self._store.transaction():
            self._store.save_setting("company", company.name)
            self._store.run("DELETE FROM users")
            self._store.run("DELETE FROM departments")
            for department in company.departments:
                self._keep("departments", "department_id", department.department_id, department)
            for user in company.users:
                self._keep("users", "user_id", user.user_id, user)
        self.company_name = company.name
        self._users = {user.user_id: user for user in company.users}
        self._take(company.departments)
        self._index()

    def save_user(self, user: User) -> None:
        """Add a person, or replace them whole."""
        self._keep("users", "user_id", user.user_id, user)
        self._users[user.user_id] = user
        self._index()

    def users(self) -> list[User]:
        """Everybody, in the company's order, also those who left."""
        return list(self._users.values())

    def user(self, user_id: str) -> User:
        """A person by the exact id; KeyError where nobody has it."""
        return self._users[user_id]

    def find(self, user_id: str) -> User | None:
        """A person by an id in any case, also one who left."""
        return self._by_lower_id.get(user_id.lower())

    def departments(self) -> list[Department]:
        """All departments but the root, in the company's order."""
        return list(self._departments.values())

    def department(self, department_id: str) -> Department:
        """A department by the company's own id; KeyError for the root and for none."""
        return self._departments[department_id]

    def number_of(self, department_id: str) -> int:
        """The number by which the platform knows a department, or the root; KeyError where there is none."""
        return self._numbers[department_id]

    def id_of(self, number: int) -> str | None:
        """The company's own id of the department of this number, None where there is none."""
        return self._ids.get(number)

    def with_below(self, department_id: str) -> list[str]:
        """Ids of a department and of all below it, itself first."""
        found = [department_id]
        for each in found:
            found += self._children[each]
        return found

    def members(self, department_id: str) -> list[User]:
        """The people directly in a department, without those who left."""
        return self._members[department_id]

    def path(self, department_id: str) -> str:
        """Names from the top down, `研发/平台`; empty for the root."""
        names: list[str] = []
        while department_id != ROOT_DEPARTMENT:
            department = self._departments[department_id]
            names.append(department.name)
            department_id = department.parent
        return "/".join(reversed(names))

    def _keep(self, table: str, key: str, value: str, entry: User | Department) -> None:
        statement = (
            f"INSERT INTO {table} ({key}, content) VALUES (?, ?) "  # noqa: S608 both names are literals of this module
            f"ON CONFLICT ({key}) DO UPDATE SET content = excluded.content"
        )
        self._store.run(statement, value, json.dumps(asdict(entry), ensure_ascii=False))

    def _take(self, departments: tuple[Department, ...]) -> None:
        self._departments = {department.department_id: department for department in departments}
        self._numbers = {ROOT_DEPARTMENT: ROOT_NUMBER}
        for number, department in enumerate(departments, ROOT_NUMBER + 1):
            self._numbers[department.department_id] = number
        self._ids = {number: department_id for department_id, number in self._numbers.items()}
        self._children: dict[str, list[str]] = defaultdict(list)
        for department in departments:
            self._children[department.parent].append(department.department_id)

    def _index(self) -> None:
        self._by_lower_id = {user_id.lower(): user for user_id, user in self._users.items()}
        self._members: dict[str, list[User]] = defaultdict(list)
        for user in self._users.values():
            for department_id in user.departments if user.status is not UserStatus.RESIGNED else ():
                self._members[department_id].append(user)


def _user(content: dict[str, Any]) -> User:
    known = {each.name: content[each.name] for each in fields(User) if each.name in content}
    known["departments"] = tuple(known["departments"])
    known["dotted_leaders"] = tuple(known["dotted_leaders"])
    known["status"] = UserStatus(known["status"])
    return User(**known)


def _department(content: dict[str, Any]) -> Department:
    known = {each.name: content[each.name] for each in fields(Department) if each.name in content}
    known["deputies"] = tuple(known["deputies"])
    known["hrbps"] = tuple(known["hrbps"])
    return Department(**known)
