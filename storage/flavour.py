"""The two engines a store can be on, and the little in which their SQL differs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, bindparam, cast, create_engine, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

AnyInsert = postgresql.Insert | sqlite.Insert
"""An insertion that knows what to do about rows that are there already."""


class Flavour(Enum):
    """An engine; the value is SQLAlchemy's name of it."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"

    # Members hash by name in Python; what is looked up with every statement goes by this number instead.
    number: int

    def __init__(self, _: str) -> None:
        self.number = len(type(self).__members__)

    @property
    def dialect(self) -> Dialect:
        """The dialect in which statements are spelled, with parameters by position."""
        return _dialect(self)

    def insert(self, table: Table, names: str) -> AnyInsert:
        """Return an insertion into a table in this engine's words.

        Args:
            table: Where to.
            names: The columns that are given, divided by blanks; the parameters bear the same names.
        """
        return self._into(table).values({name: bindparam(name, type_=table.c[name].type) for name in names.split()})

    def insert_from(self, table: Table, names: Sequence[str], rows: Select[Any]) -> AnyInsert:
        """Return an insertion of what a query finds; rows that are there already are passed over."""
        return self._into(table).from_select(names, rows).on_conflict_do_nothing()

    def listed(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """Return the condition that a column's text is in a list that is given as one parameter.

        A list of any length leaves a statement as it is, so that it is spelled and planned once.

        Args:
            column: Which.
            name: The parameter; its value is a JSON array (`storage.codec.encode_list`).
        """
        texts = bindparam(name, type_=Text())
        if self is Flavour.SQLITE:
            return column.in_(select(func.json_each(texts).table_valued("value").c.value))
        # Not IN, for which the planner likes to read the whole table.
        each = select(func.jsonb_array_elements_text(cast(texts, postgresql.JSONB)))
        return column == func.any(func.array(each.scalar_subquery()))

    def served(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that a row's organisation is in the list given as the parameter `served`.

        Spelled so that no index is chosen for it: rows are found by when they are due, and passed over if not served.
        """
        return self.listed(column, "served").is_(true())

    def _into(self, table: Table) -> AnyInsert:
        return sqlite.insert(table) if self is Flavour.SQLITE else postgresql.insert(table)


@cache
def _dialect(flavour: Flavour) -> Dialect:
    on_sqlite = flavour is Flavour.SQLITE
    driver, style = ("sqlite+pysqlite", "qmark") if on_sqlite else ("postgresql+psycopg", "format")
    return create_engine(f"{driver}://", paramstyle=style).dialect  # connects to nothing
