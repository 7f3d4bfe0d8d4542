"""Statements by equality, the most frequent kind, without their repetitions."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, Table, Update, bindparam, select, update

T = TypeVar("T")


def parameter(name: str, column: ColumnElement[T]) -> BindParameter[T]:
    """Return a parameter of a column's type."""
    return bindparam(name, type_=column.type)


def equal(table: Table, names: str) -> list[ColumnElement[bool]]:
    """Return the conditions that columns equal the parameters of the same names.

    Args:
        table: Whose columns.
        names: The columns, divided by blanks.
    """
    return [table.c[name] == parameter(name, table.c[name]) for name in names.split()]


def select_by(table: Table, names: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return a query for columns of the rows whose columns `names` equal the parameters of the same names."""
    return select(*columns).where(*equal(table, names))


def change_by(table: Table, names: str, changed: str) -> Update:
    """Return an update of the rows whose columns `names` equal the parameters of the same names.

    Args:
        table: What is updated.
        names: Columns that choose the rows, divided by blanks.
        changed: Columns that take the value of the parameter `new_` and their name, divided by blanks.
    """
    new = {name: parameter(f"new_{name}", table.c[name]) for name in changed.split()}
    return update(table).where(*equal(table, names)).values(new)


def new_names(changed: str) -> str:
    """Return the parameters that `change_by` makes for changed columns, divided by blanks."""
    return " ".join(f"new_{name}" for name in changed.split())
