"""Puts together payloads that the long connection sends in pieces, in any order; forgets those that stay incomplete.

Formats: feishu.md 7.4 and 7.5, from the vendor's SDK sources, read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.feishu.frames import Frame
from domain.errors import Malformed

LIFETIME_SECONDS = 10.0
"""The official client waits 5 s; an incomplete payload is never answered and so comes again."""

MAX_HELD_BYTES = 16 * 1024 * 1024
"""Of all incomplete payloads; beyond it the oldest are forgotten."""

MAX_PIECES = 4096


@dataclass(slots=True)
class _Partial:
    pieces: int
    began_at: float
    parts: dict[int, bytes] = field(default_factory=dict)

    def size(self) -> int:
        return sum(map(len, self.parts.values()))


class Fragments:
    """The incomplete payloads of one connection."""

    def __init__(self) -> None:
        self._partials: dict[str, _Partial] = {}

    def add(self, frame: Frame, now_seconds: float) -> bytes | None:
        """Return the whole payload if this frame completes it.

        Args:
            frame: A data frame.
            now_seconds: Of a clock that never goes back, such as the event loop's.

        Raises:
            Malformed: Its headers contradict themselves or an earlier piece.
        """
        pieces, index = _number(frame, "sum", 1), _number(frame, "seq", 0)
        payload = frame.payload or b""
        if pieces <= 1:
            return payload
        if index >= pieces or pieces > MAX_PIECES:
            raise Malformed("a piece of a payload has an impossible number")
        self._forget_old(now_seconds)
        message_id = frame.header("message_id")
        partial = self._partials.setdefault(message_id, _Partial(pieces, now_seconds))
        if partial.pieces != pieces:
            raise Malformed("two pieces of a payload disagree on how many there are")
        partial.parts[index] = payload
        if len(partial.parts) == pieces:
            del self._partials[message_id]
            return b"".join(partial.parts[each] for each in range(pieces))
        self._forget_above_limit()
        return None

    def _forget_old(self, now_seconds: float) -> None:
        limit = now_seconds - LIFETIME_SECONDS
        for message_id in [key for key, partial in self._partials.items() if partial.began_at < limit]:
            del self._partials[message_id]

    def _forget_above_limit(self) -> None:
        held = sum(partial.size() for partial in self._partials.values())
        while held > MAX_HELD_BYTES:
            held -= self._partials.pop(next(iter(self._partials))).size()


def _number(frame: Frame, name: str, otherwise: int) -> int:
    text = frame.header(name)
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Malformed(f"a frame's {name} is not a number")
    return int(text)
