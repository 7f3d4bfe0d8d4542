"""What a process remembers of a store between transactions: only what can never become untrue."""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.ids import OrgId
from domain.messages import Body

_MOST = 2048
"""Definitions, and bodies of messages, held at once; a few kilobytes each."""


Known = tuple[OrgId, str]
"""The key of a definition: its organisation and its digest."""


class Watermark(NamedTuple):
    """Where a drain of due duties has come to, in the order in which they are taken."""

    next_at: int
    duty_id: str


class Memory:
    """Definitions, which never change under their digest; what texts say; how far the present drain has come.

    Safe to share between threads: every step is one operation on one dictionary.
    """

    def __init__(self) -> None:
        self.watermark: Watermark | None = None
        self._stored: dict[Known, None] = {}
        self._values: dict[Known, Any] = {}
        self._digests: dict[int, tuple[object, str]] = {}
        self._bodies: dict[str, Body] = {}

    def is_stored(self, known: Known) -> bool:
        """Tell whether a definition is certainly in the store; False may also mean that it was forgotten."""
        return known in self._stored

    def note_stored(self, known: Known) -> None:
        """Remember that a definition is in the store: it was read from there, or its writing was committed."""
        _remember(self._stored, known, None)

    def value(self, known: Known) -> Any:
        """Return the value of a definition, or `None`."""
        return self._values.get(known)

    def note_value(self, known: Known, value: object) -> None:
        """Remember the value of a definition, and that it is stored."""
        _remember(self._values, known, value)
        self.note_stored(known)
        self.note_digest(value, known[1])

    def digest(self, value: object) -> str | None:
        """Return the digest of this very object, or `None`."""
        found = self._digests.get(id(value))
        return found[1] if found is not None and found[0] is value else None

    def note_digest(self, value: object, digest: str) -> None:
        """Remember the digest of an object; it is held, so that no other can take its place in memory."""
        _remember(self._digests, id(value), (value, digest))

    def body(self, text: str) -> Body | None:
        """Return what was written as that text not long ago, or `None`."""
        return self._bodies.get(text)

    def note_body(self, text: str, body: Body) -> None:
        """Remember what a text says, since the process that puts a message often sends it a moment later."""
        _remember(self._bodies, text, body)


def _remember(target: dict[Any, Any], key: object, value: object) -> None:
    if len(target) >= _MOST:
        target.clear()
    target[key] = value
