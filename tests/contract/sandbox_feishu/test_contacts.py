"""The directory: people, departments, paging, ranges and scopes."""

from dataclasses import replace

import pytest

from sandbox.company import Company, Department, User, UserStatus, derived_id
from sandbox.feishu.settings import ALL_SCOPES, SCOPE_EMAIL, SCOPE_HRBP, SCOPE_USER_ID
from tests.contract.sandbox_feishu.harness import (
    APP,
    COMPANY,
    CONTACT,
    HUA,
    JING,
    LEI,
    OTHER_APP,
    WEI,
    Answer,
    Desk,
    Json,
    open_desk,
)

_RD = derived_id("od-", "rd")
_PLATFORM = derived_id("od-", "rd-platform")
_MIN = derived_id("ou_", "zhaomin")


async def _get(desk: Desk, path: str, **params: str) -> Answer:
    return await desk.call("GET", f"{CONTACT}{path}", params=params)


async def _all_pages(desk: Desk, path: str, **params: str) -> list[Json]:
    items: list[Json] = []
    token: dict[str, str] = {}
    while True:
        data = (await _get(desk, path, **params, **token)).data
        items += data["items"]
        if not data["has_more"]:
            assert "page_token" not in data
            return items
        token = {"page_token": data["page_token"]}


async def test_a_person_is_told_with_leader_departments_and_status(desk: Desk) -> None:
    user = (await _get(desk, f"/users/{LEI}")).data["user"]
    assert (user["open_id"], user["user_id"], user["name"]) == (LEI, "wanglei", "王磊")
    assert (user["leader_user_id"], user["dotted_line_leader_user_ids"]) == (HUA, [_MIN])
    assert (user["department_ids"], user["job_title"], user["email"]) == ([_PLATFORM], "工程师", "wanglei@example.com")
    assert user["status"] == {
        "is_frozen": False,
        "is_resigned": False,
        "is_activated": True,
        "is_exited": False,
        "is_unjoin": False,
    }


async def test_ids_follow_the_asked_types(desk: Desk) -> None:
    by_id = {"user_id_type": "user_id", "department_id_type": "department_id"}
    user = (await _get(desk, "/users/wanglei", **by_id)).data["user"]
    assert (user["leader_user_id"], user["department_ids"]) == ("lihua", ["rd-platform"])
    department = (await _get(desk, "/departments/rd", **by_id)).data["department"]
    assert department["department_hrbps"] == ["chenjing"]


async def test_who_has_no_leader_has_an_empty_one_and_may_belong_to_the_root(desk: Desk) -> None:
    user = (await _get(desk, f"/users/{derived_id('ou_', 'gaoyuan')}")).data["user"]
    assert (user["leader_user_id"], user["department_ids"]) == ("", ["0"])


async def test_several_people_come_in_one_call_without_the_unknown(desk: Desk) -> None:
    params = [("user_ids", LEI), ("user_ids", WEI), ("user_ids", derived_id("ou_", "nobody"))]
    answer = await desk.call("GET", f"{CONTACT}/users/batch", params=params)
    assert [item["name"] for item in answer.data["items"]] == ["王磊", "张伟"]


async def test_more_than_fifty_people_are_too_many_for_one_call(desk: Desk) -> None:
    answer = await desk.call("GET", f"{CONTACT}/users/batch", params=[("user_ids", LEI)] * 51)
    assert answer.refusal == (400, 40001)


async def test_a_department_lists_its_direct_members_only(desk: Desk) -> None:
    members = (await _get(desk, "/users/find_by_department", department_id=_RD)).data["items"]
    assert [member["name"] for member in members] == ["李华", "赵敏"]
    root = (await _get(desk, "/users/find_by_department", department_id="0")).data["items"]
    assert [member["name"] for member in root] == ["高远"]


