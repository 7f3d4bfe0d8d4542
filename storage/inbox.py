"""What was received, so that a repetition gets the first answer again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from domain.cards import Answer
from domain.events import Origin
from domain.ids import OrgId
from storage.codec import decode_callback_answer, encode_callback_answer
from storage.prepared import Prepared
from storage.select_by import change_by, select_by
from storage.tables import inbox

if TYPE_CHECKING:
    from storage.transaction import Transaction

_KEY = "org_id platform event_id"
_NAMES = f"{_KEY} received_at"


_NOTE = Prepared(_NAMES, lambda flavour: flavour.insert(inbox, _NAMES).on_conflict_do_nothing())
_ANSWER = Prepared(_KEY, lambda _: select_by(inbox, _KEY, inbox.c.answer))
_KEEP = Prepared(f"new_answer {_KEY}", lambda _: change_by(inbox, _KEY, "answer"))


class Inbox:
    """One organisation's events inside one transaction; implements `domain.repositories.Inbox`."""

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._kept = transaction.pending(_KEEP)

    def receive(self, origin: Origin, now: datetime) -> Answer | None:
        """See the port; an event that needed no answer is answered with an empty one."""
        key = (self._org_id, origin.platform, origin.event_id)
        if self._transaction.change(_NOTE, (*key, self._transaction.tell(now))) == 1:
            return None
        waiting: Answer | None = self._kept.get(key)
        if waiting is not None:
            return waiting
        row = self._transaction.row(_ANSWER, key)
        return Answer() if row is None or row[0] is None else decode_callback_answer(row[0])

    def answered(self, origin: Origin, answer: Answer) -> None:
        """See the port."""
        key = (self._org_id, origin.platform, origin.event_id)
        self._kept.put(key, (encode_callback_answer(answer), *key), answer)
