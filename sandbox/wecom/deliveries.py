"""Callbacks on their way to apps: kept until answered, three tries in all (wecom.md section 10).

A try fails unless HTTP 200 comes within five seconds. A repeat carries the same text in a fresh envelope: whether the
real one's envelope is the same is not documented, so nobody may rely on either.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sandbox.wecom import xml
from sandbox.wecom.callbacks import Callbacks, Packed, Reply
from sandbox.wecom.faults import FaultKind
from sandbox.wecom.payloads import Fields
from sandbox.wecom.settings import MOST_TRIES, RESEND_AFTER, FakeWeComApp
from sandbox.wecom.world import World

_HELD_AT_MOST = timedelta(seconds=15)
_FEWEST_REORDERED = 2


class State(StrEnum):
    """Where a callback stands.

    `OPEN` ones are under way, or a restart of the platform interrupted them. `RETRY` ones failed and wait for their
    time. `HELD` ones a fault holds back. `DEAD` ones failed three times.
    """

    OPEN = "open"
    RETRY = "retry"
    HELD = "held"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One callback to one app.

    Attributes:
        number: In the order of happening.
        agent_id: Who gets it.
        event: `text`, or the event's name.
        user_id: Who caused it.
        message_id: The card it is about, empty where none.
        plain: The XML before sealing, the same in every try.
        state: Where it stands.
        failures: How many tries failed.
        next_ms: When it is sent next, in milliseconds since 1970 by the company's clock; 0 is "not by time".
        last_outcome: What the last try ended with, empty before the first.
        last_sent: The last try's envelope, empty before the first.
    """

    number: int
    agent_id: int
    event: str
    user_id: str
    message_id: str
    plain: str
    state: State
    failures: int
    next_ms: int
    last_outcome: str
    last_sent: Packed


