"""The company that lives in the fakes: departments, people and reporting lines, as data and as a YAML file.

Every fake loads the same company, so people are named here by a neutral id (`wanglei`); what a platform calls them
follows from it. Who stands in for whom is deliberately absent: platforms do not know deputies, the bot's own list does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

ROOT_DEPARTMENT = "0"
"""The id of the tree's root in Feishu; people may belong to it directly."""

_UNKNOWN_TO_PLATFORMS = {"deputy"}
_PERSON_KEYS = {"id", "name", "title", "department", "manager", "mail", "dotted", "status"} | _UNKNOWN_TO_PLATFORMS
_DEPARTMENT_KEYS = {"id", "name", "parent", "leader", "deputies", "hrbps"}


class UserStatus(StrEnum):
    """Whether a person can be reached; Feishu tells it in five flags, these are the combinations that occur."""

    ACTIVE = "active"
    UNJOINED = "unjoined"
    FROZEN = "frozen"
    RESIGNED = "resigned"


@dataclass(frozen=True, slots=True)
class Department:
    """A node of the tree.

    Attributes:
        department_id: The company's own id, for example `rd-platform`.
        name: The name on its own, without that of its parents.
        parent: Id of the department above, `ROOT_DEPARTMENT` at the top.
        leader: `user_id` of its head, None where there is none.
        deputies: `user_id`s of its deputy heads.
        hrbps: `user_id`s of the HR partners named for this very department; not inherited here.
        open_department_id: What apps see, `od-` and 32 hex characters; follows from the id where left empty.
    """

    department_id: str
    name: str
    parent: str = ROOT_DEPARTMENT
    leader: str | None = None
    deputies: tuple[str, ...] = ()
    hrbps: tuple[str, ...] = ()
    open_department_id: str = ""

    def __post_init__(self) -> None:
        if not self.open_department_id:
            object.__setattr__(self, "open_department_id", derived_id("od-", self.department_id))


@dataclass(frozen=True, slots=True)
class User:
    """A person.

    Attributes:
        user_id: The company's own id, for example `wanglei`.
        name: Full name.
        departments: Ids of the departments, the main one first; empty for people who left.
        leader: `user_id` of the direct manager, None at the top.
        dotted_leaders: `user_id`s of managers by dotted line.
        mail: Address, may be empty.
        job_title: Shown title, may be empty.
        status: Whether they can be reached.
        open_id: What the first app sees, `ou_` and 32 hex characters; follows from the id where left empty.
        union_id: What all apps of one developer see, `on_` and 32 hex characters; likewise.
    """

    user_id: str
    name: str
    departments: tuple[str, ...] = (ROOT_DEPARTMENT,)
    leader: str | None = None
    dotted_leaders: tuple[str, ...] = ()
    mail: str = ""
    job_title: str = ""
    status: UserStatus = UserStatus.ACTIVE
    open_id: str = ""
    union_id: str = ""

    def __post_init__(self) -> None:
        if not self.open_id:
            object.__setattr__(self, "open_id", derived_id("ou_", self.user_id))
        if not self.union_id:
            object.__setattr__(self, "union_id", derived_id("on_", self.user_id))


@dataclass(frozen=True, slots=True)
class Company:
    """A whole company.

    Attributes:
        name: Shown name.
        departments: The tree; parents may stand after their children.
        users: The people.

    Raises:
        ValueError: An id is used twice, or names nobody or nothing, or a department is under itself.
    """

    name: str
    departments: tuple[Department, ...]
    users: tuple[User, ...]

    def __post_init__(self) -> None:
        nodes = _checked_tree(self.departments)
        people = _unique((u.user_id for u in self.users), "person")
        for department in self.departments:
            heads = (department.leader,) if department.leader else ()
            _refer(department.department_id, (*heads, *department.deputies, *department.hrbps), people)
        for user in self.users:
            _refer(user.user_id, user.departments, nodes)
            _refer(user.user_id, (*((user.leader,) if user.leader else ()), *user.dotted_leaders), people)


def derived_id(prefix: str, seed: str) -> str:
    """A platform-like id that is always the same for the same seed: the prefix and 32 hex characters."""
    return prefix + blake2b(f"{prefix}{seed}".encode(), digest_size=16).hexdigest()


def read_company(path: str | Path) -> Company:
    """Read a company from a YAML file with `name`, `departments` and `people`, as in `company.yaml` beside this module.

    A person's `department` is a path of names (`研发/平台`); left out, they belong to the root. `deputy` is accepted
    and dropped.

    Raises:
        OSError: The file cannot be read.
        ValueError: A key is unknown or missing, or a name or id leads nowhere; tells which entry.
    """
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    departments = tuple(_department(entry) for entry in content["departments"])
    _checked_tree(departments)
    paths = _paths(departments)
    people = tuple(_person(entry, paths) for entry in content["people"])
    return Company(str(content["name"]), departments, people)


def _department(entry: Mapping[str, Any]) -> Department:
    _known(entry, _DEPARTMENT_KEYS)
    return Department(
        department_id=entry["id"],
        name=entry["name"],
        parent=entry.get("parent", ROOT_DEPARTMENT),
        leader=entry.get("leader"),
        deputies=tuple(entry.get("deputies", ())),
        hrbps=tuple(entry.get("hrbps", ())),
    )


def _person(entry: Mapping[str, Any], paths: Mapping[str, str]) -> User:
    _known(entry, _PERSON_KEYS)
    where = entry.get("department", "")
    if where not in paths:
        raise ValueError(f"{entry['id']}: no department is called {where!r}")
    return User(
        user_id=entry["id"],
        name=entry["name"],
        departments=(paths[where],),
        leader=entry.get("manager"),
        dotted_leaders=tuple(entry.get("dotted", ())),
        mail=entry.get("mail", ""),
        job_title=entry.get("title", ""),
        status=UserStatus(entry.get("status", UserStatus.ACTIVE)),
    )


def _paths(departments: tuple[Department, ...]) -> dict[str, str]:
    by_id = {department.department_id: department for department in departments}
    paths = {"": ROOT_DEPARTMENT}
    for department in departments:
        names, node = [department.name], department
        while node.parent in by_id:
            node = by_id[node.parent]
            names.append(node.name)
        paths["/".join(reversed(names))] = department.department_id
    return paths


def _known(entry: Mapping[str, Any], keys: set[str]) -> None:
    strangers, missing = set(entry) - keys, {"id", "name"} - set(entry)
    if strangers or missing:
        raise ValueError(f"{dict(entry)}: unknown keys {sorted(strangers)}, missing keys {sorted(missing)}")


def _unique(ids: Iterable[str], what: str) -> set[str]:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"the {what} {each!r} is there twice")
        seen.add(each)
    return seen


def _checked_tree(departments: tuple[Department, ...]) -> set[str]:
    nodes = {ROOT_DEPARTMENT} | _unique((d.department_id for d in departments), "department")
    parents = {department.department_id: department.parent for department in departments}
    for start, parent in parents.items():
        _refer(start, (parent,), nodes)
        above, steps = parents[start], 0
        while above in parents and steps <= len(parents):
            above, steps = parents[above], steps + 1
        if above in parents:
            raise ValueError(f"{start}: the department is under itself")
    return nodes


def _refer(owner: str, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{owner}: {name!r} is not in this company")
