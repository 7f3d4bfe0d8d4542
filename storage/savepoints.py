"""Savepoints that cost nothing while nothing happens inside them.

One is set only before the first statement inside it, and released only when the next one is set, in the same message to
the server. A batch of duties, whose rows are read before and written afterwards, sets none at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storage.flavour import Flavour


class Savepoints:
    """The savepoints of one transaction, each inside the one before it.

    Attributes:
        unset: Whether a savepoint must be set before the next statement.
    """

    def __init__(self, flavour: Flavour, cursor: Any) -> None:
        self._run: Callable[[list[str]], None] = _runner(flavour, cursor)
        self._open: list[bool] = []
        self._left_over = 0
        self.unset = False

    def enter(self) -> None:
        """Open a savepoint."""
        self._open.append(False)
        self.unset = True

    def set(self) -> None:
        """Set the savepoints that are open and not yet set."""
        commands = [f"RELEASE SAVEPOINT {_name(1)}"] if self._left_over and not any(self._open) else []
        commands += [f"SAVEPOINT {_name(depth)}" for depth, is_set in enumerate(self._open, start=1) if not is_set]
        self._left_over = 0
        self._open = [True] * len(self._open)
        self.unset = False
        self._run(commands)

    def leave(self) -> None:
        """Close the innermost savepoint; what was done inside stays."""
        depth = len(self._open)
        if self._close():
            self._give_back(depth, [])

    def undo(self) -> None:
        """Close the innermost savepoint; what was done inside is undone."""
        depth = len(self._open)
        if self._close():
            self._give_back(depth, [f"ROLLBACK TO SAVEPOINT {_name(depth)}"])

    def abandon(self) -> None:
        """Close the innermost savepoint of a transaction that the store has given up."""
        self._close()

    def _close(self) -> bool:
        was_set = self._open.pop()
        self.unset = bool(self._open) and not self._open[-1]
        return was_set

    def _give_back(self, depth: int, commands: list[str]) -> None:
        if depth == 1:
            self._left_over = 1
        else:
            commands = [*commands, f"RELEASE SAVEPOINT {_name(depth)}"]
        if commands:
            self._run(commands)


def _name(depth: int) -> str:
    return f"event_{depth}"


def _runner(flavour: Flavour, cursor: Any) -> Callable[[list[str]], None]:
    def one_by_one(commands: list[str]) -> None:
        for command in commands:
            cursor.execute(command)

    def in_one_message(commands: list[str]) -> None:
        cursor.execute("; ".join(commands), prepare=False)

    return one_by_one if flavour is Flavour.SQLITE else in_one_message
