"""Changes of in-memory state that can be taken back together with the rows they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Any = object()


class Journal:
    """Notes how dictionaries were before they were changed, while somebody may want them back.

    Savepoints of a transaction can be undone; what the transaction holds in memory, rows not yet written above all,
    must then be undone with them.
    """

    def __init__(self) -> None:
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._watchers = 0
        self._after_undo: list[Callable[[], None]] = []

    def put(self, target: dict[K, V], key: K, value: V) -> None:
        """Set one entry."""
        if self._watchers:
            self._undo.append((target, key, target.get(key, _ABSENT)))
        target[key] = value

    def drop(self, target: dict[K, V], key: K) -> None:
        """Remove one entry, which must be there."""
        if self._watchers:
            self._undo.append((target, key, target[key]))
        del target[key]

    def empty(self, target: dict[K, V]) -> None:
        """Remove all entries."""
        if self._watchers:
            self._undo.extend((target, key, value) for key, value in reversed(target.items()))
        target.clear()

    def watch(self) -> int:
        """Begin to note; return the mark to go back to."""
        self._watchers += 1
        return len(self._undo)

    def keep(self) -> None:
        """End what `watch` began: the changes stay."""
        self._watchers -= 1
        if not self._watchers:
            self._undo.clear()

    def undo(self, mark: int) -> None:
        """End what `watch` began: all entries are again as they were at the mark."""
        while len(self._undo) > mark:
            target, key, before = self._undo.pop()
            if before is _ABSENT:
                del target[key]
            else:
                target[key] = before
        self.keep()
        for forget in self._after_undo:
            forget()

    def on_undo(self, forget: Callable[[], None]) -> None:
        """Call this after every undoing: memory of what was read may hold what is no longer so."""
        self._after_undo.append(forget)
