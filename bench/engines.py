"""The two engines of the store, each as fresh as a benchmark wants it and as durable as in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres_server import Durability, running_postgres
from tests.stores import Databases, PostgresDatabases, SqliteDatabases


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Attributes:
        name: For tables.
        databases: Makes empty databases.
    """

    name: str
    databases: Databases

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the one in our own process."""
        return isinstance(self.databases, SqliteDatabases)


@contextmanager
def engines(folder: Path) -> Iterator[list[Engine]]:
    """Give both engines; PostgreSQL is a server of our own that writes through to the disk."""
    with ExitStack() as stack:
        server = stack.enter_context(running_postgres(Durability.FULL))
        databases = stack.enter_context(PostgresDatabases.on(server))
        yield [Engine("SQLite", SqliteDatabases(folder)), Engine("PostgreSQL", databases)]
