"""What is due over all organisations: duties that want attention, rounds whose next stage has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, func, select, tuple_

from domain.cadences import Round
from domain.duties import Duty
from domain.ids import OrgId, PersonId
from storage import checkin_rows, duty_rows
from storage.codec import encode_list
from storage.instants import instant
from storage.memory import Watermark
from storage.prepared import Prepared, Statement
from storage.queue_tables import lane
from storage.rounds import COLUMNS as ROUND_COLUMNS
from storage.rounds import round_of
from storage.select_by import parameter
from storage.tables import duty, occurrence

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction

_FROM_THE_START = Watermark(-(2**63), "")


def _due_duties(*conditions: ColumnElement[bool]) -> Statement:
    place = tuple_(duty.c.next_at, duty.c.duty_id)
    since = tuple_(parameter("since", duty.c.next_at), parameter("since_id", duty.c.duty_id))
    due = select(*duty_rows.COLUMNS, duty.c.next_at).where(duty.c.next_at <= parameter("now", duty.c.next_at))
    ordered = due.where(place >= since, *conditions).order_by(duty.c.next_at, duty.c.duty_id)
    return ordered.limit(bindparam("limit")).with_for_update(skip_locked=True)


def _due_rounds(*conditions: ColumnElement[bool]) -> Statement:
    due = select(*ROUND_COLUMNS).where(occurrence.c.next_at <= parameter("now", occurrence.c.next_at), *conditions)
    ordered = due.order_by(occurrence.c.next_at, occurrence.c.occurrence_id)
    return ordered.limit(bindparam("limit")).with_for_update(skip_locked=True)


_DUTIES = Prepared("now since since_id limit", lambda _: _due_duties())
_DUTIES_SERVED = Prepared("now since since_id served limit", lambda flavour: _due_duties(flavour.served(duty.c.org_id)))
_ROUNDS = Prepared("now limit", lambda _: _due_rounds())
_ROUNDS_SERVED = Prepared("now served limit", lambda flavour: _due_rounds(flavour.served(occurrence.c.org_id)))
_NEXT_DUTY = Prepared("", lambda _: select(func.min(duty.c.next_at)).where(duty.c.next_at.is_not(None)))
_NEXT_ROUND = Prepared("", lambda _: select(func.min(occurrence.c.next_at)).where(occurrence.c.next_at.is_not(None)))
_NEXT_LANES = Prepared("", lambda _: select(lane.c.ready_at, lane.c.next_at).where(lane.c.ready_at.is_not(None)))


class DueQueries:
    """Finding what is due."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def due_duties(self, now: datetime, limit: int, served: Sequence[OrgId] | None = None) -> Sequence[Duty]:
        """Take open duties whose moment has come, the oldest first; nobody else gets them until the transaction ends.

        Whoever is concerned, and the check-ins they are about, are read along; a duty about a check-in that somebody is
        changing right now is left for the next time, for waiting here while they wait for the duty would never end.

        While calls bring as many as they may, each goes on where the last one ended instead of passing by all that was
        done before. What is left behind in between is found again by the call after one that brings fewer; so a call
        that brings nothing says that nothing is due.

        Args:
            now: UTC.
            limit: At most so many.
            served: Of these organisations only; others may have processes of their own. `None`: of all.
        """
        self._transaction.flush()
        told = self._transaction.tell(now)
        rows = self._due(told, limit, None if served is None else encode_list(served))
        busy = self._read_along(rows)
        free = [row for row in rows if (row[0], row[3]) not in busy] if busy else rows
        return [self._transaction.store(row[0]).duties.loaded(row) for row in free]

    def _due(self, told: int, limit: int, served: str | None) -> Sequence[Row]:
        memory = self._transaction.memory
        since = memory.watermark
        rows = self._duties_since(told, since or _FROM_THE_START, limit, served)
        if since is not None and not rows:
            rows = self._duties_since(told, _FROM_THE_START, limit, served)
        memory.watermark = Watermark(rows[-1][-1], rows[-1][1]) if len(rows) == limit else None
        return rows

    def _duties_since(self, told: int, since: Watermark, limit: int, served: str | None) -> Sequence[Row]:
        if served is None:
            return self._transaction.rows(_DUTIES, (told, *since, limit))
        return self._transaction.rows(_DUTIES_SERVED, (told, *since, served, limit))

    def due_rounds(self, now: datetime, limit: int, served: Sequence[OrgId] | None = None) -> Sequence[Round]:
        """Take rounds whose next stage has come, the oldest first; nobody else gets them until the transaction ends.

        Args:
            now: UTC.
            limit: At most so many.
            served: Of these organisations only. `None`: of all.
        """
        self._transaction.flush()
        told = self._transaction.tell(now)
        if served is None:
            rows = self._transaction.rows(_ROUNDS, (told, limit))
        else:
            rows = self._transaction.rows(_ROUNDS_SERVED, (told, encode_list(served), limit))
        return [round_of(row, self._transaction.store(row[0]).definitions) for row in rows]

    def next_moment(self, now: datetime) -> datetime | None:
        """Return when something next falls due over all organisations.

        Returns:
            `now` itself if something is due already; `None` if nothing ever will be.
        """
        self._transaction.flush()
        firsts = [self._transaction.rows(statement, ())[0][0] for statement in (_NEXT_DUTY, _NEXT_ROUND)]
        lanes = [max(row) for row in self._transaction.rows(_NEXT_LANES, ())]
        moments = [moment for moment in (*firsts, *lanes) if moment is not None]
        return instant(max(min(moments), self._transaction.tell(now))) if moments else None

    def _read_along(self, rows: Sequence[Row]) -> set[tuple[OrgId, str]]:
        """Read what the duties of rows are about; return the check-ins that somebody else has locked."""
        busy: set[tuple[OrgId, str]] = set()
        for org_id in dict.fromkeys(row[0] for row in rows):
            own = [row for row in rows if row[0] == org_id]
            self._read_people(org_id, own)
            busy.update((org_id, subject) for subject in self._lock_checkins(org_id, own))
        return busy

    def _read_people(self, org_id: OrgId, rows: Sequence[Row]) -> None:
        people = self._transaction.store(org_id).people
        concerned = list(dict.fromkeys(PersonId(person_id) for row in rows for person_id in row[4:6]))
        people.prefetch(concerned)
        known = [person for person in map(people.person, concerned) if person is not None]
        lines = (line for person in known for line in (person.manager_id, person.hrbp_id, person.deputy_id))
        people.prefetch(line for line in lines if line is not None)

    def _lock_checkins(self, org_id: OrgId, rows: Sequence[Row]) -> set[str]:
        subjects = {row[3] for row in rows}
        locked = self._transaction.rows(checkin_rows.LOCK_MANY, (org_id, encode_list(sorted(subjects))))
        checkins = self._transaction.store(org_id).checkins
        missing = subjects - {checkins.lock(row).checkin_id for row in locked}
        if not missing:
            return set()
        known = self._transaction.rows(checkin_rows.KNOWN, (org_id, encode_list(sorted(missing))))
        return {checkin_id for (checkin_id,) in known}
