"""Statements spelled once and run on the driver's own cursor.

SQLAlchemy spends 60 to 100 microseconds around every execution, several times what SQLite needs for the row itself. So
a hot statement is written in SQLAlchemy Core, spelled once per engine, and then only its text and the order of its
parameters are kept. Values go in and come out as plain texts and numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, UpdateBase

from storage.flavour import Flavour

Statement = Select[*tuple[Any, ...]] | UpdateBase
"""A query or a change, in SQLAlchemy Core."""

Values = Sequence[Any]
"""The values of one execution, in the order in which the statement names its parameters."""


class _Spelled(NamedTuple):
    """A statement for one engine: its text, and which value stands at each of the places in it."""

    text: str
    order: tuple[int, ...] | None
    """Indices into the given values followed by the constants; `None` where the given values fit as they are."""
    constants: tuple[Any, ...]


class Prepared:
    """A statement with named parameters.

    Attributes:
        names: The parameters, in the order in which values are given; each is used at least once.
    """

    def __init__(self, names: str, build: Callable[[Flavour], Statement]) -> None:
        """Note how a statement is built; it is spelled when first needed.

        Args:
            names: The parameters, divided by blanks.
            build: Makes the statement for an engine.
        """
        self.names = tuple(names.split())
        self._build = build
        self._spelled: list[_Spelled | None] = [None] * len(Flavour)

    def text(self, flavour: Flavour) -> str:
        """Return the statement in an engine's words."""
        return self._for(flavour).text

    def bound(self, flavour: Flavour, values: Values) -> tuple[str, Values]:
        """Return the text and the values in the order of the text's places."""
        text, order, constants = self._for(flavour)
        return text, values if order is None else _ordered(order, values, constants)

    def bound_many(self, flavour: Flavour, many: Sequence[Values]) -> tuple[str, Sequence[Values]]:
        """Return the text and, for every execution, the values in the order of the text's places."""
        text, order, constants = self._for(flavour)
        return text, many if order is None else [_ordered(order, values, constants) for values in many]

    def _for(self, flavour: Flavour) -> _Spelled:
        found = self._spelled[flavour.number]
        if found is None:
            found = self._spelled[flavour.number] = self._spell(flavour)
        return found

    def _spell(self, flavour: Flavour) -> _Spelled:
        compiled = self._build(flavour).compile(dialect=flavour.dialect)
        places = tuple(compiled.positiontup or ())
        constants = {name: compiled.params[name] for name in places if name not in self.names}
        missing = [name for name in self.names if name not in places]
        if missing or None in constants.values():
            raise ValueError(f"unused: {missing}; without a value: {constants}")
        sources = (*self.names, *constants)
        order = None if places == self.names else tuple(map(sources.index, places))
        return _Spelled(str(compiled), order, tuple(constants.values()))


def _ordered(order: tuple[int, ...], values: Values, constants: tuple[Any, ...]) -> Values:
    sources = (*values, *constants)
    return [sources[index] for index in order]
