"""How commands speak: results on stdout, the rest on stderr; framed tables on a terminal, plain columns elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unicodedata import combining, east_asian_width

Row = Sequence[str]


def say(text: str) -> None:
    """Write a line of the result."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Write a line that is not the result: a warning, or how far something has come."""
    sys.stderr.write(f"{text}\n")


def say_json(value: object) -> None:
    """Write a value as JSON, for programs."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def say_table(heads: Row, rows: Sequence[Row]) -> None:
    """Write rows under heads: framed on a terminal; else in columns two blanks apart, which `awk` and eyes can read."""
    if sys.stdout.isatty():
        _say_framed(heads, rows)
        return
    for line in aligned([heads, *rows]):
        say(line)


def aligned(rows: Sequence[Row]) -> list[str]:
    """Return rows as lines whose cells stand below one another, two blanks apart."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]


def _say_framed(heads: Row, rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for head in heads:
        table.add_column(head, overflow="fold")  # on a narrow terminal nothing is cut off
    for row in rows:
        table.add_row(*map(Text, row))  # Text, because square brackets in people's words are no markup
    Console().print(table)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(cell: str) -> int:
    """Return how many columns of a terminal a cell takes: Chinese characters take two."""
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in cell)


@contextmanager
def progress(label: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that something takes its time; elsewhere nothing is shown.

    Args:
        label: What is being done.

    Yields:
        A function that tells what is being done now.
    """
    if not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console

    with Console(stderr=True).status(label) as status:
        yield lambda step: status.update(f"{label}: {step}")
