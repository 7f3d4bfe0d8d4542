"""`response_code`s: the tickets by which a card can be updated, each once and within 72 hours (wecom.md section 5).

A send gives one for all its copies, a click gives another. Each is a ticket of its own: using one leaves the other.
"""

from __future__ import annotations

from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import CODE_LIFE
from sandbox.wecom.world import World


class ResponseCodes:
    """The codes of one company."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def issue(self, agent_id: int, msgid: str) -> str:
        """A new code for the copies of a send."""
        code = self._store.mint("rc")
        self._store.run(
            "INSERT INTO codes (code, agent_id, msgid, issued_ms, used) VALUES (?, ?, ?, ?, 0)",
            *(code, agent_id, msgid, self._world.now_ms()),
        )
        return code

    def msgid_of(self, code: object, agent_id: int) -> str:
        """Which send a code of this app can update now.

        Raises:
            Refusal: 60140 where it is unknown, spent or too old, 42015 where it is another app's.
        """
        row = self._store.row("SELECT * FROM codes WHERE code = ?", code) if isinstance(code, str) else None
        if row is None or row["used"] or row["issued_ms"] <= self._world.ms_ago(CODE_LIFE):
            raise Refusal(60140)
        if row["agent_id"] != agent_id:
            raise Refusal(42015)
        return str(row["msgid"])

    def spend(self, code: str) -> None:
        """Use a code up."""
        self._store.run("UPDATE codes SET used = 1 WHERE code = ?", code)
