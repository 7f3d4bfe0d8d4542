"""Connections: how SQLite and PostgreSQL are opened, and how long anything may wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from storage.flavour import Flavour

PATIENCE_SECONDS = 10
"""How long a connection, a lock or another writer is waited for before the store counts as down."""

_IDLE_SECONDS = 60
"""How long PostgreSQL bears a transaction that does nothing: it would hold back the vacuum of the queue's tables."""

_SIZES = (f"cache_size=-{32 * 1024}", "wal_autocheckpoint=8000")
"""SQLite's page cache for each connection, in KiB; and the log's length, in pages of 4 KiB, at which it is copied into
the database. At the usual 1,000 pages the commits of a busy Friday would each copy: twice the work of writing it."""

_STATEMENTS = 512
"""Statements that a SQLite connection keeps compiled; all of ours fit."""

_POSTGRES_NAMES = ("postgresql", "postgres")


def read_url(url: str) -> tuple[URL, Flavour]:
    """Return the address to open and the engine behind it.

    Args:
        url: `sqlite:///path` or `postgresql://user@host/name`.

    Raises:
        ValueError: It names another engine, or a SQLite database that is no file: nothing may be kept in memory only.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() in _POSTGRES_NAMES:
        return parsed.set(drivername="postgresql+psycopg"), Flavour.POSTGRESQL
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"storage.url begins with {parsed.drivername!r}; allowed are sqlite and postgresql")
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("storage.url names no file; write sqlite:///path/to/file.db")
    return parsed.set(drivername="sqlite+pysqlite"), Flavour.SQLITE


def make_folder(url: URL) -> None:
    """Make the folder of a SQLite file."""
    Path(url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)


def writing_engine(url: URL, flavour: Flavour) -> Engine:
    """Return the engine for transactions: one connection on SQLite, which has one writer at a time anyway."""
    return _postgres(url) if flavour is Flavour.POSTGRESQL else _sqlite(url, "BEGIN IMMEDIATE", connections=1)


def reading_engine(url: URL, flavour: Flavour, writing: Engine) -> Engine:
    """Return the engine for looking only: on SQLite other connections, which never wait for the writer."""
    return writing if flavour is Flavour.POSTGRESQL else _sqlite(url, "BEGIN", connections=4)


def migrating_engine(url: URL, flavour: Flavour) -> Engine:
    """Return an engine that keeps no connection and waits for other migrations as long as they take."""
    if flavour is Flavour.SQLITE:
        return _sqlite(url, "BEGIN IMMEDIATE", connections=1)
    return create_engine(url, poolclass=NullPool)


def _sqlite(url: URL, begin: str, *, connections: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=PATIENCE_SECONDS,
        connect_args={"timeout": PATIENCE_SECONDS, "cached_statements": _STATEMENTS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *_SIZES):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=5,
        max_overflow=15,
        pool_timeout=PATIENCE_SECONDS,
        pool_pre_ping=True,
        connect_args={"connect_timeout": PATIENCE_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.execute(f"SET lock_timeout = '{PATIENCE_SECONDS}s'")
        connection.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'")
        connection.commit()

    return engine
