"""The tenant's people and departments as state: looking them up by any of their ids, and changing them.

An open_id is different in every app. The first app sees the company's own ones, which is also what the demo page uses;
the others see ids derived from them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sandbox.company import ROOT_DEPARTMENT, Company, Department, User, UserStatus, derived_id
from sandbox.feishu.refusals import refusal
from sandbox.feishu.store import Store

ID_TYPES = ("open_id", "union_id", "user_id")
_PREFIXES = {"open_id": "ou_", "union_id": "on_", "user_id": ""}
_NOT_FOUND = {"open_id": 99992351, "union_id": 99992364, "user_id": 99992360}


class Directory:
    """People and departments, kept in memory and written through.

    Args:
        store: Where they are kept.
        app_ids: The tenant's apps; the first one sees the company's own open_ids.
    """

    def __init__(self, store: Store, app_ids: Sequence[str]) -> None:
        self._store = store
        self._app_ids = app_ids
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

    def users(self) -> list[User]:
        """Everybody, in the company's order, also those who left."""
        return list(self._users.values())

    def user(self, user_id: str) -> User:
        """A person by the company's id; KeyError where nobody has it."""
        return self._users[user_id]

    def knows(self, user_id: str) -> bool:
        """Whether somebody has this id."""
        return user_id in self._users

    def person(self, open_id: str) -> User:
        """A person by the first app's open_id; KeyError where nobody has it."""
        return self._users[self._by_open_id[self._app_ids[0]][open_id]]

    def open_id(self, app_id: str, user_id: str) -> str:
        """What an app calls a person."""
        return self._own_open_id(self._users[user_id], app_id)

    def id_for(self, app_id: str, user_id: str, id_type: str) -> str:
        """A person's id of the asked type (one of `ID_TYPES`), as an app sees it."""
        if id_type == "user_id":
            return user_id
        return self._users[user_id].union_id if id_type == "union_id" else self.open_id(app_id, user_id)

    def resolve(self, app_id: str, value: str, id_type: str) -> User:
        """Who it is that an app names.

        Raises:
            Refusal: 99992361 for an open_id of another app, 99992351, 99992360 or 99992364 for nobody's id.
        """
        found = self.lookup(app_id, value, id_type)
        if found is not None:
            return found
        others = (self._by_open_id[other] for other in self._app_ids)
        if id_type == "open_id" and any(value in ids for ids in others):
            raise refusal(99992361, value)
        raise refusal(_NOT_FOUND[id_type], value)

    def lookup(self, app_id: str, value: str, id_type: str) -> User | None:
        """As `resolve`, with None in place of a refusal."""
        if id_type == "open_id":
            user_id = self._by_open_id[app_id].get(value)
        elif id_type == "union_id":
            user_id = self._by_union_id.get(value)
        else:
            user_id = value
        return self._users.get(user_id) if user_id is not None else None

    def by_mail(self, mail: str) -> User | None:
        """A person by address, also one who left."""
        user_id = self._by_mail.get(mail)
        return None if user_id is None else self._users[user_id]

    def departments(self) -> list[Department]:
        """All departments but the root, in the company's order."""
        return list(self._departments.values())

    def department(self, value: str, id_type: str = "department_id") -> Department | None:
        """A department by its `department_id` or `open_department_id`; the root is none."""
        if id_type == "department_id":
            return self._departments.get(value)
        return next((each for each in self._departments.values() if each.open_department_id == value), None)

    def children(self, department_id: str) -> list[Department]:
        """The departments right below one."""
        return self._children[department_id]

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

    def _own_open_id(self, user: User, app_id: str) -> str:
        return user.open_id if app_id == self._app_ids[0] else derived_id("ou_", f"{app_id}{user.open_id}")

    def _keep(self, table: str, key: str, value: str, entry: User | Department) -> None:
        statement = (
            f"INSERT INTO {table} ({key}, content) VALUES (?, ?) "  # noqa: S608 both names are literals of this module
            f"ON CONFLICT ({key}) DO UPDATE SET content = excluded.content"
        )
        self._store.run(statement, value, json.dumps(asdict(entry), ensure_ascii=False))

    def _index(self) -> None:
        self._by_union_id = {user.union_id: user.user_id for user in self._users.values()}
        self._by_mail = {user.mail: user.user_id for user in reversed(self._users.values()) if user.mail}
        self._by_open_id = {
            app_id: {self._own_open_id(user, app_id): user.user_id for user in self._users.values()}
            for app_id in self._app_ids
        }
        self._children: dict[str, list[Department]] = defaultdict(list)
        for department in self._departments.values():
            self._children[department.parent].append(department)
        self._members: dict[str, list[User]] = defaultdict(list)
        for user in self._users.values():
            for department_id in user.departments if user.status is not UserStatus.RESIGNED else ():
                self._members[department_id].append(user)


def looks_like(value: str, id_type: str) -> bool:
    """Whether a value has the form of an id type; a `user_id` may look like anything."""
    return bool(value) and value.startswith(_PREFIXES[id_type])


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
