"""The directory API (`contact/v3`): people, departments, and what an app may see of them.

Shapes and error codes: feishu.md section 4. A field for which the app has no scope is absent, as in the real answers.
"""

from __future__ import annotations

from typing import Any

from sandbox.company import ROOT_DEPARTMENT, Department, User, UserStatus
from sandbox.feishu.calls import ApiCall, Body, success
from sandbox.feishu.contact_objects import (
    below,
    department_object,
    id_of_department,
    is_visible,
    status_object,
    user_object,
    with_below,
)
from sandbox.feishu.directory import ID_TYPES, looks_like
from sandbox.feishu.refusals import refusal
from sandbox.feishu.settings import FakeApp
from sandbox.feishu.world import World

_MOST_IDS = 50
_MOST_PER_PAGE = 50
_MOST_SCOPES_PER_PAGE = 100


def get_user(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/users/:user_id`."""
    user = _visible_user(world, call, call.parts["user_id"], call.id_type())
    return success({"user": user_object(world, call.app, user, call.id_type(), call.department_id_type())})


def get_users(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/users/batch`; ids outside the contact range are left out."""
    ids, id_type = call.query.get("user_ids", ()), call.id_type()
    if not 1 <= len(ids) <= _MOST_IDS:
        raise refusal(40001)
    found = (world.directory.lookup(call.app.app_id, value, id_type) for value in ids)
    users = [user for user in found if user is not None and is_visible(call.app, user)]
    kind = call.department_id_type()
    return success({"items": [user_object(world, call.app, user, id_type, kind) for user in users]})


def users_of_department(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/users/find_by_department`: direct members only."""
    department_id = _visible_department(world, call, call.asked("department_id"))
    members = [user for user in world.directory.members(department_id) if is_visible(call.app, user)]
    id_type, kind = call.id_type(), call.department_id_type()
    page = call.page(members, _MOST_PER_PAGE)
    return success(page.as_data([user_object(world, call.app, user, id_type, kind) for user in page.items]))


def ids_of_contacts(world: World, call: ApiCall) -> Body:
    """`POST /contact/v3/users/batch_get_id`: whoever is not found comes back without `user_id`."""
    mails, mobiles = call.body.get("emails") or [], call.body.get("mobiles") or []
    if not (isinstance(mails, list) and isinstance(mobiles, list)):
        raise refusal(40001)
    if len(mails) > _MOST_IDS or len(mobiles) > _MOST_IDS or not (mails or mobiles):
        raise refusal(40001)
    entries: list[Body] = [{"email": mail, **_found_by_mail(world, call, mail)} for mail in mails]
    return success({"user_list": entries + [{"mobile": mobile} for mobile in mobiles]})


def get_department(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/departments/:department_id`."""
    department_id = _visible_department(world, call, call.parts["department_id"])
    department = world.directory.department(department_id)
    if department is None:
        raise refusal(40004)
    return success({"department": department_object(world, call.app, department, call.id_type())})


def child_departments(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/departments/:department_id/children`; `fetch_child=true` goes all the way down."""
    asked = call.parts["department_id"]
    if asked == ROOT_DEPARTMENT and call.app.contact_range is not None:
        raise refusal(40014)
    top = _visible_department(world, call, asked)
    found = below(world, top) if call.asked("fetch_child").lower() == "true" else world.directory.children(top)
    page = call.page([each for each in found if _sees_department(world, call.app, each)], _MOST_PER_PAGE)
    id_type = call.id_type()
    return success(page.as_data([department_object(world, call.app, each, id_type) for each in page.items]))


def parent_departments(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/departments/parent`: from the nearest parent up, without the root."""
    department = world.directory.department(_visible_department(world, call, call.asked("department_id")))
    above: list[Department] = []
    while department is not None:
        department = world.directory.department(department.parent)
        above += [department] if department is not None else []
    page, id_type = call.page(above, _MOST_PER_PAGE), call.id_type()
    return success(page.as_data([department_object(world, call.app, each, id_type) for each in page.items]))


def contact_range(world: World, call: ApiCall) -> Body:
    """`GET /contact/v3/scopes`: the top of what the app may see."""
    app, kind = call.app, call.department_id_type()
    if app.contact_range is None:
        departments = [id_of_department(each, kind) for each in world.directory.children(ROOT_DEPARTMENT)]
        people = [user.user_id for user in world.directory.members(ROOT_DEPARTMENT)]
    else:
        departments, people = [], sorted(app.contact_range)
    ids = [world.directory.id_for(app.app_id, user_id, call.id_type()) for user_id in people]
    page = call.page([*(("d", each) for each in departments), *(("u", each) for each in ids)], _MOST_SCOPES_PER_PAGE)
    data = page.as_data([])
    del data["items"]
    data["department_ids"] = [value for mark, value in page.items if mark == "d"]
    data["user_ids"] = [value for mark, value in page.items if mark == "u"]
    return success({**data, "group_ids": []})


def _visible_user(world: World, call: ApiCall, value: str, id_type: str) -> User:
    if not looks_like(value, id_type):
        raise refusal(41012)
    user = world.directory.resolve(call.app.app_id, value, id_type)
    if not is_visible(call.app, user):
        raise refusal(41050)
    return user


def _visible_department(world: World, call: ApiCall, value: str) -> str:
    if not value:
        raise refusal(40001)
    if value == ROOT_DEPARTMENT:
        if call.app.contact_range is not None:
            raise refusal(40004)
        return ROOT_DEPARTMENT
    department = world.directory.department(value, call.department_id_type())
    if department is None or not _sees_department(world, call.app, department):
        raise refusal(40004)
    return department.department_id


def _sees_department(world: World, app: FakeApp, department: Department) -> bool:
    members = (user for each in with_below(world, department) for user in world.directory.members(each.department_id))
    return app.contact_range is None or any(is_visible(app, user) for user in members)


def _found_by_mail(world: World, call: ApiCall, mail: Any) -> Body:
    user, id_type = world.directory.by_mail(str(mail)), call.id_type()
    if user is None or not is_visible(call.app, user) or id_type not in ID_TYPES:
        return {}
    if user.status is UserStatus.RESIGNED and call.body.get("include_resigned") is not True:
        return {}
    shown_id = world.directory.id_for(call.app.app_id, user.user_id, id_type)
    return {"user_id": shown_id, "status": status_object(user)}
