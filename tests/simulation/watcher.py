"""Looks at the store whenever everything due is done, and notes what is new since the last time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from domain.cadences import AudienceRole, Round, Stage
from domain.calendar import local_day
from domain.ids import DutyId, MessageId, PersonId
from domain.people import Person
from storage.rounds import COLUMNS, round_of
from storage.states import MessageState
from storage.steering import HistoryEntry
from storage.tables import checkin, duty, occurrence
from storage.queue_tables import outbox
from storage.transaction import Transaction
from tests.builders import ORG
from tests.simulation.books import history_of
from tests.simulation.record import Asked, Circumstances, Noted, Record

_BEFORE_ASKING = (Stage.NOTICE.value, Stage.ASK.value)


class Watcher:
    """Keeps a record up to date.

    Args:
        record: What is kept.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._known: Counter[str] = Counter()
        self._asked: set[str] = set()

    def look(self, transaction: Transaction, now: datetime, present: Circumstances) -> None:
        """Note what is new."""
        self._record.noted += self._new_entries(transaction, present)
        for message_id in _ids(transaction, outbox.c.message_id, outbox.c.state == MessageState.FOLDED.value):
            self._record.folded.setdefault(MessageId(message_id), now)
        for duty_id in _ids(transaction, duty.c.duty_id, duty.c.state != "open"):
            self._record.closed.setdefault(DutyId(duty_id), now)
        for occurrence_id in _ids(transaction, occurrence.c.occurrence_id):
            self._record.begun.setdefault(occurrence_id, now)
        self._record.asked += self._rounds_that_asked(transaction, now, present)
        self._record.overdue += _overdue(transaction, now)
