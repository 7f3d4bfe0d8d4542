"""DingTalk: the directory is read whole, each person once, or not at all."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.directory import DEPARTMENT, DEPARTMENTS, USER, USERS, DingTalkDirectory
from domain.errors import Misconfigured, PlatformDown, PlatformError, Throttled
from domain.ports import DirectoryPerson
from tests.contract.dingtalk_stub import Asked, Counted, Stub, running_stub
from tests.contract.feishu_stub import SteppingClock, open_session


def ok(result: Any) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "request_id": "r", "result": result}


def user(userid: str, name: str, *departments: int, **fields: Any) -> dict[str, Any]:
    known = {"userid": userid, "name": name, "dept_id_list": list(departments), "active": True, "manager_userid": ""}
    return known | fields


class Company:
    """An organisation behind the stub."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.departments: dict[int, dict[str, Any]] = {1: {"dept_id": 1, "name": "一家公司", "parent_id": 0}}
        self.members: dict[int, list[dict[str, Any]]] = {}
        self.details: dict[str, dict[str, Any]] = {}
        self.page = 100
        stub.replies["POST", DEPARTMENTS] = self._below
        stub.replies["POST", DEPARTMENT] = self._department
        stub.replies["POST", USERS] = self._users
        stub.replies["POST", USER] = self._user

    def department(self, number: int, name: str, parent: int = 1, managers: object = ()) -> None:
        """Add a department."""
        listed = list(managers) if isinstance(managers, tuple) else managers
        row = {"dept_id": number, "name": name, "parent_id": parent, "dept_manager_userid_list": listed}
        self.departments[number] = row

    async def _below(self, asked: Asked) -> web.StreamResponse:
        parent = asked.body["dept_id"]
        return web.json_response(ok([row for row in self.departments.values() if row["parent_id"] == parent]))

    async def _department(self, asked: Asked) -> web.StreamResponse:
        return web.json_response(ok(self.departments[asked.body["dept_id"]]))

    async def _users(self, asked: Asked) -> web.StreamResponse:
        members = self.members.get(asked.body["dept_id"], [])
        start = asked.body["cursor"]
        page = members[start : start + self.page]
        result: dict[str, Any] = {"has_more": start + self.page < len(members), "list": page}
        return web.json_response(ok(result | ({"next_cursor": start + self.page} if result["has_more"] else {})))

    async def _user(self, asked: Asked) -> web.StreamResponse:
        return web.json_response(ok(self.details[asked.body["userid"]]))


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with running_stub() as running:
        yield running


@pytest.fixture
def company(stub: Stub) -> Company:
    return Company(stub)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def tally() -> Counted:
    return Counted()


@pytest.fixture
async def directory(stub: Stub, waits: list[float], tally: Counted) -> AsyncIterator[DingTalkDirectory]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with open_session() as http:
        yield DingTalkDirectory(DingTalkApi(stub.settings(), http, SteppingClock(), tally), sleep)


async def everybody(directory: DingTalkDirectory) -> dict[str, DirectoryPerson]:
    people = [person async for page in directory.read() for person in page]
    found = {person.external_id: person for person in people}
    assert len(found) == len(people)
    return found


async def test_people_are_read_with_all_that_the_directory_knows(
    company: Company, directory: DingTalkDirectory, tally: Counted
) -> None:
    company.department(2, "研发")
    company.department(3, "平台", 2)
    fields = {"manager_userid": "lihua", "email": "w@private.example", "org_email": "w@corp.example", "title": "工程师"}
    company.members[3] = [user("wanglei", "王磊", 3, **fields)]
    assert await everybody(directory) == {
        "wanglei": DirectoryPerson(
            "wanglei", "王磊", "研发/平台", "lihua", mail="w@corp.example", active=True, title="工程师"
        )
    }
    assert tally.calls == {}


async def test_the_old_api_gets_the_token_in_the_query(
    company: Company, directory: DingTalkDirectory, stub: Stub
) -> None:
    await everybody(directory)
    (asked,) = stub.calls(USERS)
    assert asked.query == {"access_token": "t-1"}
    assert asked.body == {"dept_id": 1, "cursor": 0, "size": 100}


