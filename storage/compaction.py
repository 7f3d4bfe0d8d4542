"""Rewrites the store without what was deleted, so that erased words are not left over in free space or in a log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import psycopg
from sqlalchemy import URL, make_url

from domain.errors import StoreDown
from storage.columns import metadata
from storage.failures import DRIVER_ERRORS, as_store_down

PATIENCE = timedelta(seconds=10)
"""How long to wait for others who read or write."""


def compact(url: str, patience: timedelta = PATIENCE) -> None:
    """Give up the space of deleted rows: on SQLite the file is rewritten and its log emptied.

    PostgreSQL frees the space for new rows (`VACUUM`), without locking anybody out; its log and archives keep what they
    have until they are recycled.

    Args:
        url: SQLAlchemy's, of a store that has its tables.
        patience: How long to wait for others who read or write.

    Raises:
        StoreDown: Somebody else holds the store; try again later.
    """
    address = make_url(url)
    try:
        if address.get_backend_name() == "sqlite":
            _rewrite(address, patience)
        else:
            _vacuum(address)
    except DRIVER_ERRORS as error:
        down = as_store_down(error)
        if down is None:
            raise
        raise down from error


def _rewrite(address: URL, patience: timedelta) -> None:
    seconds = patience.total_seconds()
    with closing(sqlite3.connect(address.database or "", timeout=seconds, isolation_level=None)) as store:
        store.execute("PRAGMA secure_delete = ON")
        store.execute("VACUUM")
        ((busy, _in_log, _moved),) = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise StoreDown("somebody reads the store, so its log cannot be emptied")


def _vacuum(address: URL) -> None:
    conninfo = address.set(drivername="postgresql").render_as_string(hide_password=False)
    tables = psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(name) for name in metadata.tables)
    with psycopg.connect(conninfo, autocommit=True) as store:
        store.execute(psycopg.sql.SQL("VACUUM {}").format(tables))
