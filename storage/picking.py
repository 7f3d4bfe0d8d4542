"""What a lane sends next, and what becomes of messages before they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, literal, or_, select, update

from domain.ids import DutyId, MessageId, OrgId, PersonId
from domain.messages import MAIL_LANE, Call, Outgoing, Priority
from domain.people import Person
from storage.codec import encode_list
from storage.flavour import Flavour
from storage.instants import micros
from storage.lanes import Lane, LaneQueries
from storage.outbox_rows import IN_FLIGHT, TARGET
from storage.prepared import Prepared, Statement
from storage.queue_tables import PENDING, attention, outbox
from storage.select_by import equal, parameter, select_by
from storage.states import MessageState, Unreachable, only, spelled
from storage.tables import identity

if TYPE_CHECKING:
    from storage.transaction import Row


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may go now.

    Attributes:
        outgoing: What to send, and to whom.
        person: Whoever gets it.
        asked: Whether quiet hours and the daily budget are passed over.
        priority: Its rank.
        duty_id: The duty it speaks for.
        dedupe: The key its id was made from.
        first_try: False if it was tried before.
        interrupted: Whether a sender was lost while sending it: it may have gone out.
    """

    outgoing: Outgoing
    person: Person
    asked: bool
    priority: Priority
    duty_id: DutyId | None
    dedupe: str
    first_try: bool
    interrupted: bool


NO_TARGET = "no_target"
"""The error of an update whose message never went out."""

_ROW = outbox.c
_MESSAGE = "org_id message_id"
_ATTENTION_NAMES = "org_id person_id day said"
_READY = or_(
    only(_ROW.state, MessageState.READY),
    and_(only(_ROW.state, MessageState.SENDING), _ROW.epoch < parameter("epoch", _ROW.epoch)),
)
"""Waits for its turn, or was handed to an owner who has lost the lane since."""

_PICKED = (
    _ROW.message_id,
    _ROW.call,
    _ROW.person_id,
    _ROW.body,
    _ROW.shared_body,
    _ROW.target,
    _ROW.attempts,
    _ROW.asked,
    _ROW.priority,
    _ROW.duty_id,
    _ROW.dedupe,
    _ROW.state,
    _ROW.copy_of,
    identity.c.external_id,
    identity.c.lost_at,
)


def _pick() -> Statement:
    """Return the query for what goes next of one priority.

    Not of all at once: in one sweep over the index, everything that waits for tomorrow would be passed by every time.
    """
    reaches = and_(
        identity.c.org_id == _ROW.org_id, identity.c.platform == _ROW.lane, identity.c.person_id == _ROW.person_id
    )
    here = (*equal(outbox, "org_id lane priority"), PENDING, _READY)
    rows = select(*_PICKED).outerjoin(identity, reaches).where(*here)
    due = rows.where(_ROW.send_after <= parameter("now", _ROW.send_after))
    ordered = due.order_by(_ROW.send_after, _ROW.place).limit(bindparam("limit"))
    return ordered.with_for_update(of=outbox, skip_locked=True)


def _reserve() -> Statement:
    sending = {
        "state": spelled(MessageState.SENDING),
        "epoch": parameter("epoch", _ROW.epoch),
        "attempts": _ROW.attempts + literal(1),
    }
    return update(outbox).where(*equal(outbox, _MESSAGE), _READY).values(sending)


def _say(flavour: Flavour) -> Statement:
    insertion = flavour.insert(attention, _ATTENTION_NAMES)
    return insertion.on_conflict_do_update(
        index_elements=[attention.c.org_id, attention.c.person_id, attention.c.day],
        set_={"said": attention.c.said + insertion.excluded.said},
    )


def _said(flavour: Flavour) -> Statement:
    first, last = parameter("first", attention.c.day), parameter("last", attention.c.day)
    counted = select_by(attention, "org_id", attention.c.person_id, attention.c.day, attention.c.said)
    return counted.where(
        flavour.listed(attention.c.person_id, "people"), attention.c.day >= first, attention.c.day <= last
    )


