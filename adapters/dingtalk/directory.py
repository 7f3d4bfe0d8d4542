"""Reads the organisation's directory: everybody in the app's range, with manager and department.

Formats: dingtalk.md 6.2, read 2026-11-22. These calls do not count against the month's quota. Fields for which the app
has no permission are simply absent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.departments import (
    ROOT,
    Department,
    DepartmentTree,
    is_false,
    list_of,
    number_of,
    rows_of,
    table_of,
    text_of,
)
from domain.errors import PlatformDown, Throttled
from domain.ports import DirectoryPerson, DirectorySource

DEPARTMENTS = "/topapi/v2/department/listsub"
DEPARTMENT = "/topapi/v2/department/get"
USERS = "/topapi/v2/user/list"
USER = "/topapi/v2/user/get"

MAX_PAGES = 10_000
"""A listing that goes on after this many pages turns in circles."""

_PAGE = 100
_MOST_WAITS = 5


class DingTalkDirectory(DirectorySource):
    """The directory of one organisation.

    Args:
        api: The server API.
        sleep: Waits for seconds. A reading that is throttled waits and goes on where it stands: unlike a message, it
            has no outbox that would try again, and beginning anew would take it back to the first page.
    """

    def __init__(self, api: DingTalkApi, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._api = api
        self._sleep = sleep

    async def read(self) -> AsyncIterator[Sequence[DirectoryPerson]]:
        """Yield everybody in the app's range once, department by department.

        Raises:
            PlatformError: The reading is incomplete.
        """
        tree = DepartmentTree(await self._departments())
        seen: set[str] = set()
        for department_id in tree.ids():
            async for rows in self._members(department_id):
                fresh = [row for row in rows if text_of(row.get("userid")) not in seen | {""}]
                seen.update(text_of(row.get("userid")) for row in fresh)
                yield [_person(row, tree, department_id) for row in await self._with_managers(fresh)]

    async def _departments(self) -> list[Department]:
        found: dict[int, Department] = {}
        waiting = [ROOT]
        while waiting:
            department_id = waiting.pop(0)
            if department_id not in found:
                found[department_id] = await self._department(department_id)
                below = rows_of((await self._call(DEPARTMENTS, {"dept_id": department_id})).get("result"))
                waiting += [number for row in below if (number := number_of(row.get("dept_id")))]
        return list(found.values())

    async def _department(self, department_id: int) -> Department:
        result = table_of((await self._call(DEPARTMENT, {"dept_id": department_id})).get("result"))
        managers = tuple(text_of(each) for each in list_of(result.get("dept_manager_userid_list")))
        parent = number_of(result.get("parent_id"))
        return Department(department_id, text_of(result.get("name")), parent, tuple(filter(None, managers)))

    async def _members(self, department_id: int) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        cursor = 0
        for _ in range(MAX_PAGES):
            question = {"dept_id": department_id, "cursor": cursor, "size": _PAGE}
            result = table_of((await self._call(USERS, question)).get("result"))
            yield rows_of(result.get("list"))
            if not result.get("has_more") or is_false(result["has_more"]):
                return
            following = number_of(result.get("next_cursor"))
            if following <= cursor:
                raise PlatformDown("no-next-cursor", "the listing goes on, but does not say where")
            cursor = following
        raise PlatformDown("endless-listing", USERS)

    async def _with_managers(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Return the rows with what only a look at each person shows, where the listing does not show it."""
        if any("manager_userid" in row for row in rows):
            return rows
        return [
            {**row, **table_of((await self._call(USER, {"userid": text_of(row.get("userid"))})).get("result"))}
            for row in rows
        ]

    async def _call(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for attempt in range(_MOST_WAITS):
            try:
                return await self._api.contacts(path, body, attempt)
            except Throttled as throttled:
                await self._sleep(throttled.retry_after.total_seconds())
        return await self._api.contacts(path, body, _MOST_WAITS)


def _person(row: Mapping[str, Any], tree: DepartmentTree, walked: int) -> DirectoryPerson:
    userid = text_of(row.get("userid"))
    department_id = next(filter(None, map(number_of, list_of(row.get("dept_id_list")))), walked)
    manager = text_of(row.get("manager_userid"))
    return DirectoryPerson(
        external_id=userid,
        name=text_of(row.get("name")),
        department=tree.path(department_id),
        manager=manager if manager and manager != userid else tree.leader(department_id, userid),
        mail=text_of(row.get("org_email")) or text_of(row.get("email")),
        active=not is_false(row.get("active")),
        title=text_of(row.get("title")),
    )
