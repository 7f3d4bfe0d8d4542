"""The directory API: departments and people as an app sees them (wecom.md section 8).

Apps see their visible range only, and nobody's mail, phone, picture or address. The contact-sync assistant sees
everybody, but only by ids.
"""

from __future__ import annotations

from typing import Any

from sandbox.company import ROOT_DEPARTMENT, User, UserStatus
from sandbox.wecom.calls import ApiCall, Body, ok
from sandbox.wecom.directory import ROOT_NUMBER
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import FakeWeComApp
from sandbox.wecom.visibility import is_visible, visible_departments
from sandbox.wecom.world import World

_STATUS = {UserStatus.ACTIVE: 1, UserStatus.FROZEN: 2, UserStatus.UNJOINED: 4, UserStatus.RESIGNED: 5}
_ORDER_STEP = 10
_MOST_IDS = 10_000


def list_departments(world: World, call: ApiCall) -> Body:
    """`GET department/list`: the asked one and all below it, those in the visible range."""
    return ok({"department": [_department(world, call.app, each) for each in _asked(world, call, "id")]})


def list_department_ids(world: World, call: ApiCall) -> Body:
    """`GET department/simplelist`: the same by number only."""
    keys = ("id", "parentid", "order")
    full = (_department(world, call.app, each) for each in _asked(world, call, "id"))
    return ok({"department_id": [{key: each[key] for key in keys if key in each} for each in full]})


def get_department(world: World, call: ApiCall) -> Body:
    """`GET department/get`."""
    return ok({"department": _department(world, call.app, _one(world, call, "id"))})


def simple_users(world: World, call: ApiCall) -> Body:
    """`GET user/simplelist`: the people right in a department."""
    keys = ("userid", "name", "department", "open_userid")
    return ok({"userlist": [{key: each[key] for key in keys} for each in _members(world, call)]})


def full_users(world: World, call: ApiCall) -> Body:
    """`GET user/list`: the same with details."""
    return ok({"userlist": _members(world, call)})


def get_user(world: World, call: ApiCall) -> Body:
    """`GET user/get`.

    Raises:
        Refusal: 41009 without userid, 60111 for nobody's, 60011 for somebody outside of the visible range.
    """
    user_id = call.query.get("userid", "")
    if not user_id:
        raise Refusal(41009)
    user = world.directory.find(user_id)
    if user is None or user.status is UserStatus.RESIGNED:
        raise Refusal(60111)
    if not is_visible(world.directory, call.app, user):
        raise Refusal(60011)
    return ok(_user(world, call.app, user))


def list_ids(world: World, call: ApiCall) -> Body:
    """`POST user/list_id`: everybody once per department, page by page."""
    cursor, limit = call.body.get("cursor") or "0", call.body.get("limit", _MOST_IDS)
    if not isinstance(limit, int) or not 1 <= limit <= _MOST_IDS or not str(cursor).isdecimal():
        raise Refusal(40035)
    pairs = [
        {"userid": user.user_id, "department": world.directory.number_of(each)}
        for user in world.directory.users()
        for each in user.departments
    ]
    start, end = int(cursor), int(cursor) + limit
    return ok({"next_cursor": str(end) if end < len(pairs) else "", "dept_user": pairs[start:end]})


def get_agent(world: World, call: ApiCall) -> Body:
    """`GET agent/get`: the app's own settings, for a self-check."""
    agent_id = call.number("agentid", None, 40056)
    if agent_id is None:
        raise Refusal(40056)
    if agent_id != call.app.agent_id:
        raise Refusal(301002)
    directory, app = world.directory, call.app
    numbers = sorted(
        directory.number_of(each) for each in visible_departments(directory, app) if each in app.visible_departments
    )
    return ok(
        {
            "agentid": app.agent_id,
            "name": app.name,
            "square_logo_url": "https://example.invalid/logo.png",
            "description": "",
            "allow_userinfos": {"user": [{"userid": each} for each in sorted(app.visible_users)]},
            "allow_partys": {"partyid": numbers},
            "allow_tags": {"tagid": []},
            "close": int(app.is_closed),
            "redirect_domain": "",
            "report_location_flag": 0,
            "isreportenter": int(app.reports_enter),
            "home_url": "",
        }
    )


def _asked(world: World, call: ApiCall, key: str) -> list[str]:
    visible = visible_departments(world.directory, call.app)
    if call.query.get(key, "") in ("", str(ROOT_NUMBER)):
        return visible
    below = set(world.directory.with_below(_one(world, call, key)))
    return [each for each in visible if each in below]


def _one(world: World, call: ApiCall, key: str) -> str:
    number = call.number(key, None, 60123)
    department_id = world.directory.id_of(number) if number is not None else None
    if department_id is None:
        raise Refusal(60123)
    if department_id not in visible_departments(world.directory, call.app):
        raise Refusal(60011)
    return department_id


def _members(world: World, call: ApiCall) -> list[Body]:
    department_id = _one(world, call, "department_id")
    return [_user(world, call.app, user) for user in world.directory.members(department_id)]


def _department(world: World, app: FakeWeComApp, department_id: str) -> Body:
    number = world.directory.number_of(department_id)
    entry: Body = {"id": number, "order": number * _ORDER_STEP}
    if department_id == ROOT_DEPARTMENT:
        return {**entry, "name": world.directory.company_name, "department_leader": [], "parentid": 0}
    department = world.directory.department(department_id)
    heads = ((department.leader,) if department.leader else ()) + department.deputies
    parent = world.directory.number_of(department.parent)
    return {**entry, "name": department.name, "department_leader": _seen(world, app, heads), "parentid": parent}


def _user(world: World, app: FakeWeComApp, user: User) -> dict[str, Any]:
    directory = world.directory
    numbers = [directory.number_of(each) for each in user.departments]
    leaders = ((user.leader,) if user.leader else ()) + user.dotted_leaders
    leads = [int(user.user_id in _heads(world, each)) for each in user.departments]
    return {
        "userid": user.user_id,
        "name": user.name,
        "department": numbers,
        "order": [0] * len(numbers),
        "position": user.job_title,
        "is_leader_in_dept": leads,
        "direct_leader": _seen(world, app, leaders)[: world.limits.direct_leaders],
        "main_department": numbers[0],
        "status": _STATUS[user.status],
        "alias": "",
        "open_userid": "",
        "telephone": "",
        "thumb_avatar": "",
        "extattr": {"attrs": []},
    }


def _heads(world: World, department_id: str) -> tuple[str, ...]:
    if department_id == ROOT_DEPARTMENT:
        return ()
    department = world.directory.department(department_id)
    return ((department.leader,) if department.leader else ()) + department.deputies


def _seen(world: World, app: FakeWeComApp, user_ids: tuple[str, ...]) -> list[str]:
    directory = world.directory
    return [each for each in user_ids if is_visible(directory, app, directory.user(each))]
