"""Whether the store can be reached, has this release's tables, can be written, and has room left."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import make_url

from bot.commands.probing.findings import advice, broken, fine
from bot.commands.stores import shown
from domain.errors import StoreDown
from domain.ports import Probe
from storage.database import Database
from storage.revision import revision_of, wanted_revision

LEAST_ROOM = 500 * 1024 * 1024
"""Octets that should be free beside a SQLite file: `erase` and backups write it a second time."""

FIX = "look at storage.url: the folder must be writable, or the server must run and let this user in"


def free_room(folder: Path) -> int:
    """Return how many octets are free for us where a folder lies."""
    return shutil.disk_usage(folder).free


def probe_store(url: str, free: Callable[[Path], int] = free_room) -> Iterator[Probe]:
    """Tell how the store is; one that has no tables yet is not given any.

    Args:
        url: The store.
        free: Tells how many octets are free where a folder lies.
    """
    try:
        found = revision_of(url)
        wanted = wanted_revision()
        if found is None:
            yield advice("store.tables", "there are none yet", "run migrate, or just serve, which makes them")
            return
        yield _tables(found, wanted)
        yield _written(url)
        yield from _room(url, free)
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


def _room(url: str, free: Callable[[Path], int]) -> Iterator[Probe]:
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return
    room = free(Path(address.database or "").resolve().parent)
    detail = f"{room // 1024**2} MB are free beside it"
    if room < LEAST_ROOM:
        fix = f"make room: below {LEAST_ROOM // 1024**2} MB erase and backup may fail, and then every message"
        yield advice("store.room", detail, fix)
    else:
        yield fine("store.room", detail)
