"""The log of every API call, for assertions about what the bot did and when."""

from __future__ import annotations

import sqlite3
from collections import deque
from dataclasses import dataclass

from sandbox.dingtalk.store import Store

KEPT = 20_000
"""Calls kept; older ones are dropped."""

_PRUNE_EVERY = 1000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call.

    Attributes:
        method: HTTP method.
        path: Path without the query.
        at_seconds: Real monotonic time of its arrival; not comparable over a restart of the machine.
        status: HTTP status of the answer, 0 where the connection was cut.
        code: The error code of the answer, a number as text on the old host; empty where it went well.
        client_id: Who called, empty where the token told nobody.
        counted: Whether it was taken from the month's calls.
        subject: The `outTrackId` it carried, empty where none.
    """

    method: str
    path: str
    at_seconds: float
    status: int
    code: str
    client_id: str
    counted: bool
    subject: str


class Journal:
    """The calls of one organisation, newest last; written through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.rows("SELECT * FROM calls ORDER BY number DESC LIMIT ?", KEPT)
        self._calls: deque[CallRecord] = deque(map(_record, reversed(rows)), maxlen=KEPT)
        self._since_pruned = 0

    def add(self, call: CallRecord) -> None:
        """Note a call."""
        self._calls.append(call)
        self._store.run(
            "INSERT INTO calls (method, path, at_seconds, status, code, client_id, counted, subject)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(call.method, call.path, call.at_seconds, call.status, call.code, call.client_id),
            *(int(call.counted), call.subject),
        )
        self._since_pruned += 1
        if self._since_pruned >= _PRUNE_EVERY:
            self._since_pruned = 0
            self._store.run("DELETE FROM calls WHERE number <= (SELECT max(number) FROM calls) - ?", KEPT)

    def calls(self) -> list[CallRecord]:
        """What is kept, oldest first."""
        return list(self._calls)


def _record(row: sqlite3.Row) -> CallRecord:
    return CallRecord(
        method=row["method"],
        path=row["path"],
        at_seconds=row["at_seconds"],
        status=row["status"],
        code=row["code"],
        client_id=row["client_id"],
        counted=bool(row["counted"]),
        subject=row["subject"],
    )
