"""What each of the vendor's error codes means for us.

Sources, all read 2026-11-22: the vendor pages "通用错误码" (general), "自建应用获取 tenant_access_token", "发送消息",
"更新已发送的消息卡片", "发送应用内加急", "批量发送消息", "上传图片", "获取用户信息", "获取子部门列表", "卡片回传交互",
"延时更新消息卡片", CardKit's "全量更新卡片实体", "频控策略"; each group below names its page and section (feishu.md).
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

TOKEN_CODES = frozenset({99991663, 99991664, 99991665})
"""The token is invalid or has ended: forget it, fetch another and call once more (通用错误码; feishu.md 2)."""

CARD_REFUSED = 230099
TOO_MANY_REQUESTS = 9499

_FIRST_WAIT = timedelta(milliseconds=500)
_LONGEST_WAIT = timedelta(minutes=1)
_LONGEST_RESET = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Group:
    meaning: type[PlatformError]
    codes: tuple[int, ...]
    hint: str = ""


_GROUPS = (
    # 自建应用获取 tenant_access_token; 通用错误码 (feishu.md 2)
    _Group(Misconfigured, (10003, 10014, 10015, 99991543), "app_id or app_secret is wrong (凭证与基础信息)"),
    _Group(Misconfigured, (99991672,), "the app lacks a scope (权限管理); publish a version afterwards"),
    _Group(Misconfigured, (99991662, 99991673), "the app is disabled or not installed; ask the tenant's admin"),
    _Group(Misconfigured, (99991401,), "our address is not in the app's IP allow list (安全设置 → IP 白名单)"),
    _Group(Misconfigured, (99991403,), "the monthly quota of API calls is used up (费用中心)"),
    _Group(Misconfigured, (99991668, 99991671, 99991677, 99991679), "the API wants another kind of token"),
    _Group(PlatformDown, (99991661, *sorted(TOKEN_CODES)), "the platform refuses a fresh token"),
    _Group(Undeliverable, (99992351, 99992360, 99992361, 99992364), "the id is of another app or nobody's"),
    _Group(ContentRefused, (99992402,)),
    _Group(PlatformDown, (2200,)),
    # 频控策略 (feishu.md 8)
    _Group(Throttled, (99991400, 230020, 11020, 11021)),
    # 发送消息, 回复消息 (feishu.md 3.1)
    _Group(Throttled, (230049, 18121)),
    _Group(Undeliverable, (230013,), "the person is outside the app's range (可用范围), or has left"),
    _Group(Undeliverable, (230029, 230034, 230035, 230036, 230038, 230053, 230075)),
    _Group(ContentRefused, (230001, 230015, 230017, 230018, 230019, 230022, 230025, 230028, 230054, 230055)),
    _Group(ContentRefused, (CARD_REFUSED, TOO_MANY_REQUESTS)),
    _Group(Misconfigured, (230002, 230006, 230027), "the bot ability is off, or a scope is missing (应用能力)"),
    # 更新已发送的消息卡片, 撤回消息 (feishu.md 3.3)
    _Group(TargetGone, (230009, 230011, 230026, 230031, 230110, 232009)),
    # 发送应用内加急 (feishu.md 3.5)
    _Group(ContentRefused, (230012,)),
    _Group(Undeliverable, (230023, 230052)),
    _Group(Misconfigured, (230024,), "the quota of urgent messages is used up"),
    _Group(TargetGone, (230098,)),
    # 批量发送消息 (feishu.md 3.6)
    _Group(Throttled, (11232,)),
    _Group(Misconfigured, (11247,), "the daily number of batch messages is used up"),
    _Group(ContentRefused, (10002, 11101, *range(11203, 11212), 11223, 11227, 11231, 11233, 11235, 11246, 11312)),
    _Group(ContentRefused, (230100,)),
    # 上传图片 (feishu.md 3.8)
    _Group(ContentRefused, (234001, 234006, 234010, 234011, 234039)),
    _Group(Misconfigured, (234002, 234007), "the bot ability or the scope im:resource is missing"),
    # 获取用户信息, 获取子部门列表 (feishu.md 4)
    _Group(Undeliverable, (41012, 41050), "the person is outside the contact range (通讯录权限范围)"),
    _Group(Misconfigured, (40004, 40014, 42008), "the department is outside the contact range (通讯录权限范围)"),
    _Group(PlatformDown, (40003, 40011, 40012)),
    _Group(ContentRefused, (40001, 43010)),
    # 卡片回传交互: shown by clients, not by the API (feishu.md 5.6)
    _Group(Misconfigured, (200340, 200345, 200346, 200347), "no callback address, or the version is unpublished"),
    _Group(PlatformDown, (200080, 200341, 200342, 200343, 300000)),
    _Group(ContentRefused, (108002, 200671, 200672, 200673)),
    # 卡片 JSON 2.0: sub codes of 230099 (feishu.md 5.8)
    _Group(ContentRefused, (11310, 100290, 200380, 200381, 200530, 200550, 200570, 200621, 200732, 200737)),
    _Group(ContentRefused, (200830, 200861, 200914, 200915)),
    # 延时更新消息卡片 (feishu.md 5.7)
    _Group(TargetGone, (200000, 200310, 200320, 300020, 300030, 300040)),
    _Group(ContentRefused, (11311, 100000, 100030, 300090)),
    # 全量更新卡片实体 (feishu.md 5.10)
    _Group(TargetGone, (200740, 200750)),
    _Group(ContentRefused, (200770, 200810, 200860, *range(300301, 300308), 300317)),
)

KNOWN: Mapping[int, _Group] = {code: group for group in _GROUPS for code in group.codes}
"""Every code that has a meaning."""

_SUB_CODE = re.compile(r"ErrCode:\s*(\d+)")


def refusal(status: int, headers: Mapping[str, str], payload: Mapping[str, Any], attempts: int = 0) -> PlatformError:
    """Return the error that an answer stands for.

    Args:
        status: HTTP status; decides about codes that we do not know.
        headers: Looked up without regard to case.
        payload: The decoded body; empty if it was none.
        attempts: Tries before this one, for how long to wait where the platform does not say.
    """
    code = payload.get("code")
    known = KNOWN.get(code) if isinstance(code, int) else None
    message = str(payload.get("msg", ""))
    name = _name(code if isinstance(code, int) and code else f"http-{status}", message)
    hint = _hint(known.hint if known is not None else "", headers, payload)
    meaning = known.meaning if known is not None else _by_status(status)
    if meaning is Throttled or status == 429 or (code == TOO_MANY_REQUESTS and "too many" in message.lower()):
        return Throttled(name, _wait(headers, attempts), hint)
    return meaning(name, hint)


def _by_status(status: int) -> type[PlatformError]:
    # Success with a code that we do not know, or without any: an outbox tries only so often.
    if status < 300 or status == 408 or status >= 500:
        return PlatformDown
    # Redirected, forbidden, not there, or stopped by a proxy: nothing of it depends on what was sent.
    if status < 400 or status in (401, 403, 404, 405, 407):
        return Misconfigured
    return ContentRefused


def _name(code: int | str, message: str) -> str:
    sub_code = _SUB_CODE.search(message) if code == CARD_REFUSED else None
    return f"{code}/{sub_code[1]}" if sub_code else str(code)


def _hint(known: str, headers: Mapping[str, str], payload: Mapping[str, Any]) -> str:
    """Return what an admin can act on: the page to open, the scopes that are missing, the vendor's log id."""
    details = payload.get("error")
    details = details if isinstance(details, dict) else {}
    violations = details.get("permission_violations")
    listed = violations if isinstance(violations, list) else []
    scopes = [str(each["subject"]) for each in listed if isinstance(each, dict) and "subject" in each]
    log_id = headers.get("X-Tt-Logid") or details.get("log_id")
    parts = [known, f"scopes: {', '.join(scopes)}" if scopes else "", f"log id {log_id}" if log_id else ""]
    return "; ".join(filter(None, parts))


def _wait(headers: Mapping[str, str], attempts: int) -> timedelta:
    try:
        seconds = float(headers.get("x-ogw-ratelimit-reset", ""))
    except ValueError:
        seconds = 0.0
    if seconds > 0:
        return timedelta(seconds=min(seconds, _LONGEST_RESET.total_seconds()))
    return min(_FIRST_WAIT * (1 << min(attempts, 16)), _LONGEST_WAIT)
