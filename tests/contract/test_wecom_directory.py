"""WeCom: the directory is read whole, each person once, or not at all."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.wecom.api import WeComApi
from adapters.wecom.departments import DEPARTMENTS
from adapters.wecom.directory import USER, USERS_OF_DEPARTMENT, WeComDirectory
from adapters.wecom.probes import AGENT
from domain.errors import Misconfigured, PlatformDown, PlatformError, Throttled
from domain.ports import DirectoryPerson
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.contract.wecom_stub import AGENT_ID, Asked, Stub, running_stub


def ok(**fields: Any) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", **fields}


def department(number: int, name: str, parent: int, *leaders: str) -> dict[str, Any]:
    return {"id": number, "name": name, "parentid": parent, "order": 1, "department_leader": list(leaders)}


def member(user_id: str, name: str = "某人", *departments: int, **fields: Any) -> dict[str, Any]:
    return {"userid": user_id, "name": name, "department": list(departments), "status": 1} | fields


class Company:
    """What the app may see behind the stub."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.members: dict[int, list[dict[str, Any]]] = {}
        self.singles: dict[str, dict[str, Any]] = {}
        stub.replies["GET", USERS_OF_DEPARTMENT] = self._members_of
        stub.replies["GET", USER] = self._single
        stub.replies["GET", AGENT] = self._agent
        self.departments()

    def departments(self, *rows: dict[str, Any]) -> None:
        """The departments in the visible range."""
        self.stub.on("GET", DEPARTMENTS, ok(department=list(rows)))

    async def _members_of(self, asked: Asked) -> web.StreamResponse:
        return web.json_response(ok(userlist=self.members.get(int(asked.query["department_id"]), [])))

    async def _single(self, asked: Asked) -> web.StreamResponse:
        return web.json_response(ok(**self.singles[asked.query["userid"]]))

    async def _agent(self, asked: Asked) -> web.StreamResponse:
        assert asked.query["agentid"] == str(AGENT_ID)
        return web.json_response(ok(allow_userinfos={"user": [{"userid": each} for each in self.singles]}))


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
async def directory(stub: Stub, waits: list[float]) -> AsyncIterator[WeComDirectory]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with open_session() as http:
        yield WeComDirectory(WeComApi(stub.settings(), http, SteppingClock()), AGENT_ID, sleep)


async def everybody(directory: WeComDirectory) -> dict[str, DirectoryPerson]:
    people = [person async for page in directory.read() for person in page]
    found = {person.external_id: person for person in people}
    assert len(found) == len(people)
    return found


async def test_people_are_read_with_all_that_the_directory_knows(company: Company, directory: WeComDirectory) -> None:
    company.departments(department(1, "大公司", 0), department(2, "研发", 1), department(3, "平台", 2))
    fields = {
        "position": "工程师",
        "direct_leader": ["lihua", "zhouting"],
        "main_department": 3,
        "email": "x@y.example",
    }
    company.members[3] = [member("wanglei", "王磊", 2, 3, **fields)]
    assert await everybody(directory) == {
        "wanglei": DirectoryPerson("wanglei", "王磊", "研发/平台", "lihua", "zhouting", active=True, title="工程师")
    }


async def test_a_member_of_several_departments_is_one_person(company: Company, directory: WeComDirectory) -> None:
    company.departments(department(2, "研发", 1), department(3, "平台", 2))
    company.members[2] = [member("wanglei", "王磊", 2, 3), member("lihua", "李华", 2)]
    company.members[3] = [member("WangLei", "王磊", 2, 3)]
    found = await everybody(directory)
    assert list(found) == ["wanglei", "lihua"]
    assert found["wanglei"].department == "研发"


async def test_without_a_leader_of_their_own_people_follow_the_departments(
    company: Company, directory: WeComDirectory
) -> None:
    company.departments(
        department(1, "大公司", 0, "gaoyuan"), department(2, "研发", 1, "lihua"), department(3, "平台", 2)
    )
    company.members[3] = [member("wanglei", "王磊", 3, direct_leader=[])]
    company.members[2] = [member("lihua", "李华", 2, direct_leader=["LiHua"])]
    company.members[1] = [member("gaoyuan", "高原", 1)]
    found = await everybody(directory)
    assert {user_id: person.manager for user_id, person in found.items()} == {
        "wanglei": "lihua",
        "lihua": "gaoyuan",
        "gaoyuan": "",
    }