def _if_ready(changes: Mapping[str, object]) -> Statement:
    return update(outbox).where(*equal(outbox, _MESSAGE), _READY).values(**changes)


_PICK = Prepared("org_id lane epoch now priority limit", lambda _: _pick())
_RESERVE = Prepared(f"{_MESSAGE} epoch", lambda _: _reserve())
_SAID = Prepared("org_id people first last", _said)
_SAY = Prepared(_ATTENTION_NAMES, _say)
_POSTPONE = Prepared(
    f"{_MESSAGE} epoch until",
    lambda _: _if_ready({"state": spelled(MessageState.READY), "send_after": parameter("until", _ROW.send_after)}),
)
_FOLD = Prepared(
    f"{_MESSAGE} epoch day",
    lambda _: _if_ready({"state": spelled(MessageState.FOLDED), "folded_on": parameter("day", _ROW.folded_on)}),
)
_GIVE_UP = Prepared(
    f"{_MESSAGE} epoch error now",
    lambda _: _if_ready(
        {
            "state": spelled(MessageState.DEAD),
            "error": parameter("error", _ROW.error),
            "ended_at": parameter("now", _ROW.ended_at),
        }
    ),
)


class PickQueries(LaneQueries):
    """Choosing, reserving, postponing and folding messages of a claimed lane."""

    def pick(self, lane: Lane, now: datetime, limit: int) -> Sequence[Candidate]:
        """Return what goes next, by priority and then by age; locked until the transaction ends.

        Messages of an owner who lost the lane before telling their fate come again, with the same ids. Those that
        cannot reach anybody become dead letters on the way.
        """
        self._transaction.flush()
        told = self._transaction.tell(now)
        while self.holds(lane):
            waiting = self._waiting(lane, told, limit)
            rows = [row for row in (self._aimed(lane, row, told) for row in waiting) if row is not None]
            self._transaction.store(lane.org_id).people.prefetch(PersonId(row[2]) for row in rows)
            candidates = [self._candidate(lane, row) for row in rows]
            dead = [(row, found) for row, found in zip(rows, candidates, strict=True) if isinstance(found, Unreachable)]
            self._transaction.change_many(
                _GIVE_UP, [(lane.org_id, row[0], lane.epoch, why.value, told) for row, why in dead]
            )
            alive = [found for found in candidates if isinstance(found, Candidate)]
            if alive or not waiting:
                return alive
        return []

    def reserve(
        self,
        lane: Lane,
        sends: Sequence[MessageId],
        attention: Sequence[tuple[PersonId, date]],
        next_at: datetime,
        now: datetime,
    ) -> bool:
        """Note, before anything is sent, what is about to be and until when it keeps the lane busy.

        Args:
            lane: The claim.
            sends: Messages that were picked.
            attention: Who hears something unasked by them, and on which local day; once a message.
            next_at: When the next call may start: a successor after a crash keeps the pace.
            now: UTC.

        Returns:
            False, with nothing changed, if somebody has taken over or a message is no longer there to be sent.
        """
        self._transaction.flush()
        self._transaction.tell(now)
        try:
            with self._transaction.savepoint():
                self._take(lane, sends)
        except _NotThere:
            return False
        # Sorted, because a person may be spoken to through two lanes at once.
        said = sorted((lane.org_id, person_id, day.isoformat(), 1) for person_id, day in attention)
        self._transaction.change_many(_SAY, said)
        self.move_window(lane, next_at)
        return True

    def take_back(self, lane: Lane, attention: Sequence[tuple[PersonId, date]]) -> None:
        """Count no more what was reserved as heard and then was not; without effect if somebody has taken over."""
        if self.holds(lane):
            unheard = sorted((lane.org_id, person_id, day.isoformat(), -1) for person_id, day in attention)
            self._transaction.change_many(_SAY, unheard)

    def postpone(self, lane: Lane, waits: Sequence[tuple[MessageId, datetime]]) -> None:
        """Let picked messages wait until an instant; without effect if somebody has taken over."""
        if self.holds(lane):
            rows = [(lane.org_id, message_id, lane.epoch, micros(until)) for message_id, until in waits]
            self._transaction.change_many(_POSTPONE, rows)

    def fold(self, lane: Lane, folds: Sequence[tuple[MessageId, date]]) -> None:
        """Leave picked messages to a local day's digest; without effect if somebody has taken over."""
        if self.holds(lane):
            rows = [(lane.org_id, message_id, lane.epoch, day.isoformat()) for message_id, day in folds]
            self._transaction.change_many(_FOLD, rows)

    def said_today(self, pairs: Sequence[tuple[OrgId, PersonId, date]]) -> Mapping[tuple[OrgId, PersonId, date], int]:
        """Return how many unasked messages each person has had on a local day; those with none are left out."""
        said: dict[tuple[OrgId, PersonId, date], int] = {}
        for org_id in dict.fromkeys(pair[0] for pair in pairs):
            people = encode_list([pair[1] for pair in pairs if pair[0] == org_id])
            days = sorted(pair[2].isoformat() for pair in pairs if pair[0] == org_id)
            for person_id, day, count in self._transaction.rows(_SAID, (org_id, people, days[0], days[-1])):
                said[org_id, person_id, date.fromisoformat(day)] = count
        return {pair: said[pair] for pair in pairs if pair in said}

    def _waiting(self, lane: Lane, told: int, limit: int) -> list[Row]:
        here = (lane.org_id, lane.name, lane.epoch, told)
        rows: list[Row] = []
        for rank, first_at in self.heads(lane):
            if first_at <= told and len(rows) < limit:
                rows += self._transaction.rows(_PICK, (*here, rank, limit - len(rows)))
        return rows

    def _aimed(self, lane: Lane, row: Row, told: int) -> Row | None:
        """Return a row with its target; `None`, and the row steps aside, while the message to change is being sent."""
        message_id, call, target, copy_of = row[0], row[1], row[5], row[12]
        if call != Call.UPDATE or target:
            return row
        found = self._transaction.row(TARGET, (lane.org_id, copy_of))
        if found is not None and found[1]:
            return (*row[:5], found[1], *row[6:])
        if found is not None and found[0] == MessageState.SENDING:
            self._transaction.change(_POSTPONE, (lane.org_id, message_id, lane.epoch, told + IN_FLIGHT))
        else:
            self._transaction.change(_GIVE_UP, (lane.org_id, message_id, lane.epoch, NO_TARGET, told))
        return None

    def _take(self, lane: Lane, sends: Sequence[MessageId]) -> None:
        rows = [(lane.org_id, message_id, lane.epoch) for message_id in sends]
        if self._transaction.change_many(_RESERVE, rows) != len(sends) or not self.holds(lane):
            raise _NotThere

    def _candidate(self, lane: Lane, row: Row) -> Candidate | Unreachable:
        message_id, call, person_id, body, shared, target, attempts, asked, priority, duty_id, dedupe, *rest = row
        state, _, name, lost = rest
        store = self._transaction.store(lane.org_id)
        person = store.people.person(person_id)
        receiver = person.mail if lane.name == MAIL_LANE and person else name
        if person is None:
            return Unreachable.NO_PERSON
        if not receiver:
            return Unreachable.NO_MAIL if lane.name == MAIL_LANE else Unreachable.NO_IDENTITY
        if lost is not None:
            return Unreachable.RECEIVER_LOST
        kind = Call(call)
        words = store.outbox.body_of(kind, body, shared)
        outgoing = Outgoing(lane.org_id, message_id, lane.name, kind, person_id, receiver, words, target, attempts)
        interrupted = state == MessageState.SENDING
        rank, first_try = Priority(priority), attempts == 0
        return Candidate(outgoing, person, bool(asked), rank, duty_id, dedupe, first_try, interrupted)


class _NotThere(Exception):
    """A picked message was withdrawn or taken meanwhile."""
