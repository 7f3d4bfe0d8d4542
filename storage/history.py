"""The record of what happened: appended to, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from domain.ids import OrgId, PersonId
from storage.codec import encode_detail
from storage.prepared import Prepared
from storage.storable import storable
from storage.tables import history

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NAMES = " ".join(column.name for column in history.c)
_NOTE = Prepared(_NAMES, lambda flavour: flavour.insert(history, _NAMES))


class History:
    """One organisation's history inside one transaction; implements `domain.repositories.History`."""

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._noted = transaction.pending(_NOTE)

    def note(self, kind: str, subject: str, actor: PersonId | None, at: datetime, detail: Mapping[str, str]) -> None:
        """See the port."""
        told, place = self._transaction.tell(at), self._transaction.next_place()
        row = (self._org_id, told, place, kind, storable(subject), actor, encode_detail(detail))
        self._noted.put(place, row, None)
