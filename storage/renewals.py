"""Which card a change that came too late was meant for, and whether the chat already holds a younger one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, literal, or_, select

from domain.ids import DutyId, MessageId, OrgId
from domain.messages import Call
from storage.prepared import Prepared, Statement
from storage.queue_tables import outbox
from storage.select_by import parameter
from storage.states import MessageState, among, only

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Original:
    """The card that a change was meant for.

    Attributes:
        duty_id: The duty it speaks for, or `None`.
        succeeded: Whether a younger copy of it lies in the same chat or is on its way there.
    """

    duty_id: DutyId | None
    succeeded: bool


def _original() -> Statement:
    change, card, younger = outbox.alias("change"), outbox.alias("card"), outbox.alias("younger")
    waits = among(younger.c.state, MessageState.READY, MessageState.FOLDED, MessageState.SENDING)
    # Of copies that went out at one instant none is renewed: rather an old face than the same card again and again.
    came_later = and_(only(younger.c.state, MessageState.SENT), younger.c.ended_at >= card.c.ended_at)
    same_chat = and_(
        younger.c.org_id == card.c.org_id,
        younger.c.card_kind == card.c.card_kind,
        younger.c.card_subject == card.c.card_subject,
        younger.c.person_id == card.c.person_id,
    )
    is_younger = (only(younger.c.call, Call.CARD), younger.c.message_id != card.c.message_id, or_(waits, came_later))
    succeeded = exists(select(literal(1)).select_from(younger).where(same_chat, *is_younger).correlate(card))
    changed = and_(card.c.org_id == change.c.org_id, card.c.message_id == change.c.copy_of)
    this = (
        change.c.org_id == parameter("org_id", change.c.org_id),
        change.c.message_id == parameter("message_id", change.c.message_id),
    )
    return select(card.c.duty_id, succeeded).select_from(change.join(card, changed)).where(*this)


_ORIGINAL = Prepared("org_id message_id", lambda _: _original())


def original_of(transaction: Transaction, org_id: OrgId, change: MessageId) -> Original | None:
    """Return the card that a change was meant for; `None` if it is not known (any more)."""
    transaction.flush()
    row = transaction.row(_ORIGINAL, (org_id, change))
    return None if row is None else Original(DutyId(row[0]) if row[0] else None, bool(row[1]))
