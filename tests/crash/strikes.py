"""The moments at which processes are killed; each strike kills one and returns when that has happened.

The sharpest is `at_a_message`: Feishu has the message, the process has not heard so and never will.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.crash.replica import Replica
from tests.crash.town_hall import TownHall


async def at_a_message(hall: TownHall, nth: int, victim: Callable[[], Replica]) -> Replica:
    """Kill when the nth message from now on is stored, before that is answered; or once no message comes any more.

    Args:
        hall: Where.
        nth: From 1.
        victim: Says whom, at that moment.

    Returns:
        Whom it was.
    """
    left = nth
    struck: list[Replica] = []

    def told() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            struck.append(_killed(victim()))

    with hall.at_each_message(told):
        what = "the message comes at which the process is killed"
        await hall.until(lambda: bool(struck) or not _anything_waits(hall), what)
    return struck[0] if struck else _killed(victim())


async def with_a_window_reserved(hall: TownHall, victim: Callable[[], Replica]) -> Replica:
    """Kill as soon as messages are reserved: the store says that they are on their way, and hardly any is."""
    await hall.until(
        lambda: hall.books.count("outbox AND state = 'sending'") > 0 or not _anything_waits(hall), "a window is reserved"
    )
    return _killed(victim())


async def at_some_moment(hall: TownHall, most_seconds: float, victim: Callable[[], Replica]) -> Replica:
    """Kill after a drawn time, wherever the process is then."""
    await hall.moment(hall.chance.uniform(0, most_seconds))
    return _killed(victim())


def _killed(replica: Replica) -> Replica:
    replica.kill()
    return replica


def _anything_waits(hall: TownHall) -> bool:
    """Whether a message is still to come: one waits, or the practice has not begun."""
    return hall.books.count("outbox") == 0 or hall.books.count("outbox AND state IN ('ready', 'sending')") > 0