async def test_people_of_the_organisation_itself_have_no_department(
    company: Company, directory: DingTalkDirectory
) -> None:
    company.members[1] = [user("boss", "老板", 1)]
    assert (await everybody(directory))["boss"].department == ""


class TestManagers:
    async def test_without_a_manager_of_their_own_the_department_leads_them(
        self, company: Company, directory: DingTalkDirectory
    ) -> None:
        company.department(2, "研发", managers=("zhao",))
        company.department(3, "平台", 2, managers=("lihua",))
        company.members[3] = [user("wanglei", "王磊", 3), user("lihua", "李华", 3)]
        company.members[2] = [user("zhao", "赵", 2)]
        people = await everybody(directory)
        assert {name: people[name].manager for name in people} == {"wanglei": "lihua", "lihua": "zhao", "zhao": ""}

    async def test_nobody_is_their_own_manager(self, company: Company, directory: DingTalkDirectory) -> None:
        company.members[1] = [user("boss", "老板", 1, manager_userid="boss")]
        assert (await everybody(directory))["boss"].manager == ""

    async def test_where_the_listing_shows_no_managers_each_person_is_looked_at(
        self, company: Company, directory: DingTalkDirectory, stub: Stub
    ) -> None:
        rows = [user("wanglei", "王磊", 1), user("lihua", "李华", 1)]
        company.members[1] = [{name: value for name, value in row.items() if name != "manager_userid"} for row in rows]
        company.details = {"wanglei": {"manager_userid": "lihua", "title": "工程师"}, "lihua": {}}
        people = await everybody(directory)
        assert (people["wanglei"].manager, people["wanglei"].title, people["lihua"].manager) == ("lihua", "工程师", "")
        assert [each.body["userid"] for each in stub.calls(USER)] == ["wanglei", "lihua"]

    async def test_where_it_shows_some_nobody_is_looked_at(
        self, company: Company, directory: DingTalkDirectory, stub: Stub
    ) -> None:
        company.members[1] = [user("wanglei", "王磊", 1, manager_userid="lihua"), {"userid": "lihua", "name": "李华"}]
        assert len(await everybody(directory)) == 2
        assert not stub.calls(USER)


class TestOddities:
    async def test_truths_numbers_and_lists_may_come_as_strings(
        self, company: Company, directory: DingTalkDirectory
    ) -> None:
        company.department(2, "研发", managers='["lihua"]')
        company.members[2] = [user("wanglei", "王磊", active="false") | {"dept_id_list": "[2,3]", "title": None}]
        person = (await everybody(directory))["wanglei"]
        assert (person.active, person.department, person.manager, person.title) == (False, "研发", "lihua", "")

    @pytest.mark.parametrize("odd", ["oops", "{}", 5, None, [None, "x", True]])
    async def test_departments_of_any_shape_leave_the_one_that_was_walked(
        self, company: Company, directory: DingTalkDirectory, odd: object
    ) -> None:
        company.department(2, "研发")
        company.members[2] = [user("wanglei", "王磊") | {"dept_id_list": odd}]
        assert (await everybody(directory))["wanglei"].department == "研发"

    async def test_what_the_app_may_not_see_is_simply_absent(
        self, company: Company, directory: DingTalkDirectory
    ) -> None:
        company.department(2, "研发")
        company.members[2] = [{"userid": "wanglei", "manager_userid": None}]
        assert (await everybody(directory))["wanglei"] == DirectoryPerson("wanglei", "", "研发", active=True)

    async def test_somebody_in_several_departments_is_read_once(
        self, company: Company, directory: DingTalkDirectory
    ) -> None:
        company.department(2, "研发")
        company.department(3, "市场")
        for number in (2, 3):
            company.members[number] = [user("wanglei", "王磊", 3, 2)]
        assert (await everybody(directory))["wanglei"].department == "市场"

    async def test_rows_without_an_id_are_left_out(self, company: Company, directory: DingTalkDirectory) -> None:
        company.members[1] = [user("", "谁"), user("wanglei", "王磊", 1)]
        assert set(await everybody(directory)) == {"wanglei"}

    async def test_departments_in_a_circle_end(self, company: Company, directory: DingTalkDirectory) -> None:
        company.department(2, "甲/乙", 1)
        company.departments[1]["parent_id"] = 2
        company.departments[2]["parent_id"] = 1
        company.members[2] = [user("wanglei", "王磊", 2)]
        assert (await everybody(directory))["wanglei"].department == "甲／乙"


