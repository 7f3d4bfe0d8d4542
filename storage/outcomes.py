"""What became of messages that were handed to a platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, literal, select, update

from domain.ids import MessageId
from domain.messages import Fate, Outcome
from storage.instants import micros
from storage.lanes import Lane
from storage.picking import PickQueries
from storage.prepared import Prepared, Statement
from storage.queue_tables import outbox
from storage.select_by import equal, parameter
from storage.states import MessageState, among, only, spelled
from storage.tables import identity

_ROW = outbox.c
_MESSAGE = "org_id message_id"
_IN_FLIGHT = and_(
    among(_ROW.state, MessageState.SENDING, MessageState.LAST_TRY), _ROW.epoch == parameter("epoch", _ROW.epoch)
)


def _unless_withdrawn(state: MessageState) -> ColumnElement[str]:
    withdrawn = only(_ROW.state, MessageState.LAST_TRY)
    return case((withdrawn, spelled(MessageState.WITHDRAWN)), else_=spelled(state))


def _sent() -> Statement:
    # Whatever the row says by now: it went out, and that it did must not be forgotten.
    new = {
        "state": spelled(MessageState.SENT),
        "external_id": parameter("new_external_id", _ROW.external_id),
        "error": literal(""),
        "ended_at": parameter("now", _ROW.ended_at),
    }
    return update(outbox).where(*equal(outbox, _MESSAGE), _ROW.state != spelled(MessageState.SENT)).values(new)


def _retry() -> Statement:
    new = {
        "state": _unless_withdrawn(MessageState.READY),
        "send_after": parameter("new_send_after", _ROW.send_after),
        "error": parameter("new_error", _ROW.error),
    }
    return update(outbox).where(*equal(outbox, _MESSAGE), _IN_FLIGHT).values(new)


def _dead() -> Statement:
    new = {
        "state": _unless_withdrawn(MessageState.DEAD),
        "error": parameter("new_error", _ROW.error),
        "ended_at": parameter("now", _ROW.ended_at),
    }
    return update(outbox).where(*equal(outbox, _MESSAGE), _IN_FLIGHT).values(new)


def _lose() -> Statement:
    receiver = select(_ROW.person_id).where(*equal(outbox, _MESSAGE)).scalar_subquery()
    of_receiver = (*equal(identity, "org_id platform"), identity.c.person_id == receiver)
    since = func.coalesce(identity.c.lost_at, parameter("now", identity.c.lost_at))
    return update(identity).where(*of_receiver).values(lost_at=since)


def _drop() -> Statement:
    sending = (only(_ROW.state, MessageState.SENDING), _ROW.epoch == parameter("epoch", _ROW.epoch))
    new = {"state": spelled(MessageState.WITHDRAWN), "ended_at": parameter("now", _ROW.ended_at)}
    return update(outbox).where(*equal(outbox, _MESSAGE), *sending).values(new)


_SENT = Prepared(f"new_external_id now {_MESSAGE}", lambda _: _sent())
_RETRY = Prepared(f"new_send_after new_error {_MESSAGE} epoch", lambda _: _retry())
_DEAD = Prepared(f"now new_error {_MESSAGE} epoch", lambda _: _dead())
_LOSE = Prepared(f"now platform {_MESSAGE}", lambda _: _lose())
_DROP = Prepared(f"now {_MESSAGE} epoch", lambda _: _drop())


class OutcomeQueries(PickQueries):
    """Recording what platforms said."""

    def record(self, lane: Lane, outcomes: Sequence[Outcome], now: datetime, lease: timedelta) -> bool:
        """Store the fates of tries, and hold the lane for another lease.

        Returns:
            False if somebody has taken over: then only what was sent is recorded, since it did go out.

        Raises:
            ValueError: An outcome to be tried again does not say when.
        """
        self._transaction.flush()
        told = self._transaction.tell(now)
        sent = [outcome for outcome in outcomes if outcome.fate is Fate.SENT]
        self._transaction.change_many(_SENT, [(o.external_id, told, lane.org_id, o.message_id) for o in sent])
        if not self.overtaken(lane):
            self._fail(lane, [outcome for outcome in outcomes if outcome.fate is not Fate.SENT], told)
        held = self.holds(lane)
        if held:
            self.renew(lane, now, lease)
        return held

    def drop(self, lane: Lane, message_id: MessageId, now: datetime) -> bool:
        """Take a message that is just being sent out of the lane: there is no place any more where it could go.

        Returns:
            False, with nothing changed, if it was withdrawn or taken over by somebody else meanwhile.
        """
        self._transaction.flush()
        told = self._transaction.tell(now)
        return self._transaction.change(_DROP, (told, lane.org_id, message_id, lane.epoch)) == 1

    def _fail(self, lane: Lane, failed: Sequence[Outcome], told: int) -> None:
        org_id, epoch = lane.org_id, lane.epoch
        again = [(_again_at(o), o.error, org_id, o.message_id, epoch) for o in failed if o.fate is Fate.RETRY]
        dead = [(told, o.error, org_id, o.message_id, epoch) for o in failed if o.fate is Fate.DEAD]
        lost = [(told, lane.name, org_id, o.message_id) for o in failed if o.receiver_lost]
        self._transaction.change_many(_RETRY, again)
        self._transaction.change_many(_DEAD, dead)
        self._transaction.change_many(_LOSE, lost)


def _again_at(outcome: Outcome) -> int:
    if outcome.retry_at is None:
        raise ValueError(f"{outcome.message_id} is to be tried again, but not said when")
    return micros(outcome.retry_at)