async def test_a_department_is_told_with_leaders_hrbps_and_counts(desk: Desk) -> None:
    department = (await _get(desk, f"/departments/{_RD}")).data["department"]
    assert department["leaders"] == [{"leaderType": 1, "leaderID": HUA}, {"leaderType": 2, "leaderID": _MIN}]
    assert (department["leader_user_id"], department["department_hrbps"]) == (HUA, [JING])
    assert (department["member_count"], department["primary_member_count"]) == (4, 2)
    assert department["parent_department_id"] == "0"
    platform = (await _get(desk, f"/departments/{_PLATFORM}")).data["department"]
    assert (platform["parent_department_id"], platform["department_hrbps"]) == (_RD, [])
    assert platform["leader_user_id"] == ""


async def test_children_are_direct_unless_all_the_way_down_is_asked(desk: Desk) -> None:
    direct = (await _get(desk, "/departments/0/children")).data["items"]
    assert [each["name"] for each in direct] == ["研发", "人力资源"]
    below = (await _get(desk, "/departments/0/children", fetch_child="true")).data["items"]
    assert [each["name"] for each in below] == ["研发", "平台", "人力资源"]


async def test_parents_come_from_the_nearest_up_without_the_root(desk: Desk) -> None:
    items = (await _get(desk, "/departments/parent", department_id=_PLATFORM)).data["items"]
    assert [each["name"] for each in items] == ["研发"]


async def test_a_list_is_complete_over_pages_whose_tokens_are_opaque(desk: Desk) -> None:
    staff = tuple(User(f"u{number}", f"员工{number}", ("rd",)) for number in range(25))
    desk.fake.load_company(Company("大公司", (Department("rd", "研发"),), staff))
    path, params = "/users/find_by_department", {"department_id": _RD}
    first = (await _get(desk, path, **params)).data
    assert len(first["items"]) == 10
    assert all(sign in first["page_token"] for sign in ("+", "/", "=", "%2B"))
    names = [item["name"] for item in await _all_pages(desk, path, page_size="7", **params)]
    assert names == [user.name for user in staff]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"page_size": "51"}, 40011),
        ({"page_size": "0"}, 40011),
        ({"page_size": "x"}, 40011),
        ({"page_token": "x"}, 40012),
        ({"page_token": "%2B++++////"}, 40012),
        ({"department_id": ""}, 40001),
        ({"user_id_type": "phone"}, 99992402),
        ({"department_id_type": "name"}, 99992402),
    ],
)
async def test_a_bad_listing_is_refused(desk: Desk, params: dict[str, str], code: int) -> None:
    answer = await _get(desk, "/users/find_by_department", **{"department_id": _RD, **params})
    assert answer.refusal == (400, code)


async def test_a_page_token_belongs_to_its_own_list(desk: Desk) -> None:
    token = (await _get(desk, "/users/find_by_department", department_id=_RD, page_size="1")).data["page_token"]
    other = await _get(desk, "/users/find_by_department", department_id=_PLATFORM, page_size="1", page_token=token)
    assert other.refusal == (400, 40012)
    broken = token.replace("+", " ")
    same = await _get(desk, "/users/find_by_department", department_id=_RD, page_size="1", page_token=broken)
    assert same.refusal == (400, 40012)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/users/wanglei", 400, 41012),
        (f"/users/{derived_id('ou_', 'nobody')}", 400, 99992351),
        ("/departments/od-nobody", 403, 40004),
        ("/departments/0", 403, 40004),
        ("/departments/parent?department_id=od-nobody", 403, 40004),
    ],
)
async def test_an_unknown_id_is_refused(desk: Desk, path: str, status: int, code: int) -> None:
    assert (await _get(desk, path)).refusal == (status, code)


