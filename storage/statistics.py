"""Lets PostgreSQL look at tables that have just been filled.

It plans by statistics, which it takes on its own about a minute after a table has changed. Until the first time it
believes that whatever is asked of a table concerns one row: then any index will do, and a look-up by key may well go
through a whole organisation. So the first import of people, and the first fan-out, tell it to look at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Float, Table, Text, column, literal, select, table

from storage.codec import encode_list
from storage.flavour import Flavour
from storage.prepared import Prepared, Statement

if TYPE_CHECKING:
    from storage.transaction import Transaction

MANY = 1000
"""Rows added at once after which statistics are worth the look."""

_FEW = 10_000.0
"""Rows up to which a table, as PostgreSQL remembers it, counts as just filled; later it looks often enough itself."""

_CATALOGUE = table("pg_class", column("relname", Text()), column("reltuples", Float()))


def _young(flavour: Flavour) -> Statement:
    named = flavour.listed(_CATALOGUE.c.relname, "names")
    return select(_CATALOGUE.c.relname).where(named, _CATALOGUE.c.reltuples < literal(_FEW))


_YOUNG = Prepared("names", _young)


def look_at(transaction: Transaction, rows_added: int, *tables: Table) -> None:
    """Have statistics taken of tables to which many rows were just added; without effect on SQLite and for few rows."""
    if rows_added < MANY or transaction.flavour is Flavour.SQLITE:
        return
    for (name,) in transaction.rows(_YOUNG, (encode_list([each.name for each in tables]),)):
        transaction.command(f"ANALYZE {name}")
