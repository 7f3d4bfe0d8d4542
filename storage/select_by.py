"""Queries by equality, the most frequent kind, without their repetitions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, select


def equal(table: Table, names: str) -> list[ColumnElement[bool]]:
    """Return the conditions that columns equal the parameters of the same names.

    Args:
        table: Whose columns.
        names: The columns, divided by blanks.
    """
    return [table.c[name] == bindparam(name, type_=table.c[name].type) for name in names.split()]


def select_by(table: Table, names: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return a query for columns of the rows whose columns `names` equal the parameters of the same names."""
    return select(*columns).where(*equal(table, names))
