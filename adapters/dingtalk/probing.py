"""Finds out for an admin what of an app does not work; changes nothing and writes to nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.cards import INSTANCES, template_id_of
from adapters.dingtalk.departments import ROOT
from adapters.dingtalk.directory import DEPARTMENTS
from adapters.dingtalk.gateway import discover
from adapters.dingtalk.render import Template, face
from adapters.dingtalk.settings import DingTalkSettings, Mode
from adapters.http import HttpSession
from domain.cards import Card, CardKey
from domain.errors import Misconfigured, PlatformError, TargetGone
from domain.ports import Probe

READ_STATUS = "/v1.0/robot/oToMessages/readStatus"
_NOBODY = "fupan-doctor"
_CARD = Card(CardKey("doctor", "probe"), "Fupan", "Fupan")
_FALLBACK_FIX = "look the code up at https://open.dingtalk.com/document, and try again"


async def probes(settings: DingTalkSettings, http: HttpSession, api: DingTalkApi, now: datetime) -> list[Probe]:
    """Try what the app needs, one after the other; each call but the first three counts against the month's quota.

    Args:
        settings: Which app.
        http: Connections.
        api: The server API.
        now: UTC; goes into the ids of cards that are made to see whether a template works, and shown to nobody.
    """

    async def token() -> str:
        await api.token()
        return f"{settings.client_id} at {settings.base_url}"

    async def gateway() -> str:
        await discover(settings, http)
        return "an address was given"

    found = [await _tried("dingtalk.token", token)]
    if settings.mode is Mode.STREAM:
        found.append(await _tried("dingtalk.stream", gateway))
    found.append(await _tried("dingtalk.contacts", lambda: _contacts(api)))
    found.append(await _tried("dingtalk.robot", lambda: _robot(settings, api)))
    for template in Template:
        found.append(await _tried(f"dingtalk.{template}_template", partial(_template, settings, api, template, now)))
    return found


async def _contacts(api: DingTalkApi) -> str:
    payload = await api.contacts(DEPARTMENTS, {"dept_id": ROOT})
    below = payload.get("result")
    if not isinstance(below, list):
        raise Misconfigured("contacts", "give the app the contacts (权限管理 → 通讯录部门信息读, 成员信息读)")
    return f"{len(below)} departments at the top"


async def _robot(settings: DingTalkSettings, api: DingTalkApi) -> str:
    """Ask after a message that was never sent: the answer tells permission, quota and robot apart from that."""
    query = {"robotCode": settings.client_id, "processQueryKey": _NOBODY}
    with suppress(TargetGone):
        await api.call("GET", READ_STATUS, query=query)
    return "the robot may send"


async def _template(settings: DingTalkSettings, api: DingTalkApi, template: Template, now: datetime) -> str:
    """Make a card and show it to nobody: whether the app may, and whether the template is there and published."""
    template_id = template_id_of(settings, template)
    if not template_id:
        return "none: what it would show is said in words"
    request = {
        "cardTemplateId": template_id,
        "outTrackId": f"fupan-doctor-{template}-{now:%Y%m%d%H%M%S%f}",
        "callbackType": "STREAM",
        "cardData": {"cardParamMap": face(_CARD, template, settings)},
        "imRobotOpenSpaceModel": {"supportForward": False},
    }
    await api.call("POST", INSTANCES, request)
    return "the template works"


async def _tried(name: str, attempt: Callable[[], Awaitable[str]]) -> Probe:
    try:
        return Probe(name, ok=True, detail=await attempt())
    except PlatformError as error:
        return Probe(name, ok=False, detail=f"{type(error).__name__} {error.code}", fix=error.hint or _FALLBACK_FIX)
