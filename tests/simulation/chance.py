"""Takes chance out of the store: the random ids that SQLite makes come from a seed, so a plan plays the same again."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let every SQLite connection made in the block draw its `randomblob` from one seed; PostgreSQL keeps its own."""
    source = random.Random(seed)

    def prepare(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.create_function("randomblob", 1, source.randbytes)

    event.listen(Engine, "connect", prepare)
    try:
        yield
    finally:
        event.remove(Engine, "connect", prepare)
