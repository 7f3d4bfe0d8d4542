"""Occurrences of cadences, as handlers ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from sqlalchemy import select

from domain.cadences import Round, Stage
from domain.ids import OccurrenceId, OrgId
from domain.repositories import AskedSlice, AskPlan
from storage.asking import Asking
from storage.definitions import Definitions
from storage.instants import instant, instant_or_none, micros, micros_or_none
from storage.prepared import Prepared, Statement
from storage.select_by import change_by, equal, parameter, select_by
from storage.states import spelled
from storage.tables import cadence_seen, occurrence

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction

_ROW = occurrence.c
COLUMNS = (
    _ROW.org_id,
    _ROW.occurrence_id,
    _ROW.definition,
    _ROW.nominal_day,
    _ROW.at,
    _ROW.zone,
    _ROW.period,
    _ROW.fires_at,
    _ROW.stage,
    _ROW.next_at,
    _ROW.cursor,
    _ROW.reason,
)
"""In the order of `Round`'s own fields; the cadence as its digest."""

_SEEN_NAMES = "org_id cadence first_seen"
_NAMES = " ".join(column.name for column in _ROW)
_FIRED = (
    *equal(occurrence, "org_id family"),
    _ROW.fires_at < parameter("before", _ROW.fires_at),
    _ROW.stage != spelled(Stage.SKIPPED),
)


def _of_latest_period() -> Statement:
    newest = select(_ROW.period).where(*_FIRED).order_by(_ROW.fires_at.desc(), _ROW.occurrence_id.desc()).limit(1)
    period = _ROW.period == newest.scalar_subquery()
    return select(*COLUMNS).where(*_FIRED, period).order_by(_ROW.fires_at, _ROW.occurrence_id)


_NOTE_SEEN = Prepared(_SEEN_NAMES, lambda flavour: flavour.insert(cadence_seen, _SEEN_NAMES).on_conflict_do_nothing())
_SEEN = Prepared("org_id cadence", lambda _: select_by(cadence_seen, "org_id cadence", cadence_seen.c.first_seen))
_BEGIN = Prepared(_NAMES, lambda flavour: flavour.insert(occurrence, _NAMES).on_conflict_do_nothing())
_SAVE = Prepared(
    "new_stage new_next_at new_cursor new_reason org_id occurrence_id",
    lambda _: change_by(occurrence, "org_id occurrence_id", "stage next_at cursor reason"),
)
_BY_ID = Prepared("org_id occurrence_id", lambda _: select_by(occurrence, "org_id occurrence_id", *COLUMNS))
_LATEST = Prepared("org_id family before", lambda _: _of_latest_period())


def round_of(row: Row, definitions: Definitions) -> Round:
    """Return the occurrence of a row of `COLUMNS`."""
    return Round(
        OrgId(row[0]),
        OccurrenceId(row[1]),
        definitions.cadence(row[2]),
        date.fromisoformat(row[3]),
        time.fromisoformat(row[4]),
        row[5],
        row[6],
        instant(row[7]),
        Stage(row[8]),
        instant_or_none(row[9]),
        row[10],
        row[11],
    )


class Rounds:
    """One organisation's occurrences inside one transaction; implements `domain.repositories.Rounds`."""

    def __init__(self, transaction: Transaction, org_id: OrgId, definitions: Definitions) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._definitions = definitions

    def first_seen(self, cadence: str, now: datetime) -> datetime:
        """See the port."""
        told = self._transaction.tell(now)
        row = self._transaction.row(_SEEN, (self._org_id, cadence))
        if row is None:
            self._transaction.change(_NOTE_SEEN, (self._org_id, cadence, told))
            row = self._transaction.row(_SEEN, (self._org_id, cadence))
        return now if row is None else instant(row[0])

    def begin(self, round_: Round) -> bool:
        """See the port.

        Raises:
            ValueError: The occurrence belongs to another organisation.
        """
        if round_.org_id != self._org_id:
            raise ValueError(f"{round_.occurrence_id} belongs to {round_.org_id}, not to {self._org_id}")
        values = (
            self._org_id,
            round_.occurrence_id,
            round_.cadence.name,
            round_.cadence.family,
            self._definitions.digest(round_.cadence),
            round_.nominal,
            round_.nominal_day.isoformat(),
            round_.at.isoformat("minutes"),
            round_.zone,
            round_.period,
            micros(round_.fires_at),
            round_.stage.value,
            micros_or_none(round_.next_at),
            round_.cursor,
            round_.reason,
        )
        return self._transaction.change(_BEGIN, values) == 1

    def get(self, occurrence_id: OccurrenceId) -> Round | None:
        """See the port."""
        row = self._transaction.row(_BY_ID, (self._org_id, occurrence_id))
        return None if row is None else round_of(row, self._definitions)

    def save(self, round_: Round) -> None:
        """See the port."""
        state = (round_.stage.value, micros_or_none(round_.next_at), round_.cursor, round_.reason)
        self._transaction.change(_SAVE, (*state, self._org_id, round_.occurrence_id))

    def latest(self, family: str, before: datetime) -> Sequence[Round]:
        """See the port; those that were skipped have not fired."""
        rows = self._transaction.rows(_LATEST, (self._org_id, family, micros(before)))
        return [round_of(row, self._definitions) for row in rows]

    def ask(self, plan: AskPlan, limit: int) -> AskedSlice:
        """See the port; all of a slice is done by statements over people, none of it one by one."""
        return Asking(self._transaction, self._definitions, plan).slice(limit)
