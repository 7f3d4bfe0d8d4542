"""Messages and events on their way to apps: kept until acknowledged, sent again on the platform's schedule.

Rules: dingtalk.md sections 9.4 and 15.2. An event that fails comes again after 10 and 30 seconds, by the
organisation's clock, and then stands in the list of failed ones; a message to the robot comes again once after 60
seconds, if at all, and is then lost. A try without a connection fails like any other, but what still waits for its
time is played as soon as a connection comes up.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.lines import Line, Outcome, Push, PushKind, Reply
from sandbox.dingtalk.settings import CONTACT_EVENTS, RESEND_EVENT_AFTER, RESEND_MESSAGE_AFTER
from sandbox.dingtalk.world import World

_HELD_AT_MOST = timedelta(seconds=15)
_FEWEST_REORDERED = 2


class State(StrEnum):
    """Where a push stands.

    `OPEN` ones are under way, or were when the platform was killed. `RETRY` ones failed and wait for their time. `HELD`
    ones a fault holds back. `LOST` messages and `FAILED` events failed for the last time.
    """

    OPEN = "open"
    RETRY = "retry"
    HELD = "held"
    DONE = "done"
    LOST = "lost"
    FAILED = "failed"


_OVER = (State.DONE, State.LOST, State.FAILED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One push for one app.

    Attributes:
        push: What is told.
        client_id: Who gets it.
        state: Where it stands.
        failures: How many tries failed.
        next_ms: When it is sent next, in milliseconds since 1970 by the organisation's clock; 0 is "not by time".
        last_outcome: What the last try ended with, empty before the first.
    """

    push: Push
    client_id: str
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
    """Delivers messages and events.

    Args:
        world: The organisation.
        stream: The way over connections.
        addresses: The way to addresses.
        activity: Where running deliveries are counted.
        message_waits: Waits before a message to the robot is sent again; see the module.
    """

    def __init__(
        self,
        world: World,
        stream: Line,
        addresses: Line,
        activity: Activity,
        message_waits: Sequence[timedelta] = RESEND_MESSAGE_AFTER,
    ) -> None:
        self._world = world
        self._store = world.store
        self._stream = stream
        self._addresses = addresses
        self._activity = activity
        self._waits = {PushKind.MESSAGE: tuple(message_waits), PushKind.EVENT: RESEND_EVENT_AFTER}
        self._under_way: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[str] = []
        self._still_to_hold = 0

    async def push_message(self, client_id: str, payload: Mapping[str, Any]) -> None:
        """Send a message to an app's robot; returns when the first try is over."""
        push = Push(payload["msgId"], PushKind.MESSAGE, "", payload, self._world.now_ms())
        await self._push(client_id, push)

    async def push_event(self, client_id: str, event_type: str, data: Mapping[str, Any]) -> str | None:
        """Send an event, and return its id when the first try is over; None where the app has not ticked it."""
        if event_type not in self._world.apps[client_id].events:
            return None
        if event_type not in CONTACT_EVENTS and not self._world.quota.spend_push():
            data = {"errCode": "20001", "errMsg": "组织当月的Webhook&Stream推送量已用完"}
        push = Push(self._world.store.mint(""), PushKind.EVENT, event_type, data, self._world.now_ms())
        await self._push(client_id, push)
        return push.push_id

    async def attempt(self, push_id: str) -> None:
        """Try once now, unless a try of this push is under way or it is over with."""
        delivery = self.delivery(push_id)
        if push_id in self._under_way or delivery.state in _OVER:
            return
        self._under_way.add(push_id)
        try:
            with self._activity.running():
                reply = await self._send(delivery)
                self._settle(delivery, reply)
                if reply.succeeded and self._world.faults.take(FaultKind.REPEAT):
                    await self._send(delivery)
        finally:
            self._under_way.discard(push_id)

    async def run_due(self) -> int:
        """Try everything whose time has come, and what a restart interrupted; returns how many tries that were."""
        rows = self._store.rows(
            "SELECT push_id, client_id FROM deliveries WHERE (state IN (?, ?) AND next_ms <= ?) OR state = ?"
            " ORDER BY number",
            *(State.RETRY, State.HELD, self._world.now_ms(), State.OPEN),
        )
        known = [row["push_id"] for row in rows if row["client_id"] in self._world.apps]
        due = [push_id for push_id in known if push_id not in self._under_way]
        if set(due) & set(self._held):
            self._held, self._still_to_hold = [], 0
        await asyncio.gather(*map(self.attempt, due))
        return len(due)

    def play_waiting(self, client_id: str) -> None:
        """A connection is up: start sending what found none, or was under way when one broke, oldest first."""
        rows = self._store.rows(
            "SELECT push_id FROM deliveries WHERE client_id = ?"
            " AND (state = ? OR (state = ? AND last_outcome IN (?, ?))) ORDER BY number",
            *(client_id, State.OPEN, State.RETRY, Outcome.NO_ROUTE, Outcome.CONNECTION_LOST),
        )
        for row in rows:
            # Counted from here on, not from its first step: whoever waits for idleness must not slip in between.
            running = ExitStack()
            running.enter_context(self._activity.running())
            task = asyncio.create_task(self.attempt(row["push_id"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(partial(_over, running))

    def delivery(self, push_id: str) -> Delivery:
        """One push of the log; KeyError where there is none."""
        row = self._store.row("SELECT * FROM deliveries WHERE push_id = ?", push_id)
        if row is None:
            raise KeyError(push_id)
        return _delivery(row)

    def log(self) -> list[Delivery]:
        """Every push, oldest first."""
        return [_delivery(row) for row in self._store.rows("SELECT * FROM deliveries ORDER BY number")]

    def failed_events(self, client_id: str) -> list[Push]:
        """The events that an app never took, oldest first."""
        log = self.log()
        return [each.push for each in log if each.client_id == client_id and each.state is State.FAILED]

    async def close(self) -> None:
        """Give up what is under way; it stays open, and is sent after a restart."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _push(self, client_id: str, push: Push) -> None:
        self._store.run(
            "INSERT INTO deliveries (push_id, client_id, kind, event_type, data, born_ms, state, failures, next_ms,"
            " last_outcome) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, '')",
            *(push.push_id, client_id, push.kind, push.event_type, json.dumps(dict(push.data), ensure_ascii=False)),
            *(push.born_ms, State.OPEN),
        )
        for due in self._leaving(push.push_id):
            await self.attempt(due)

    async def _send(self, delivery: Delivery) -> Reply:
        app = self._world.apps[delivery.client_id]
        line = self._addresses if app.callback_url else self._stream
        return await line.send(app, delivery.push)

    def _settle(self, delivery: Delivery, reply: Reply) -> None:
        state, failures, next_ms = State.DONE, delivery.failures, 0
        if reply.outcome is Outcome.LOST:
            state = State.LOST
        elif not reply.succeeded:
            failures += 1
            state, next_ms = self._after_failure(delivery.push.kind, failures)
        outcome = f"{reply.outcome} {reply.status}" if reply.status else str(reply.outcome)
        self._store.run(
            "UPDATE deliveries SET state = ?, failures = ?, next_ms = ?, last_outcome = ? WHERE push_id = ?",
            *(state, failures, next_ms, outcome, delivery.push.push_id),
        )

    def _after_failure(self, kind: PushKind, failures: int) -> tuple[State, int]:
        waits = self._waits[kind]
        if failures > len(waits):
            return (State.FAILED if kind is PushKind.EVENT else State.LOST), 0
        return State.RETRY, self._world.now_ms() + _milliseconds(waits[failures - 1])

    def _leaving(self, push_id: str) -> list[str]:
        """Which pushes leave now that this one happened: it alone, nobody, or a whole held group in reverse."""
        fault = self._world.faults.take_whole(FaultKind.REORDER)
        if fault is not None:
            self._still_to_hold = max(fault.times or 0, _FEWEST_REORDERED)
        if not self._still_to_hold:
            return [push_id]
        self._hold(push_id)
        self._held.append(push_id)
        self._still_to_hold -= 1
        if self._still_to_hold:
            return []
        group, self._held = self._held[::-1], []
        return group

    def _hold(self, push_id: str) -> None:
        self._store.run(
            "UPDATE deliveries SET state = ?, next_ms = ? WHERE push_id = ?",
            *(State.HELD, self._world.now_ms() + _milliseconds(_HELD_AT_MOST), push_id),
        )


def _over(running: ExitStack, _task: asyncio.Task[None]) -> None:
    running.close()


def _milliseconds(wait: timedelta) -> int:
    return int(wait.total_seconds() * 1000)


def _delivery(row: sqlite3.Row) -> Delivery:
    kind, data = PushKind(row["kind"]), json.loads(row["data"])
    return Delivery(
        push=Push(row["push_id"], kind, row["event_type"], data, row["born_ms"]),
        client_id=row["client_id"],
        state=State(row["state"]),
        failures=row["failures"],
        next_ms=row["next_ms"],
        last_outcome=row["last_outcome"],
    )
