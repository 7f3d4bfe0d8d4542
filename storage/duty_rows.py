"""Duties as rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, case, literal

from domain.duties import Duty, DutyState
from domain.ids import DutyId, OrgId, PersonId
from storage.instants import instant, instant_or_none, micros, micros_or_none
from storage.prepared import Prepared, Statement, Values
from storage.select_by import change_by, new_names, select_by
from storage.states import only
from storage.storable import storable
from storage.tables import NOT_CLOSED, OPEN_DUTY, UNCLOSED_DUTY, duty

if TYPE_CHECKING:
    from storage.definitions import Definitions
    from storage.transaction import Row

COLUMNS = tuple(duty.c)[:-1]
"""In the order of `Duty`'s own fields; the ladder as its digest."""

_OPEN_NAMES = " ".join(column.name for column in duty.c)
_PROGRESS = "step snoozed_until next_at"
_SAVED = "debtor_id due_at step snoozed_until state closed_at closed_by reason followed_by followed_at tell_at next_at"


def duty_of(row: Row, definitions: Definitions) -> Duty:
    """Return the duty of a row of `COLUMNS`."""
    return Duty(
        OrgId(row[0]),
        DutyId(row[1]),
        row[2],
        row[3],
        PersonId(row[4]),
        PersonId(row[5]),
        definitions.ladder(row[6]),
        instant(row[7]),
        instant(row[8]),
        row[9],
        instant_or_none(row[10]),
        DutyState(row[11]),
        instant_or_none(row[12]),
        row[13],
        row[14],
        row[15],
        instant_or_none(row[16]),
        instant_or_none(row[17]),
    )


def opening_values(opened: Duty, ladder_digest: str, next_at: datetime | None) -> Values:
    """Return the values of a new duty's row."""
    return (
        opened.org_id,
        opened.duty_id,
        opened.kind,
        opened.subject,
        opened.debtor_id,
        opened.about_id,
        ladder_digest,
        micros(opened.opened_at),
        micros(opened.due_at),
        opened.step,
        micros_or_none(opened.snoozed_until),
        opened.state.value,
        micros_or_none(opened.closed_at),
        opened.closed_by,
        opened.reason,
        opened.followed_by,
        micros_or_none(opened.followed_at),
        micros_or_none(opened.tell_at),
        micros_or_none(next_at) if opened.is_open else None,
    )


def saving_values(changed: Duty, next_at: datetime | None) -> Values:
    """Return the values that `SAVE` takes; a closed duty never wants attention again."""
    return (
        changed.debtor_id,
        micros(changed.due_at),
        changed.step,
        micros_or_none(changed.snoozed_until),
        changed.state.value,
        micros_or_none(changed.closed_at),
        changed.closed_by,
        storable(changed.reason),
        changed.followed_by,
        micros_or_none(changed.followed_at),
        micros_or_none(changed.tell_at),
        micros_or_none(next_at) if changed.is_open else None,
        changed.org_id,
        changed.duty_id,
    )


def progress_values(changed: Duty, next_at: datetime | None) -> Values:
    """Return the values that `ADVANCE` takes."""
    moments = (micros_or_none(changed.snoozed_until), micros_or_none(next_at))
    return (changed.step, *moments, changed.org_id, changed.duty_id)


def only_progressed(before: Duty | None, after: Duty) -> bool:
    """Tell whether `ADVANCE` is enough: it spares the indexes of what has not changed."""
    if before is None or not (before.is_open and after.is_open):
        return False
    return _beside_progress(before) == _beside_progress(after)


def _beside_progress(owed: Duty) -> tuple[object, ...]:
    return (owed.debtor_id, owed.due_at, owed.reason, owed.followed_by, owed.followed_at, owed.tell_at)


def _find() -> Statement:
    open_first = case((only(duty.c.state, DutyState.OPEN), literal(0)), else_=literal(1))
    found = select_by(duty, "org_id kind subject", *COLUMNS)
    return found.order_by(open_first, duty.c.duty_id).with_for_update()


def _open_by(name: str, is_open: ColumnElement[bool]) -> Statement:
    # Locked too: whoever asks what somebody owes often goes on to move or to close it.
    found = select_by(duty, f"org_id {name}", *COLUMNS).where(is_open)
    return found.order_by(duty.c.due_at, duty.c.duty_id).with_for_update()


OPEN = Prepared(_OPEN_NAMES, lambda flavour: flavour.insert(duty, _OPEN_NAMES).on_conflict_do_nothing())
SAVE = Prepared(f"{new_names(_SAVED)} org_id duty_id", lambda _: change_by(duty, "org_id duty_id", _SAVED))
ADVANCE = Prepared(
    f"{new_names(_PROGRESS)} org_id duty_id",
    lambda _: change_by(duty, "org_id duty_id", _PROGRESS).where(NOT_CLOSED),
)
BY_ID = Prepared("org_id duty_id", lambda _: select_by(duty, "org_id duty_id", *COLUMNS).with_for_update())
FIND = Prepared("org_id kind subject", lambda _: _find())
OWED_BY = Prepared("org_id debtor_id", lambda _: _open_by("debtor_id", OPEN_DUTY))
ABOUT = Prepared("org_id about_id", lambda _: _open_by("about_id", UNCLOSED_DUTY))
OF_PEOPLE = Prepared(
    "org_id people limit",
    lambda flavour: (
        select_by(duty, "org_id", *COLUMNS)
        .where(flavour.listed(duty.c.debtor_id, "people"), OPEN_DUTY)
        .order_by(duty.c.due_at, duty.c.duty_id)
        .limit(bindparam("limit"))
    ),
)
