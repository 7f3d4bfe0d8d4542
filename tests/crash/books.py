"""What stands in the store, read past the bot: the judge must not ask the accused.

Also the two places where a test touches the store itself, both to skip time that would only be waited for: the lease of
a dead process, which would end by itself after half a minute, and the day since when a practice is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import create_engine, text

PATIENCE_SECONDS = 20
"""How long SQLite's lock is waited for: longer than any commit of the bot on a busy machine."""


class Books:
    """The store behind a running bot.

    Args:
        url: SQLAlchemy's, of SQLite or PostgreSQL; migrated.
        org_id: Whose rows are meant.
    """

    def __init__(self, url: str, org_id: str) -> None:
        options = {"timeout": PATIENCE_SECONDS} if url.startswith("sqlite") else {}
        self._engine = create_engine(url, pool_pre_ping=True, isolation_level="AUTOCOMMIT", connect_args=options)
        self._org_id = org_id

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """All rows of a query; `:org` stands for the organisation."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), self._filled(query, values))]

    def count(self, table_and_condition: str, **values: object) -> int:
        """How many rows of the organisation there are: a table, perhaps with a condition after AND."""
        table, _, condition = table_and_condition.partition(" AND ")
        query = f"SELECT count(*) FROM {table} WHERE org_id = :org" + (f" AND {condition}" if condition else "")
        return int(self.rows(query, **values)[0][0])

    def counts(self, query: str, **values: object) -> Mapping[Any, int]:
        """A query's rows of a key and a number, as a mapping."""
        return {row[0]: int(row[1]) for row in self.rows(query, **values)}

    def sender(self, lane: str) -> int | None:
        """The process that holds a lane's lease, None where nobody does; dead ones hold theirs until it ends."""
        found = self.rows("SELECT lease_owner FROM lane WHERE org_id = :org AND name = :lane", lane=lane)
        return int(found[0][0].split(":")[1]) if found and found[0][0] else None

    def end_leases_of(self, pid: int) -> None:
        """Let what a dead process has leased be free, as it will be once the lease's time is over."""
        change = "UPDATE lane SET lease_until = 0 WHERE org_id = :org AND lease_owner LIKE :owner"
        with self._engine.begin() as connection:
            connection.execute(text(change), {"org": self._org_id, "owner": f"%:{pid}:%"})

    def know_since(self, cadence: str, since: datetime) -> None:
        """Note that a practice has been known since an instant; what came round since then and was missed is due."""
        micros = int(since.timestamp() * 1_000_000)
        change = "INSERT INTO cadence_seen (org_id, cadence, first_seen) VALUES (:org, :cadence, :since)"
        with self._engine.begin() as connection:
            connection.execute(text(change), {"org": self._org_id, "cadence": cadence, "since": micros})

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _filled(self, query: str, values: Mapping[str, object]) -> Mapping[str, object]:
        return {"org": self._org_id, **values} if ":org" in query else values
