"""Reads the tenant's directory: everybody in the app's contact range, with manager, HRBP and department.

Formats: vendor pages "获取通讯录授权范围", "获取单个部门信息", "获取子部门列表", "获取部门直属用户列表" and
"批量获取用户信息", read 2026-11-22. Fields for which the app has no scope are simply absent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from adapters.feishu.api import FeishuApi, data_of, pages
from adapters.feishu.departments import ROOT, Department, DepartmentTree, department_of, text_of, texts_of
from adapters.http import Query
from domain.errors import PlatformError, Throttled
from domain.ports import DirectoryPerson, DirectorySource

DEPARTMENTS = "/open-apis/contact/v3/departments"
SCOPES = "/open-apis/contact/v3/scopes"
USERS_OF_DEPARTMENT = "/open-apis/contact/v3/users/find_by_department"
USERS_BATCH = "/open-apis/contact/v3/users/batch"

TOO_BIG_TO_DESCEND = "43010"

_IDS = {"user_id_type": "open_id", "department_id_type": "open_department_id"}
_PAGE = {**_IDS, "page_size": "50"}
_BATCH = 50
_MOST_WAITS = 5


class FeishuDirectory(DirectorySource):
    """The directory of one tenant.

    Args:
        api: The server API.
        sleep: Waits for seconds. A reading that is throttled waits and goes on where it stands: unlike a message, it
            has no outbox that would try again, and beginning anew would take it back to the first page.
    """

    def __init__(self, api: FeishuApi, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._api = api
        self._sleep = sleep

    async def read(self) -> AsyncIterator[Sequence[DirectoryPerson]]:
        """Yield everybody in the contact range once: members of departments, then people named one by one.

        Raises:
            PlatformError: The reading is incomplete.
        """
        tops, singles = await self._scope()
        tree = DepartmentTree(await self._departments(tops))
        seen: set[str] = set()
        for department_id in tree.ids():
            async for data in pages(self._get, USERS_OF_DEPARTMENT, {**_PAGE, "department_id": department_id}):
                yield _fresh(data, tree, department_id, seen)
        missing = [open_id for open_id in singles if open_id not in seen]
        for start in range(0, len(missing), _BATCH):
            data = await self._get(USERS_BATCH, {**_IDS, "user_ids": missing[start : start + _BATCH]})
            yield _fresh(data, tree, "", seen)

    async def _get(self, path: str, query: Query) -> Mapping[str, Any]:
        for attempt in range(_MOST_WAITS):
            try:
                return data_of(await self._api.call("GET", path, query, attempts=attempt))
            except Throttled as throttled:
                await self._sleep(throttled.retry_after.total_seconds())
        return data_of(await self._api.call("GET", path, query, attempts=_MOST_WAITS))

    async def _scope(self) -> tuple[list[str], list[str]]:
        """Return the departments and the single people that the app was given."""
        departments: list[str] = []
        people: list[str] = []
        async for data in pages(self._get, SCOPES, _PAGE):
            departments += texts_of(data.get("department_ids"))
            people += texts_of(data.get("user_ids"))
        return departments, people

    async def _departments(self, tops: Iterable[str]) -> list[Department]:
        found: dict[str, Department] = {}
        for top in tops:
            if top not in found:
                for department in [await self._department(top), *await self._below(top)]:
                    found.setdefault(department.department_id, department)
        return list(found.values())

    async def _department(self, department_id: str) -> Department:
        if department_id == ROOT:
            return Department(ROOT, "")
        data = await self._get(f"{DEPARTMENTS}/{quote(department_id, safe='')}", _IDS)
        return department_of(data.get("department"), department_id)

    async def _below(self, top: str) -> list[Department]:
        """Return all departments below one: in one listing, or level by level where that is refused as too big."""
        try:
            return await self._children(top, "true")
        except PlatformError as error:
            if error.code != TOO_BIG_TO_DESCEND:
                raise
        found: list[Department] = []
        level = [top]
        while level:
            children = [child for parent in level for child in await self._children(parent, "false")]
            found += children
            level = [child.department_id for child in children]
        return found

    async def _children(self, parent: str, fetch_child: str) -> list[Department]:
        path = f"{DEPARTMENTS}/{quote(parent, safe='')}/children"
        query = {**_PAGE, "fetch_child": fetch_child}
        return [department_of(row) async for data in pages(self._get, path, query) for row in _items(data)]


def _fresh(data: Mapping[str, Any], tree: DepartmentTree, walked: str, seen: set[str]) -> list[DirectoryPerson]:
    """Return the people of a page whom no page before had; somebody may be a member of several departments."""
    people = [person for row in _items(data) if (person := _person(row, tree, walked)).external_id]
    fresh = {person.external_id: person for person in people if person.external_id not in seen}
    seen.update(fresh)
    return list(fresh.values())


def _person(row: Mapping[str, Any], tree: DepartmentTree, walked: str) -> DirectoryPerson:
    open_id = text_of(row.get("open_id"))
    department_id = _main_department(row) or walked
    manager = text_of(row.get("leader_user_id"))
    return DirectoryPerson(
        external_id=open_id,
        name=text_of(row.get("name")),
        department=tree.path(department_id),
        manager=manager if manager != open_id else "",
        dotted=next((each for each in texts_of(row.get("dotted_line_leader_user_ids")) if each != open_id), ""),
        hrbp=tree.hrbp(department_id, open_id),
        mail=text_of(row.get("enterprise_email")) or text_of(row.get("email")),
        active=_is_active(row.get("status")),
        title=text_of(row.get("job_title")),
    )


def _main_department(row: Mapping[str, Any]) -> str:
    orders = row.get("orders")
    for order in orders if isinstance(orders, list) else ():
        if isinstance(order, dict) and order.get("is_primary_dept") is True:
            return text_of(order.get("department_id"))
    return next(iter(texts_of(row.get("department_ids"))), "")


def _is_active(status: object) -> bool:
    # Without the scope for it the status is absent; everybody would be inactive if that counted as no.
    fields: Mapping[str, Any] = status if isinstance(status, dict) else {}
    gone = any(fields.get(name) is True for name in ("is_frozen", "is_resigned", "is_exited", "is_unjoin"))
    return not gone and fields.get("is_activated", True) is True


def _items(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = data.get("items")
    return [row for row in items if isinstance(row, dict)] if isinstance(items, list) else []
