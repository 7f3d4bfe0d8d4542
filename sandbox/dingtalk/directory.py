"""The organisation's people and departments as state: looking them up, and changing them.

A person's `userid` is the company's own id; departments have numbers here, 1 for the root.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, fields
from hashlib import blake2b
from typing import Any

from sandbox.company import ROOT_DEPARTMENT, Company, Department, User, UserStatus, derived_id
from sandbox.dingtalk.store import Store

ROOT_NUMBER = 1

_FIRST_NUMBER = 100_000_000
_NUMBERS = 800_000_000
_MOBILES = 100_000_000


class Directory:
    """People and departments, kept in memory and written through; `store` is where they are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.company_name = store.setting("company") or ""
        users = (_user(json.loads(row["content"])) for row in store.rows("SELECT content FROM users ORDER BY rowid"))
        self._users = {user.user_id: user for user in users}
        rows = store.rows("SELECT content FROM departments ORDER BY rowid")
        departments = (_department(json.loads(row["content"])) for row in rows)
        self._departments = {department.department_id: department for department in departments}
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
        self._departments = {department.department_id: department for department in company.departments}
        self._index()

    def save_user(self, user: User) -> None:
        """Add a person, or replace them whole."""
        self._keep("users", "user_id", user.user_id, user)
        self._users[user.user_id] = user
        self._index()

    def save_department(self, department: Department) -> None:
        """Add a department, or replace it whole."""
        self._keep("departments", "department_id", department.department_id, department)
        self._departments[department.department_id] = department
        self._index()

    def users(self) -> list[User]:
        """Everybody, in the company's order, also those who left."""
        return list(self._users.values())

    def user(self, user_id: str) -> User:
        """A person; KeyError where nobody has this id."""
        return self._users[user_id]

    def employed(self, user_id: str) -> User | None:
        """A person who has not left, None where there is no such."""
        user = self._users.get(user_id)
        return None if user is None or user.status is UserStatus.RESIGNED else user

    def by_union_id(self, union_id: str) -> User | None:
        """A person by what all apps of one developer see."""
        return self._users.get(self._by_union_id.get(union_id, ""))

    def by_mobile(self, mobile: str) -> User | None:
        """A person by telephone number."""
        return next((user for user in self._users.values() if mobile_of(user) == mobile), None)

    def resolve(self, value: str, id_type: int) -> User | None:
        """A person who has not left, by `userid` (type 1) or unionid (type 2)."""
        if id_type == 1:
            return self.employed(value)
        user = self.by_union_id(value)
        return None if user is None else self.employed(user.user_id)

    def departments(self) -> list[Department]:
        """All departments but the root, in the company's order."""
        return list(self._departments.values())

    def department(self, number: int) -> Department | None:
        """A department by its number; the root is none."""
        return self._by_number.get(number)

    def knows_department(self, number: int) -> bool:
        """Whether there is a department of this number, the root included."""
        return number == ROOT_NUMBER or number in self._by_number

    def children(self, number: int) -> list[Department]:
        """The departments right below one."""
        return self._children[number]

    def members(self, number: int) -> list[User]:
        """The people directly in a department, without those who left."""
        return self._members[number]

    def chain(self, department_id: str) -> list[int]:
        """The numbers from a department up to the root."""
        numbers = []
        while department_id != ROOT_DEPARTMENT:
            numbers.append(number_of(department_id))
            department_id = self._departments[department_id].parent
        return [*numbers, ROOT_NUMBER]

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

    def _index(self) -> None:
        self._by_union_id = {union_id_of(user): user.user_id for user in self._users.values()}
        self._by_number = {number_of(each.department_id): each for each in self._departments.values()}
        self._children: dict[int, list[Department]] = defaultdict(list)
        for department in self._departments.values():
            self._children[number_of(department.parent)].append(department)
        self._members: dict[int, list[User]] = defaultdict(list)
        for user in self._users.values():
            for department_id in user.departments if user.status is not UserStatus.RESIGNED else ():
                self._members[number_of(department_id)].append(user)


def number_of(department_id: str) -> int:
    """The number by which the platform knows a department of the company."""
    if department_id == ROOT_DEPARTMENT:
        return ROOT_NUMBER
    return _FIRST_NUMBER + _digits(f"department {department_id}") % _NUMBERS


def union_id_of(user: User) -> str:
    """What all apps of one developer see of a person."""
    return derived_id("", f"dingtalk union {user.user_id}") + "iE"


def opaque_id_of(client_id: str, user_id: str) -> str:
    """The encrypted id (`senderId`, `dingtalkId`), different in every app; nothing can be sent to it."""
    return derived_id("$:LWCP_v1:$", f"{client_id} {user_id}")


def mobile_of(user: User) -> str:
    """A telephone number; the company's data hold none, so it follows from the id."""
    return f"138{_digits(f'mobile {user.user_id}') % _MOBILES:08d}"


def _digits(seed: str) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=6).digest(), "big")


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
