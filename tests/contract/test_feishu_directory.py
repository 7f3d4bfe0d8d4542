"""Feishu: the directory is read whole, each person once, or not at all."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.feishu.api import FeishuApi, pages
from adapters.feishu.directory import DEPARTMENTS, SCOPES, USERS_BATCH, USERS_OF_DEPARTMENT, FeishuDirectory
from adapters.http import Query
from domain.errors import Misconfigured, PlatformDown, PlatformError, Throttled
from domain.ports import DirectoryPerson
from tests.contract.feishu_stub import Asked, SteppingClock, Stub, open_session, running_stub

ALIVE = {"is_frozen": False, "is_resigned": False, "is_activated": True, "is_exited": False, "is_unjoin": False}
PAGE_TOKEN = "AQD9/Rn9eij9+ED40%2B/dk53=="


def ok(**data: Any) -> dict[str, Any]:
    return {"code": 0, "msg": "success", "data": data}


def department(open_id: str, name: str, parent: str = "0", hrbps: tuple[str, ...] = ()) -> dict[str, Any]:
    fields: dict[str, Any] = {"open_department_id": open_id, "name": name, "parent_department_id": parent}
    return fields | ({"department_hrbps": list(hrbps)} if hrbps else {})


def user(open_id: str, name: str, *departments: str, **fields: Any) -> dict[str, Any]:
    return {"open_id": open_id, "name": name, "department_ids": list(departments), "status": ALIVE} | fields


class Company:
    """A tenant behind the stub: departments with members, and people named one by one."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.members: dict[str, list[dict[str, Any]]] = {}
        stub.replies["GET", USERS_OF_DEPARTMENT] = self._members_of

    def scope(self, *departments: str, people: tuple[str, ...] = ()) -> None:
        """What the app was given."""
        self.stub.on("GET", SCOPES, ok(department_ids=list(departments), user_ids=list(people), has_more=False))

    def tree(self, top: dict[str, Any], *below: dict[str, Any]) -> None:
        """A top department and all that are below it."""
        path = f"{DEPARTMENTS}/{top['open_department_id']}"
        self.stub.on("GET", path, ok(department=top))
        self.stub.on("GET", f"{path}/children", ok(items=list(below), has_more=False))

    async def _members_of(self, asked: Asked) -> web.StreamResponse:
        query = dict(asked.query)
        members = self.members.get(query["department_id"], [])
        return web.json_response(ok(items=members, has_more=False) if members else ok(has_more=False))


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
async def directory(stub: Stub, waits: list[float]) -> AsyncIterator[FeishuDirectory]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with open_session() as http:
        yield FeishuDirectory(FeishuApi(stub.settings(), http, SteppingClock()), sleep)


async def everybody(directory: FeishuDirectory) -> dict[str, DirectoryPerson]:
    people = [person async for page in directory.read() for person in page]
    found = {person.external_id: person for person in people}
    assert len(found) == len(people)
    return found


async def test_people_are_read_with_all_that_the_directory_knows(company: Company, directory: FeishuDirectory) -> None:
    company.scope("od-1")
    company.tree(
        department("od-1", "研发", hrbps=("ou_hr",)),
        department("od-2", "平台", "od-1"),
    )
    company.members["od-2"] = [
        user(
            "ou_1",
            "王磊",
            "od-2",
            leader_user_id="ou_2",
            dotted_line_leader_user_ids=["ou_3"],
            email="wl@private.example",
            enterprise_email="wl@corp.example",
            job_title="工程师",
        )
    ]
    assert (await everybody(directory))["ou_1"] == DirectoryPerson(
        "ou_1", "王磊", "研发/平台", "ou_2", "ou_3", "ou_hr", "wl@corp.example", active=True, title="工程师"
    )


async def test_ids_are_asked_for_in_the_forms_that_we_use(
    company: Company, directory: FeishuDirectory, stub: Stub
) -> None:
    company.scope("od-1")
    company.tree(department("od-1", "研发"))
    await everybody(directory)
    for asked in stub.asked[1:]:
        query = dict(asked.query)
        assert query["user_id_type"] == "open_id"
        assert query["department_id_type"] == "open_department_id"


