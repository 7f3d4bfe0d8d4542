"""Which migration a store has come to, and which one this release wants."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from storage.engines import migrating_engine, read_url
from storage.failures import DRIVER_ERRORS, as_store_down
from storage.flavour import Flavour

_SCRIPTS = Path(__file__).parent / "migrations"


def revision_of(url: str) -> str | None:
    """Return the id of the store's last migration, `None` for one without tables; asking makes no SQLite file.

    Args:
        url: `sqlite:///path` or `postgresql://user:password@host/name`.

    Raises:
        StoreDown: It cannot be read.
        ValueError: The URL names another engine or no file.
    """
    address, flavour = read_url(url)
    if flavour is Flavour.SQLITE and not Path(address.database or "").exists():
        return None
    engine = migrating_engine(address, flavour)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except (SQLAlchemyError, *DRIVER_ERRORS) as error:
        down = as_store_down(error)
        if down is None:
            raise
        raise down from error
    finally:
        engine.dispose()


def wanted_revision() -> str:
    """Return the id of this release's newest migration."""
    return str(ScriptDirectory(str(_SCRIPTS)).get_current_head())
