"""What the store holds about one person: written down for them, or taken out (个人信息的导出与删除).

Meant for an operator's command now and then, so plain statements instead of prepared ones. Everything happens in the
caller's transaction. How words are found and taken out stands in `storage.personal_erasure`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Table, and_, or_, select

from domain.cadences import Cadence
from domain.ids import OrgId, PersonId
from storage.codec import decode_answers, decode_cadence
from storage.instants import instant
from storage.personal_erasure import ERASED_NAME, UnknownPerson, erase_person
from storage.queue_tables import attention, outbox
from storage.tables import (
    checkin,
    checkin_version,
    conversation,
    definition,
    duty,
    history,
    identity,
    leave,
    occurrence,
    person,
    reply,
)

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction

__all__ = ["ERASED_NAME", "UnknownPerson", "erase_person", "export_person"]

Record = dict[str, Any]
"""A row for readers: JSON values, instants as ISO 8601 in UTC, answers by the names of their questions."""

_ANSWERS = frozenset({"answers", "draft"})
_MESSAGE = ("message_id", "lane", "call", "card_kind", "state", "asked", "send_after", "ended_at", "external_id")


def export_person(transaction: Transaction, org_id: OrgId, person_id: PersonId) -> Record:
    """Return everything the store holds about a person.

    Their own words are there in full, every version and draft; of others' words those that were written to them, which
    are the replies. Of messages there is what was sent when and what became of it, not the text.

    Raises:
        UnknownPerson: The organisation has nobody of that id.
    """
    transaction.flush()
    reader = _Reader(transaction, org_id, person_id)
    found = reader.rows(person, person.c.person_id == person_id)
    if not found:
        raise UnknownPerson(org_id, person_id)
    return {
        "organisation": org_id,
        "person": found[0],
        "identities": reader.rows(identity, identity.c.person_id == person_id),
        "leave": reader.rows(leave, leave.c.person_id == person_id),
        "checkins": reader.checkins(),
        "replies_written": reader.rows(reply, reply.c.author_id == person_id),
        "duties": reader.duties(),
        "conversation": reader.rows(conversation, conversation.c.person_id == person_id),
        "messages": reader.rows(outbox, outbox.c.person_id == person_id, [outbox.c[name] for name in _MESSAGE]),
        "messages_a_day": reader.rows(attention, attention.c.person_id == person_id),
        "history": reader.history(),
    }


class _Reader:
    """Reads one person's rows."""

    def __init__(self, transaction: Transaction, org_id: OrgId, person_id: PersonId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._person_id = person_id

    def rows(
        self, table: Table, condition: ColumnElement[bool], columns: Sequence[Column[Any]] | None = None
    ) -> list[Record]:
        """Return the organisation's rows that meet a condition, in the order of the table's key or its instants."""
        chosen = columns or [column for column in table.c if column.name not in ("org_id", "epoch", "place")]
        order = table.primary_key.columns or [table.c.at, table.c.place]
        statement = select(*chosen).where(table.c.org_id == self._org_id, condition).order_by(*order)
        return [_record(chosen, row) for row in self._transaction.query(statement)]

    def checkins(self) -> list[Record]:
        """Return what the person was asked and answered, with every version and the replies to it."""
        mine = checkin.c.person_id == self._person_id
        ids = select(checkin.c.checkin_id).where(checkin.c.org_id == self._org_id, mine)
        versions = self.rows(checkin_version, checkin_version.c.checkin_id.in_(ids))
        replies = self.rows(reply, reply.c.checkin_id.in_(ids))
        questions = {digest: _questions(cadence) for digest, cadence in self._cadences(mine).items()}
        return [
            {
                **record,
                "questions": questions.get(record.pop("definition"), {}),
                "versions": _of(record["checkin_id"], versions),
                "replies": _of(record["checkin_id"], replies),
            }
            for record in self.rows(checkin, mine)
        ]

    def duties(self) -> list[Record]:
        """Return what the person owes or is owed; why it was closed only where they closed it or owed it themselves."""
        mine = or_(duty.c.debtor_id == self._person_id, duty.c.about_id == self._person_id)
        columns = [column for column in duty.c if column.name not in ("org_id", "ladder")]
        records = self.rows(duty, mine, columns)
        for record in records:
            if self._person_id not in (record["closed_by"], record["debtor_id"]):
                record["reason"] = ""
        return records

    def history(self) -> list[Record]:
        """Return the entries of what the person did and of what happened to them and their check-ins."""
        own = checkin.c.org_id == self._org_id, checkin.c.person_id == self._person_id
        owed = or_(duty.c.debtor_id == self._person_id, duty.c.about_id == self._person_id)
        about = or_(
            history.c.actor == self._person_id,
            history.c.subject == self._person_id,
            history.c.subject.in_(select(checkin.c.checkin_id).where(*own)),
            history.c.subject.in_(select(duty.c.duty_id).where(duty.c.org_id == self._org_id, owed)),
        )
        return self.rows(history, about)

    def _cadences(self, mine: ColumnElement[bool]) -> Mapping[str, Cadence]:
        asked = select(checkin.c.definition).where(checkin.c.org_id == self._org_id, mine)
        stored = select(definition.c.digest, definition.c.body).where(
            and_(definition.c.org_id == self._org_id, definition.c.digest.in_(asked))
        )
        return {digest: decode_cadence(body) for digest, body in self._transaction.query(stored)}


def _record(columns: Sequence[Column[Any]], row: Row) -> Record:
    return {column.name: _readable(column, value) for column, value in zip(columns, row, strict=True)}


def _readable(column: Column[Any], value: Any) -> Any:
    if column.name in _ANSWERS:
        return decode_answers(value)
    if column.name in _INSTANTS and value is not None:
        return instant(value).isoformat()
    return value


def _of(checkin_id: str, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record["checkin_id"] == checkin_id]


def _questions(cadence: Cadence) -> dict[str, str]:
    asked = cadence.questionnaire.questions if cadence.questionnaire else ()
    return {question.name: question.text for question in asked}


_INSTANTS = frozenset({"at"}) | {
    column.name
    for table in (checkin, checkin_version, reply, duty, conversation, outbox, occurrence)
    for column in table.c
    if column.name.endswith(("_at", "_until", "_after"))
}
"""Columns in microseconds, by name; the store has no other columns of these names."""
