"""The pace of a lane: so many calls in any minute and in any second, remembered across crashes by one instant.

Within a lane, calls to one person are kept apart as well. A lane's pace is the generic cell rate algorithm (ITU-T
I.371): its `next_at` is the theoretical arrival time of the next call. A burst may run ahead of it by the tolerance.
Since it is stored before anything is sent, a successor after a crash starts behind what the dead owner may have sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ports import Abilities

MARGIN = 0.98
"""Share of the documented limit that is used; the rest absorbs clocks that run apart."""

RECEIVER_MARGIN = 0.8
"""Share of what one person may get: a call that is late by its own distance from the next one breaks no window."""


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
    """Keeps calls to one person apart; held in memory, so a successor after a crash may call a little too soon once.

    Args:
        per_second: How many calls to one person a platform takes in any second.
    """

    def __init__(self, per_second: float) -> None:
        self._apart = timedelta(seconds=1 / (per_second * RECEIVER_MARGIN))
        self._called: dict[str, datetime] = {}

    def ready_at(self, receiver: str, slot: datetime) -> datetime:
        """Return when somebody may be called next, if the lane allows it from `slot` on."""
        called = self._called.get(receiver)
        return slot if called is None else max(slot, called + self._apart)

    def called(self, receiver: str, now: datetime) -> None:
        """Note that a call to somebody begins."""
        self._called[receiver] = now

    def forget_before(self, now: datetime) -> None:
        """Drop whoever was called so long ago that it does not matter any more."""
        self._called = {receiver: at for receiver, at in self._called.items() if at + self._apart > now}
