"""The store of a process: opens it, migrates it, probes it, and hands out transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, Connection

from storage import engines
from storage.failures import ERRORS, as_store_down
from storage.flavour import Flavour
from storage.memory import Memory
from storage.migrating import migrate
from storage.prepared import Prepared, Statement
from storage.tables import scratch
from storage.transaction import Transaction

_NAMES = "org_id tried"


def _try(flavour: Flavour) -> Statement:
    insertion = flavour.insert(scratch, _NAMES)
    return insertion.on_conflict_do_update(index_elements=[scratch.c.org_id], set_={"tried": scratch.c.tried + 1})


_TRY = Prepared(_NAMES, _try)


class Database:
    """A database on SQLite or PostgreSQL; safe to share between threads.

    Attributes:
        url: Where it is, password included: not for logs; `repr` hides it.
        flavour: Its engine.
    """

    def __init__(self, url: URL, flavour: Flavour) -> None:
        """Prepare connections; none is made yet. Callers use `open`."""
        self.flavour = flavour
        self.url = url.render_as_string(hide_password=False)
        self._url = url
        self._writing = engines.writing_engine(url, flavour)
        self._reading = engines.reading_engine(url, flavour, self._writing)
        self._memory = Memory()

    @classmethod
    def open(cls, url: str) -> Database:
        """Return the database at a URL, making the folder of a SQLite file; nothing is migrated.

        Args:
            url: `sqlite:///path` or `postgresql://user:password@host/name`.

        Raises:
            ValueError: The URL names another engine or no file.
        """
        parsed, flavour = engines.read_url(url)
        if flavour is Flavour.SQLITE:
            engines.make_folder(parsed)
        return cls(parsed, flavour)

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)!r})"

    def migrate(self) -> None:
        """Bring the tables up to date; of several processes that try at once, one does it and the others wait.

        Raises:
            StoreDown: The database cannot be reached or written.
        """
        with _judged():
            migrate(self._url, self.flavour)

    def check(self) -> None:
        """Write one small row, as a probe of whether anything can be stored.

        Raises:
            StoreDown: It cannot.
        """
        with self.transaction() as transaction:
            transaction.change(_TRY, ("", 1))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give a transaction that is stored when the block ends, and undone when it ends with an exception.

        Raises:
            StoreDown: It could not be begun, written or stored.
        """
        with _judged(), self._writing.connect() as connection:
            transaction = self._begin(connection)
            try:
                yield transaction
                transaction.flush()
                _end_well(transaction, connection)
            except BaseException:
                transaction.end()
                if transaction.failure is not None:
                    _throw_away(connection)
                raise
            transaction.end()
            transaction.committed()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give a transaction for looking only, which on SQLite does not wait for writers; what it writes is undone.

        Raises:
            StoreDown: The database cannot be read.
        """
        with _judged(), self._reading.connect() as connection:
            transaction = self._begin(connection)
            try:
                yield transaction
            finally:
                transaction.end()
            connection.rollback()

    def dispose(self) -> None:
        """Close all connections that nobody uses."""
        for engine in (self._writing, self._reading):
            engine.dispose()

    def _begin(self, connection: Connection) -> Transaction:
        connection.begin()
        return Transaction(connection, self.flavour, self._memory)


def _end_well(transaction: Transaction, connection: Connection) -> None:
    """Commit, unless the store failed and somebody passed over it: then part of the work is missing."""
    if transaction.failure is not None:
        raise transaction.failure
    connection.commit()


def _throw_away(connection: Connection) -> None:
    """Close a connection for good: whatever happened to it, the next one shall be fresh.

    What it began is undone first. SQLite closes a file only when the last statement is forgotten, and until then a
    transaction that is left open keeps everybody else from writing.
    """
    with suppress(*ERRORS):  # most have lost their server
        connection.rollback()
    connection.invalidate()


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except ERRORS as error:
        down = as_store_down(error)
        if down is None:
            raise
        raise down from error
