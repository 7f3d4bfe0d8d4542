"""Finds out for an admin what of an app does not work; nothing is changed and nobody is written to.

Formats: vendor pages "获取应用" and "获取部门列表", read 2026-11-22. The address for callbacks is not told by any call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from adapters.wecom.api import WeComApi
from adapters.wecom.departments import DEPARTMENTS
from adapters.wecom.settings import WeComSettings
from domain.errors import Misconfigured, PlatformError
from domain.ports import Probe

AGENT = "/cgi-bin/agent/get"

_FALLBACK_FIX = "look the code up at https://open.work.weixin.qq.com/devtool/query, and try again"
_CALLBACKS = "cannot be read; the console checks the address when 接收消息 → 设置API接收 is saved"


async def probe_app(settings: WeComSettings, api: WeComApi) -> list[Probe]:
    """Try token, app and directory, one after the other.

    The first call behind the token also tells whether our address is trusted (企业可信IP): 60020 names it otherwise.
    """

    async def token() -> str:
        await api.token()
        return f"{settings.corp_id} at {settings.base_url}"

    async def agent() -> str:
        return _agent(await api.call("GET", AGENT, {"agentid": str(settings.agent_id)}))

    async def contacts() -> str:
        departments = (await api.call("GET", DEPARTMENTS)).get("department")
        return f"{len(departments) if isinstance(departments, list) else 0} departments"

    return [
        await _tried("wecom.token", token),
        await _tried("wecom.agent", agent),
        await _tried("wecom.contacts", contacts),
        Probe("wecom.callback", ok=True, detail=_CALLBACKS),
    ]


def _agent(answer: Mapping[str, Any]) -> str:
    if answer.get("close"):
        raise Misconfigured("closed", "the app is switched off; switch it on (应用管理 → the app → 启用)")
    people = _count(answer, "allow_userinfos", "user")
    departments = _count(answer, "allow_partys", "partyid")
    tags = _count(answer, "allow_tags", "tagid")
    if not people and not departments and not tags:
        raise Misconfigured("visible-range", "give the app a visible range (应用管理 → the app → 可见范围)")
    told = "" if answer.get("isreportenter") else "; 上报进入应用事件 is off, so opening the chat is not heard"
    return f"{answer.get('name')}: {departments} departments, {people} single people, {tags} tags{told}"


def _count(answer: Mapping[str, Any], group: str, name: str) -> int:
    inner = answer.get(group)
    ids = inner.get(name) if isinstance(inner, dict) else None
    return len(ids) if isinstance(ids, list) else 0


async def _tried(name: str, attempt: Callable[[], Awaitable[str]]) -> Probe:
    try:
        return Probe(name, ok=True, detail=await attempt())
    except PlatformError as error:
        return Probe(name, ok=False, detail=f"{type(error).__name__} {error.code}", fix=error.hint or _FALLBACK_FIX)
