"""Events on their way to apps: kept until acknowledged, sent again on the platform's schedule, played after a gap.

Rules: feishu.md sections 6.4 and 7. A try fails unless HTTP 200 (or an answer frame with code 200) comes within three
seconds; then the event is sent again after 15 seconds, 5 minutes, 1 hour and 6 hours, by the tenant's clock. Without a
live long connection an event waits for the next one, and that wait costs no try.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sandbox.feishu.faults import FaultKind
from sandbox.feishu.lines import Envelope, Line, Outcome, Reply, envelope_of
from sandbox.feishu.settings import RESEND_AFTER, Ingress
from sandbox.feishu.world import World

_HELD_AT_MOST = timedelta(seconds=15)
_FEWEST_REORDERED = 2


class State(StrEnum):
    """Where an event stands.

    `OPEN` ones are under way, or wait for a way to their app: a connection, an address, a restart of the platform.
    `RETRY` ones failed and wait for their time. `HELD` ones a fault holds back. `DEAD` ones failed five times.
    """

    OPEN = "open"
    RETRY = "retry"
    HELD = "held"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one app, as the developer console's event log shows it.

    Attributes:
        event_id: The same in every try.
        app_id: Who gets it.
        event_type: Its type.
        envelope: As sent.
        state: Where it stands.
        failures: How many tries failed.
        next_ms: When it is sent next, in milliseconds since 1970 by the tenant's clock; 0 is "not by time".
        last_outcome: What the last try ended with, empty before the first.
    """

    event_id: str
    app_id: str
    event_type: str
    envelope: Envelope
    state: State
    failures: int
    next_ms: int
    last_outcome: str


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
    """Delivers events.

    Args:
        world: The tenant.
        lines: The two ingresses.
        activity: Where running deliveries are counted.
    """

    def __init__(self, world: World, lines: Mapping[Ingress, Line], activity: Activity) -> None:
        self._world = world
        self._store = world.store
        self._lines = lines
        self._activity = activity
        self._under_way: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[str] = []
        self._still_to_hold = 0

    async def push(self, app_id: str, event_type: str, event: Mapping[str, Any]) -> str | None:
        """Send an event to an app, and return its id when the first try is over; None where it has no subscription."""
        app = self._world.apps[app_id]
        if event_type not in app.events:
            return None
        envelope = envelope_of(self._world, app, event_type, event)
        event_id: str = envelope["header"]["event_id"]
        self._store.run(
            "INSERT INTO deliveries (event_id, app_id, event_type, envelope, state, failures, next_ms, last_outcome)"
            " VALUES (?, ?, ?, ?, ?, 0, 0, '')",
            *(event_id, app_id, event_type, json.dumps(envelope, ensure_ascii=False), State.OPEN),
        )
        for due in self._leaving(event_id):
            await self.attempt(due)
        return event_id

    async def attempt(self, event_id: str) -> None:
        """Try once now, unless a try of this event is under way or it is over with."""
        delivery = self.delivery(event_id)
        if event_id in self._under_way or delivery.state in (State.DONE, State.DEAD):
            return
        self._under_way.add(event_id)
        try:
            with self._activity.running():
                reply = await self._send(delivery)
                self._settle(delivery, reply)
                if reply.succeeded and self._world.faults.take(FaultKind.REPEAT):
                    await self._send(delivery)
        finally:
            self._under_way.discard(event_id)

    async def run_due(self) -> int:
        """Try everything whose time has come, and what a restart interrupted; returns how many tries that were."""
        rows = self._store.rows(
            "SELECT event_id, app_id, state FROM deliveries WHERE (state IN (?, ?) AND next_ms <= ?) OR state = ?"
            " ORDER BY number",
            *(State.RETRY, State.HELD, self._world.now_ms(), State.OPEN),
        )
        due = [row["event_id"] for row in rows if self._is_due(row)]
        if set(due) & set(self._held):
            self._held, self._still_to_hold = [], 0
        await asyncio.gather(*map(self.attempt, due))
        return len(due)

    def play_waiting(self, app_id: str) -> None:
        """A connection is up: start sending what waits for one, or was under way when one broke, oldest first."""
        rows = self._store.rows(
            "SELECT event_id FROM deliveries WHERE app_id = ? AND (state = ? OR (state = ? AND last_outcome = ?))"
            " ORDER BY number",
            *(app_id, State.OPEN, State.RETRY, Outcome.CONNECTION_LOST),
        )
        for row in rows:
            task = asyncio.create_task(self.attempt(row["event_id"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def delivery(self, event_id: str) -> Delivery:
        """One event of the log; KeyError where there is none."""
        row = self._store.row("SELECT * FROM deliveries WHERE event_id = ?", event_id)
        if row is None:
            raise KeyError(event_id)
        return _delivery(row)

    def log(self) -> list[Delivery]:
        """Every event, oldest first."""
        return [_delivery(row) for row in self._store.rows("SELECT * FROM deliveries ORDER BY number")]

    async def close(self) -> None:
        """Give up what is under way; it stays open, and is sent after a restart."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, delivery: Delivery) -> Reply:
        app = self._world.apps[delivery.app_id]
        return await self._lines[app.ingress].send(app, delivery.envelope)

    def _settle(self, delivery: Delivery, reply: Reply) -> None:
        state, failures, next_ms = State.DONE, delivery.failures, 0
        if reply.outcome is Outcome.NO_ROUTE:
            state = State.OPEN
        elif not reply.succeeded:
            failures += 1
            state, next_ms = self._after_failure(failures)
        outcome = f"{reply.outcome} {reply.status}" if reply.status else str(reply.outcome)
        self._store.run(
            "UPDATE deliveries SET state = ?, failures = ?, next_ms = ?, last_outcome = ? WHERE event_id = ?",
            *(state, failures, next_ms, outcome, delivery.event_id),
        )

    def _after_failure(self, failures: int) -> tuple[State, int]:
        if failures > len(RESEND_AFTER):
            return State.DEAD, 0
        return State.RETRY, self._world.now_ms() + _milliseconds(RESEND_AFTER[failures - 1])

    def _is_due(self, row: sqlite3.Row) -> bool:
        app = self._world.apps.get(row["app_id"])
        if app is None:  # it was taken out of the tenant since
            return False
        # Over long connections, whatever is open leaves with the next connection.
        return row["state"] != State.OPEN or (app.ingress is Ingress.WEBHOOK and row["event_id"] not in self._under_way)

    def _leaving(self, event_id: str) -> list[str]:
        """Which events leave now that this one happened: it alone, nobody, or a whole held group in reverse."""
        fault = self._world.faults.take(FaultKind.HOLD_BACK)
        if fault is not None:
            self._hold(event_id, timedelta(seconds=fault.seconds))
            return []
        fault = self._world.faults.take_whole(FaultKind.REORDER)
        if fault is not None:
            self._still_to_hold = max(fault.times or 0, _FEWEST_REORDERED)
        if not self._still_to_hold:
            return [event_id]
        self._hold(event_id, _HELD_AT_MOST)
        self._held.append(event_id)
        self._still_to_hold -= 1
        if self._still_to_hold:
            return []
        group, self._held = self._held[::-1], []
        return group

    def _hold(self, event_id: str, wait: timedelta) -> None:
        self._store.run(
            "UPDATE deliveries SET state = ?, next_ms = ? WHERE event_id = ?",
            *(State.HELD, self._world.now_ms() + _milliseconds(wait), event_id),
        )


def _milliseconds(wait: timedelta) -> int:
    return int(wait.total_seconds() * 1000)


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        event_id=row["event_id"],
        app_id=row["app_id"],
        event_type=row["event_type"],
        envelope=json.loads(row["envelope"]),
        state=State(row["state"]),
        failures=row["failures"],
        next_ms=row["next_ms"],
        last_outcome=row["last_outcome"],
    )
