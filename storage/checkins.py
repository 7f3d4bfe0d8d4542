"""Check-ins, their versions and replies, as handlers ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from domain.checkin import Checkin, CheckinState, Reply
from domain.ids import CheckinId, OccurrenceId, OrgId, PersonId
from domain.questionnaire import Answers
from domain.repositories import RoundCounts
from storage import checkin_rows, person_rows, published
from storage.checkin_rows import checkin_of, reply_of
from storage.codec import decode_answers, encode_list
from storage.definitions import Definitions
from storage.instants import micros
from storage.prepared import Prepared, Values

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction


class Checkins:
    """One organisation's check-ins inside one transaction; implements `domain.repositories.Checkins`.

    A check-in read for change is locked, so it is read once and then answered from memory.
    """

    def __init__(self, transaction: Transaction, org_id: OrgId, definitions: Definitions) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._definitions = definitions
        self._saved = transaction.pending(checkin_rows.SAVE)
        self._filed = transaction.pending(checkin_rows.FILE)
        self._locked: dict[CheckinId, Checkin] = {}
        transaction.journal.on_undo(self._locked.clear)

    def get(self, checkin_id: CheckinId) -> Checkin | None:
        """See the port."""
        known = self._locked.get(checkin_id)
        return known or self._lock_one(checkin_rows.BY_ID, (self._org_id, checkin_id))

    def of_round(self, occurrence_id: OccurrenceId, person_id: PersonId) -> Checkin | None:
        """See the port."""
        return self._lock_one(checkin_rows.OF_ROUND, (self._org_id, occurrence_id, person_id))

    def latest(self, person_id: PersonId, family: str | None = None) -> Checkin | None:
        """See the port."""
        if family is None:
            return self._lock_one(checkin_rows.LATEST, (self._org_id, person_id))
        return self._lock_one(checkin_rows.LATEST_OF_FAMILY, (self._org_id, person_id, family))

    def save(self, checkin: Checkin, *, keep_version: bool) -> None:
        """See the port.

        Raises:
            ValueError: The check-in belongs to another organisation.
        """
        key = self._own(checkin)
        self._saved.put(key, checkin_rows.saving_values(checkin), checkin)
        if checkin.checkin_id in self._locked:
            self._locked[checkin.checkin_id] = checkin
        if keep_version:
            self._filed.put((*key, checkin.version), checkin_rows.version_values(checkin), checkin)

    def add(self, checkin: Checkin) -> bool:
        """See the port.

        Raises:
            ValueError: The check-in belongs to another organisation.
        """
        self._own(checkin)
        digest = self._definitions.digest(checkin.cadence)
        return self._transaction.change(checkin_rows.ADD, checkin_rows.adding_values(checkin, digest)) == 1

    def of_people(self, occurrence_ids: Sequence[OccurrenceId], people: Sequence[PersonId]) -> Sequence[Checkin]:
        """See the port; in no particular order."""
        readers = encode_list(people)
        rounds = [(self._org_id, occurrence_id, readers) for occurrence_id in dict.fromkeys(occurrence_ids)]
        rows = chain.from_iterable(self._transaction.rows(checkin_rows.OF_PEOPLE, round_) for round_ in rounds)
        return [self._present(row) for row in rows]

    def counts(self, occurrence_ids: Sequence[OccurrenceId]) -> RoundCounts:
        """See the port."""
        self._saved.flush()
        rounds = [(self._org_id, occurrence_id) for occurrence_id in dict.fromkeys(occurrence_ids)]
        counts = [self._transaction.rows(checkin_rows.COUNTS, round_)[0] for round_ in rounds]
        return RoundCounts(*(sum(map(int, column)) for column in zip((0,) * 5, *counts, strict=True)))

    def published_choices(
        self, occurrence_id: OccurrenceId, manager_id: PersonId, names: Sequence[str], at_least: int
    ) -> Sequence[Answers]:
        """See the port."""
        self._saved.flush()
        self._transaction.pending(person_rows.SAVE).flush()
        return published.choices(self._transaction, (self._org_id, occurrence_id, manager_id), names, at_least)

    def states(self, person_id: PersonId, family: str, until: datetime, limit: int) -> Sequence[CheckinState]:
        """See the port."""
        rows = self._transaction.rows(checkin_rows.STATES, (self._org_id, person_id, family, micros(until), limit))
        return [self._present_state(checkin_id, state) for checkin_id, state in rows]

    def versions(self, checkin_id: CheckinId) -> Sequence[Answers]:
        """See the port."""
        self._filed.flush()
        rows = self._transaction.rows(checkin_rows.VERSIONS, (self._org_id, checkin_id))
        return [decode_answers(text) for (text,) in rows]

    def add_reply(self, reply: Reply) -> None:
        """See the port.

        Raises:
            ValueError: The reply belongs to another organisation.
        """
        if reply.org_id != self._org_id:
            raise ValueError(f"{reply.reply_id} belongs to {reply.org_id}, not to {self._org_id}")
        self._transaction.change(checkin_rows.REPLY, checkin_rows.reply_values(reply))

    def replies(self, checkin_id: CheckinId) -> Sequence[Reply]:
        """See the port."""
        return [reply_of(row) for row in self._transaction.rows(checkin_rows.REPLIES, (self._org_id, checkin_id))]

    def reply(self, reply_id: str) -> Reply | None:
        """See the port."""
        row = self._transaction.row(checkin_rows.REPLY_BY_ID, (self._org_id, reply_id))
        return None if row is None else reply_of(row)

    def save_reply(self, reply: Reply) -> None:
        """See the port."""
        values = (checkin_rows.reactions_text(reply), self._org_id, reply.reply_id)
        self._transaction.change(checkin_rows.REACT, values)

    def lock(self, row: Row) -> Checkin:
        """Return the check-in of a row that was just locked, and answer later questions for it from memory."""
        known = self._present(row)
        self._locked[known.checkin_id] = known
        return known

    def _lock_one(self, statement: Prepared, values: Values) -> Checkin | None:
        row = self._transaction.row(statement, values)
        return None if row is None else self.lock(row)

    def _present(self, row: Row) -> Checkin:
        waiting: Checkin | None = self._saved.get((self._org_id, row[1]))
        return checkin_of(row, self._definitions) if waiting is None else waiting

    def _present_state(self, checkin_id: str, state: str) -> CheckinState:
        waiting: Checkin | None = self._saved.get((self._org_id, checkin_id))
        return CheckinState(state) if waiting is None else waiting.state

    def _own(self, owned: Checkin) -> tuple[OrgId, CheckinId]:
        if owned.org_id != self._org_id:
            raise ValueError(f"{owned.checkin_id} belongs to {owned.org_id}, not to {self._org_id}")
        return self._org_id, owned.checkin_id