class TestPages:
    async def test_every_page_is_read(self, company: Company, directory: DingTalkDirectory, stub: Stub) -> None:
        company.page = 2
        company.members[1] = [user(f"u{number}", "某") for number in range(5)]
        assert len(await everybody(directory)) == 5
        assert [each.body["cursor"] for each in stub.calls(USERS)] == [0, 2, 4]

    @pytest.mark.parametrize("cursor", [None, 0, "x", -1])
    async def test_a_listing_that_leads_nowhere_is_incomplete(
        self, company: Company, directory: DingTalkDirectory, stub: Stub, cursor: object
    ) -> None:
        stub.on("POST", USERS, ok({"has_more": True, "next_cursor": cursor, "list": []}))
        with pytest.raises(PlatformDown):
            await everybody(directory)

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ({"errcode": 60011, "errmsg": "no permission"}, Misconfigured),
            ({"errcode": -1, "errmsg": "system busy"}, PlatformDown),
            ({"errcode": 88, "sub_code": "", "sub_msg": ""}, PlatformDown),
            ((504, {}), PlatformDown),
            ((200, "oops"), PlatformDown),
        ],
    )
    @pytest.mark.parametrize("path", [DEPARTMENTS, DEPARTMENT, USERS])
    async def test_a_page_that_fails_makes_the_whole_incomplete(
        self, company: Company, directory: DingTalkDirectory, stub: Stub, path: str, answer: Any, error: type[Exception]
    ) -> None:
        stub.on("POST", path, answer)
        with pytest.raises(error):
            await everybody(directory)

    async def test_throttling_is_waited_out_where_the_reading_stands(
        self, company: Company, directory: DingTalkDirectory, stub: Stub, waits: list[float]
    ) -> None:
        throttled = {"errcode": 90018, "errmsg": "too fast"}
        stub.on("POST", USERS, throttled, throttled, ok({"has_more": False, "list": [user("wanglei", "王磊")]}))
        assert set(await everybody(directory)) == {"wanglei"}
        assert waits == [1.0, 2.0]

    async def test_throttling_without_end_is_an_error(
        self, company: Company, directory: DingTalkDirectory, stub: Stub, waits: list[float]
    ) -> None:
        stub.on("POST", USERS, {"errcode": 90002, "errmsg": "too fast"})
        with pytest.raises(Throttled):
            await everybody(directory)
        assert len(waits) == 5

    @pytest.mark.parametrize("code", [40014, 42001, 40001, 33001])
    async def test_a_token_that_ended_is_renewed_once_in_passing(
        self, company: Company, directory: DingTalkDirectory, stub: Stub, code: int
    ) -> None:
        stub.on("POST", USERS, {"errcode": code, "errmsg": "不合法的access_token"}, ok({"list": [user("w", "王")]}))
        assert set(await everybody(directory)) == {"w"}
        assert [each.query["access_token"] for each in stub.calls(USERS)] == ["t-1", "t-2"]

    async def test_the_platforms_words_are_in_no_error(
        self, company: Company, directory: DingTalkDirectory, stub: Stub
    ) -> None:
        stub.on("POST", USERS, {"errcode": 60011, "errmsg": "t-1 is no good", "request_id": "r-7"})
        with pytest.raises(PlatformError, match="r-7") as raised:
            await everybody(directory)
        assert "t-1" not in str(raised.value)
