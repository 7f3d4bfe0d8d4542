"""Tables as plain text: each figure with what it is measured against, and whether it holds its bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise, and what this run found.

    Attributes:
        what: What is promised.
        found: The figure of this run, with its unit.
        promised: The bar, with its relation and unit.
        holds: Whether the figure is on the right side of it.
    """

    what: str
    found: str
    promised: str
    holds: bool

    @classmethod
    def at_least(cls, what: str, found: float, promised: float, unit: str) -> Bar:
        """Return a promise that something is as large or larger."""
        return cls(what, number(found) + unit, f">= {number(promised)}{unit}", found >= promised)

    @classmethod
    def at_most(cls, what: str, found: float, promised: float, unit: str) -> Bar:
        """Return a promise that something is as small or smaller."""
        return cls(what, number(found) + unit, f"<= {number(promised)}{unit}", found <= promised)


@dataclass(frozen=True, slots=True)
class Table:
    """What one benchmark found.

    Attributes:
        title: What was measured.
        heads: Of the columns.
        rows: As many texts in each as there are heads.
        bars: Promises about these figures.
        notes: What a reader needs to judge them.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Sequence[Bar] = ()
    notes: Sequence[str] = ()

    def text(self) -> str:
        """Return the table as lines."""
        lines = [self.title, "-" * len(self.title), *_columns([self.heads, *self.rows])]
        judged = [(bar.what, bar.found, f"bar {bar.promised}", _verdict(bar)) for bar in self.bars]
        if judged:
            lines += ["", *_columns(judged)]
        return "\n".join([*lines, *(f"  . {note}" for note in self.notes), ""])


def _verdict(bar: Bar) -> str:
    return "holds" if bar.holds else "BELOW THE BAR"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    # Words to the left, figures to the right.
    first, *rest = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]


def number(value: float) -> str:
    """Return a figure with three or more significant digits and no more than help."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def times(value: float) -> str:
    """Return a ratio."""
    return f"{number(value)}x"
