"""Outgoing messages as rows: how they are put, given a new face, withdrawn and found again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, null, or_, true, update

from domain.cards import CardKey
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Call, Priority
from storage.instants import in_micros
from storage.prepared import Prepared, Statement, Values
from storage.queue_tables import ARRIVED, ENDED_CARD, FOLDED, SENT_CARD, UNSENT, VOIDABLE, outbox
from storage.select_by import equal, parameter, select_by
from storage.states import MessageState, among, only, spelled

_ROW = outbox.c
_NAMES = " ".join(column.name for column in _ROW)

BEFORE_REFERENCE = 26
"""Characters of a message's id before the six by which a link refers to it (ADR 0015)."""

IN_FLIGHT = in_micros(timedelta(seconds=5))
"""How long a new face waits for a card that is just being sent; it asks again until that is known."""


class NewRow(NamedTuple):
    """A row of the outbox before it is first tried; its fields are the columns that may differ.

    Attributes:
        org_id: The organisation.
        message_id: Its id.
        lane: Where it goes; empty for a dead letter without a lane.
        call: What kind of call.
        person_id: Who gets it.
        dedupe: The key its id was made from.
        priority: Its rank.
        asked: Whether quiet hours and budget are passed over.
        duty_id: The duty it speaks for.
        card: What it is about, if it is a card of its own.
        body: What is said, as text; the column `face` beside it holds the newest face a card was given since.
        copy_of: The message whose card it changes.
        target: The platform's id of that message.
        send_after: In microseconds.
        place: Order among rows of one instant.
        state: Ready; dead, if nobody can be reached; withdrawn, if that came before it was written.
        error: Why it is dead, or empty.
    """

    org_id: OrgId
    message_id: MessageId
    lane: str
    call: Call
    person_id: PersonId
    dedupe: str
    priority: Priority
    asked: bool
    duty_id: str | None
    card: CardKey | None
    body: str
    copy_of: MessageId | None
    target: str
    send_after: int
    place: int
    state: MessageState
    error: str

    def values(self, now: int) -> Values:
        """Return the values that `PUT` takes; `now`, in microseconds, is when a row that is not ready has ended."""
        card = self.card
        return (
            self.org_id,
            self.message_id,
            self.lane,
            self.call.value,
            self.person_id,
            self.dedupe,
            int(self.priority),
            self.asked,
            self.duty_id,
            card.kind if card else None,
            card.subject if card else None,
            self.body,
            None,
            None,
            self.copy_of,
            self.target,
            self.send_after,
            self.place,
            self.state.value,
            0,
            0,
            0,
            None,
            self.error,
            None if self.state is MessageState.READY else now,
            None,
        )


def _withdraw(*conditions: ColumnElement[bool]) -> Statement:
    in_flight = only(_ROW.state, MessageState.SENDING)
    voided = case((in_flight, spelled(MessageState.LAST_TRY)), else_=spelled(MessageState.WITHDRAWN))
    ended = {"state": voided, "ended_at": parameter("now", _ROW.ended_at)}
    return update(outbox).where(*conditions).values(ended).returning(_ROW.state)


def _new_face() -> Statement:
    this = equal(outbox, "org_id message_id")
    new = {"faces": _ROW.faces + literal(1), "face": parameter("face", _ROW.face)}
    return update(outbox).where(*this).values(new).returning(_ROW.faces)


def _unfold() -> Statement:
    now = bindparam("now", type_=_ROW.send_after.type)
    of_day = and_(*equal(outbox, "org_id person_id folded_on"), FOLDED)
    ready = {"state": spelled(MessageState.READY), "asked": true(), "send_after": now, "folded_on": null()}
    return update(outbox).where(of_day).values(ready).returning(_ROW.lane)


def _copies(names: str) -> Statement:
    found = select_by(outbox, names, _ROW.message_id, _ROW.person_id, _ROW.lane, _ROW.external_id, _ROW.ended_at)
    # Only what was sent has a platform's id; said so, and not by state, so that the index by that id is not taken.
    arrived = (only(_ROW.call, Call.CARD), _ROW.external_id != literal(""))
    return found.where(*arrived).order_by(_ROW.ended_at, _ROW.message_id)


def _subject_of() -> Statement:
    found = select_by(outbox, "org_id external_id", _ROW.card_kind, _ROW.card_subject)
    return found.where(SENT_CARD).order_by(_ROW.ended_at.desc()).limit(1)


def _chat_cards(names: str) -> Select[tuple[Any, ...]]:
    found = select_by(
        outbox, names, _ROW.message_id, _ROW.person_id, _ROW.body, _ROW.shared_body, _ROW.face, _ROW.ended_at
    )
    there = or_(_ROW.body.is_not(None), _ROW.shared_body.is_not(None))  # else it was blanked for somebody's sake
    return found.where(there).order_by(_ROW.ended_at.desc(), _ROW.message_id.desc()).limit(bindparam("limit"))