@pytest.mark.parametrize(("status", "active"), [(1, True), (2, False), (4, False), (5, False)])
async def test_only_who_has_joined_is_active(
    company: Company, directory: WeComDirectory, status: int, active: bool
) -> None:
    company.departments(department(2, "研发", 1))
    company.members[2] = [member("wanglei", "王磊", 2, status=status)]
    assert (await everybody(directory))["wanglei"].active is active


async def test_people_named_one_by_one_are_read_too_and_once(company: Company, directory: WeComDirectory) -> None:
    company.departments(department(2, "研发", 1))
    company.members[2] = [member("wanglei", "王磊", 2)]
    company.singles = {"WangLei": member("wanglei", "王磊", 2), "chenjing": member("chenjing", "陈静", 9)}
    found = await everybody(directory)
    assert set(found) == {"wanglei", "chenjing"}
    assert found["chenjing"].department == ""
    assert len(company.stub.calls(USER)) == 1


async def test_rows_may_lack_anything(company: Company, directory: WeComDirectory) -> None:
    company.departments(department(2, "研发", 1))
    rows: list[Any] = [{}, "odd", {"userid": "a"}, {"userid": 5}]
    company.members[2] = [*rows, member("b", department="x", main_department="y", direct_leader="z")]
    found = await everybody(directory)
    assert found["a"] == DirectoryPerson("a", "", "研发", active=True)
    assert set(found) == {"a", "b"}


@pytest.mark.parametrize("path", [DEPARTMENTS, USERS_OF_DEPARTMENT, AGENT])
async def test_a_reading_that_fails_anywhere_is_no_reading(
    company: Company, directory: WeComDirectory, stub: Stub, path: str
) -> None:
    company.departments(department(2, "研发", 1))
    stub.on("GET", path, {"errcode": 60011, "errmsg": "no privilege"})
    with pytest.raises(Misconfigured, match="可见范围"):
        await everybody(directory)


@pytest.mark.parametrize("path", [DEPARTMENTS, USERS_OF_DEPARTMENT])
@pytest.mark.parametrize("answer", [ok(), ok(department=None, userlist={})])
async def test_an_answer_without_a_list_is_not_taken_for_nobody(
    company: Company, directory: WeComDirectory, stub: Stub, path: str, answer: dict[str, Any]
) -> None:
    company.departments(department(2, "研发", 1))
    stub.on("GET", path, answer)
    with pytest.raises(PlatformDown):
        await everybody(directory)


async def test_a_reading_that_is_throttled_waits_and_goes_on(
    company: Company, directory: WeComDirectory, stub: Stub, waits: list[float]
) -> None:
    busy = {"errcode": 45009, "errmsg": "api freq out of limit"}
    stub.on("GET", DEPARTMENTS, busy, busy, ok(department=[department(2, "研发", 1)]))
    company.members[2] = [member("wanglei")]
    assert set(await everybody(directory)) == {"wanglei"}
    assert waits == [60.0, 120.0]


async def test_it_does_not_wait_for_ever(directory: WeComDirectory, stub: Stub, waits: list[float]) -> None:
    stub.on("GET", DEPARTMENTS, {"errcode": 45009})
    with pytest.raises(Throttled) as throttled:
        await everybody(directory)
    assert len(waits) == 5
    assert throttled.value.retry_after >= timedelta(minutes=1)


async def test_a_department_that_vanished_is_a_reason_to_read_again(
    company: Company, directory: WeComDirectory, stub: Stub
) -> None:
    company.departments(department(2, "研发", 1))
    stub.on("GET", USERS_OF_DEPARTMENT, {"errcode": 60123, "errmsg": "invalid party id"})
    with pytest.raises(PlatformError, match="read the directory again"):
        await everybody(directory)
