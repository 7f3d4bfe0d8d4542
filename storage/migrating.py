"""Bringing the tables up to date, safely from several processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, func, select

from storage.engines import migrating_engine
from storage.flavour import Flavour

_SCRIPTS = Path(__file__).parent / "migrations"

_LOCK = 0x6675_7061_6E00_0001
"""The advisory lock that migrations of this product take on PostgreSQL: "fupan" in ASCII, and a number."""


def migrate(url: URL, flavour: Flavour) -> None:
    """Run all migrations that are missing, in one transaction under a lock; without effect if there are none.

    On SQLite the lock is that of the file: the transaction begins by taking it.
    """
    engine = migrating_engine(url, flavour)
    try:
        with engine.begin() as connection:
            if flavour is Flavour.POSTGRESQL:
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            command.upgrade(config_for(connection), "head")
    finally:
        engine.dispose()


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration for running commands on an open connection, inside its transaction."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