def _in_chat() -> Statement:
    return _chat_cards("org_id person_id").where(
        ENDED_CARD, ARRIVED, _ROW.ended_at >= parameter("since", _ROW.ended_at)
    )


def _newest() -> Statement:
    return _chat_cards("org_id card_kind card_subject person_id").where(ARRIVED)


def _referred() -> Statement:
    ending = func.substr(_ROW.message_id, BEFORE_REFERENCE + 1)
    return _chat_cards("org_id person_id").where(ENDED_CARD, ARRIVED, ending == parameter("reference", _ROW.message_id))


def _note_face(key: str) -> Statement:
    this = (*equal(outbox, key), SENT_CARD)
    return update(outbox).where(*this).values(face=parameter("face", _ROW.face))


def _folded() -> Statement:
    found = select_by(outbox, "org_id person_id folded_on", _ROW.call, _ROW.body, _ROW.shared_body)
    return found.where(FOLDED).order_by(_ROW.priority, _ROW.send_after, _ROW.place)


def _on_its_way() -> ColumnElement[bool]:
    states = (MessageState.READY, MessageState.FOLDED, MessageState.SENDING, MessageState.SENT)
    return and_(among(_ROW.state, *states), only(_ROW.call, Call.CARD))


def _rewrite() -> Statement:
    waits = among(_ROW.state, MessageState.READY, MessageState.FOLDED)
    body = {"body": bindparam("new_body", type_=_ROW.body.type), "shared_body": null()}
    return update(outbox).where(*equal(outbox, "org_id message_id"), waits).values(body)


PUT = Prepared(_NAMES, lambda flavour: flavour.insert(outbox, _NAMES).on_conflict_do_nothing())
WITHDRAW = Prepared("now org_id duty_id", lambda _: _withdraw(*equal(outbox, "org_id duty_id"), VOIDABLE))
WITHDRAW_CARD = Prepared(
    "now org_id card_kind card_subject", lambda _: _withdraw(*equal(outbox, "org_id card_kind card_subject"), VOIDABLE)
)
VOID_FACES = Prepared("now org_id copy_of", lambda _: _withdraw(*equal(outbox, "org_id copy_of"), UNSENT))
NEW_FACE = Prepared("face org_id message_id", lambda _: _new_face())
COPIES = Prepared("org_id card_kind card_subject", lambda _: _copies("org_id card_kind card_subject"))
COPIES_OF_PERSON = Prepared(
    "org_id card_kind card_subject person_id", lambda _: _copies("org_id card_kind card_subject person_id")
)
SUBJECT_OF = Prepared("org_id external_id", lambda _: _subject_of())
IN_CHAT = Prepared("org_id person_id since limit", lambda _: _in_chat())
NEWEST = Prepared("org_id card_kind card_subject person_id limit", lambda _: _newest())
QUOTED = Prepared("org_id external_id limit", lambda _: _chat_cards("org_id external_id").where(SENT_CARD))
REFERRED = Prepared("org_id person_id reference limit", lambda _: _referred())
NOTE_FACE = Prepared("face org_id external_id person_id", lambda _: _note_face("org_id external_id person_id"))
NOTE_FACE_OF = Prepared("face org_id message_id person_id", lambda _: _note_face("org_id message_id person_id"))
ON_DAY = Prepared("org_id person_id folded_on", lambda _: _folded())
READERS = Prepared(
    "org_id card_kind card_subject",
    lambda _: (
        select_by(outbox, "org_id card_kind card_subject", _ROW.person_id)
        .where(_on_its_way())
        .distinct()
        .order_by(_ROW.person_id)
    ),
)
ON_THE_WAY = Prepared(
    "org_id card_kind card_subject person_id",
    lambda _: (
        select_by(
            outbox,
            "org_id card_kind card_subject person_id",
            _ROW.message_id,
            _ROW.state,
            _ROW.lane,
            _ROW.external_id,
            _ROW.ended_at,
            _ROW.faces,
        )
        .where(_on_its_way())
        .order_by(_ROW.place, _ROW.message_id)
        .with_for_update()  # or a sender might take the old face between this look and the rewriting
    ),
)
REWRITE = Prepared("new_body org_id message_id", lambda _: _rewrite())
TARGET = Prepared("org_id message_id", lambda _: select_by(outbox, "org_id message_id", _ROW.state, _ROW.external_id))
UNFOLD = Prepared("now org_id person_id folded_on", lambda _: _unfold())
