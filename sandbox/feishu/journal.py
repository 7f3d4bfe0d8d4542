"""The log of every API call, for assertions about what the bot did and when."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sandbox.feishu.store import Store

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
        uuid: The `uuid` it carried, empty where none.
        status: HTTP status of the answer, 0 where the connection was cut.
        code: The business code of the answer, None where it had none.
        app_id: Who called, empty where the token told nobody.
    """

    method: str
    path: str
    at_seconds: float
    uuid: str
    status: int
    code: int | None
    app_id: str


class Journal:
    """The calls of one tenant, newest last; written through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.rows("SELECT * FROM calls ORDER BY number DESC LIMIT ?", KEPT)
        self._calls: deque[CallRecord] = deque(
            (
                CallRecord(
                    row["method"],
                    row["path"],
                    row["at_seconds"],
                    row["uuid"],
                    row["status"],
                    row["code"],
                    row["app_id"],
                )
                for row in reversed(rows)
            ),
            maxlen=KEPT,
        )
        self._since_pruned = 0

    def add(self, call: CallRecord) -> None:
        """Note a call."""
        self._calls.append(call)
        self._store.run(
            "INSERT INTO calls (method, path, at_seconds, uuid, status, code, app_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(call.method, call.path, call.at_seconds, call.uuid, call.status, call.code, call.app_id),
        )
        self._since_pruned += 1
        if self._since_pruned >= _PRUNE_EVERY:
            self._since_pruned = 0
            self._store.run("DELETE FROM calls WHERE number <= (SELECT max(number) FROM calls) - ?", KEPT)

    def calls(self) -> list[CallRecord]:
        """What is kept, oldest first."""
        return list(self._calls)
