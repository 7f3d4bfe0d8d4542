"""The fake's memory: one SQLite file, written through, so that a killed demo comes back with every chat intact.

Each feature keeps its own statements; this module opens the file, owns the schema and hands out numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.company import derived_id

_NUMBERS_AT_ONCE = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (user_id TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS departments (department_id TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, client_id TEXT NOT NULL, expires_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS chats (
    chat_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT NOT NULL, title TEXT NOT NULL, members TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS single_chats ON chats (client_id, user_id) WHERE user_id <> '';
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
    chat_id TEXT NOT NULL, user_id TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL,
    query_key TEXT NOT NULL, created_ms INTEGER NOT NULL, recalled INTEGER NOT NULL, read_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_chat ON messages (chat_id, number);
CREATE INDEX IF NOT EXISTS messages_of_key ON messages (query_key) WHERE query_key <> '';
CREATE TABLE IF NOT EXISTS group_reads (
    message_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (message_id, user_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    session TEXT PRIMARY KEY, chat_id TEXT NOT NULL, expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cards (
    out_track_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, template_id TEXT NOT NULL, callback_type TEXT NOT NULL,
    route_key TEXT NOT NULL, user_id_type INTEGER NOT NULL, spaces TEXT NOT NULL, public TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faces (
    out_track_id TEXT NOT NULL, user_id TEXT NOT NULL, shown TEXT, private TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (out_track_id, user_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS face_versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, out_track_id TEXT NOT NULL, user_id TEXT NOT NULL,
    version INTEGER NOT NULL, variables TEXT NOT NULL, cause TEXT NOT NULL, at_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS routes (
    client_id TEXT NOT NULL, route_key TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL,
    PRIMARY KEY (client_id, route_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (media_id TEXT PRIMARY KEY, kind TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dings (
    ding_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, content TEXT NOT NULL, receivers TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS notices (
    task_id INTEGER NOT NULL, user_id TEXT NOT NULL, day TEXT NOT NULL, content TEXT NOT NULL, shown INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS notices_of_person ON notices (user_id, day);
CREATE TABLE IF NOT EXISTS usage (
    month TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (month, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, push_id TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
    kind TEXT NOT NULL, event_type TEXT NOT NULL, data TEXT NOT NULL, born_ms INTEGER NOT NULL, state TEXT NOT NULL,
    failures INTEGER NOT NULL, next_ms INTEGER NOT NULL, last_outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (state, next_ms);
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL, at_seconds REAL NOT NULL,
    status INTEGER NOT NULL, code TEXT NOT NULL, client_id TEXT NOT NULL, counted INTEGER NOT NULL,
    subject TEXT NOT NULL
);
"""


class Store:
    """An open database. Use it from one thread; nothing may be awaited inside a transaction.

    Args:
        path: The file, made where absent; None keeps everything in memory.
        salt: Makes the ids of this file differ from those of others; only the first opening of a file uses it.
    """

    def __init__(self, path: str | None, salt: str) -> None:
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._depth = 0
        self._next_number = self._last_number = 0
        # NORMAL in WAL mode survives the death of the process, which is what a demo meets; only a power cut may lose
        # the last commits.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)
        if self.setting("salt") is None:
            self.save_setting("salt", salt)
        self._salt = self.setting("salt")

    def run(self, statement: str, *values: object) -> int:
        """Execute a statement; returns how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, None where there is none."""
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside at once, or nothing where it raises; an inner one joins the outer one."""
        if self._depth:
            yield
            return
        self._depth = 1
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            self._next_number = self._last_number = 0  # the reservation may have been rolled back with the rest
            raise
        else:
            self._connection.execute("COMMIT")
        finally:
            self._depth = 0

    def mint(self, prefix: str) -> str:
        """A new id, unique in this file for ever: the prefix and 32 hex characters."""
        return derived_id(prefix, f"{self._salt}{self.mint_number()}")

    def mint_number(self) -> int:
        """A number that this file has never handed out; numbers may have gaps after a restart."""
        if self._next_number >= self._last_number:
            self._reserve()
        self._next_number += 1
        return self._next_number

    def setting(self, key: str) -> str | None:
        """A stored value, None where it was never stored."""
        found = self.row("SELECT value FROM settings WHERE key = ?", key)
        return None if found is None else str(found["value"])

    def save_setting(self, key: str, value: str) -> None:
        """Store a value in place of the old one."""
        self.run("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", key, value)

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        self._connection.close()

    def _reserve(self) -> None:
        start = int(self.setting("numbers") or 0)
        self.save_setting("numbers", str(start + _NUMBERS_AT_ONCE))
        self._next_number, self._last_number = start, start + _NUMBERS_AT_ONCE