class Activity:
    """Counts what is under way, so that others can wait until nothing is."""

    def __init__(self) -> None:
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Something is under way while inside."""
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def wait(self) -> None:
        """Return once nothing is under way."""
        await self._idle.wait()


class Pusher:
    """Delivers callbacks.

    Args:
        world: The company.
        callbacks: The way to the apps.
        answered: Is told of every answer that came in time with HTTP 200.
    """

    def __init__(self, world: World, callbacks: Callbacks, answered: Callable[[Delivery, bytes], None]) -> None:
        self._world = world
        self._store = world.store
        self._callbacks = callbacks
        self._answered = answered
        self._activity = Activity()
        self._under_way: set[int] = set()
        self._held: list[int] = []
        self._still_to_hold = 0

    async def push(
        self, app: FakeWeComApp, event: str, user_id: str, fields: Fields, message_id: str = ""
    ) -> int | None:
        """Send a callback; returns its number when the first try is over, None where the app has no address."""
        if not app.callback_url:
            return None
        number = self._store.insert(
            "INSERT INTO deliveries (agent_id, event, user_id, message_id, plain, state, failures, next_ms,"
            " last_outcome, last_query, last_body) VALUES (?, ?, ?, ?, ?, ?, 0, 0, '', '', x'')",
            *(app.agent_id, event, user_id, message_id, xml.write(fields, self._world.chance), State.OPEN),
        )
        for due in self._leaving(number):
            await self.attempt(due)
        return number

    async def attempt(self, number: int) -> None:
        """Try once now, unless a try of this callback is under way or it is over with."""
        delivery = self.delivery(number)
        if number in self._under_way or delivery.state in (State.DONE, State.DEAD):
            return
        self._under_way.add(number)
        try:
            with self._activity.running():
                replies = await self._tried(delivery)
                self._settle(delivery, replies[0])
                if replies[0].succeeded and self._world.faults.take(FaultKind.REPEAT):
                    await self._send(delivery)
        finally:
            self._under_way.discard(number)

    async def run_due(self) -> int:
        """Try everything whose time has come, and what a restart interrupted; returns how many tries that were."""
        rows = self._store.rows(
            "SELECT number, agent_id FROM deliveries WHERE (state IN (?, ?) AND next_ms <= ?) OR state = ?"
            " ORDER BY number",
            *(State.RETRY, State.HELD, self._world.now_ms(), State.OPEN),
        )
        due = [row["number"] for row in rows if row["number"] not in self._under_way and self._has_address(row)]
        if set(due) & set(self._held):
            self._held, self._still_to_hold = [], 0
        await asyncio.gather(*map(self.attempt, due))
        return len(due)

    async def replay(self, number: int) -> Reply:
        """Send the last try's envelope once more, bit by bit, whatever state the callback is in."""
        delivery = self.delivery(number)
        with self._activity.running():
            return await self._callbacks.post(self._world.apps[delivery.agent_id], delivery.last_sent)

    def delivery(self, number: int) -> Delivery:
        """One callback; KeyError where there is none."""
        row = self._store.row("SELECT * FROM deliveries WHERE number = ?", number)
        if row is None:
            raise KeyError(number)
        return _delivery(row)

    def log(self) -> list[Delivery]:
        """Every callback, oldest first."""
        return [_delivery(row) for row in self._store.rows("SELECT * FROM deliveries ORDER BY number")]

    async def idle(self) -> None:
        """Return once nothing is under way."""
        await self._activity.wait()

    async def _tried(self, delivery: Delivery) -> list[Reply]:
        copies = 2 if self._world.faults.take(FaultKind.TWIN) else 1
        return await asyncio.gather(*(self._send(delivery) for _ in range(copies)))

    async def _send(self, delivery: Delivery) -> Reply:
        app = self._world.apps[delivery.agent_id]
        packed = self._callbacks.packed(app, delivery.plain)
        self._store.run(
            "UPDATE deliveries SET last_query = ?, last_body = ? WHERE number = ?",
            *(packed.query, packed.body, delivery.number),
        )
        return await self._callbacks.post(app, packed)

    def _settle(self, delivery: Delivery, reply: Reply) -> None:
        state, failures, next_ms = State.DONE, delivery.failures, 0
        if not reply.succeeded:
            failures += 1
            state, next_ms = self._after_failure(failures)
        outcome = f"{reply.outcome} {reply.status}" if reply.status else str(reply.outcome)
        self._store.run(
            "UPDATE deliveries SET state = ?, failures = ?, next_ms = ?, last_outcome = ? WHERE number = ?",
            *(state, failures, next_ms, outcome, delivery.number),
        )
        if reply.succeeded:
            self._answered(delivery, reply.content)

    def _after_failure(self, failures: int) -> tuple[State, int]:
        if failures >= MOST_TRIES:
            return State.DEAD, 0
        return State.RETRY, self._world.now_ms() + _milliseconds(RESEND_AFTER)

    def _has_address(self, row: sqlite3.Row) -> bool:
        app = self._world.apps.get(row["agent_id"])
        return app is not None and bool(app.callback_url)

    def _leaving(self, number: int) -> list[int]:
        """Which callbacks leave now that this one happened: it alone, nobody, or a whole held group in reverse."""
        fault = self._world.faults.take(FaultKind.HOLD_BACK)
        if fault is not None:
            self._hold(number, timedelta(seconds=fault.seconds))
            return []
        fault = self._world.faults.take_whole(FaultKind.REORDER)
        if fault is not None:
            self._still_to_hold = max(fault.times or 0, _FEWEST_REORDERED)
        if not self._still_to_hold:
            return [number]
        self._hold(number, _HELD_AT_MOST)
        self._held.append(number)
        self._still_to_hold -= 1
        if self._still_to_hold:
            return []
        group, self._held = self._held[::-1], []
        return group

    def _hold(self, number: int, wait: timedelta) -> None:
        self._store.run(
            "UPDATE deliveries SET state = ?, next_ms = ? WHERE number = ?",
            *(State.HELD, self._world.now_ms() + _milliseconds(wait), number),
        )


def _milliseconds(wait: timedelta) -> int:
    return int(wait.total_seconds() * 1000)


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        number=row["number"],
        agent_id=row["agent_id"],
        event=row["event"],
        user_id=row["user_id"],
        message_id=row["message_id"],
        plain=row["plain"],
        state=State(row["state"]),
        failures=row["failures"],
        next_ms=row["next_ms"],
        last_outcome=row["last_outcome"],
        last_sent=Packed(row["last_query"], row["last_body"]),
    )