async def test_page_tokens_are_handed_back_as_they_came(
    company: Company, directory: FeishuDirectory, stub: Stub
) -> None:
    company.scope("od-1")
    company.tree(department("od-1", "研发"))
    stub.on(
        "GET",
        USERS_OF_DEPARTMENT,
        ok(items=[user("ou_1", "甲", "od-1")], has_more=True, page_token=PAGE_TOKEN),
        ok(items=[user("ou_2", "乙", "od-1")], has_more=False),
    )
    assert set(await everybody(directory)) == {"ou_1", "ou_2"}
    first, second = (dict(asked.query) for asked in stub.calls(USERS_OF_DEPARTMENT))
    assert "page_token" not in first
    assert second["page_token"] == PAGE_TOKEN
    assert second["page_size"] == "50"


async def test_somebody_in_two_departments_is_read_once_and_belongs_to_the_main_one(
    company: Company, directory: FeishuDirectory
) -> None:
    company.scope("od-1", "od-2")
    company.tree(department("od-1", "研发"))
    company.tree(department("od-2", "市场"))
    orders = [{"department_id": "od-1", "is_primary_dept": False}, {"department_id": "od-2", "is_primary_dept": True}]
    both = user("ou_1", "王磊", "od-1", "od-2", orders=orders)
    company.members |= {"od-1": [both], "od-2": [both]}
    assert (await everybody(directory))["ou_1"].department == "市场"


async def test_without_the_scope_for_departments_people_belong_where_they_were_found(
    company: Company, directory: FeishuDirectory
) -> None:
    company.scope("od-1")
    company.tree(department("od-1", "研发"))
    company.members["od-1"] = [{"open_id": "ou_1"}]
    assert (await everybody(directory))["ou_1"] == DirectoryPerson("ou_1", "", "研发")


async def test_people_named_one_by_one_are_read_in_batches(
    company: Company, directory: FeishuDirectory, stub: Stub
) -> None:
    singles = tuple(f"ou_{number}" for number in range(1, 122))
    company.scope("od-1", people=singles)
    company.tree(department("od-1", "研发"))
    company.members["od-1"] = [user("ou_1", "王磊", "od-1")]

    async def batch(asked: Asked) -> web.StreamResponse:
        wanted = [value for name, value in asked.query if name == "user_ids"]
        return web.json_response(ok(items=[user(each, each) for each in wanted]))

    stub.replies["GET", USERS_BATCH] = batch
    assert set(await everybody(directory)) == set(singles)
    sizes = [sum(name == "user_ids" for name, _ in asked.query) for asked in stub.calls(USERS_BATCH)]
    assert sizes == [50, 50, 20]


async def test_a_department_too_big_to_descend_is_walked_level_by_level(
    company: Company, directory: FeishuDirectory, stub: Stub
) -> None:
    company.scope("od-1")
    stub.on("GET", f"{DEPARTMENTS}/od-1", ok(department=department("od-1", "集团")))
    levels = {"od-1": [department("od-2", "研发", "od-1")], "od-2": [department("od-3", "平台", "od-2")], "od-3": []}

    async def children(asked: Asked) -> web.StreamResponse:
        if dict(asked.query)["fetch_child"] == "true":
            return web.json_response({"code": 43010, "msg": "too big"}, status=400)
        return web.json_response(ok(items=levels[asked.path.split("/")[-2]], has_more=False))

    for name in levels:
        stub.replies["GET", f"{DEPARTMENTS}/{name}/children"] = children
    company.members["od-3"] = [user("ou_1", "王磊", "od-3")]
    assert (await everybody(directory))["ou_1"].department == "集团/研发/平台"


async def test_the_whole_tenant_has_no_department_of_its_own(
    company: Company, directory: FeishuDirectory, stub: Stub
) -> None:
    company.scope("0")
    stub.on("GET", f"{DEPARTMENTS}/0/children", ok(items=[department("od-1", "研发")], has_more=False))
    company.members |= {"0": [user("ou_boss", "老板", "0")], "od-1": [user("ou_1", "王磊", "od-1")]}
    people = await everybody(directory)
    assert people["ou_boss"].department == ""
    assert people["ou_1"].department == "研发"
    assert not stub.calls(f"{DEPARTMENTS}/0")


