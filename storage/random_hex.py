"""Random digits made by the database, for ids of rows that no Python code ever sees one by one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class RandomHex(FunctionElement[str]):
    """Twenty random hexadecimal digits, new ones for every row."""

    inherit_cache = True
    type = Text()


@compiles(RandomHex, "sqlite")
def _on_sqlite(element: RandomHex, compiler: SQLCompiler, **options: Any) -> str:
    return "lower(hex(randomblob(10)))"


@compiles(RandomHex, "postgresql")
def _on_postgresql(element: RandomHex, compiler: SQLCompiler, **options: Any) -> str:
    # The last twenty digits of a random UUID, of which 74 bits are random.
    return "substr(replace(CAST(gen_random_uuid() AS TEXT), '-', ''), 13)"
