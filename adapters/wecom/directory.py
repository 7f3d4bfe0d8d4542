"""Reads who is in the app's visible range (可见范围), with manager and department; apps see neither mail nor phone.

Formats: vendor pages "获取部门列表", "获取部门成员详情", "读取成员" and "获取应用", read 2026-11-22. Members whom only
a tag brings into the range are found where their department is in it too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from adapters.wecom.api import WeComApi
from adapters.wecom.departments import DEPARTMENTS, DepartmentTree, department_of, number_of, text_of, texts_of
from adapters.wecom.probes import AGENT
from domain.errors import PlatformDown, Throttled
from domain.ports import DirectoryPerson, DirectorySource

USERS_OF_DEPARTMENT = "/cgi-bin/user/list"
USER = "/cgi-bin/user/get"

_ACTIVE = 1  # of status: 2 is disabled, 4 not yet activated, 5 has left
_MOST_WAITS = 5


class WeComDirectory(DirectorySource):
    """The directory of one company, as one app sees it.

    Args:
        api: The server API.
        agent_id: Which app.
        sleep: Waits for seconds. A reading that is throttled waits and goes on where it stands: unlike a message, it
            has no outbox that would try again.
    """

    def __init__(self, api: WeComApi, agent_id: int, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._api = api
        self._agent_id = agent_id
        self._sleep = sleep

    async def read(self) -> AsyncIterator[Sequence[DirectoryPerson]]:
        """Yield everybody in the visible range once: members of departments, then people named one by one.

        Raises:
            PlatformError: The reading is incomplete.
        """
        tree = DepartmentTree(map(department_of, _rows(await self._get(DEPARTMENTS, {}), "department")))
        seen: set[str] = set()
        for department_id in tree.ids():
            answer = await self._get(USERS_OF_DEPARTMENT, {"department_id": str(department_id)})
            yield _fresh(_rows(answer, "userlist"), tree, department_id, seen)
        for user_id in await self._named():
            if user_id.lower() not in seen:
                yield _fresh([await self._get(USER, {"userid": user_id})], tree, 0, seen)

    async def _named(self) -> list[str]:
        """Return whom the visible range names one by one."""
        answer = await self._get(AGENT, {"agentid": str(self._agent_id)})
        named = answer.get("allow_userinfos")
        rows = named.get("user") if isinstance(named, dict) else None
        ids = [text_of(row.get("userid")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return [user_id for user_id in ids if user_id]

    async def _get(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        for attempt in range(_MOST_WAITS):
            try:
                return await self._api.call("GET", path, query, attempts=attempt)
            except Throttled as throttled:
                await self._sleep(throttled.retry_after.total_seconds())
        return await self._api.call("GET", path, query, attempts=_MOST_WAITS)


def _rows(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = answer.get(name)
    if not isinstance(rows, list):
        # Taken as nobody, it would look as if everybody had left.
        raise PlatformDown("no-list", f"the directory's answer holds no {name}")
    return [row for row in rows if isinstance(row, dict)]


def _fresh(
    rows: Sequence[Mapping[str, Any]], tree: DepartmentTree, walked: int, seen: set[str]
) -> list[DirectoryPerson]:
    """Return the people of a page whom no page before had; somebody may be a member of several departments."""
    people: list[DirectoryPerson] = []
    for row in rows:
        person = _person(row, tree, walked)
        if person.external_id and person.external_id.lower() not in seen:
            seen.add(person.external_id.lower())
            people.append(person)
    return people


def _person(row: Mapping[str, Any], tree: DepartmentTree, walked: int) -> DirectoryPerson:
    user_id = text_of(row.get("userid"))
    department_id = _main_department(row) or walked
    direct = [leader for leader in texts_of(row.get("direct_leader")) if leader.lower() != user_id.lower()]
    return DirectoryPerson(
        external_id=user_id,
        name=text_of(row.get("name")),
        department=tree.path(department_id),
        manager=direct[0] if direct else tree.leader(department_id, user_id),
        dotted=direct[1] if len(direct) > 1 else "",
        active=row.get("status", _ACTIVE) == _ACTIVE,
        title=text_of(row.get("position")),
    )


def _main_department(row: Mapping[str, Any]) -> int:
    departments = row.get("department")
    listed = departments if isinstance(departments, list) else []
    return number_of(row.get("main_department")) or next(filter(None, map(number_of, listed)), 0)
