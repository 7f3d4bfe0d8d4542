"""Messages on their way, as handlers ask for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from domain.cards import Card, CardKey
from domain.ids import DutyId, MessageId, OrgId, PersonId
from domain.messages import MAIL_LANE, Body, Call, Draft, Mail, Priority, SentCopy
from domain.repositories import ChatCard
from storage import outbox_rows
from storage.codec import decode_body, decode_card, encode_body, encode_card
from storage.definitions import Definitions
from storage.instants import instant, micros
from storage.message_ids import message_id_of
from storage.outbox_rows import NewRow
from storage.people import People
from storage.prepared import Prepared, Values
from storage.states import MessageState, Unreachable
from storage.storable import storable

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction


class Outbox:
    """One organisation's messages inside one transaction; implements `domain.repositories.Outbox`.

    New messages wait until the transaction ends; withdrawing reaches those too.
    """

    def __init__(self, transaction: Transaction, org_id: OrgId, definitions: Definitions, people: People) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._definitions = definitions
        self._people = people
        self._put = transaction.pending(outbox_rows.PUT)
        self._duties: set[str] = set()
        self._cards: set[CardKey] = set()
        self._faces: dict[MessageId, str] = {}

    def put(self, draft: Draft) -> None:
        """See the port."""
        if (self._org_id, draft.dedupe) in self._put:
            return
        lane, error = self._lane_of(draft)
        present = self._transaction.present
        self._add(
            NewRow(
                org_id=self._org_id,
                message_id=message_id_of(present, self._org_id, draft.dedupe),
                lane=lane,
                call=call_of(draft.body),
                person_id=draft.to,
                dedupe=storable(draft.dedupe),
                priority=draft.priority,
                asked=draft.asked,
                duty_id=draft.duty_id,
                card=draft.body.key if isinstance(draft.body, Card) else None,
                body=self._text_of(draft.body),
                copy_of=None,
                target="",
                send_after=present if draft.send_after is None else micros(draft.send_after),
                place=self._transaction.next_place(),
                state=MessageState.DEAD if error else MessageState.READY,
                error=error,
            )
        )

    def update(self, copy: SentCopy, card: Card) -> None:
        """See the port; the new face goes out at once, for it does not ring.

        A copy that is just being sent has no id of the platform yet: its new face waits a little and asks again.
        """
        key = (encode_card(_offer(card)), self._org_id, copy.message_id)
        faces = self._transaction.row(outbox_rows.NEW_FACE, key)
        number = 1 if faces is None else faces[0]
        if number > 1:
            self._void_faces(copy.message_id)
        dedupe = f"update:{copy.message_id}:{number}"
        row = NewRow(
            org_id=self._org_id,
            message_id=message_id_of(self._transaction.present, self._org_id, dedupe),
            lane=copy.lane,
            call=Call.UPDATE,
            person_id=copy.person_id,
            dedupe=dedupe,
            priority=Priority.PERSONAL,
            asked=True,
            duty_id=None,
            card=None,
            body=self._text_of(card),
            copy_of=copy.message_id,
            target=copy.external_id,
            send_after=self._transaction.present + (0 if copy.external_id else outbox_rows.IN_FLIGHT),
            place=self._transaction.next_place(),
            state=MessageState.READY,
            error="",
        )
        self._add(row)
        self._transaction.journal.put(self._faces, copy.message_id, dedupe)

    def readers(self, card: CardKey) -> Sequence[PersonId]:
        """See the port."""
        self._write_waiting(card)
        return [PersonId(row[0]) for row in self._transaction.rows(outbox_rows.READERS, (self._org_id, *_parts(card)))]

    def show(self, card: CardKey, reader: PersonId, face: Card, oldest: datetime, answered: str = "") -> None:
        """See the port."""
        self._write_waiting(card)
        key = (self._org_id, *_parts(card), reader)
        for message_id, state, lane, external_id, sent_at, faces in self._transaction.rows(outbox_rows.ON_THE_WAY, key):
            if state in (MessageState.READY, MessageState.FOLDED):
                self._transaction.change(outbox_rows.REWRITE, (self._text_of(face), self._org_id, message_id))
            elif answered and answered in (external_id, message_id):
                if faces:
                    self._void_faces(message_id)
            elif sent_at is None or sent_at >= micros(oldest):
                at = instant(sent_at) if sent_at is not None else instant(self._transaction.present)
                self.update(SentCopy(message_id, reader, lane, external_id or "", card, at), face)

    def copies(self, card: CardKey, person_id: PersonId | None = None) -> Sequence[SentCopy]:
        """See the port; oldest first."""
        key = (self._org_id, card.kind, card.subject)
        if person_id is None:
            rows = self._transaction.rows(outbox_rows.COPIES, key)
        else:
            rows = self._transaction.rows(outbox_rows.COPIES_OF_PERSON, (*key, person_id))
        return [
            SentCopy(MessageId(message_id), PersonId(reader), lane, external_id, card, instant(sent_at))
            for message_id, reader, lane, external_id, sent_at in rows
        ]

    def withdraw(self, duty_id: DutyId) -> int:
        """See the port; what is being sent this very moment is not counted, but not tried again either."""
        present = self._transaction.present
        waiting = self._withdraw_waiting(lambda row: row.duty_id == duty_id) if duty_id in self._duties else 0
        return waiting + _voided(self._transaction.rows(outbox_rows.WITHDRAW, (present, self._org_id, duty_id)))

    def withdraw_card(self, card: CardKey) -> int:
        """See the port; counts as `withdraw` does."""
        waiting = self._withdraw_waiting(lambda row: row.card == card)
        key = (self._transaction.present, self._org_id, card.kind, card.subject)
        return waiting + _voided(self._transaction.rows(outbox_rows.WITHDRAW_CARD, key))

    def subject_of(self, external_id: str) -> CardKey | None:
        """See the port."""
        row = self._transaction.row(outbox_rows.SUBJECT_OF, (self._org_id, external_id))
        return None if row is None else CardKey(*row)

    def in_chat(self, person_id: PersonId, since: datetime, limit: int) -> Sequence[ChatCard]:
        """See the port."""
        return self._chat_cards(outbox_rows.IN_CHAT, (self._org_id, person_id, micros(since), limit))

    def newest(self, card: CardKey, person_id: PersonId) -> ChatCard | None:
        """See the port."""
        found = self._chat_cards(outbox_rows.NEWEST, (self._org_id, *_parts(card), person_id, 1))
        return next(iter(found), None)

    def quoted(self, external_id: str, person_id: PersonId) -> ChatCard | None:
        """See the port."""
        rows = self._transaction.rows(outbox_rows.QUOTED, (self._org_id, external_id, 1))
        return next((self._chat_card(row) for row in rows if row[1] == person_id), None)

    def referred(self, reference: str, person_id: PersonId) -> ChatCard | None:
        """See the port."""
        found = self._chat_cards(outbox_rows.REFERRED, (self._org_id, person_id, reference.lower(), 1))
        return next(iter(found), None)

    def note_face(self, external_id: str, person_id: PersonId, face: Card) -> None:
        """See the port."""
        key = (encode_card(_offer(face)), self._org_id, external_id, person_id)
        if not self._transaction.change(outbox_rows.NOTE_FACE, key):
            self._transaction.change(outbox_rows.NOTE_FACE_OF, key)

    def folded(self, person_id: PersonId, day: date) -> Sequence[Body]:
        """See the port."""
        rows = self._transaction.rows(outbox_rows.ON_DAY, (self._org_id, person_id, day.isoformat()))
        return [self.body_of(Call(call), body, shared) for call, body, shared in rows]

    def unfold(self, person_id: PersonId, day: date, now: datetime) -> int:
        """See the port."""
        told = self._transaction.tell(now)
        lanes = self._transaction.rows(outbox_rows.UNFOLD, (told, self._org_id, person_id, day.isoformat()))
        for (lane,) in lanes:
            self._transaction.lanes.mark(self._org_id, lane, told)
        return len(lanes)

    def body_of(self, call: Call, body: str | None, shared_body: str | None) -> Body:
        """Return what a row says: its own text, or the card it shares with others."""
        if shared_body is not None:
            return self._definitions.card(shared_body)
        text = body or ""
        return self._transaction.memory.body(text) or decode_body(call, text)

    def _chat_cards(self, statement: Prepared, values: Values) -> list[ChatCard]:
        return [self._chat_card(row) for row in self._transaction.rows(statement, values)]

    def _chat_card(self, row: Row) -> ChatCard:
        message_id, _, body, shared_body, face, sent_at = row
        card = self.body_of(Call.CARD, body, shared_body)
        if not isinstance(card, Card):
            raise TypeError(f"the message {message_id} is no card")
        newest = card if face is None else decode_card(face)
        return ChatCard(MessageId(message_id), card, newest, instant(sent_at))

    def _text_of(self, body: Body) -> str:
        text = encode_body(body)
        self._transaction.memory.note_body(text, body)
        return text

    def _lane_of(self, draft: Draft) -> tuple[str, str]:
        person = self._people.person(draft.to)
        if draft.by_mail:
            return MAIL_LANE, "" if person and person.mail else Unreachable.NO_MAIL.value
        if person is None:
            return "", Unreachable.NO_PERSON.value
        return person.platform or "", "" if person.platform else Unreachable.NO_PLATFORM.value

    def _add(self, row: NewRow) -> None:
        self._put.put((self._org_id, row.dedupe), row.values(self._transaction.present), row)
        if row.duty_id is not None:
            self._duties.add(row.duty_id)
        if row.card is not None:
            self._cards.add(row.card)
        if row.state is MessageState.READY:
            self._transaction.lanes.mark(self._org_id, row.lane, row.send_after)

    def _write_waiting(self, card: CardKey) -> None:
        if card in self._cards:
            self._put.flush()

    def _void_faces(self, message_id: MessageId) -> None:
        waiting = self._faces.get(message_id)
        if waiting is not None and (self._org_id, waiting) in self._put:
            self._put.drop((self._org_id, waiting))
        self._transaction.rows(outbox_rows.VOID_FACES, (self._transaction.present, self._org_id, message_id))

    def _withdraw_waiting(self, is_meant: Callable[[NewRow], bool]) -> int:
        ready = [row for row in self._put.values() if row.org_id == self._org_id and row.state is MessageState.READY]
        meant = [row._replace(state=MessageState.WITHDRAWN) for row in ready if is_meant(row)]
        for row in meant:
            self._put.put((self._org_id, row.dedupe), row.values(self._transaction.present), row)
        return len(meant)


def _offer(face: Card) -> Card:
    """Return what can be done on a face; what is only to be read is left out, for it is mostly people's words."""
    # Not `replace`, which takes longer than writing the card down, and every answered click comes here.
    return Card(face.key, face.title, face.summary, face.tone, face.tag, (), face.fields, face.buttons)


def _parts(card: CardKey) -> tuple[str, str]:
    return card.kind, card.subject


def call_of(body: Body) -> Call:
    """Return the kind of call that says a body for the first time."""
    if isinstance(body, Card):
        return Call.CARD
    return Call.MAIL if isinstance(body, Mail) else Call.TEXT


def _voided(rows: Sequence[Row]) -> int:
    return sum(state == MessageState.WITHDRAWN for (state,) in rows)
