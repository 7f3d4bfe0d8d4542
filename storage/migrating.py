"""Bringing the tables up to date, safely from several processes at once.

Alembic is loaded only where there is something to migrate: it is a twentieth of a cold start, and most starts find the
tables as they want them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, column, func, inspect, select, table

from storage.engines import migrating_engine
from storage.flavour import Flavour

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0001"
"""The newest migration of this release; a test compares it with the folder of migrations."""

_VERSION = table("alembic_version", column("version_num"))
"""Where Alembic notes how far a store has come."""

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
            if not _is_newest(connection):
                _upgrade(connection)
    finally:
        engine.dispose()


def _is_newest(connection: Connection) -> bool:
    known = inspect(connection).has_table(_VERSION.name)
    return known and connection.execute(select(_VERSION.c.version_num)).scalars().all() == [NEWEST]


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(config_for(connection), "head")


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration for running commands on an open connection, inside its transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
