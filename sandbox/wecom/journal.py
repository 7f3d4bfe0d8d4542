"""The log of every API call, for assertions about what the bot did and when."""

from __future__ import annotations

from collections import deque
from dataclasses import astuple, dataclass

from sandbox.wecom.store import Store

KEPT = 20_000
"""Calls kept; older ones are dropped."""

_PRUNE_EVERY = 1000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call.

    Attributes:
        method: HTTP method.
        path: Path without the query.
        at_seconds: Time of its arrival by the clock for rates; not comparable over a restart of the machine.
        msg_type: Its `msgtype`, empty where it had none.
        receivers: How many people it named; 0 where it named none, or all.
        status: HTTP status of the answer, 0 where the connection was cut.
        code: The `errcode` of the answer, None where it had none.
        agent_id: Who called, -1 where the token told nobody.
    """

    method: str
    path: str
    at_seconds: float
    msg_type: str
    receivers: int
    status: int
    code: int | None
    agent_id: int


class Journal:
    """The calls of one company, newest last; written through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.rows("SELECT * FROM calls ORDER BY number DESC LIMIT ?", KEPT)
        self._calls: deque[CallRecord] = deque((CallRecord(*tuple(row)[1:]) for row in reversed(rows)), maxlen=KEPT)
        self._since_pruned = 0

    def add(self, call: CallRecord) -> None:
        """Note a call."""
        self._calls.append(call)
        self._store.run(
            "INSERT INTO calls (method, path, at_seconds, msg_type, receivers, status, code, agent_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *astuple(call),
        )
        self._since_pruned += 1
        if self._since_pruned >= _PRUNE_EVERY:
            self._since_pruned = 0
            self._store.run("DELETE FROM calls WHERE number <= (SELECT max(number) FROM calls) - ?", KEPT)

    def calls(self) -> list[CallRecord]:
        """What is kept, oldest first."""
        return list(self._calls)
