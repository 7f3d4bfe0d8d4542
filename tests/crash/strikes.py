"""The moments at which processes are killed; each strike kills one and returns when that has happened.

The sharpest is `at_an_arrival`: Feishu has the message, the process has not heard so and never will.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tests.crash.replica import Replica
from tests.crash.town_hall import PATIENCE_SECONDS, Arrival, TownHall


async def at_an_arrival(
    hall: TownHall, nth: int, victim: Callable[[], Replica], where: Arrival = Arrival.CHAT
) -> Replica:
    """Kill when the nth message from now on is stored, before that is answered; or once none is to come any more.

    Args:
        hall: Where.
        nth: From 1.
        victim: Says whom, at that moment.
        where: Whether messages or letters are counted.

    Returns:
        Whom it was.
    """
    left = nth
    struck: list[Replica] = []

    def told(arrival: Arrival) -> None:
        nonlocal left
        left -= arrival is where
        if left == 0 and not struck:
            struck.append(_killed(victim()))

    with hall.at_each_arrival(told):
        what = "the message comes at which the process is killed"
        await hall.until(lambda: bool(struck) or not hall.something_is_to_come(), what)
    return struck[0] if struck else _killed(victim())


async def with_a_window_reserved(hall: TownHall, victim: Callable[[], Replica]) -> Replica:
    """Kill as soon as messages are reserved: the store says that they are on their way, and hardly any is."""
    await hall.until(
        lambda: hall.books.count("outbox AND state = 'sending'") > 0 or not hall.something_is_to_come(),
        "a window is reserved",
    )
    return _killed(victim())


async def once_an_event_is_stored(hall: TownHall, known: int, victim: Callable[[], Replica]) -> Replica:
    """Kill the very moment the store shows another event: it is committed, and hardly acknowledged.

    Args:
        hall: Where.
        known: How many events the store held before.
        victim: Says whom, at that moment.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while hall.books.count("inbox") <= known:
        assert time.monotonic() < deadline, "no event reaches the store"
        await asyncio.sleep(0)  # one turn of the loop, in which Feishu goes on
    return _killed(victim())


async def at_some_moment(hall: TownHall, most_seconds: float, victim: Callable[[], Replica]) -> Replica:
    """Kill after a drawn time, wherever the process is then."""
    await hall.moment(hall.chance.uniform(0, most_seconds))
    return _killed(victim())


def _killed(replica: Replica) -> Replica:
    replica.kill()
    return replica
