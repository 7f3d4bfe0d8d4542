"""The directory on the old host: people, departments, paging, what a missing permission hides, what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.company import UserStatus
from sandbox.dingtalk.directory import mobile_of, number_of, union_id_of
from sandbox.dingtalk.settings import ALL_PERMISSIONS, MAY_READ_DEPARTMENTS, MAY_READ_MAIL, MAY_READ_MOBILE
from tests.contract.sandbox_dingtalk.harness import APP, COMPANY, HUA, JING, LEI, WEI, Desk, open_desk

_RD, _PLATFORM, _HR = (number_of(name) for name in ("rd", "rd-platform", "hr"))


async def _ask(desk: Desk, path: str, **body: Any) -> Any:
    answer = await desk.old(f"/topapi/{path}", body)
    assert answer.status == 200
    return answer.body


async def _result(desk: Desk, path: str, **body: Any) -> Any:
    answer = await _ask(desk, path, **body)
    assert answer["errcode"] == 0, answer
    return answer.get("result")


async def test_a_person_has_the_documented_members(desk: Desk) -> None:
    user = await _result(desk, "v2/user/get", userid=LEI, language="zh_CN")
    expected = {
        "userid": LEI,
        "name": "王磊",
        "title": "工程师",
        "email": "wanglei@example.com",
        "manager_userid": HUA,
        "dept_id_list": [_PLATFORM],
        "leader_in_dept": [{"dept_id": _PLATFORM, "leader": False}],
        "role_list": [],
        "active": True,
    }
    assert {key: user[key] for key in expected} == expected
    assert user["unionid"] == union_id_of(desk.fake.user(LEI))
    assert user["mobile"] == mobile_of(desk.fake.user(LEI))


async def test_people_at_the_top_belong_to_the_root_and_have_no_manager(desk: Desk) -> None:
    user = await _result(desk, "v2/user/get", userid="gaoyuan")
    assert (user["dept_id_list"], "manager_userid" in user) == ([1], False)


async def test_heads_and_hr_partners_are_told(desk: Desk) -> None:
    assert (await _result(desk, "v2/user/get", userid=HUA))["leader_in_dept"] == [{"dept_id": _RD, "leader": True}]
    (role,) = (await _result(desk, "v2/user/get", userid=JING))["role_list"]
    assert (role["name"], set(role)) == ("HRBP", {"id", "name", "group_name"})


async def test_a_frozen_person_is_not_active(desk: Desk) -> None:
    await desk.fake.change_user(replace(desk.fake.user(LEI), status=UserStatus.FROZEN))
    assert (await _result(desk, "v2/user/get", userid=LEI))["active"] is False


@pytest.mark.parametrize(("permission", "member"), [(MAY_READ_MOBILE, "mobile"), (MAY_READ_MAIL, "email")])
async def test_what_is_not_permitted_is_missing_without_a_word(permission: str, member: str) -> None:
    async with open_desk(apps=(replace(APP, permissions=ALL_PERMISSIONS - {permission}),)) as desk:
        assert member not in await _result(desk, "v2/user/get", userid=LEI)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("v2/user/get", {}, 33012),
        ("v2/user/get", {"userid": 3}, 33012),
        ("v2/user/get", {"userid": "nobody"}, 60121),
        ("v2/user/list", {"dept_id": 99, "cursor": 0, "size": 10}, 60003),
        ("v2/user/list", {"dept_id": "x", "cursor": 0, "size": 10}, 400002),
        ("v2/user/list", {"cursor": 0, "size": 10}, 400002),
        ("v2/user/list", {"dept_id": 1, "cursor": -1, "size": 10}, 40068),
        ("v2/user/list", {"dept_id": 1, "cursor": 0, "size": 0}, 40069),
        ("v2/user/list", {"dept_id": 1, "cursor": 0, "size": 101}, 40069),
        ("user/listid", {}, 400002),
        ("user/listid", {"dept_id": 99}, 60003),
        ("v2/user/getbymobile", {}, 400002),
        ("v2/user/getbymobile", {"mobile": "13900000000"}, 60121),
        ("user/getbyunionid", {}, 400002),
        ("user/getbyunionid", {"unionid": "nobody"}, 60121),
        ("v2/department/listsub", {"dept_id": 99}, 60003),
        ("v2/department/get", {}, 400002),
        ("v2/department/get", {"dept_id": True}, 400002),
        ("v2/department/listparentbyuser", {"userid": "nobody"}, 60121),
    ],
)
async def test_a_bad_question_is_refused_by_number(desk: Desk, path: str, body: Any, code: int) -> None:
    assert (await _ask(desk, path, **body))["errcode"] == code


async def test_people_who_left_are_not_found(desk: Desk) -> None:
    await desk.fake.resign(LEI)
    assert (await _ask(desk, "v2/user/get", userid=LEI))["errcode"] == 60121
    assert (await _result(desk, "user/listid", dept_id=_PLATFORM))["userid_list"] == [WEI]


async def test_people_outside_of_the_contact_range_are_refused_and_left_out() -> None:
    async with open_desk(apps=(replace(APP, contact_range=frozenset({LEI})),)) as desk:
        assert (await _ask(desk, "v2/user/get", userid=WEI))["errcode"] == 50002
        listed = await _result(desk, "v2/user/list", dept_id=_PLATFORM, cursor=0, size=10)
        assert [user["userid"] for user in listed["list"]] == [LEI]


async def test_departments_need_their_own_permission() -> None:
    async with open_desk(apps=(replace(APP, permissions=ALL_PERMISSIONS - {MAY_READ_DEPARTMENTS}),)) as desk:
        assert (await _ask(desk, "v2/department/listsub"))["errcode"] == 60011
        assert (await _ask(desk, "v2/user/get", userid=LEI))["errcode"] == 0


@pytest.mark.parametrize("path", ["v2/user/list", "user/listsimple"])
async def test_lists_come_page_by_page(desk: Desk, path: str) -> None:
    first = await _result(desk, path, dept_id=_PLATFORM, cursor=0, size=1)
    assert (first["has_more"], first["next_cursor"], [u["userid"] for u in first["list"]]) == (True, 1, [LEI])
    rest = await _result(desk, path, dept_id=_PLATFORM, cursor=first["next_cursor"], size=1)
    assert (rest["has_more"], "next_cursor" in rest, rest["list"][0]["userid"]) == (False, False, WEI)


async def test_a_department_lists_its_direct_members_only(desk: Desk) -> None:
    assert (await _result(desk, "user/listid", dept_id=_RD))["userid_list"] == [HUA, "zhaomin"]
    assert (await _result(desk, "user/listid", dept_id="1"))["userid_list"] == ["gaoyuan"]


async def test_the_tree_is_walked_level_by_level(desk: Desk) -> None:
    top = await _result(desk, "v2/department/listsub")
    assert [(each["dept_id"], each["name"], each["parent_id"]) for each in top] == [
        (_RD, "研发", 1),
        (_HR, "人力资源", 1),
    ]
    assert (await _result(desk, "v2/department/listsubid", dept_id=_RD))["dept_id_list"] == [_PLATFORM]


async def test_a_department_names_its_heads(desk: Desk) -> None:
    found = await _result(desk, "v2/department/get", dept_id=_RD)
    assert (found["dept_manager_userid_list"], found["member_count"], found["parent_id"]) == ([HUA, "zhaomin"], 2, 1)
    root = await _result(desk, "v2/department/get", dept_id=1)
    assert root["name"] == COMPANY.name


async def test_the_chain_above_a_person_is_told(desk: Desk) -> None:
    found = await _result(desk, "v2/department/listparentbyuser", userid=LEI)
    assert found == {"parent_list": [{"parent_dept_id_list": [_PLATFORM, _RD, 1]}]}


async def test_people_are_found_by_mobile_and_unionid(desk: Desk) -> None:
    lei = desk.fake.user(LEI)
    assert (await _result(desk, "v2/user/getbymobile", mobile=mobile_of(lei)))["userid"] == LEI
    assert await _result(desk, "user/getbyunionid", unionid=union_id_of(lei)) == {"contact_type": 0, "userid": LEI}


async def test_finding_by_mobile_needs_its_permission() -> None:
    async with open_desk(apps=(replace(APP, permissions=ALL_PERMISSIONS - {MAY_READ_MOBILE}),)) as desk:
        assert (await _ask(desk, "v2/user/getbymobile", mobile="1"))["errcode"] == 60011


async def test_the_directory_is_not_counted(desk: Desk) -> None:
    await _result(desk, "v2/user/get", userid=LEI)
    await _result(desk, "v2/department/listsub")
    assert desk.fake.used("api_call") == 0
