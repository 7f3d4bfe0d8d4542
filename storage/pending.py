"""Rows to be written together later, and seen in the meantime by whoever asks for them by key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Generic, TypeVar

from storage.journal import Journal
from storage.prepared import Prepared, Values

V = TypeVar("V")

Write = Callable[[Prepared, Sequence[Values]], object]
"""Executes a statement once for each of many sets of values."""


class Pending(Generic[V]):
    """The last version of each of many rows, written by one statement when flushed.

    One `executemany` for a batch costs a quarter of as many executions on SQLite, and one round trip on PostgreSQL.
    """

    def __init__(self, statement: Prepared, journal: Journal, write: Write) -> None:
        self._statement = statement
        self._journal = journal
        self._write = write
        self._entries: dict[Hashable, tuple[Values, V]] = {}

    def put(self, key: Hashable, values: Values, meant: V) -> None:
        """Add a row or replace the one with that key.

        Args:
            key: Unique over all organisations.
            values: What is to be written.
            meant: What the row stands for.
        """
        self._journal.put(self._entries, key, (values, meant))

    def drop(self, key: Hashable) -> None:
        """Remove a row that is there."""
        self._journal.drop(self._entries, key)

    def get(self, key: Hashable) -> V | None:
        """Return what the row with that key stands for, or `None`."""
        entry = self._entries.get(key)
        return None if entry is None else entry[1]

    def values(self) -> Iterator[V]:
        """Yield what the rows stand for, oldest first."""
        return (meant for _, meant in self._entries.values())

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def __bool__(self) -> bool:
        return bool(self._entries)

    def flush(self) -> None:
        """Write all rows."""
        if self._entries:
            self._write(self._statement, [values for values, _ in self._entries.values()])
            self._journal.empty(self._entries)
