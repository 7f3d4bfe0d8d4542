"""Ids made by the database, for rows that no Python code ever sees one by one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.message_ids import time_prefix


class _NumberAndChance(FunctionElement[str]):
    """Twenty hexadecimal digits: six of a number, then fourteen random ones, new for every row."""

    inherit_cache = True
    type = Text()


@compiles(_NumberAndChance, "sqlite")
def _on_sqlite(element: _NumberAndChance, compiler: SQLCompiler, **options: Any) -> str:
    number = compiler.process(element.clauses, **options)
    return f"(printf('%06x', {number}) || lower(hex(randomblob(7))))"


@compiles(_NumberAndChance, "postgresql")
def _on_postgresql(element: _NumberAndChance, compiler: SQLCompiler, **options: Any) -> str:
    number = compiler.process(element.clauses, **options)
    # The last fourteen digits of a random UUID; its fixed bits stand before them.
    chance = "right(CAST(gen_random_uuid() AS TEXT), 12) || substr(CAST(gen_random_uuid() AS TEXT), 1, 2)"
    return f"(lpad(to_hex({number}), 6, '0') || {chance})"


def born_id(present: int, number: ColumnElement[int]) -> ColumnElement[str]:
    """Return an id that sorts by time of birth and, of rows born together, by their number.

    Args:
        present: When it is born, in microseconds.
        number: The row's place among those born together, below sixteen million; chance tells equals apart.
    """
    return literal(time_prefix(present)) + _NumberAndChance(number)
