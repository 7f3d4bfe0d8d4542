"""Request rates: sliding windows over real time, because the bot paces itself in real time too."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from sandbox.feishu.refusals import refusal, too_frequent
from sandbox.feishu.settings import Limits

_PURGE_ABOVE = 4096


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A window is full.

    Attributes:
        limit: How many it takes.
        wait_seconds: Until the oldest one leaves it, above 0.
    """

    limit: int
    wait_seconds: float


class SlidingWindows:
    """Counts what was let through, per key, over one or more windows. Refused tries do not count.

    Args:
        windows: Pairs of how many and of how many seconds; all must have room.
    """

    def __init__(self, *windows: tuple[int, float]) -> None:
        self._windows = windows
        self._longest_seconds = max(seconds for _, seconds in windows)
        self._passed: dict[Hashable, deque[float]] = {}

    def try_pass(self, key: Hashable, now_seconds: float) -> Exceeded | None:
        """Let one through at this moment, or tell which window is full."""
        passed = self._passed.setdefault(key, deque())
        while passed and passed[0] <= now_seconds - self._longest_seconds:
            passed.popleft()
        for limit, seconds in self._windows:
            if len(passed) >= limit and passed[-limit] > now_seconds - seconds:
                return Exceeded(limit, passed[-limit] + seconds - now_seconds)
        passed.append(now_seconds)
        self._purge(now_seconds)
        return None

    def size(self) -> int:
        """How many keys are remembered."""
        return len(self._passed)

    def _purge(self, now_seconds: float) -> None:
        if len(self._passed) > _PURGE_ABOVE:
            horizon = now_seconds - self._longest_seconds
            self._passed = {key: passed for key, passed in self._passed.items() if passed and passed[-1] > horizon}


class RateLimits:
    """The windows of one tenant; each check raises the refusal that the real one answers with.

    Args:
        limits: How much is allowed.
        monotonic: Real time in seconds; only differences matter.
    """

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._apis = SlidingWindows((limits.per_second, 1.0), (limits.per_minute, 60.0))
        self._users = SlidingWindows((limits.per_user_per_second, 1.0))
        self._cards = SlidingWindows((limits.per_message_per_second, 1.0))

    def check_api(self, app_id: str, api: str) -> None:
        """Count a call of an API; the old `message/v4` answers with its own code and HTTP 200.

        Raises:
            Refusal: 99991400, or 11232 for `message/v4`.
        """
        full = self._apis.try_pass((app_id, api), self._monotonic())
        if full is None:
            return
        if "/message/v4/" in api:
            raise refusal(11232)
        raise too_frequent(429, full.limit, math.ceil(full.wait_seconds))

    def check_user(self, user_id: str) -> None:
        """Count a message to a person, whichever app sends it.

        Raises:
            Refusal: 230020.
        """
        if self._users.try_pass(user_id, self._monotonic()):
            raise refusal(230020, "chat rate limit")

    def check_card(self, message_id: str) -> None:
        """Count an update of a card.

        Raises:
            Refusal: 230020.
        """
        if self._cards.try_pass(message_id, self._monotonic()):
            raise refusal(230020, "message update rate limit")