@pytest.mark.parametrize(
    ("status", "active"),
    [
        (ALIVE, True),
        (None, True),
        ({}, True),
        *((ALIVE | {name: True}, False) for name in ("is_frozen", "is_resigned", "is_exited", "is_unjoin")),
        (ALIVE | {"is_activated": False}, False),
    ],
)
async def test_only_those_who_can_be_reached_are_active(
    company: Company, directory: FeishuDirectory, status: object, active: bool
) -> None:
    company.scope("od-1")
    company.tree(department("od-1", "研发"))
    company.members["od-1"] = [user("ou_1", "王磊", "od-1", status=status)]
    assert (await everybody(directory))["ou_1"].active is active


async def test_nobody_is_their_own_manager(company: Company, directory: FeishuDirectory) -> None:
    company.scope("od-1")
    company.tree(department("od-1", "研发", hrbps=("ou_1",)))
    company.members["od-1"] = [
        user("ou_1", "老板", "od-1", leader_user_id="ou_1", dotted_line_leader_user_ids=["ou_1"]),
        user("ou_2", "王磊", "od-1", leader_user_id="ou_1"),
    ]
    people = await everybody(directory)
    assert (people["ou_1"].manager, people["ou_1"].dotted, people["ou_1"].hrbp) == ("", "", "")
    assert (people["ou_2"].manager, people["ou_2"].hrbp) == ("ou_1", "ou_1")


class TestTrouble:
    async def test_throttling_is_waited_out_where_the_reading_stands(
        self, company: Company, directory: FeishuDirectory, stub: Stub, waits: list[float]
    ) -> None:
        company.scope("od-1")
        company.tree(department("od-1", "研发"))
        slow = (429, {"code": 99991400})
        stub.on("GET", USERS_OF_DEPARTMENT, slow, slow, ok(items=[user("ou_1", "王磊", "od-1")], has_more=False))
        assert set(await everybody(directory)) == {"ou_1"}
        assert waits == [0.5, 1.0]

    async def test_endless_throttling_ends_the_reading(
        self, company: Company, directory: FeishuDirectory, stub: Stub, waits: list[float]
    ) -> None:
        company.scope("od-1")
        company.tree(department("od-1", "研发"))
        stub.on("GET", USERS_OF_DEPARTMENT, (429, {"code": 99991400}))
        with pytest.raises(Throttled):
            await everybody(directory)
        assert len(waits) == 5
        assert sum(waits) < timedelta(minutes=1).total_seconds()

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ((500, {"code": 40003}), PlatformDown),
            ((400, {"code": 99991672}), Misconfigured),
            (ok(items=[], has_more=True), PlatformDown),
        ],
        ids=["a fault of theirs", "a missing scope", "more without a token"],
    )
    async def test_a_page_that_is_missing_ends_the_reading(
        self,
        company: Company,
        directory: FeishuDirectory,
        stub: Stub,
        answer: Any,
        error: type[PlatformError],
    ) -> None:
        company.scope("od-1")
        company.tree(department("od-1", "研发"))
        stub.on("GET", USERS_OF_DEPARTMENT, answer)
        with pytest.raises(error):
            await everybody(directory)

    async def test_departments_that_cannot_be_listed_end_the_reading(
        self, company: Company, directory: FeishuDirectory, stub: Stub
    ) -> None:
        company.scope("od-1")
        stub.on("GET", f"{DEPARTMENTS}/od-1", ok(department=department("od-1", "研发")))
        stub.on("GET", f"{DEPARTMENTS}/od-1/children", (403, {"code": 40004}))
        with pytest.raises(Misconfigured):
            await everybody(directory)

    async def test_a_listing_that_turns_in_circles_ends(self) -> None:
        async def again(_path: str, _query: Query) -> dict[str, Any]:
            return {"has_more": True, "page_token": "again"}

        with pytest.raises(PlatformDown, match="endless"):
            [page async for page in pages(again, "/x", {})]

    async def test_rows_that_make_no_sense_are_passed_over(
        self, company: Company, directory: FeishuDirectory, stub: Stub
    ) -> None:
        company.scope("od-1")
        company.tree(department("od-1", "研发"))
        rows = ["x", {}, {"open_id": 5}, {"open_id": "ou_1", "orders": ["x", {"is_primary_dept": True}]}]
        stub.on("GET", USERS_OF_DEPARTMENT, ok(items=rows, has_more=False))
        assert set(await everybody(directory)) == {"ou_1"}
