"""What of a sent message a later change needs, packed into the one opaque id that the core keeps."""

from __future__ import annotations

from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message that was accepted.

    Attributes:
        message_id: Our id of the row; for an interactive card also its task_id, which each click brings back. It makes
            the receipt unique also where one call reached many.
        response_code: The right to change the card once within 72 hours; empty if there is none.
        msgid: The platform's id, needed for recall; empty if it was lost.
    """

    message_id: str
    response_code: str = ""
    msgid: str = ""

    def pack(self) -> str:
        """Return all of it as one string."""
        return orjson.dumps([self.message_id, self.response_code, self.msgid]).decode()

    @classmethod
    def unpack(cls, packed: str) -> Receipt | None:
        """Return the receipt of a packed string, or `None` if it is not one of ours."""
        try:
            parts = orjson.loads(packed)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) for part in parts):
            return None
        return cls(*parts)
