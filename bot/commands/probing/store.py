"""Whether the store can be reached, has this release's tables, and can be written."""

from __future__ import annotations

from collections.abc import Iterator

from bot.commands.probing.findings import advice, broken, fine
from bot.commands.stores import shown
from domain.errors import StoreDown
from domain.ports import Probe
from storage.database import Database
from storage.revision import revision_of, wanted_revision

FIX = "look at storage.url: the folder must be writable, or the server must run and let this user in"


def probe_store(url: str) -> Iterator[Probe]:
    """Tell how the store is; one that has no tables yet is not given any."""
    try:
        found = revision_of(url)
        wanted = wanted_revision()
        if found is None:
            yield advice("store.tables", "there are none yet", "run migrate, or just serve, which makes them")
            return
        yield _tables(found, wanted)
        yield _written(url)
    except StoreDown as error:
        yield broken("store", str(error), FIX)


def _tables(found: str, wanted: str) -> Probe:
    if found == wanted:
        return fine("store.tables", f"revision {found}")
    detail = f"revision {found}, this release wants {wanted}"
    return advice("store.tables", detail, "run migrate, or just serve; or an older release is looking at newer tables")


def _written(url: str) -> Probe:
    database = Database.open(url)
    try:
        database.check()
    finally:
        database.dispose()
    return fine("store.write", f"{shown(url)} can be written")
