"""Lanes: who may send for which app of which organisation, and from when on.

A lane has one owner at a time, by lease. Every claim raises its epoch; whoever acts for a lane names the epoch of the
claim, and one that was overtaken changes nothing. `ready_at` is the earliest instant at which something in the lane may
go; it is worked out anew only while the lane's row is locked, after which nobody can add to the lane unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select, union_all

from domain.ids import OrgId
from domain.messages import Priority
from storage.codec import encode_list
from storage.instants import in_micros, instant, micros
from storage.prepared import Prepared, Statement
from storage.queue_tables import PENDING, lane, outbox
from storage.select_by import change_by, equal, parameter, select_by

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Lane:
    """A claimed lane.

    Attributes:
        org_id: The organisation.
        name: A platform's name, or "mail".
        epoch: The number of the claim; a higher one means that somebody else has taken over.
        owner: Who claimed it.
        next_at: When the next call may start, UTC: earlier windows are taken by calls of earlier owners.
    """

    org_id: OrgId
    name: str
    epoch: int
    owner: str
    next_at: datetime


_ROW = lane.c
_THIS = "org_id name"


def _free(*conditions: ColumnElement[bool]) -> Statement:
    now = parameter("now", _ROW.ready_at)
    free = or_(_ROW.lease_until.is_(None), _ROW.lease_until <= now)
    ready = select(_ROW.org_id, _ROW.name, _ROW.epoch, _ROW.next_at).where(_ROW.ready_at <= now, free, *conditions)
    oldest = ready.order_by(_ROW.ready_at, _ROW.org_id, _ROW.name).limit(bindparam("limit"))
    return oldest.with_for_update(skip_locked=True)


def _heads() -> Statement:
    """Return the query for the earliest `send_after` of each priority in a lane: one look into the index for each."""
    here = (*equal(outbox, "org_id"), outbox.c.lane == parameter("name", outbox.c.lane), PENDING)
    heads = union_all(
        *(
            select(literal(int(priority)).label("rank"), func.min(outbox.c.send_after).label("at")).where(
                *here, outbox.c.priority == literal(int(priority))
            )
            for priority in Priority
        )
    ).subquery()
    # Nothing is asked of `at` here: SQLite would then read all of a priority instead of the first.
    return select(heads.c.rank, heads.c.at).order_by(heads.c.rank)


_FREE = Prepared("now limit", lambda _: _free())
_FREE_SERVED = Prepared("now served limit", lambda flavour: _free(flavour.served(_ROW.org_id)))
_EPOCH = Prepared(_THIS, lambda _: select_by(lane, _THIS, _ROW.epoch).with_for_update())
_EPOCH_NOW = Prepared(_THIS, lambda _: select_by(lane, _THIS, _ROW.epoch))
_HEADS = Prepared(_THIS, lambda _: _heads())
_CLAIM = Prepared(
    f"new_lease_owner new_lease_until new_epoch {_THIS}",
    lambda _: change_by(lane, _THIS, "lease_owner lease_until epoch"),
)
_RENEW = Prepared(f"new_ready_at new_lease_until {_THIS}", lambda _: change_by(lane, _THIS, "ready_at lease_until"))
_RELEASE = Prepared(
    f"new_ready_at new_lease_owner new_lease_until {_THIS}",
    lambda _: change_by(lane, _THIS, "ready_at lease_owner lease_until"),
)
_RESERVE = Prepared(f"new_next_at {_THIS}", lambda _: change_by(lane, _THIS, "next_at"))


class LaneQueries:
    """Claiming, keeping and leaving lanes."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._epochs: dict[tuple[OrgId, str], int] = {}
        transaction.journal.on_undo(self._epochs.clear)

    def claim_lanes(
        self, owner: str, now: datetime, lease: timedelta, limit: int, served: Sequence[OrgId] | None = None
    ) -> Sequence[Lane]:
        """Take lanes in which something may go and that nobody holds, those that wait longest first.

        Args:
            owner: Who takes them; unique among processes and their restarts.
            now: UTC.
            lease: For how long; longer than any call may last, since calls of an expired lease may be repeated.
            limit: At most so many.
            served: Of these organisations only; others may have processes of their own. `None`: of all.
        """
        self._transaction.flush()
        told = self._transaction.tell(now)
        if served is None:
            free = self._transaction.rows(_FREE, (told, limit))
        else:
            free = self._transaction.rows(_FREE_SERVED, (told, encode_list(served), limit))
        return [self._claim(owner, told + in_micros(lease), *row) for row in free]

    def _claim(self, owner: str, until: int, org_id: OrgId, name: str, epoch: int, next_at: int) -> Lane:
        self._transaction.change(_CLAIM, (owner, until, epoch + 1, org_id, name))
        self._epochs[org_id, name] = epoch + 1
        return Lane(org_id, name, epoch + 1, owner, instant(next_at))

    def release(self, lane: Lane, now: datetime) -> None:
        """Leave a lane to whoever comes next; without effect if somebody has taken over."""
        self._transaction.flush()
        self._transaction.tell(now)
        if self.holds(lane):
            self._transaction.change(_RELEASE, (self._first_ready(lane), None, None, lane.org_id, lane.name))

    def holds(self, lane: Lane) -> bool:
        """Tell whether the claim is still the latest, and lock it until the transaction ends.

        Handlers lock messages first and their lane last; so whoever may have to wait for messages asks this afterwards.
        """
        key = (lane.org_id, lane.name)
        epoch = self._epochs.get(key)
        if epoch is None:
            row = self._transaction.row(_EPOCH, key)
            epoch = self._epochs[key] = -1 if row is None else int(row[0])
        return epoch == lane.epoch

    def overtaken(self, lane: Lane) -> bool:
        """Tell, without a lock, whether somebody has taken over."""
        row = self._transaction.row(_EPOCH_NOW, (lane.org_id, lane.name))
        return row is None or int(row[0]) != lane.epoch

    def renew(self, lane: Lane, now: datetime, lease: timedelta) -> None:
        """Hold a lane for another lease; the caller has made sure that it `holds`."""
        until = micros(now) + in_micros(lease)
        self._transaction.change(_RENEW, (self._first_ready(lane), until, lane.org_id, lane.name))

    def move_window(self, lane: Lane, next_at: datetime) -> None:
        """Note when the call after those about to be made may start; the caller has made sure that it `holds`."""
        self._transaction.change(_RESERVE, (micros(next_at), lane.org_id, lane.name))

    def heads(self, lane: Lane) -> Sequence[tuple[int, int]]:
        """Return the priorities that wait in a lane, in order, each with its earliest `send_after` in microseconds."""
        rows = self._transaction.rows(_HEADS, (lane.org_id, lane.name))
        return [(rank, at) for rank, at in rows if at is not None]

    def _first_ready(self, lane: Lane) -> int | None:
        return min((at for _, at in self.heads(lane)), default=None)
