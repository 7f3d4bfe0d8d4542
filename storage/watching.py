"""What operators watch: how much waits, how long, and what could not be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select, union_all

from domain.ids import MessageId, OrgId, PersonId
from storage.codec import encode_list
from storage.instants import instant, micros
from storage.prepared import Prepared, Statement, Values
from storage.queue_tables import DEAD, FOLDED, PENDING, lane, outbox
from storage.select_by import parameter
from storage.tables import duty

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that nobody will get.

    Attributes:
        org_id: The organisation.
        message_id: Our id.
        lane: Where it should have gone; empty if the person has no platform.
        person_id: Who should have got it.
        dedupe: What it was for, in the words of whoever made it.
        call: What kind of call: a word of `domain.messages.Call`.
        error: The platform's code, or a word of `storage.states.Unreachable`.
        died_at: UTC.
    """

    org_id: OrgId
    message_id: MessageId
    lane: str
    person_id: PersonId
    dedupe: str
    call: str
    error: str
    died_at: datetime


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the oldest due thing is; zero if nothing is due.

    Attributes:
        duties: Of duties that want attention.
        outbox: Of messages that may be sent.
    """

    duties: timedelta
    outbox: timedelta


_ROW = outbox.c


def _dead_since() -> Statement:
    about = (_ROW.org_id, _ROW.message_id, _ROW.lane, _ROW.person_id, _ROW.dedupe)
    dead = select(*about, _ROW.call, _ROW.error, _ROW.ended_at).where(DEAD)
    dead = dead.where(_ROW.ended_at >= parameter("since", _ROW.ended_at))
    return dead.order_by(_ROW.ended_at, _ROW.org_id, _ROW.message_id)


def _counts() -> Statement:
    # One query for each index of these states: what was sent is never counted, for it is without bound.
    states = (select(_ROW.org_id, _ROW.state).where(where) for where in (PENDING, FOLDED, DEAD))
    rows = union_all(*states).subquery()
    return select(rows.c.org_id, rows.c.state, func.count()).group_by(rows.c.org_id, rows.c.state)


def _oldest(moment: ColumnElement[int], *conditions: ColumnElement[bool]) -> Statement:
    return select(moment).where(moment.is_not(None), *conditions).order_by(moment).limit(1)


_DEAD_SINCE = Prepared("since", lambda _: _dead_since())
_COUNTS = Prepared("", lambda _: _counts())
_OLDEST_DUTY = Prepared("", lambda _: _oldest(duty.c.next_at))
_OLDEST_LANE = Prepared("", lambda _: _oldest(lane.c.ready_at))
_OLDEST_DUTY_SERVED = Prepared("served", lambda flavour: _oldest(duty.c.next_at, flavour.served(duty.c.org_id)))
_OLDEST_LANE_SERVED = Prepared("served", lambda flavour: _oldest(lane.c.ready_at, flavour.served(lane.c.org_id)))


class WatchQueries:
    """Numbers for probes, metrics and the operator."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def dead_letters(self, since: datetime) -> Sequence[DeadLetter]:
        """Return the messages that were given up at an instant (UTC) or later, oldest first."""
        self._transaction.flush()
        rows = self._transaction.rows(_DEAD_SINCE, (micros(since),))
        return [_letter(*row) for row in rows]

    def outbox_counts(self) -> Mapping[tuple[OrgId, str], int]:
        """Return how many messages of each organisation are ready, sending, folded and dead; none is left out."""
        self._transaction.flush()
        return {(OrgId(org_id), state): count for org_id, state, count in self._transaction.rows(_COUNTS, ())}

    def lag(self, now: datetime, served: Sequence[OrgId] | None = None) -> Lag:
        """Return how long the oldest due duty and message have been due, seen from `now` (UTC).

        Args:
            now: UTC.
            served: Of these organisations only. `None`: of all.
        """
        self._transaction.flush()
        if served is None:
            return Lag(self._age(_OLDEST_DUTY, (), now), self._age(_OLDEST_LANE, (), now))
        listed = (encode_list(served),)
        return Lag(self._age(_OLDEST_DUTY_SERVED, listed, now), self._age(_OLDEST_LANE_SERVED, listed, now))

    def _age(self, oldest: Prepared, values: Values, now: datetime) -> timedelta:
        row = self._transaction.row(oldest, values)
        return timedelta(0) if row is None else max(timedelta(0), now - instant(row[0]))


def _letter(
    org_id: OrgId, message_id: MessageId, lane: str, person_id: PersonId, dedupe: str, call: str, error: str, died: int
) -> DeadLetter:
    return DeadLetter(org_id, message_id, lane, person_id, dedupe, call, error, instant(died))
