"""What is counted: calls of one API in a second of real time, and the organisation's calls and pushes of a month.

A month is a calendar month in Shanghai, where the platform keeps its books (dingtalk.md section 11).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sandbox.dingtalk.refusals import QPS, QUOTA, refusal
from sandbox.dingtalk.settings import Limits
from sandbox.dingtalk.store import Store

ZONE = "Asia/Shanghai"

_WINDOW_SECONDS = 1.0


class Kind(StrEnum):
    """What has a monthly quota."""

    API_CALL = "api_call"
    PUSH = "push"


class Rates:
    """Calls of every API by every app in the last second; refused ones do not count.

    Args:
        limits: How many.
        monotonic: Real time in seconds.
    """

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._passed: dict[Hashable, deque[float]] = {}

    def check(self, client_id: str, api: str) -> None:
        """Count a call.

        Raises:
            Refusal: HTTP 403 `QpsLimitForAppkeyAndApi`.
        """
        now = self._monotonic()
        passed = self._passed.setdefault((client_id, api), deque())
        while passed and passed[0] <= now - _WINDOW_SECONDS:
            passed.popleft()
        if len(passed) >= self._limits.per_second:
            raise refusal(QPS)
        passed.append(now)


class Quota:
    """What the organisation used of its month; kept over a restart.

    Args:
        store: Where it is kept.
        limits: How much there is.
        now: The organisation's clock.
    """

    def __init__(self, store: Store, limits: Limits, now: Callable[[], datetime]) -> None:
        self._store = store
        self._limits = limits
        self._now = now
        self._zone = ZoneInfo(ZONE)

    def used(self, kind: Kind) -> int:
        """How much of this month is used."""
        row = self._store.row("SELECT amount FROM usage WHERE month = ? AND kind = ?", self._month(), kind)
        return 0 if row is None else int(row["amount"])

    def spend_call(self) -> None:
        """Count an API call.

        Raises:
            Refusal: HTTP 403 `ApiCountLimitForOrg`; such a call is not counted.
        """
        if self._limits.api_calls is not None and self.used(Kind.API_CALL) >= self._limits.api_calls:
            raise refusal(QUOTA)
        self._add(Kind.API_CALL)

    def spend_push(self) -> bool:
        """Count a push; False where the month's are used up, which the push then tells in place of its content."""
        if self._limits.pushes is not None and self.used(Kind.PUSH) >= self._limits.pushes:
            return False
        self._add(Kind.PUSH)
        return True

    def _add(self, kind: Kind) -> None:
        self._store.run(
            "INSERT INTO usage (month, kind, amount) VALUES (?, ?, 1)"
            " ON CONFLICT (month, kind) DO UPDATE SET amount = amount + 1",
            *(self._month(), kind),
        )

    def _month(self) -> str:
        return self._now().astimezone(self._zone).strftime("%Y-%m")
