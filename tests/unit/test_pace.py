"""A lane never exceeds its platform's windows, and uses nearly all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pace import LanePace
from domain.ports import Abilities

NOON = datetime(2026, 11, 27, 4, tzinfo=UTC)

PLATFORMS = [
    Abilities(calls_per_minute=1000, calls_per_second=50),
    Abilities(calls_per_minute=600, calls_per_second=10),
    Abilities(calls_per_minute=60, calls_per_second=1),
    Abilities(calls_per_minute=100_000, calls_per_second=5_000),
]


def _all_slots(pace: LanePace, batches: list[tuple[float, int]]) -> list[datetime]:
    """Reserve windows of some sizes after some pauses, each starting when its predecessor's calls have gone out."""
    next_at, now, slots = NOON, NOON, []
    for pause_seconds, count in batches:
        now += timedelta(seconds=pause_seconds)
        found, next_at = pace.slots(next_at, now, count)
        slots += found
        now = max(now, found[-1]) if found else now
    return slots


def _most_in(slots: list[datetime], window: timedelta) -> int:
    most, first = 0, 0
    for last, at in enumerate(slots):
        while slots[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("abilities", PLATFORMS, ids=lambda a: f"{a.calls_per_minute}/min")
@given(batches=st.lists(st.tuples(st.floats(0, 90), st.integers(0, 64)), max_size=40))
def test_no_minute_and_no_second_holds_more_calls_than_the_platform_allows(
    abilities: Abilities, batches: list[tuple[float, int]]
) -> None:
    slots = _all_slots(LanePace.of(abilities), batches)
    assert _most_in(slots, timedelta(minutes=1)) <= abilities.calls_per_minute
    assert _most_in(slots, timedelta(seconds=1)) <= max(1, abilities.calls_per_second)


@pytest.mark.parametrize("abilities", PLATFORMS[:2], ids=lambda a: f"{a.calls_per_minute}/min")
def test_a_long_queue_goes_out_at_no_less_than_95_percent_of_the_limit(abilities: Abilities) -> None:
    slots = _all_slots(LanePace.of(abilities), [(0.0, 64)] * 60)
    minutes = (slots[-1] - slots[0]).total_seconds() / 60
    assert len(slots) / minutes >= 0.95 * abilities.calls_per_minute


@given(count=st.integers(1, 200), pause=st.floats(0, 300))
def test_slots_come_in_order_and_never_before_now(count: int, pause: float) -> None:
    now = NOON + timedelta(seconds=pause)
    slots, next_at = LanePace.of(PLATFORMS[0]).slots(NOON, now, count)
    assert slots == sorted(slots)
    assert slots[0] >= now
    assert next_at > slots[-1]


def test_a_successor_starts_behind_what_a_dead_owner_may_have_sent() -> None:
    """The stored instant alone keeps the rate: whoever reads it next goes on where the reserved window ends."""
    pace = LanePace.of(PLATFORMS[0])
    reserved, next_at = pace.slots(NOON, NOON, 64)
    after_crash, _ = pace.slots(next_at, NOON + timedelta(seconds=1), 64)
    both = sorted(reserved + after_crash)
    assert _most_in(both, timedelta(seconds=1)) <= 50
    assert after_crash[0] >= reserved[-1]
