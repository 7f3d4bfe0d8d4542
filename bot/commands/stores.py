"""Opens the store of a configuration for a command, and refuses one whose tables are not this release's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from bot.assemble import SeveralStores, store_url
from bot.commands.outcome import CommandFailed, ExitCode
from config.loader import Loaded
from config.organisation import LoadedOrg
from domain.ids import OrgId
from storage.database import Database
from storage.personal_records import UnknownPerson
from storage.revision import revision_of, wanted_revision


def one_store(loaded: Loaded) -> str:
    """Return where everything is kept; may hold a password.

    Raises:
        CommandFailed: The organisations name different stores.
    """
    try:
        return store_url(loaded)
    except SeveralStores as error:
        raise CommandFailed(str(error), ExitCode.BAD_INPUT) from None


def shown(url: str) -> str:
    """Return a store's address for people, with the password hidden."""
    return make_url(url).render_as_string(hide_password=True)


@contextmanager
def opened(loaded: Loaded) -> Iterator[Database]:
    """Give the configured store; nothing is migrated.

    Raises:
        CommandFailed: It has no tables, or another release's.
        StoreDown: It cannot be read.
    """
    url = one_store(loaded)
    found, wanted = revision_of(url), wanted_revision()
    if found != wanted:
        raise CommandFailed(f"the store is at revision {found}, this release wants {wanted}; run migrate first")
    database = Database.open(url)
    try:
        yield database
    finally:
        database.dispose()


def organisation(loaded: Loaded, org_id: str) -> LoadedOrg:
    """Return the organisation of that id.

    Raises:
        CommandFailed: The configuration has none; the sentence names those it has.
    """
    known = {org.policy.org_id: org for org in loaded.orgs}
    found = known.get(OrgId(org_id))
    if found is None:
        raise CommandFailed(
            f"no organisation {org_id!r} in the configuration; there is {', '.join(known)}", ExitCode.BAD_INPUT
        )
    return found


@contextmanager
def or_nobody() -> Iterator[None]:
    """Turn `UnknownPerson` into `CommandFailed`."""
    try:
        yield
    except UnknownPerson as error:
        raise CommandFailed(
            f"{error}; ids are those of the people file, else the platform's", ExitCode.BAD_INPUT
        ) from None
