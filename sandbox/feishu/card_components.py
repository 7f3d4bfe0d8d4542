"""Rules of single card components that go beyond the names of their attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.feishu import card_schema as schema
from sandbox.feishu.card_model import (
    BAD_CHART,
    BAD_COLUMNS,
    BAD_JSON,
    BAD_ROWS,
    CardFault,
    Element,
    as_list,
    as_object,
    only,
)


def _input(element: Element, path: str) -> None:
    longest = element.get("max_length", schema.LONGEST_INPUT)
    if type(longest) is not int or not 1 <= longest <= schema.LONGEST_INPUT:
        raise CardFault(BAD_JSON, path, "max_length must be between 1 and 1000", str(longest))
    placeholder = str(as_object(element, "placeholder", path).get("content", ""))
    if len(placeholder) > schema.LONGEST_PLACEHOLDER:
        raise CardFault(BAD_JSON, path, "placeholder is too long", str(len(placeholder)))


def _select(element: Element, path: str) -> None:
    options = as_list(element, "options", path)
    values = [option.get("value") for option in options if isinstance(option, dict)]
    if len(values) != len(options) or any(not isinstance(value, str) or not value for value in values):
        raise CardFault(BAD_JSON, path, "parse card json err", "an option needs a value that is a string")
    initial = element.get("initial_option")
    if initial is not None and initial not in values:
        raise CardFault(BAD_JSON, path, "initial_option is not among the options", str(initial))


def _chart(element: Element, path: str) -> None:
    spec = element.get("chart_spec")
    if not isinstance(spec, dict) or spec.get("type") not in schema.CHARTS:
        raise CardFault(BAD_CHART, path, "chart spec is invalid", "Must validate at least one schema (anyOf)")


def _table(element: Element, path: str) -> None:
    columns, rows = element.get("columns"), element.get("rows")
    if not isinstance(columns, list) or not columns or not all(map(_is_column, columns)):
        raise CardFault(BAD_COLUMNS, path, "table columns is invalid", "columns")
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        raise CardFault(BAD_ROWS, path, "table rows is invalid", "rows")


def _is_column(column: Any) -> bool:
    return isinstance(column, dict) and bool(column.get("name"))


def _panel(element: Element, path: str) -> None:
    only(element.get("header") or {}, schema.PANEL_HEADER_ATTRIBUTES, f"{path} -> header")


SPECIAL: Mapping[str, Callable[[Element, str], None]] = {
    "input": _input,
    "select_static": _select,
    "multi_select_static": _select,
    "chart": _chart,
    "table": _table,
    "collapsible_panel": _panel,
}
"""Checks of single components, called with the element and its path."""
