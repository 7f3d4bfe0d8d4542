"""The kinds of columns that tables are made of, and the collection of all tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Index, Integer, MetaData, Text, false
from sqlalchemy.types import TypeEngine

metadata = MetaData()
"""All tables of the store; complete once `storage.tables` is imported. The migrations build exactly these."""


def text_type() -> TypeEngine[str]:
    """Return the type of every text: ordered and compared by code point on every server, whatever its locale.

    Slices and cursors of fan-outs depend on that order.
    """
    return Text().with_variant(Text(collation="C"), "postgresql")


def key(name: str) -> Column[str]:
    """Return a column of the primary key."""
    return Column(name, text_type(), primary_key=True)


def words(name: str) -> Column[str]:
    """Return a text that is always there, be it empty."""
    return Column(name, text_type(), nullable=False)


def words_or_null(name: str) -> Column[str]:
    """Return a text that may be missing."""
    return Column(name, text_type(), nullable=True)


def big(name: str) -> Column[int]:
    """Return a whole number of 64 bits: an instant in microseconds, or a count without end."""
    return Column(name, BigInteger, nullable=False)


def big_or_null(name: str) -> Column[int]:
    """Return a whole number of 64 bits that may be missing."""
    return Column(name, BigInteger, nullable=True)


def count(name: str) -> Column[int]:
    """Return a whole number of 32 bits."""
    return Column(name, Integer, nullable=False)


def flag(name: str) -> Column[bool]:
    """Return a yes or no."""
    return Column(name, Boolean, nullable=False)


def flag_at_first_off(name: str) -> Column[bool]:
    """Return a yes or no that is no until somebody says otherwise."""
    return Column(name, Boolean, nullable=False, server_default=false())


def partial(name: str, where: ColumnElement[bool], *columns: Column[Any]) -> Index:
    """Return an index of those rows only that meet a condition."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)
