"""The directory API: numbers of departments, people without their private data, and the visible range."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.company import read_company
from sandbox.wecom import Limits
from tests.contract.sandbox_wecom.harness import (
    APP,
    HUA,
    JING,
    LEI,
    MIN,
    OTHER_APP,
    SAMPLE_COMPANY,
    SYNC,
    WEI,
    YUAN,
    Desk,
    open_desk,
)

_WITHHELD = {"avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address"}


async def test_departments_come_as_a_tree_with_the_root_first(desk: Desk) -> None:
    departments = (await desk.get("department/list"))["department"]
    assert [(each["id"], each["parentid"], each["name"]) for each in departments] == [
        (1, 0, "示例科技"),
        (2, 1, "研发"),
        (3, 2, "平台"),
        (4, 1, "人力资源"),
    ]
    assert departments[1]["department_leader"] == [HUA, MIN]
    assert departments[3]["department_leader"] == []
    assert [each["id"] for each in (await desk.get("department/list", id="2"))["department"]] == [2, 3]
    assert (await desk.get("department/simplelist", id="2"))["department_id"] == [
        {"id": 2, "parentid": 1, "order": 20},
        {"id": 3, "parentid": 2, "order": 30},
    ]
    assert (await desk.get("department/get", id="3"))["department"] == {
        **{"id": 3, "name": "平台", "department_leader": [HUA], "parentid": 2, "order": 30},
    }


async def test_a_person_comes_without_what_new_apps_are_not_told(desk: Desk) -> None:
    person = await desk.get("user/get", userid="WangLei")
    told = {
        "userid",
        "name",
        "department",
        "main_department",
        "is_leader_in_dept",
        "direct_leader",
        "position",
        "status",
    }
    assert {key: person[key] for key in told} == {
        "userid": LEI,
        "name": "王磊",
        "department": [3, 4],
        "main_department": 3,
        "is_leader_in_dept": [0, 0],
        "direct_leader": [HUA],
        "position": "工程师",
        "status": 1,
    }
    assert not _WITHHELD & set(person)
    assert (await desk.get("user/get", userid=HUA))["is_leader_in_dept"] == [1]
    assert (await desk.get("user/get", userid=YUAN))["direct_leader"] == []
    statuses = [(await desk.get("user/get", userid=each))["status"] for each in ("frozen", "fresh")]
    assert statuses == [2, 4]


async def test_a_department_lists_the_people_right_in_it(desk: Desk) -> None:
    simple = (await desk.get("user/simplelist", department_id="2"))["userlist"]
    assert [each["userid"] for each in simple] == [HUA, MIN]
    assert set(simple[0]) == {"userid", "name", "department", "open_userid"}
    full = (await desk.get("user/list", department_id="3"))["userlist"]
    assert [(each["userid"], each["direct_leader"]) for each in full] == [(LEI, [HUA]), (WEI, [HUA])]
    assert (await desk.get("user/list", department_id="1"))["userlist"][0]["userid"] == YUAN


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("user/get", {}, 41009),
        ("user/get", {"userid": "nobody"}, 60111),
        ("department/get", {"id": "99"}, 60123),
        ("department/get", {}, 60123),
        ("department/get", {"id": "x"}, 60123),
        ("department/list", {"id": "99"}, 60123),
        ("user/list", {"department_id": "99"}, 60123),
        ("user/simplelist", {}, 60123),
        ("agent/get", {}, 40056),
        ("agent/get", {"agentid": "x"}, 40056),
        ("agent/get", {"agentid": "1000003"}, 301002),
        ("media/get", {"media_id": "x"}, 40007),
    ],
)
async def test_bad_questions_have_their_codes(desk: Desk, path: str, query: dict[str, str], code: int) -> None:
    assert (await desk.get(path, **query))["errcode"] == code


async def test_an_app_sees_its_visible_range_alone(desk: Desk) -> None:
    await desk.fake.set_visible_range(frozenset({"rd-platform"}), frozenset({JING}))
    assert [each["id"] for each in (await desk.get("department/list"))["department"]] == [3]
    assert (await desk.get("department/get", id="2"))["errcode"] == 60011
    assert (await desk.get("user/list", department_id="1"))["errcode"] == 60011
    assert (await desk.get("user/get", userid=MIN))["errcode"] == 60011
    assert (await desk.get("user/get", userid=JING))["errcode"] == 0
    # The head is outside of the range, and so unknown.
    assert (await desk.get("user/get", userid=LEI))["direct_leader"] == []
    assert (await desk.get("department/get", id="3"))["department"]["department_leader"] == []
    agent = await desk.get("agent/get", agentid=str(APP.agent_id))
    assert (agent["allow_partys"], agent["allow_userinfos"]) == ({"partyid": [3]}, {"user": [{"userid": JING}]})


async def test_an_app_is_told_about_itself_for_a_self_check(desk: Desk) -> None:
    agent = await desk.get("agent/get", agentid=str(APP.agent_id))
    assert (agent["name"], agent["close"], agent["isreportenter"]) == (APP.name, 0, 1)
    assert (agent["allow_partys"], agent["allow_userinfos"]) == ({"partyid": [1]}, {"user": []})


async def test_an_app_that_is_switched_off_can_only_ask_about_itself(desk: Desk) -> None:
    desk.fake.configure(replace(APP, is_closed=True))
    assert (await desk.get("agent/get", agentid=str(APP.agent_id)))["close"] == 1
    assert (await desk.send_text())["errcode"] == 50003
    assert (await desk.get("department/list"))["errcode"] == 50003


async def test_leaders_by_dotted_line_come_after_the_direct_one_where_several_are_told() -> None:
    async with open_desk(limits=Limits(direct_leaders=5)) as desk:
        assert (await desk.get("user/get", userid=LEI))["direct_leader"] == [HUA, MIN]
        await desk.fake.set_visible_range(frozenset({"rd-platform"}), frozenset({MIN}))
        assert (await desk.get("user/get", userid=LEI))["direct_leader"] == [MIN]


async def test_the_sync_assistant_walks_everybody_page_by_page() -> None:
    async with open_desk(apps=(APP, OTHER_APP, SYNC)) as desk:
        desk.become(SYNC)
        found: list[tuple[str, int]] = []
        cursor = ""
        while True:
            page = await desk.post("user/list_id", {"cursor": cursor, "limit": 4})
            found += [(each["userid"], each["department"]) for each in page["dept_user"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert len(found) == 9
        assert [pair for pair in found if pair[0] == LEI] == [(LEI, 3), (LEI, 4)]


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": 10_001}, {"limit": "x"}, {"cursor": "x"}])
async def test_a_bad_page_is_refused(body: dict[str, Any]) -> None:
    async with open_desk(apps=(APP, SYNC)) as desk:
        desk.become(SYNC)
        assert (await desk.post("user/list_id", body))["errcode"] == 40035


async def test_the_company_of_the_demo_can_be_walked_whole(desk: Desk) -> None:
    company = read_company(SAMPLE_COMPANY)
    desk.fake.load_company(company)
    departments = (await desk.get("department/list"))["department"]
    found = {}
    for department in departments:
        for person in (await desk.get("user/list", department_id=str(department["id"])))["userlist"]:
            found[person["userid"]] = person["direct_leader"]
    assert found == {user.user_id: [user.leader] if user.leader else [] for user in company.users}
    assert {person["userid"] for person in desk.fake.people()} == set(found)
