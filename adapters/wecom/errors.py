"""What each of the vendor's error codes means for us.

Sources, all read 2026-11-22: the vendor pages "全局错误码", "发送应用消息", "更新模版卡片消息",
"撤回应用消息", "获取access_token", "访问频率限制", "读取成员", "获取部门成员详情", "群聊会话", "智能机器人"; wecom.md
15 lists them all. The HTTP status is 200 also for errors.
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

TOKEN_CODES = frozenset({40014, 41001, 42001})
"""The token is invalid, missing or has ended: forget it, fetch another and call once more (wecom.md 3)."""

TASK_EXISTS = "42014"
"""A card with this task_id was accepted before; length and alphabet of ours are always right (wecom.md 5)."""

ALL_INVALID = "81013"
"""Nobody of the receivers is in the app's visible range (可见范围); also ours for one of several."""

UNTRUSTED_IP = 60020
BUSY_WINDOW = 45009
"""A frequency limit; the block lasts as long as the window, which is a minute, an hour or a day."""

_SHORT_WAIT = timedelta(seconds=1)
_WINDOW_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Group:
    meaning: type[PlatformError]
    codes: tuple[int, ...]
    hint: str = ""


_CARD_FIELDS = (*range(42027, 42032), 42033, *range(42035, 42048), 42049, 42050, 42051)

_GROUPS = (
    # 获取access_token (wecom.md 3)
    _Group(Misconfigured, (40001,), "secret is wrong, or the app was stopped (应用管理 → the app → Secret)"),
    _Group(Misconfigured, (40013, 41002, 41004), "corp_id or secret is missing or wrong (我的企业 → 企业ID)"),
    _Group(PlatformDown, tuple(sorted(TOKEN_CODES)), "the platform refuses a fresh token"),
    _Group(Misconfigured, (40056, 301002), "agent_id is not the app's that the secret belongs to"),
    _Group(Misconfigured, (UNTRUSTED_IP,), "enter our address as 企业可信IP of the app"),
    # 访问频率限制 (wecom.md 14)
    _Group(Throttled, (BUSY_WINDOW, 45033)),
    _Group(PlatformDown, (-1,), "the platform is busy"),
    # 发送应用消息 (wecom.md 4)
    _Group(
        Undeliverable,
        (40003, 40031, 46004, 60111, 60021, int(ALL_INVALID), 43004),
        "the person is outside the app's visible range (可见范围), or has left",
    ),
    _Group(Misconfigured, (43012,), "set the address for callbacks (接收消息 → 设置API接收); cards need it"),
    _Group(ContentRefused, (40008, 40032, 40033, 40035, 40058, 40063, 44004, 45002, 81012, 82001, 82002, 82003)),
    _Group(ContentRefused, (82004, 85002)),
    # 模板卡片, 更新模版卡片消息, 撤回应用消息 (wecom.md 5, 6)
    _Group(ContentRefused, (int(TASK_EXISTS), *range(42017, 42021), *_CARD_FIELDS)),
    _Group(TargetGone, (42015, 42016, 42022, 60140, 42052)),
    # 全局错误码: the app's state and what it may (wecom.md 2, 15)
    _Group(Misconfigured, (48002,), "the app may not use this API"),
    _Group(Misconfigured, (48006, 50003), "the app is disabled or was put to sleep; an admin must open it again"),
    _Group(Misconfigured, (48009,), "the contact-sync secret may not read details; use the app's own secret"),
    _Group(Misconfigured, (50001, 50002), "the address or member is outside the app's permission"),
    _Group(Misconfigured, (60011,), "the member or department is outside the app's visible range (可见范围)"),
    # 获取部门列表 (wecom.md 8): a department that went away while we were reading
    _Group(PlatformDown, (60003, 60123), "a department is gone; read the directory again"),
    # 素材管理, 网页授权, 自定义菜单 (wecom.md 7, 8)
    _Group(ContentRefused, (*range(40004, 40008), 40009, 44001, 45001, 45007, 40029, 46003)),
    # 群聊会话, 群机器人, 智能机器人 (wecom.md 9, 13)
    _Group(ContentRefused, (86001, *range(86003, 86009), 86101, 86207, *range(86215, 86218))),
    _Group(Misconfigured, (93000, 853006), "the robot's key is wrong, or the robot is not open to this company"),
    _Group(Undeliverable, (93006,), "the person has not opened a chat with the robot"),
    _Group(TargetGone, (846605, 846608)),
)

KNOWN: Mapping[int, _Group] = {code: group for group in _GROUPS for code in group.codes}
"""Every code that has a meaning."""

_OUR_FAULT = (range(40000, 43000), range(44000, 45000), range(46000, 47000), range(82000, 87000))

_ADDRESS = re.compile(r"from ip: ?([0-9A-Fa-f.:]+)")
_SUPPORT_HINT = re.compile(r"hint: ?\[(\d+)\]")


def refusal(status: int, payload: Mapping[str, Any], attempts: int = 0) -> PlatformError:
    """Return the error that an answer stands for.

    Args:
        status: HTTP status; decides where there is no code.
        payload: The decoded body; empty if it was none.
        attempts: Tries before this one, for how long to wait; the platform never says.
    """
    code = payload.get("errcode")
    if not isinstance(code, int) or code == 0:
        name, hint, meaning = f"http-{status}", "", _by_status(status)
    else:
        known = KNOWN.get(code)
        name, meaning = str(code), known.meaning if known is not None else _by_code(code)
        hint = _hint(code, known.hint if known is not None else "", str(payload.get("errmsg", "")))
    if meaning is Throttled:
        return Throttled(name, _wait(code, attempts), hint)
    return meaning(name, hint)


def _by_status(status: int) -> type[PlatformError]:
    if status == 429:
        return Throttled
    # Success without a code that we can read: an outbox tries only so often.
    if status < 300 or status == 408 or status >= 500:
        return PlatformDown
    # Redirected, forbidden, not there, or stopped by a proxy: nothing of it depends on what was sent.
    return ContentRefused if status in (400, 413, 422) else Misconfigured


def _by_code(code: int) -> type[PlatformError]:
    return ContentRefused if any(code in each for each in _OUR_FAULT) else PlatformDown


def _hint(code: int, known: str, message: str) -> str:
    """Return what an admin can act on: the page to open, the address to enter, the number that support asks for."""
    address, support = _ADDRESS.search(message), _SUPPORT_HINT.search(message)
    if code == UNTRUSTED_IP and address is not None:
        known = f"enter {address[1]} as 企业可信IP of the app, or set proxy; it counts about a minute later"
    return "; ".join(filter(None, (known, f"hint {support[1]}" if support else "")))


def _wait(code: object, attempts: int) -> timedelta:
    first = _WINDOW_WAIT if code == BUSY_WINDOW else _SHORT_WAIT
    return min(first * (1 << min(attempts, 16)), _LONGEST_WAIT)
