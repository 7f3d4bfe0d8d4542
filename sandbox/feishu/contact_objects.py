"""People and departments as the directory API tells them; a field whose scope an app lacks is absent (feishu.md 4)."""

from __future__ import annotations

from sandbox.company import ROOT_DEPARTMENT, Department, User, UserStatus
from sandbox.feishu import settings
from sandbox.feishu.calls import Body
from sandbox.feishu.settings import FakeApp
from sandbox.feishu.world import World

_MAIN_LEADER, _DEPUTY_LEADER = 1, 2
_JOINED_AT = 1615381702
"""Everybody joined at the same second of 2021: the bot does not read it, the real objects have it."""


def user_object(world: World, app: FakeApp, user: User, id_type: str, department_id_type: str) -> Body:
    """A person as the API tells them: only fields for which the app has the scope."""
    directory = world.directory
    shown: Body = {"open_id": directory.open_id(app.app_id, user.user_id), "union_id": user.union_id}
    by_scope: dict[str, Body] = {
        settings.SCOPE_USER_ID: {"user_id": user.user_id},
        settings.SCOPE_NAMES: {"name": user.name, "en_name": "", "nickname": "", "avatar": {}},
        settings.SCOPE_EMAIL: {"email": user.mail},
        settings.SCOPE_MEMBERSHIP: _membership(world, app, user, id_type, department_id_type),
        settings.SCOPE_EMPLOYMENT: _employment(world, app, user, id_type),
    }
    for scope, part in by_scope.items():
        shown.update(part if scope in app.scopes else {})
    return shown


def department_object(world: World, app: FakeApp, department: Department, id_type: str) -> Body:
    """A department as the API tells it; ids of parents are open_department_ids."""
    directory = world.directory
    shown: Body = {
        "open_department_id": department.open_department_id,
        "department_id": department.department_id,
        "name": department.name,
        "i18n_name": {"zh_cn": department.name},
    }
    if settings.SCOPE_ORGANIZE in app.scopes:
        shown |= _organization(world, app, department, id_type)
    if settings.SCOPE_HRBP in app.scopes:
        shown["department_hrbps"] = [directory.id_for(app.app_id, each, id_type) for each in department.hrbps]
    return shown


def status_object(user: User) -> dict[str, bool]:
    """The five flags of a person's status."""
    unjoined, resigned = user.status is UserStatus.UNJOINED, user.status is UserStatus.RESIGNED
    return {
        "is_frozen": user.status is UserStatus.FROZEN,
        "is_resigned": resigned,
        "is_activated": not unjoined,
        "is_exited": False,
        "is_unjoin": unjoined,
    }


def is_visible(app: FakeApp, user: User) -> bool:
    """Whether a person is in an app's contact range."""
    return app.contact_range is None or user.user_id in app.contact_range


def below(world: World, department_id: str) -> list[Department]:
    """All departments under one, each before its own children."""
    found: list[Department] = []
    for child in world.directory.children(department_id):
        found += [child, *below(world, child.department_id)]
    return found


def with_below(world: World, department: Department) -> list[Department]:
    """A department and all under it."""
    return [department, *below(world, department.department_id)]


def id_of_department(department: Department, id_type: str) -> str:
    """Its `department_id` or `open_department_id`."""
    return department.department_id if id_type == "department_id" else department.open_department_id


def ids_of_departments(world: World, user: User, id_type: str) -> list[str]:
    """The departments of a person, the main one first; the root is "0" in either type."""
    found = ((each, world.directory.department(each)) for each in user.departments)
    return [each if department is None else id_of_department(department, id_type) for each, department in found]


def _membership(world: World, app: FakeApp, user: User, id_type: str, department_id_type: str) -> Body:
    departments = ids_of_departments(world, user, department_id_type)
    return {
        "department_ids": departments,
        "leader_user_id": world.directory.id_for(app.app_id, user.leader, id_type) if user.leader else "",
        "orders": [
            {"department_id": each, "user_order": 100, "department_order": 100, "is_primary_dept": index == 0}
            for index, each in enumerate(departments)
        ],
    }


def _employment(world: World, app: FakeApp, user: User, id_type: str) -> Body:
    return {
        "status": status_object(user),
        "job_title": user.job_title,
        "join_time": _JOINED_AT,
        "employee_type": 1,
        "employee_no": "",
        "is_tenant_manager": False,
        "dotted_line_leader_user_ids": [
            world.directory.id_for(app.app_id, leader, id_type) for leader in user.dotted_leaders
        ],
    }


def _organization(world: World, app: FakeApp, department: Department, id_type: str) -> Body:
    directory = world.directory
    parent = directory.department(department.parent)
    heads = [(department.leader, _MAIN_LEADER)] if department.leader else []
    heads += [(deputy, _DEPUTY_LEADER) for deputy in department.deputies]
    leaders = [
        {"leaderType": kind, "leaderID": directory.id_for(app.app_id, user_id, id_type)} for user_id, kind in heads
    ]
    return {
        "parent_department_id": parent.open_department_id if parent else ROOT_DEPARTMENT,
        "leader_user_id": directory.id_for(app.app_id, department.leader, id_type) if department.leader else "",
        "leaders": leaders,
        "member_count": sum(len(directory.members(each.department_id)) for each in with_below(world, department)),
        "primary_member_count": len(directory.members(department.department_id)),
        "order": "100",
        "unit_ids": [],
        "status": {"is_deleted": False},
    }
