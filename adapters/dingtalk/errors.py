"""What each of the vendor's error codes means for us; the new API's are words, the old one's are numbers.

Sources, all read 2026-11-22: the vendor pages "全局错误码" (general), "API 调用步骤详解",
"批量发送人与机器人会话中机器人消息", "创建并投放卡片", "更新卡片", "注册卡片回调地址", "调用频率限制", "查询用户详情",
"获取部门列表"; each group below names the section of dingtalk.md that holds them.

The monthly quota is a matter for an admin (`Misconfigured`) and not for patience: bought or waited for, nobody knows
which, and a row that slept until the next month would sleep through the purchase. Refused calls do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)

TOKEN_CODES = frozenset(
    {"InvalidAuthentication", "invalidAccessToken", "invalidParameter.token.invalid", "token.notExisted"}
    | {"40014", "40001", "42001", "33001"}
)
"""The token is invalid or has ended: forget it, fetch another and call once more (dingtalk.md 3.4, 4.2)."""

CARD_EXISTS = "param.cardAlreadyExist"
"""A card with this id was created before: for us a repetition, whose first try arrived (dingtalk.md 7.1)."""

INVALID_PARAMETER = "param.invalid"
"""Something in a card's request is not to the platform's liking, such as a long variable (dingtalk.md 7.1)."""

TEMPLATE_CODES = frozenset({"param.templateNotExist", "param.templateUnpublished", "param.cardTemplateIdEmpty"})
"""No card can be made until an admin has seen to the template; words can (dingtalk.md 7.1)."""

INVALID_STAFF = "invalidStaffIdList"
FLOW_CONTROLLED = "flowControlledStaffIdList"
FILTERED_STAFF = "filteredStaffIdList"
"""Members of a success that name whoever got nothing (dingtalk.md 4.2)."""

MINUTES_APART = timedelta(minutes=5)
"""Before writing again to somebody who was written to too often: "minutes" (dingtalk.md 12)."""

BAN = timedelta(minutes=5)
"""An address is shut out for so long after 10,000 calls in 20 s (dingtalk.md 11)."""

_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=1)

_CREDENTIALS = "client_id or client_secret is wrong (凭证与基础信息)"
_QUOTA = "the month's API calls are used up; buy more (用量管理) or wait for the next month"
_ROBOT = "the robot is off, or its version is not published (机器人 → 版本管理与发布)"
_TEMPLATE = "import the card template into this app, publish it, and enter its id (卡片平台)"


@dataclass(frozen=True, slots=True)
class _Group:
    meaning: type[PlatformError]
    codes: tuple[str, ...]
    hint: str = ""


_GROUPS = (
    # tokens and the gateway (dingtalk.md 3.1, 3.2, 3.4, 9.1)
    _Group(Misconfigured, ("invalidClientIdOrSecret", "authFailed", "invalid.client", "40096"), _CREDENTIALS),
    _Group(Misconfigured, ("unauthorized.client", "unsupported.grant.type"), _CREDENTIALS),
    _Group(PlatformDown, tuple(sorted(TOKEN_CODES)), "the platform refuses a fresh token"),
    _Group(PlatformDown, ("server.error", "41001", "Missingbody")),
    _Group(
        Misconfigured,
        ("Forbidden.AccessDenied.AccessTokenPermissionDenied", "60011"),
        "the app lacks a permission (权限管理); publish a version afterwards",
    ),
    _Group(
        Misconfigured,
        ("Forbidden.AccessDenied.IpNotInWhiteList", "60020"),
        "our address is not in the app's list (安全设置 → 服务器出口 IP)",
    ),
    _Group(Misconfigured, ("50002",), "the contacts are outside the app's range (权限管理 → 通讯录接口权限范围)"),
    # limits (dingtalk.md 11)
    _Group(Misconfigured, ("Forbidden.AccessDenied.ApiCountLimitForOrg", "90020", "20001"), _QUOTA),
    _Group(
        Throttled,
        (
            "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
            "Forbidden.AccessDenied.QpsLimitForApi",
            "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi",
            *("90018", "90002", "130101", "410100", "toomuch.msg", "1111"),
        ),
    ),
    _Group(Throttled, ("send.too.fast", "send.byToken.tooFast", FLOW_CONTROLLED, FILTERED_STAFF)),
    # messages to one person (dingtalk.md 4.2)
    _Group(
        Undeliverable,
        ("staffId.notExisted", INVALID_STAFF, "invalidParameter.userId.empty", "invalidParameter.userIds.empty"),
        "the person has left, or is outside the app's range (可使用范围)",
    ),
    _Group(Undeliverable, ("group.disbanded",)),
    _Group(
        Misconfigured,
        (
            *("template.stopped", "template.not.existed", "bot.stopped", "robot.oto.notExist", "resource.not.found"),
            *("chatbotId.notAllow.sendOTO", "not.allowed.robotCode", "invalidParameter.robotCode.empty"),
            *("invalidParameter.robotCode.notExsit", "invalidParameter.robotCode.invalid"),
        ),
        _ROBOT,
    ),
    _Group(
        ContentRefused,
        (
            *("contain.notAllowed.text", "invalidParameter.userIds.overMax", "invalidParameter.msgKey.empty"),
            *("invalidParameter.msgKey.invalid", "invalidParameter.msgParam.invalid"),
            *("invalidParameter.msgParam.tooLong", "invalidParameter.param.invalid", "invalidParameter.msg.unsupport"),
            *("invalidParameter.msgBody.invalid", "too.many.people", "too.many.group", "310000"),
            "miss.param.actionCardTobtnsToactionUrl",
        ),
    ),
    _Group(PlatformDown, ("system.error", "unknown.send.result")),
    # reading and recalling (dingtalk.md 4.4, 4.5)
    _Group(
        TargetGone,
        (
            *("processQueryKey.expireTime", "invalid.processQueryKey", "robot.processQueryKey.expired"),
            *("invalidParameter.processQueryKey.missing", "notRevoke.all.messages"),
        ),
    ),
    _Group(ContentRefused, ("invalidParameter.processQueryKeys.overMax",)),
    # cards (dingtalk.md 7)
    _Group(TargetGone, ("param.cardNotExist",)),
    _Group(Undeliverable, ("param.userIdNotExist", "param.userIdEmpty", "param.openSpaceIdInvalid")),
    _Group(Misconfigured, tuple(sorted(TEMPLATE_CODES)), _TEMPLATE),
    _Group(
        ContentRefused,
        (
            *("param.contentUnsafe", CARD_EXISTS, "param.empty", INVALID_PARAMETER, "param.outTrackIdEmpty"),
            *("param.openSpaceIdEmpty", "param.openDeliverModelEmpty", "param.openDeliverModelError"),
            *("param.cardPublicDataEmpty", "param.openSpaceModelInvalid", "param.cardDataAndPrivateDataBothEmpty"),
        ),
    ),
    _Group(PlatformDown, ("system.busy",)),
    _Group(
        Misconfigured,
        (
            *("param.callbackRouteKeyEmpty", "param.callbackUrlEmpty", "param.callbackRouteKeyExist"),
            "system.updateCallbackFailed",
        ),
        "the address for clicks could not be registered; look at the public address in the configuration",
    ),
    # contacts (dingtalk.md 6.2)
    _Group(Undeliverable, ("60121", "33012"), "nobody has this userid"),
    _Group(ContentRefused, ("60003", "400002", "40068", "40069")),
    # work notifications and DING, which we do not use (dingtalk.md 6.4)
    _Group(Misconfigured, ("ding.serverquota.insufficient",), "no DING messages are left"),
    # time-outs and faults inside (dingtalk.md 3.4)
    _Group(PlatformDown, ("-1", "15", "88")),
)

KNOWN: Mapping[str, _Group] = {code: group for group in _GROUPS for code in group.codes}
"""Every code that has a meaning."""

_SPEED_LIMIT = re.compile(r"Q(?:ps|pm)Limit")
_MISSING_PARAMETER = "miss.param."
_WAITS: Mapping[str, timedelta] = {
    "130101": timedelta(minutes=10),
    "410100": timedelta(minutes=10),
    "1111": BAN,
    FLOW_CONTROLLED: MINUTES_APART,
    FILTERED_STAFF: timedelta(hours=1),
    "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi": timedelta(minutes=1),
}


def refusal(status: int, headers: Mapping[str, str], payload: Mapping[str, Any], attempts: int = 0) -> PlatformError:
    """Return the error that an answer stands for.

    Args:
        status: HTTP status; decides about codes that we do not know.
        headers: Looked up without regard to case.
        payload: The decoded body; empty if it was none.
        attempts: Tries before this one, for how long to wait where the platform does not say.
    """
    code = code_of(payload)
    known = _known(code)
    hint = _hint(known.hint if known is not None else "", headers, payload)
    name = code or f"http-{status}"
    meaning = known.meaning if known is not None else _by_status(status)
    if meaning is Throttled or status == 429:
        return Throttled(name, _wait(code, attempts), hint)
    return meaning(name, hint)


def refused_receiver(list_name: str, attempts: int) -> PlatformError:
    """Return why one of several receivers got nothing of a message that went out.

    Args:
        list_name: The list of the answer that names them.
        attempts: Tries before this one.
    """
    return refusal(200, {}, {"code": list_name}, attempts)


def html_instead(status: int, body: bytes) -> PlatformError | None:
    """Return what a page for people in place of an answer means, or `None` if it says no more than its status.

    An address that calls too often is shut out with such a page, and so is one behind a proxy that wants a login.
    """
    if b"punish" in body or (status < 500 and status != 404 and body.lstrip()[:1] == b"<"):
        return Throttled("html-page", BAN, "a web page answered instead of the API: shut out for calls, or a proxy")
    return None


def code_of(payload: Mapping[str, Any]) -> str:
    """Return the code of an answer of either generation, or of the guard before them; empty if it holds none."""
    if isinstance(payload.get("code"), str):
        return str(payload["code"])
    if payload.get("punish"):
        return str(payload.get("status"))
    errcode = payload.get("errcode")
    return str(errcode) if isinstance(errcode, int | str) and str(errcode) != "0" else ""


def refuses_token(payload: Mapping[str, Any]) -> bool:
    """Tell whether an answer says that the token has ended, in one of the ways in which it does."""
    code = code_of(payload)
    if code == "88":  # the old API's outer code; the inner one tells
        inner = f"{payload.get('sub_code')} {payload.get('sub_msg')}".lower()
        return "access_token" in inner or "access token" in inner or any(each in inner for each in _INNER_CODES)
    return code in TOKEN_CODES


_INNER_CODES = ("40014", "42001")


def _known(code: str) -> _Group | None:
    if _SPEED_LIMIT.search(code):  # before anything that begins with "Forbidden"
        return KNOWN["Forbidden.AccessDenied.QpsLimitForApi"]
    if code.startswith(_MISSING_PARAMETER):
        return KNOWN["miss.param.actionCardTobtnsToactionUrl"]
    return KNOWN.get(code)


def _by_status(status: int) -> type[PlatformError]:
    # Success with a code that we do not know, or without any: an outbox tries only so often.
    if status < 300 or status == 408 or status >= 500:
        return PlatformDown
    if status < 400 or status in (401, 403, 404, 405, 407):
        return Misconfigured
    return ContentRefused


def _hint(known: str, headers: Mapping[str, str], payload: Mapping[str, Any]) -> str:
    """Return what an admin can act on: the page to open, the permissions that are missing, the vendor's log id."""
    details = payload.get("accessdenieddetail")
    wanted = details.get("requiredScopes") if isinstance(details, dict) else None
    scopes = [each for each in wanted if isinstance(each, str)] if isinstance(wanted, list) else []
    inner = payload.get("sub_code") if payload.get("errcode") == 88 else None
    request_id = payload.get("requestid") or payload.get("request_id") or headers.get("x-acs-request-id")
    parts = [
        known,
        f"permissions: {', '.join(scopes)}" if scopes else "",
        f"inner code {inner}" if isinstance(inner, str) and inner else "",
        f"request id {request_id}" if isinstance(request_id, str) and request_id else "",
    ]
    return "; ".join(filter(None, parts))


def _wait(code: str, attempts: int) -> timedelta:
    return _WAITS.get(code) or min(_FIRST_WAIT * (1 << min(attempts, 16)), _LONGEST_WAIT)
