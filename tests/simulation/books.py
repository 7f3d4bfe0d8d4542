"""What the store holds: its rows as values, for rules that are checked on all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import bindparam, select

from domain.cadences import Round
from domain.checkin import Checkin
from domain.duties import Duty
from domain.ids import DutyId, MessageId, PersonId
from domain.messages import Body, Call
from storage import checkin_rows, duty_rows
from storage.checkin_rows import checkin_of
from storage.duty_rows import duty_of
from storage.instants import instant, instant_or_none, micros
from storage.queue_tables import outbox
from storage.rounds import COLUMNS as ROUND_COLUMNS
from storage.rounds import round_of
from storage.states import MessageState
from storage.steering import HistoryEntry
from storage.tables import checkin, checkin_version, duty, history, occurrence
from storage.transaction import Transaction
from tests.builders import ORG

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRY = (history.c.at, history.c.place, history.c.kind, history.c.subject, history.c.detail)
_HISTORY = (
    select(*_ENTRY)
    .where(history.c.org_id == ORG, history.c.at >= bindparam("since", type_=history.c.at.type))
    .order_by(history.c.at, history.c.place, history.c.subject)
)


@dataclass(frozen=True, slots=True)
class OwedRow:
    """A duty as it is stored.

    Attributes:
        duty: The duty.
        next_at: When it wants attention next, UTC, or `None`.
    """

    duty: Duty
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as it is stored.

    Attributes:
        message_id: Its id.
        person_id: Who gets it.
        dedupe: What its id was made from.
        asked: Whether it answers the person's own act.
        duty_id: The duty it speaks for, or `None`.
        body: What it says.
        send_after: Not before this instant, UTC.
        state: Where it stands.
        folded_on: The local day of the digest it was folded into, or `None`.
    """

    message_id: MessageId
    person_id: PersonId
    dedupe: str
    asked: bool
    duty_id: DutyId | None
    body: Body
    send_after: datetime
    state: MessageState
    folded_on: date | None


@dataclass(frozen=True, slots=True)
class Books:
    """All rows of an organisation at one time.

    Attributes:
        duties: By id.
        checkins: In the order in which they were asked.
        versions: Numbers of the versions kept of each check-in.
        messages: By id.
        rounds: In the order in which they fire.
        history: Oldest first.
    """

    duties: dict[DutyId, OwedRow]
    checkins: Sequence[Checkin]
    versions: dict[str, list[int]]
    messages: dict[MessageId, MessageRow]
    rounds: Sequence[Round]
    history: Sequence[HistoryEntry]


def read_books(transaction: Transaction) -> Books:
    """Return everything that the store holds about the organisation."""
    owed = _duties(transaction)
    messages = _messages(transaction)
    return Books(
        duties={row.duty.duty_id: row for row in owed},
        checkins=_checkins(transaction),
        versions=_versions(transaction),
        messages={row.message_id: row for row in messages},
        rounds=_rounds(transaction),
        history=history_since(transaction, _LONG_AGO),
    )


def on_their_way(transaction: Transaction) -> set[MessageId]:
    """Return the messages that are reserved and of which nobody has recorded what became."""
    on_its_way = outbox.c.state.in_([MessageState.SENDING.value, MessageState.LAST_TRY.value])
    return {message_id for (message_id,) in transaction.query(select(outbox.c.message_id).where(on_its_way))}


def history_since(transaction: Transaction, since: datetime) -> list[HistoryEntry]:
    """Return the organisation's history from an instant on, oldest first."""
    return [
        HistoryEntry(instant(at), place, kind, subject, json.loads(detail))
        for at, place, kind, subject, detail in transaction.query(_HISTORY, {"since": micros(since)})
    ]


def _duties(transaction: Transaction) -> list[OwedRow]:
    definitions = transaction.store(ORG).definitions
    rows = select(*duty_rows.COLUMNS, duty.c.next_at).where(duty.c.org_id == ORG).order_by(duty.c.duty_id)
    return [OwedRow(duty_of(row, definitions), instant_or_none(row[-1])) for row in transaction.query(rows)]


def _rounds(transaction: Transaction) -> list[Round]:
    definitions = transaction.store(ORG).definitions
    rows = select(*ROUND_COLUMNS).where(occurrence.c.org_id == ORG)
    ordered = rows.order_by(occurrence.c.fires_at, occurrence.c.occurrence_id)
    return [round_of(row, definitions) for row in transaction.query(ordered)]


def _checkins(transaction: Transaction) -> list[Checkin]:
    definitions = transaction.store(ORG).definitions
    rows = select(*checkin_rows.COLUMNS).where(checkin.c.org_id == ORG)
    ordered = rows.order_by(checkin.c.asked_at, checkin.c.checkin_id)
    return [checkin_of(row, definitions) for row in transaction.query(ordered)]


def _versions(transaction: Transaction) -> dict[str, list[int]]:
    rows = select(checkin_version.c.checkin_id, checkin_version.c.version).where(checkin_version.c.org_id == ORG)
    kept: dict[str, list[int]] = {}
    for checkin_id, version in transaction.query(rows.order_by(checkin_version.c.version)):
        kept.setdefault(checkin_id, []).append(version)
    return kept


def _messages(transaction: Transaction) -> list[MessageRow]:
    read = transaction.store(ORG).outbox.body_of
    row = outbox.c
    columns = (row.message_id, row.person_id, row.dedupe, row.asked, row.duty_id, row.call, row.body, row.shared_body)
    rows = select(*columns, row.send_after, row.state, row.folded_on).where(row.org_id == ORG).order_by(row.message_id)
    return [
        MessageRow(
            message_id,
            person_id,
            dedupe,
            bool(asked),
            duty_id,
            read(Call(call), body, shared),
            instant(send_after),
            MessageState(state),
            None if folded_on is None else date.fromisoformat(folded_on),
        )
        for (
            message_id,
            person_id,
            dedupe,
            asked,
            duty_id,
            call,
            body,
            shared,
            send_after,
            state,
            folded_on,
        ) in transaction.query(rows)
    ]
