"""Which of a database driver's errors mean that the store is down, and which that we asked for something wrong."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime

from domain.errors import StoreDown

DRIVER_ERRORS = (sqlite3.Error, psycopg.Error)
"""What the drivers raise on their own cursors."""

ERRORS = (SQLAlchemyError, *DRIVER_ERRORS)
"""The same, or what SQLAlchemy makes of it."""

_FAULTS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.NotSupportedError,
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.ProgrammingError,
    psycopg.NotSupportedError,
)
"""A broken key, a value that does not fit, a wrong statement: the same again would fail again."""


def as_store_down(error: BaseException) -> StoreDown | None:
    """Return what an error means to callers, or `None` if it does not say that the store is down.

    Down means: disk full or broken, connection refused or lost, waited too long for a lock, chosen to end a deadlock,
    a server that only reads. Nothing was stored, and the same may well pass later.
    """
    if isinstance(error, NoConnectionInTime):
        return StoreDown("all connections of the store are in use")
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, (*DRIVER_ERRORS, SQLAlchemyError)) or isinstance(cause, (*_FAULTS, SQLAlchemyError)):
        return None
    lines = str(cause).splitlines() or [""]
    return StoreDown(f"{type(cause).__name__}: {lines[0]}")
