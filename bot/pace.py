"""The pace of a lane: so many calls in any minute and in any second, remembered across crashes by one instant.

Within a lane, calls to one person are kept apart as well. A lane's pace is the generic cell rate algorithm (ITU-T
I.371): its `next_at` is the theoretical arrival time of the next call. A burst may run ahead of it by the tolerance.
Since it is stored before anything is sent, a successor after a crash starts behind what the dead owner may have sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ports import Abilities

MARGIN = 0.98
"""Share of the documented limit that is used; the rest absorbs clocks that run apart."""

RECEIVER_MARGIN = 0.8
"""Share of what one person may get: a call that is late by its own distance from the next one breaks no window."""

FRESH_SHARE = 0.5
"""Share of an hour's calls to one person that is used in the first hour after a start."""

SWEPT_EVERY = timedelta(minutes=1)
"""How often calls that no window holds any more are forgotten."""

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LanePace:
    """How fast a lane may go.

    Attributes:
        interval: Time from one call to the next in the long run.
        tolerance: How far a burst may run ahead.
    """

    interval: timedelta
    tolerance: timedelta

    @classmethod
    def of(cls, abilities: Abilities) -> LanePace:
        """Return the pace that keeps both windows of a platform: in each, the steady rate and one burst fit."""
        per_minute, per_second = abilities.calls_per_minute * MARGIN, abilities.calls_per_second * MARGIN
        steady = min(per_minute / 60, per_second)
        burst = max(1.0, min((per_second - steady) / 2, per_minute * 0.03))
        interval = timedelta(seconds=1 / min(steady, max(1.0, per_minute - burst) / 60))
        return cls(interval, interval * (burst - 1))

    def calls_in(self, span: timedelta) -> int:
        """Return how many calls go out in a span of time in the long run; at least one."""
        return max(1, span // self.interval)

    def slots(self, next_at: datetime, now: datetime, count: int) -> tuple[list[datetime], datetime]:
        """Return when each of the next calls may start, and the lane's new `next_at`.

        Args:
            next_at: The lane's, as stored.
            now: UTC.
            count: How many calls.
        """
        slots: list[datetime] = []
        arrival = next_at
        for _ in range(count):
            slots.append(max(now, arrival - self.tolerance))
            arrival = max(arrival, slots[-1]) + self.interval
        return slots, arrival


class ReceiverPace:
    """Keeps calls to one person apart and within a platform's windows, by the calls of this process.

    What was called is held in memory only. A process that has just started knows nothing of its predecessor's calls and
    takes it that there were none; so that they stay within an hour's limit together, each uses no more than half of it
    in its first hour. Within a second and a minute a successor after a crash may call a little too soon, once.

    Args:
        abilities: How many calls to one person a platform takes in any second, minute and hour.
        since: When this process began to call, UTC.
    """

    def __init__(self, abilities: Abilities, since: datetime) -> None:
        self._apart = timedelta(seconds=1 / (abilities.per_receiver_per_second * RECEIVER_MARGIN))
        self._minute = _share(abilities.per_receiver_per_minute, RECEIVER_MARGIN)
        self._hour = _share(abilities.per_receiver_per_hour, RECEIVER_MARGIN)
        self._fresh_hour = _share(self._hour, FRESH_SHARE)
        self._fresh_until = since + _HOUR
        self._kept = max(self._apart, _HOUR if self._hour else _MINUTE if self._minute else self._apart)
        self._called: dict[str, list[datetime]] = {}
        self._swept = since

    def ready_at(self, receiver: str, slot: datetime) -> datetime:
        """Return when somebody may be called next, if the lane allows it from `slot` on."""
        called = self._called.get(receiver)
        return slot if not called else self._room(called, max(slot, called[-1] + self._apart))

    def rooms(self, receivers: Sequence[str], now: datetime) -> Sequence[datetime]:
        """Return when a minute's and an hour's calls to people leave room for more: `now`, or later.

        Args:
            receivers: Whom the next calls are for, in order; those before count for those after them.
            now: UTC.
        """
        if not (self._minute or self._hour):
            return [now] * len(receivers)
        planned: dict[str, list[datetime]] = {}
        rooms: list[datetime] = []
        for receiver in receivers:
            called = planned.setdefault(receiver, list(self._called.get(receiver, ())))
            rooms.append(self._room(called, now))
            called.append(rooms[-1])
        return rooms

    def called(self, receiver: str, now: datetime) -> None:
        """Note that a call to somebody begins."""
        since = now - self._kept
        self._called[receiver] = [*(at for at in self._called.get(receiver, ()) if at > since), now]

    def forget_before(self, now: datetime) -> None:
        """Drop calls so long ago that they do not matter any more."""
        if now - self._swept >= min(self._kept, SWEPT_EVERY):
            self._swept = now
            since = now - self._kept
            self._called = {receiver: called for receiver, called in self._called.items() if called[-1] > since}

    def _room(self, called: Sequence[datetime], at: datetime) -> datetime:
        most_an_hour = self._hour if at >= self._fresh_until else self._fresh_hour
        for most, length in ((self._minute, _MINUTE), (most_an_hour, _HOUR)):
            if 0 < most <= len(called):
                at = max(at, called[-most] + length)
        return at


def _share(limit: int, share: float) -> int:
    return max(1, int(limit * share)) if limit else 0
