"""WeCom: nobody is sent more than the platform delivers; it would drop the rest and report success."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.budget import PER_HOUR, PER_MINUTE, ReceiverBudget
from domain.errors import Throttled
from tests.contract.feishu_stub import SteppingClock


def test_a_minute_holds_so_many_and_then_the_oldest_must_age() -> None:
    clock = SteppingClock()
    budget = ReceiverBudget(clock)
    budget.take("zhangsan", 10)
    clock.advance(timedelta(seconds=20))
    budget.take("ZhangSan", PER_MINUTE - 10)
    with pytest.raises(Throttled) as throttled:
        budget.take("zhangsan", 1)
    assert throttled.value.retry_after == timedelta(seconds=40)
    clock.advance(throttled.value.retry_after)
    budget.take("zhangsan", 10)
    with pytest.raises(Throttled):
        budget.take("zhangsan", 1)


def test_what_was_refused_is_not_counted_and_others_are_free() -> None:
    budget = ReceiverBudget(SteppingClock())
    budget.take("zhangsan", PER_MINUTE - 1)
    for _ in range(3):
        with pytest.raises(Throttled):
            budget.take("zhangsan", 2)
    budget.take("zhangsan", 1)
    budget.take("lisi", PER_MINUTE)


def test_an_hour_holds_so_many() -> None:
    clock = SteppingClock()
    budget = ReceiverBudget(clock)
    for _ in range(PER_HOUR // PER_MINUTE):
        budget.take("zhangsan", PER_MINUTE)
        clock.advance(timedelta(minutes=1))
    budget.take("zhangsan", PER_HOUR % PER_MINUTE)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Throttled) as throttled:
        budget.take("zhangsan", 1)
    clock.advance(throttled.value.retry_after)
    budget.take("zhangsan", 1)


steps = st.lists(st.tuples(st.integers(0, 400), st.integers(1, PER_MINUTE)), max_size=80)


@given(steps)
def test_no_window_ever_holds_more(taken: list[tuple[int, int]]) -> None:
    clock = SteppingClock()
    budget = ReceiverBudget(clock)
    sent: list[int] = []
    second = 0
    for wait, messages in taken:
        clock.advance(timedelta(seconds=wait))
        second += wait
        try:
            budget.take("zhangsan", messages)
        except Throttled:
            continue
        sent += [second] * messages
        assert sum(at > second - 60 for at in sent) <= PER_MINUTE
        assert sum(at > second - 3600 for at in sent) <= PER_HOUR
