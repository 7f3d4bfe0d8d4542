"""What one person may still be sent: beyond its limits the platform drops messages and reports success.

A row may be several messages (a long text, or a text in front of a card), so the pace of rows alone keeps no limit.
Held in memory, so a successor after a crash may go over it once.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from domain.errors import Throttled
from domain.ports import Clock

PER_MINUTE = 28
PER_HOUR = 950
"""A little below the documented 30 and 1,000 of an app and a member (vendor page "访问频率限制", read 2026-11-22),
whose windows need not begin when ours do."""

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


class ReceiverBudget:
    """Counts messages to each person over the last hour.

    Args:
        clock: The time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[str, deque[datetime]] = {}
        self._swept_at = clock.now()

    def take(self, receiver: str, messages: int) -> None:
        """Set so many messages apart for somebody; they count whether or not they arrive.

        Args:
            receiver: The person's userid, in any case.
            messages: At most `PER_MINUTE`.

        Raises:
            Throttled: They would go beyond a limit now; nothing was set apart.
        """
        now = self._clock.now()
        self._forget(now)
        sent = self._sent.setdefault(receiver.lower(), deque())
        wait = max(
            _until_room(sent, now, messages, PER_MINUTE, _MINUTE), _until_room(sent, now, messages, PER_HOUR, _HOUR)
        )
        if wait > timedelta(0):
            raise Throttled("receiver-pace", wait)
        sent.extend([now] * messages)

    def _forget(self, now: datetime) -> None:
        if now - self._swept_at < _MINUTE:
            return
        self._swept_at = now
        for sent in self._sent.values():
            while sent and sent[0] <= now - _HOUR:
                sent.popleft()
        self._sent = {receiver: sent for receiver, sent in self._sent.items() if sent}


def _until_room(sent: deque[datetime], now: datetime, messages: int, most: int, window: timedelta) -> timedelta:
    """Return how long until so many messages fit into the window that ends then."""
    place = len(sent) + messages - most - 1
    return sent[place] + window - now if place >= 0 else timedelta(0)