async def test_mails_become_ids_and_unknown_ones_come_back_without(desk: Desk) -> None:
    await desk.fake.resign(HUA)
    mails = ["wanglei@example.com", "nobody@example.com", "lihua@example.com"]
    path, body = f"{CONTACT}/users/batch_get_id", {"emails": mails, "mobiles": ["13011111111"]}
    found = (await desk.call("POST", path, body)).data["user_list"]
    assert [entry.get("user_id") for entry in found] == [LEI, None, None, None]
    assert found[3] == {"mobile": "13011111111"}
    found = (await desk.call("POST", path, {**body, "include_resigned": True})).data["user_list"]
    assert (found[2]["user_id"], found[2]["status"]["is_resigned"]) == (HUA, True)
    assert (await desk.call("POST", path, {})).refusal == (400, 40001)


async def test_statuses_tell_frozen_unjoined_and_resigned_people_apart(desk: Desk) -> None:
    for status, flags in (
        (UserStatus.FROZEN, {"is_frozen"} | {"is_activated"}),
        (UserStatus.UNJOINED, {"is_unjoin"}),
        (UserStatus.RESIGNED, {"is_resigned", "is_activated"}),
    ):
        await desk.fake.change_user(replace(COMPANY.users[3], status=status))
        shown = (await _get(desk, f"/users/{LEI}")).data["user"]["status"]
        assert {key for key, value in shown.items() if value} == flags


async def test_an_app_sees_only_its_contact_range() -> None:
    app = replace(APP, contact_range=frozenset({"wanglei", "lihua"}))
    async with open_desk(apps=(app,)) as desk:
        assert (await _get(desk, f"/users/{LEI}")).code == 0
        assert (await _get(desk, f"/users/{WEI}")).refusal == (400, 41050)
        members = (await _get(desk, "/users/find_by_department", department_id=_PLATFORM)).data["items"]
        assert [member["name"] for member in members] == ["王磊"]
        assert (await _get(desk, "/departments/0/children")).refusal == (403, 40014)
        assert (await _get(desk, "/users/find_by_department", department_id="0")).refusal == (403, 40004)
        assert (await _get(desk, f"/departments/{derived_id('od-', 'hr')}")).refusal == (403, 40004)
        scopes = (await _get(desk, "/scopes", page_size="100")).data
        assert (scopes["user_ids"], scopes["department_ids"]) == ([HUA, LEI], [])


async def test_an_app_of_all_members_sees_the_top_of_the_tree(desk: Desk) -> None:
    scopes = (await _get(desk, "/scopes")).data
    assert scopes["department_ids"] == [_RD, derived_id("od-", "hr")]
    assert scopes["user_ids"] == [derived_id("ou_", "gaoyuan")]
    assert scopes["has_more"] is False


async def test_fields_without_their_scope_are_absent() -> None:
    app = replace(APP, scopes=ALL_SCOPES - {SCOPE_USER_ID, SCOPE_EMAIL, SCOPE_HRBP})
    async with open_desk(apps=(app,)) as desk:
        user = (await _get(desk, f"/users/{LEI}")).data["user"]
        assert not {"user_id", "email"} & set(user)
        assert "department_hrbps" not in (await _get(desk, f"/departments/{_RD}")).data["department"]
        answer = await _get(desk, "/users/wanglei", user_id_type="user_id")
        assert answer.refusal == (400, 99991672)
        (violation,) = answer.body["error"]["permission_violations"]
        assert violation == {"type": "field_scope_required", "subject": SCOPE_USER_ID}


async def test_an_app_sees_all_ids_in_its_own_terms() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        desk.become(OTHER_APP)
        lei = desk.fake.world.directory.open_id(OTHER_APP.app_id, "wanglei")
        hua = desk.fake.world.directory.open_id(OTHER_APP.app_id, "lihua")
        user = (await _get(desk, f"/users/{lei}")).data["user"]
        assert (user["open_id"], user["leader_user_id"]) == (lei, hua)
        assert user["union_id"] == derived_id("on_", "wanglei")
        assert (await _get(desk, f"/users/{LEI}")).refusal == (400, 99992361)
