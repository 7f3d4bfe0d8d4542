"""Duties, as handlers ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from domain.duties import Duty
from domain.ids import DutyId, OrgId, PersonId
from storage import duty_rows
from storage.codec import encode_list
from storage.definitions import Definitions
from storage.duty_rows import duty_of
from storage.prepared import Prepared, Values

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction


class Duties:
    """One organisation's duties inside one transaction; implements `domain.repositories.Duties`."""

    def __init__(self, transaction: Transaction, org_id: OrgId, definitions: Definitions) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._definitions = definitions
        self._advanced = transaction.pending(duty_rows.ADVANCE)
        self._saved = transaction.pending(duty_rows.SAVE)
        self._known: dict[DutyId, Duty] = {}
        transaction.journal.on_undo(self._known.clear)

    def open(self, duty: Duty, next_at: datetime | None) -> bool:
        """See the port.

        Raises:
            ValueError: The duty belongs to another organisation.
        """
        self._own(duty)
        values = duty_rows.opening_values(duty, self._definitions.digest(duty.ladder), next_at)
        opened = self._transaction.change(duty_rows.OPEN, values) == 1
        if opened:
            self._known[duty.duty_id] = duty
        return opened

    def get(self, duty_id: DutyId) -> Duty | None:
        """See the port."""
        row = self._transaction.row(duty_rows.BY_ID, (self._org_id, duty_id))
        return None if row is None else self._present(row)

    def find(self, kind: str, subject: str) -> Sequence[Duty]:
        """See the port."""
        rows = self._transaction.rows(duty_rows.FIND, (self._org_id, kind, subject))
        return sorted(map(self._present, rows), key=_closed) if len(rows) > 1 else [self._present(row) for row in rows]

    def save(self, duty: Duty, next_at: datetime | None) -> None:
        """See the port; a duty that changes hands is written at once, since the new debtor may owe it already.

        Raises:
            ValueError: The duty belongs to another organisation.
        """
        self._own(duty)
        key, before = (self._org_id, duty.duty_id), self._known.get(duty.duty_id)
        self._known[duty.duty_id] = duty
        if key not in self._saved and duty_rows.only_progressed(before, duty):
            self._advanced.put(key, duty_rows.progress_values(duty, next_at), duty)
            return
        self._saved.put(key, duty_rows.saving_values(duty, next_at), duty)
        if before is None or before.debtor_id != duty.debtor_id:
            self._flush()

    def owed_by(self, person_id: PersonId) -> Sequence[Duty]:
        """See the port."""
        return self._open(duty_rows.OWED_BY, (self._org_id, person_id))

    def about(self, person_id: PersonId) -> Sequence[Duty]:
        """See the port."""
        return self._open(duty_rows.ABOUT, (self._org_id, person_id))

    def open_of_people(self, people: Sequence[PersonId], limit: int) -> Sequence[Duty]:
        """See the port."""
        return self._open(duty_rows.OF_PEOPLE, (self._org_id, encode_list(people), limit))

    def loaded(self, row: Row) -> Duty:
        """Return the duty of a row that was just read, remembering how it was."""
        duty = duty_of(row, self._definitions)
        self._known[duty.duty_id] = duty
        return duty

    def _present(self, row: Row) -> Duty:
        key = (self._org_id, row[1])
        waiting: Duty | None = self._saved.get(key) or self._advanced.get(key)
        return self.loaded(row) if waiting is None else waiting

    def _flush(self) -> None:
        self._advanced.flush()
        self._saved.flush()

    def _open(self, statement: Prepared, values: Values) -> Sequence[Duty]:
        self._flush()
        return [self.loaded(row) for row in self._transaction.rows(statement, values)]

    def _own(self, duty: Duty) -> None:
        if duty.org_id != self._org_id:
            raise ValueError(f"{duty.duty_id} belongs to {duty.org_id}, not to {self._org_id}")


def _closed(duty: Duty) -> bool:
    return not duty.is_open
