"""One transaction: where statements are run, errors are judged, and writes wait for each other.

The writer thread holds one for a whole batch of events, with a savepoint for each of them. Rows that nobody needs at
once are written together at the end. Once the store has failed, everything else in the transaction fails too: SQLite
may already have rolled it back, and what followed would be stored alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult

from domain.errors import StoreDown
from domain.ids import OrgId
from storage.engine_queries import EngineQueries
from storage.failures import ERRORS, as_store_down
from storage.flavour import Flavour
from storage.instants import micros
from storage.journal import Journal
from storage.lane_marks import LaneMarks
from storage.memory import Memory
from storage.org_store import OrgStore
from storage.pending import Pending
from storage.prepared import Prepared, Statement, Values
from storage.savepoints import Savepoints

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

_COUNTING = {"preserve_rowcount": True}
"""Insertions, too, shall tell how many rows they added."""

Row = tuple[Any, ...]
"""A row as the driver gives it: texts, whole numbers, booleans, `None`."""


class Transaction:
    """A transaction of the store, for all organisations.

    Attributes:
        flavour: The engine.
        memory: What the process remembers.
        journal: Takes back what is held in memory when a savepoint is undone.
        lanes: The lanes that have got messages.
        engine: Work that crosses organisations.
    """

    def __init__(self, connection: Connection, flavour: Flavour, memory: Memory) -> None:
        """Begin to use a connection on which a transaction is open; whoever opened it ends it."""
        self.flavour = flavour
        self.memory = memory
        self.journal = Journal()
        self.lanes = LaneMarks(self)
        self._connection = connection
        self._cursor: Any = connection.connection.cursor()
        self._pending: dict[Prepared, Pending[Any]] = {}
        self._stores: dict[OrgId, OrgStore] = {}
        self._down: StoreDown | None = None
        self._savepoints = Savepoints(flavour, self._cursor)
        self._present = 0
        self._places = 0
        self._flushers: list[Callable[[], None]] = []
        self._after_commit: list[Callable[[], None]] = []
        self.engine = EngineQueries(self)

    def store(self, org_id: OrgId) -> OrgStore:
        """Return one organisation's rows; the same object each time."""
        store = self._stores.get(org_id)
        if store is None:
            store = self._stores[org_id] = OrgStore(self, org_id)
        return store

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside, stored or still waiting to be, if it ends with an exception."""
        mark = self.journal.watch()
        self._savepoints.enter()
        try:
            yield
        except BaseException:
            self.journal.undo(mark)
            self._leave(self._savepoints.abandon if self._down else self._savepoints.undo)
            raise
        self._leave(self._savepoints.leave)
        self.journal.keep()

    def flush(self) -> None:
        """Write what waits to be written."""
        for flush in self._flushers:
            flush()
        self.lanes.flush()

    def end(self) -> None:
        """Let go of the connection: while a cursor lives, SQLite keeps a closed file open, and its locks with it."""
        self._cursor.close()

    def committed(self) -> None:
        """Note that everything is stored; called by whoever committed."""
        for remember in self._after_commit:
            remember()

    @property
    def failure(self) -> StoreDown | None:
        """Why the transaction can only be rolled back, or `None`."""
        return self._down

    # What the parts of the store use.

    @property
    def present(self) -> int:
        """The latest instant that the transaction was told, in microseconds; 0 before the first."""
        return self._present

    def tell(self, now: datetime) -> int:
        """Note an instant that a caller named as the present; return it in microseconds.

        A draft without a time of its own goes out from the present on, so that equals leave in the order in which they
        came, whatever clock the process runs on.
        """
        told = micros(now)
        if told > self._present:
            self._present = told
        return told

    def next_place(self) -> int:
        """Return the next number of a row in this transaction: the order among rows of one instant."""
        self._places += 1
        return self._places

    def on_flush(self, flush: Callable[[], None]) -> None:
        """Call this whenever all that waits is to be written, after those noted before."""
        self._flushers.append(flush)

    def on_commit(self, remember: Callable[[], None]) -> None:
        """Call this once everything is stored."""
        self._after_commit.append(remember)

    def pending(self, statement: Prepared) -> Pending[Any]:
        """Return the rows that wait to be written by that statement."""
        pending = self._pending.get(statement)
        if pending is None:
            pending = self._pending[statement] = Pending(statement, self.journal, self.change_many)
            self.on_flush(pending.flush)
        return pending

    def rows(self, statement: Prepared, values: Values) -> list[Row]:
        """Return all rows of a statement's result."""
        self._guarded(self._cursor.execute, *statement.bound(self.flavour, values))
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def row(self, statement: Prepared, values: Values) -> Row | None:
        """Return the first row of a statement's result, or `None`."""
        rows = self.rows(statement, values)
        return rows[0] if rows else None

    def change(self, statement: Prepared, values: Values) -> int:
        """Execute a statement; return how many rows it touched."""
        self._guarded(self._cursor.execute, *statement.bound(self.flavour, values))
        return int(self._cursor.rowcount)

    def change_many(self, statement: Prepared, many: Sequence[Values]) -> int:
        """Execute a statement once for each set of values; return how many rows were touched in all."""
        if not many:
            return 0
        text, all_values = statement.bound_many(self.flavour, many)
        self._guarded(self._cursor.executemany, text, all_values)
        return int(self._cursor.rowcount)

    def query(self, statement: Statement, values: Mapping[str, object] | None = None) -> Sequence[Row]:
        """Return all rows of a statement whose text depends on its values; slower than `rows`."""
        return [tuple(row) for row in self._execute(statement, values)]

    def alter(self, statement: Statement, values: Mapping[str, object] | None = None) -> int:
        """Execute a change whose text depends on its values; return how many rows it touched."""
        return int(self._execute(statement, values).rowcount)

    def command(self, text: str) -> None:
        """Execute a statement that has neither values nor a result."""
        self._guarded(self._cursor.execute, text, ())

    def _execute(self, statement: Statement, values: Mapping[str, object] | None) -> CursorResult[Any]:
        run = partial(self._connection.execute, execution_options=_COUNTING)
        return self._guarded(run, statement, dict(values or {}))

    def _guarded(self, run: Callable[[T, V], R], what: T, values: V) -> R:
        if self._down is not None:
            raise self._down
        try:
            if self._savepoints.unset:
                self._savepoints.set()
            return run(what, values)
        except ERRORS as error:
            self._judge(error)
            raise

    def _leave(self, leave: Callable[[], None]) -> None:
        try:
            leave()
        except ERRORS as error:
            self._judge(error)
            raise

    def _judge(self, error: Exception) -> None:
        down = as_store_down(error)
        if down is not None:
            self._down = down
            raise down from error
