"""Tells lanes that something waits for them: at the latest when the transaction ends, and once for each lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_

from domain.ids import OrgId
from storage.flavour import Flavour
from storage.prepared import Prepared, Statement
from storage.queue_tables import lane

if TYPE_CHECKING:
    from storage.transaction import Transaction


_NAMES = "org_id name ready_at next_at epoch"


def _mark(flavour: Flavour) -> Statement:
    insertion = flavour.insert(lane, _NAMES)
    new = insertion.excluded
    return insertion.on_conflict_do_update(
        index_elements=[lane.c.org_id, lane.c.name],
        set_={"ready_at": new.ready_at},
        where=or_(lane.c.ready_at.is_(None), lane.c.ready_at > new.ready_at),
    )


_MARK = Prepared(_NAMES, _mark)


class LaneMarks:
    """The lanes that have got messages in this transaction, each with the earliest instant at which one may go.

    Written last and in one order, because the row of a lane stays locked from then on and its sender waits for it.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._ready: dict[tuple[OrgId, str], int] = {}

    def mark(self, org_id: OrgId, name: str, send_after: int) -> None:
        """Note that a message waits in a lane.

        Args:
            org_id: The organisation.
            name: The lane.
            send_after: When it may go, in microseconds.
        """
        key = (org_id, name)
        known = self._ready.get(key)
        if known is None or send_after < known:
            self._transaction.journal.put(self._ready, key, send_after)

    def flush(self) -> None:
        """Tell the lanes."""
        if self._ready:
            marks = [(org_id, name, ready_at, 0, 0) for (org_id, name), ready_at in sorted(self._ready.items())]
            self._transaction.change_many(_MARK, marks)
            self._transaction.journal.empty(self._ready)
