"""Request rates as sliding windows: calls of an API, messages to a person, wrong secrets (wecom.md section 14)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable

from sandbox.wecom.settings import Limits

_MINUTE_SECONDS = 60.0
_HOUR_SECONDS = 3600.0
_PURGE_ABOVE = 4096


class SlidingWindows:
    """Counts what was let through, per key, over one or more windows. What was not let through does not count.

    Args:
        windows: Pairs of how many and of how many seconds; all must have room.
    """

    def __init__(self, *windows: tuple[int, float]) -> None:
        self._windows = windows
        self._longest_seconds = max(seconds for _, seconds in windows)
        self._passed: dict[Hashable, deque[float]] = {}

    def is_full(self, key: Hashable, now_seconds: float) -> bool:
        """Whether no more fits at this moment."""
        passed = self._passed.get(key, ())
        return any(
            sum(moment > now_seconds - seconds for moment in passed) >= limit for limit, seconds in self._windows
        )

    def try_pass(self, key: Hashable, now_seconds: float) -> bool:
        """Let one through at this moment where it fits; whether it did."""
        passed = self._passed.setdefault(key, deque())
        while passed and passed[0] <= now_seconds - self._longest_seconds:
            passed.popleft()
        for limit, seconds in self._windows:
            if limit == 0 or (len(passed) >= limit and passed[-limit] > now_seconds - seconds):
                return False
        passed.append(now_seconds)
        self._purge(now_seconds)
        return True

    def _purge(self, now_seconds: float) -> None:
        if len(self._passed) > _PURGE_ABOVE:
            horizon = now_seconds - self._longest_seconds
            self._passed = {key: passed for key, passed in self._passed.items() if passed and passed[-1] > horizon}


class Rates:
    """The windows of one company.

    Args:
        limits: How much is allowed.
        monotonic: Seconds; only differences matter.
    """

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._apis = SlidingWindows((limits.api_per_minute, _MINUTE_SECONDS), (limits.api_per_hour, _HOUR_SECONDS))
        self._members = SlidingWindows(
            (limits.member_per_minute, _MINUTE_SECONDS), (limits.member_per_hour, _HOUR_SECONDS)
        )
        self._secrets = SlidingWindows((limits.bad_secrets_per_hour, _HOUR_SECONDS))

    def api(self, path: str) -> bool:
        """Count a call of an API; whether it is allowed."""
        return self._apis.try_pass(path, self._monotonic())

    def member(self, agent_id: int, user_id: str) -> bool:
        """Count a message of an app to a person; whether it gets through."""
        return self._members.try_pass((agent_id, user_id), self._monotonic())

    def bad_secret(self) -> None:
        """Count a wrong secret."""
        self._secrets.try_pass("secret", self._monotonic())

    def is_blocked(self) -> bool:
        """Whether there were too many wrong secrets."""
        return self._secrets.is_full("secret", self._monotonic())
