"""Open conversations, as handlers ask for them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete

from domain.cards import CardKey
from domain.ids import OrgId, PersonId
from domain.repositories import Conversation
from storage.codec import decode_answers, decode_card, encode_answers, encode_card
from storage.flavour import Flavour
from storage.instants import instant, micros
from storage.prepared import Prepared, Statement
from storage.select_by import equal, select_by
from storage.tables import conversation

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction

_NAMES = " ".join(column.name for column in conversation.c)
_CONTENT = tuple(conversation.c)[2:]


def _put(flavour: Flavour) -> Statement:
    insertion = flavour.insert(conversation, _NAMES)
    return insertion.on_conflict_do_update(
        index_elements=[conversation.c.org_id, conversation.c.person_id],
        set_={column.name: insertion.excluded[column.name] for column in _CONTENT},
    )


_PUT = Prepared(_NAMES, _put)
_GET = Prepared("org_id person_id", lambda _: select_by(conversation, "org_id person_id", *_CONTENT).with_for_update())
_END = Prepared("org_id person_id", lambda _: delete(conversation).where(*equal(conversation, "org_id person_id")))


class Conversations:
    """One organisation's conversations inside one transaction; implements `domain.repositories.Conversations`.

    One that was read is locked, so it is read once: a click asks both before and after its work.
    """

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._locked: dict[PersonId, Row | None] = {}
        transaction.journal.on_undo(self._locked.clear)

    def get(self, person_id: PersonId, now: datetime) -> Conversation | None:
        """See the port."""
        row = self._row(person_id)
        if row is None:
            return None
        kind, subject, action, step, answers, card, expires_at = row
        if expires_at <= self._transaction.tell(now):
            return None
        return Conversation(
            person_id=person_id,
            topic=CardKey(kind, subject),
            step=step,
            answers=decode_answers(answers),
            expires_at=instant(expires_at),
            action=action,
            card=None if card is None else decode_card(card),
        )

    def put(self, conversation: Conversation) -> None:
        """See the port."""
        topic, card = conversation.topic, conversation.card
        content = (
            topic.kind,
            topic.subject,
            conversation.action,
            conversation.step,
            encode_answers(conversation.answers),
            None if card is None else encode_card(card),
            micros(conversation.expires_at),
        )
        self._locked.pop(conversation.person_id, None)
        self._transaction.change(_PUT, (self._org_id, conversation.person_id, *content))

    def end(self, person_id: PersonId) -> None:
        """See the port."""
        self._locked.pop(person_id, None)
        self._transaction.change(_END, (self._org_id, person_id))

    def _row(self, person_id: PersonId) -> Row | None:
        if person_id not in self._locked:
            self._locked[person_id] = self._transaction.row(_GET, (self._org_id, person_id))
        return self._locked[person_id]
