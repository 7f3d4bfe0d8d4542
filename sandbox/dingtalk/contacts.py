"""The directory's API on the old host (dingtalk.md section 6.2); none of it is taken from the month's calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.company import Department, User, UserStatus
from sandbox.dingtalk.calls import ApiCall, Body, ok
from sandbox.dingtalk.directory import ROOT_NUMBER, mobile_of, number_of, union_id_of
from sandbox.dingtalk.refusals import old_refusal
from sandbox.dingtalk.settings import MAY_READ_MAIL, MAY_READ_MOBILE, FakeDingTalkApp
from sandbox.dingtalk.world import World

MOST_OF_PAGE = 100

_HRBP_ROLE = {"id": 100, "name": "HRBP", "group_name": "职务"}


def get_user(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/user/get`.

    Raises:
        Refusal: 33012, 60121, 50002.
    """
    return ok(result=_user(world, call.app, _seen(world, call.app, _user_id(call))))


def list_users(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/user/list`, page by page.

    Raises:
        Refusal: 60003, 400002, 40068, 40069.
    """
    page, cursor = _page(world, call)
    more: Body = {"next_cursor": cursor} if cursor else {}
    listed = [_user(world, call.app, user) for user in page]
    return ok(result={"has_more": bool(cursor), **more, "list": listed})


def list_simple(world: World, call: ApiCall) -> Body:
    """`POST /topapi/user/listsimple`. Raises as `list_users`."""
    page, cursor = _page(world, call)
    more: Body = {"next_cursor": cursor} if cursor else {}
    return ok(result={"has_more": bool(cursor), **more, "list": [{"userid": u.user_id, "name": u.name} for u in page]})


def list_ids(world: World, call: ApiCall) -> Body:
    """`POST /topapi/user/listid`: direct members only.

    Raises:
        Refusal: 60003, 400002.
    """
    members = _members(world, call.app, _department_number(world, call, None))
    return ok(result={"userid_list": [user.user_id for user in members]})


def by_mobile(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/user/getbymobile`.

    Raises:
        Refusal: 400002, 60121, 50002, 60011 without the permission for telephone numbers.
    """
    if MAY_READ_MOBILE not in call.app.permissions:
        raise old_refusal(60011)
    if not call.text("mobile"):
        raise old_refusal(400002, "mobile")
    found = world.directory.by_mobile(call.text("mobile"))
    user = _seen(world, call.app, "" if found is None else found.user_id)
    return ok(result={"userid": user.user_id})


def by_union_id(world: World, call: ApiCall) -> Body:
    """`POST /topapi/user/getbyunionid`.

    Raises:
        Refusal: 400002, 60121, 50002.
    """
    if not call.text("unionid"):
        raise old_refusal(400002, "unionid")
    found = world.directory.by_union_id(call.text("unionid"))
    user = _seen(world, call.app, "" if found is None else found.user_id)
    return ok(result={"contact_type": 0, "userid": user.user_id})


def child_departments(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/department/listsub`: one level, by default below the root.

    Raises:
        Refusal: 60003, 400002.
    """
    children = world.directory.children(_department_number(world, call, ROOT_NUMBER))
    return ok(result=[_brief(department) for department in children])


def child_department_ids(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/department/listsubid`. Raises as `child_departments`."""
    children = world.directory.children(_department_number(world, call, ROOT_NUMBER))
    return ok(result={"dept_id_list": [number_of(department.department_id) for department in children]})


def get_department(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/department/get`. Raises as `child_departments`."""
    number = _department_number(world, call, None)
    count = len(world.directory.members(number))
    department = world.directory.department(number)
    if department is None:
        return ok(result={"dept_id": ROOT_NUMBER, "name": world.directory.company_name, "member_count": count})
    heads = [*((department.leader,) if department.leader else ()), *department.deputies]
    return ok(result={**_brief(department), "dept_manager_userid_list": heads, "member_count": count})


def parent_departments(world: World, call: ApiCall) -> Body:
    """`POST /topapi/v2/department/listparentbyuser`: a chain for each department of a person, nearest first.

    Raises:
        Refusal: 33012, 60121, 50002.
    """
    user = _seen(world, call.app, _user_id(call))
    chains = [{"parent_dept_id_list": world.directory.chain(department)} for department in user.departments]
    return ok(result={"parent_list": chains})


def _user_id(call: ApiCall) -> str:
    value = call.body.get("userid")
    if not isinstance(value, str) or not value:
        raise old_refusal(33012)
    return value


def _seen(world: World, app: FakeDingTalkApp, user_id: str) -> User:
    user = world.directory.employed(user_id)
    if user is None:
        raise old_refusal(60121)
    if app.contact_range is not None and user_id not in app.contact_range:
        raise old_refusal(50002)
    return user


def _members(world: World, app: FakeDingTalkApp, number: int) -> list[User]:
    visible = app.contact_range
    return [user for user in world.directory.members(number) if visible is None or user.user_id in visible]


def _page(world: World, call: ApiCall) -> tuple[Sequence[User], int]:
    """The asked part of a department's people, and where the next one begins, 0 where there is none."""
    members = _members(world, call.app, _department_number(world, call, None))
    cursor, size = call.number("cursor"), call.number("size")
    if cursor < 0:
        raise old_refusal(40068)
    if not 1 <= size <= MOST_OF_PAGE:
        raise old_refusal(40069)
    end = cursor + size
    return members[cursor:end], end if end < len(members) else 0


def _department_number(world: World, call: ApiCall, default: int | None) -> int:
    number = call.number("dept_id", default)
    if not world.directory.knows_department(number):
        raise old_refusal(60003)
    return number


def _brief(department: Department) -> dict[str, Any]:
    return {
        "dept_id": number_of(department.department_id),
        "name": department.name,
        "parent_id": number_of(department.parent),
        "auto_add_user": False,
        "create_dept_group": False,
    }


def _user(world: World, app: FakeDingTalkApp, user: User) -> dict[str, Any]:
    departments = world.directory.departments()
    numbers = [number_of(department_id) for department_id in user.departments]
    led = {number_of(each.department_id) for each in departments if user.user_id in (each.leader, *each.deputies)}
    is_hrbp = any(user.user_id in each.hrbps for each in departments)
    # What lies outside of the permissions is missing without a word, as is a manager who was never set.
    private = {"mobile": mobile_of(user)} if MAY_READ_MOBILE in app.permissions else {}
    mail = {"email": user.mail} if MAY_READ_MAIL in app.permissions and user.mail else {}
    manager = {"manager_userid": user.leader} if user.leader else {}
    return {
        "userid": user.user_id,
        "unionid": union_id_of(user),
        "name": user.name,
        "avatar": "",
        "title": user.job_title,
        "job_number": "",
        **private,
        **mail,
        **manager,
        "dept_id_list": numbers,
        "dept_order_list": [{"dept_id": number, "order": 1} for number in numbers],
        "leader_in_dept": [{"dept_id": number, "leader": number in led} for number in numbers],
        "role_list": [_HRBP_ROLE] if is_hrbp else [],
        "active": user.status is UserStatus.ACTIVE,
        "admin": False,
        "boss": False,
    }
