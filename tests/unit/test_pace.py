"""A lane never exceeds its platform's windows, and uses nearly all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pace import LanePace, ReceiverPace
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


WECOM = Abilities(per_receiver_per_second=1000, per_receiver_per_minute=30, per_receiver_per_hour=1000)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def _called(pace: ReceiverPace, pauses: list[float], receiver: str = "a") -> list[datetime]:
    """Call somebody as soon as the pace allows it after each pause; return when that was."""
    now, calls = NOON, []
    for pause in pauses:
        now = pace.ready_at(receiver, now + timedelta(seconds=pause))
        pace.called(receiver, now)
        pace.forget_before(now)
        calls.append(now)
    return calls


@given(st.lists(st.floats(0, 40), max_size=120), st.integers(2, 20), st.integers(20, 60))
def test_nobody_is_called_more_often_than_a_minute_and_an_hour_allow(
    pauses: list[float], per_minute: int, per_hour: int
) -> None:
    limits = Abilities(per_receiver_per_second=1000, per_receiver_per_minute=per_minute, per_receiver_per_hour=per_hour)
    calls = _called(ReceiverPace(limits, NOON), pauses)
    assert _most_in(calls, MINUTE) <= per_minute
    assert _most_in(calls, HOUR) <= per_hour


def test_without_such_limits_only_the_second_counts() -> None:
    calls = _called(ReceiverPace(Abilities(per_receiver_per_second=1000), NOON), [0.0] * 100)
    assert calls[-1] - calls[0] < timedelta(seconds=1)


def test_a_process_that_has_just_started_leaves_half_of_an_hours_calls_to_its_predecessor() -> None:
    limits = Abilities(per_receiver_per_second=1000, per_receiver_per_hour=100)
    before = _called(ReceiverPace(limits, NOON - HOUR), [0.0] * 40)
    after = _called(ReceiverPace(limits, NOON), [0.0] * 60)
    within = [at for at in (*before, *after) if at < NOON + HOUR]
    assert len(within) <= 100
    assert after[39] < NOON + MINUTE < NOON + HOUR <= after[40]


def test_other_people_are_not_held_up() -> None:
    pace = ReceiverPace(WECOM, NOON)
    _called(pace, [0.0] * 24)
    assert pace.ready_at("a", NOON) >= NOON + MINUTE
    assert pace.ready_at("b", NOON) == NOON


def test_calls_that_are_planned_count_for_those_behind_them() -> None:
    pace = ReceiverPace(WECOM, NOON)
    rooms = pace.rooms(["a"] * 30 + ["b"], NOON)
    assert [room > NOON for room in rooms] == [False] * 24 + [True] * 6 + [False]
    assert list(rooms[:30]) == sorted(rooms[:30])
    assert pace.ready_at("a", NOON) == NOON


@given(st.lists(st.floats(0, 100), max_size=60))
def test_forgetting_changes_nothing_that_matters(pauses: list[float]) -> None:
    forgetful, mindful = ReceiverPace(WECOM, NOON), ReceiverPace(WECOM, NOON)
    now = NOON
    for pause in pauses:
        now += timedelta(seconds=pause)
        forgetful.forget_before(now)
        assert forgetful.ready_at("a", now) == mindful.ready_at("a", now)
        now = forgetful.ready_at("a", now)
        for each in (forgetful, mindful):
            each.called("a", now)
