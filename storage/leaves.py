"""Leave: whole local days on which somebody is away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete

from domain.calendar import Leave
from domain.ids import OrgId, PersonId
from storage.codec import encode_list
from storage.prepared import Prepared
from storage.select_by import equal, select_by
from storage.tables import leave

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NAMES = "org_id person_id starts_on ends_on"
_ADD = Prepared(_NAMES, lambda flavour: flavour.insert(leave, _NAMES).on_conflict_do_nothing())
_REMOVE = Prepared(_NAMES, lambda _: delete(leave).where(*equal(leave, _NAMES)))
_DAYS = (leave.c.starts_on, leave.c.ends_on)
_OF_PERSON = Prepared("org_id person_id", lambda _: select_by(leave, "org_id person_id", *_DAYS).order_by(*_DAYS))
_OF_PEOPLE = Prepared(
    "org_id people",
    lambda flavour: (
        select_by(leave, "org_id", leave.c.person_id, *_DAYS)
        .where(flavour.listed(leave.c.person_id, "people"))
        .order_by(leave.c.person_id, *_DAYS)
    ),
)


class Leaves:
    """One organisation's leave inside one transaction."""

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._known: dict[PersonId, tuple[Leave, ...]] = {}
        transaction.journal.on_undo(self._known.clear)

    def of(self, person_id: PersonId) -> Sequence[Leave]:
        """Return somebody's leave by its days."""
        known = self._known.get(person_id)
        if known is None:
            rows = self._transaction.rows(_OF_PERSON, (self._org_id, person_id))
            known = self._known[person_id] = tuple(_leave(*row) for row in rows)
        return known

    def prefetch(self, people: Sequence[PersonId]) -> None:
        """Read the leave of many people who are not known yet."""
        wanted = [person_id for person_id in people if person_id not in self._known]
        if not wanted:
            return
        found: dict[PersonId, list[Leave]] = {}
        rows = self._transaction.rows(_OF_PEOPLE, (self._org_id, encode_list(wanted)))
        for person_id, starts_on, ends_on in rows:
            found.setdefault(person_id, []).append(_leave(starts_on, ends_on))
        for person_id in wanted:
            self._known[person_id] = tuple(found.get(person_id, ()))

    def add(self, person_id: PersonId, taken: Leave) -> None:
        """Store a leave."""
        self._transaction.change(_ADD, self._values(person_id, taken))
        self._known.pop(person_id, None)

    def end(self, person_id: PersonId, day: date) -> bool:
        """End what reaches a day on the day before, cancel what begins later; tell whether there was any."""
        reaching = [taken for taken in self.of(person_id) if taken.ends_on >= day]
        self._replace(person_id, reaching, [_cut(taken, day) for taken in reaching if taken.starts_on < day])
        return bool(reaching)

    def _replace(self, person_id: PersonId, old: Iterable[Leave], new: Iterable[Leave]) -> None:
        for taken in old:
            self._transaction.change(_REMOVE, self._values(person_id, taken))
        for taken in new:
            self.add(person_id, taken)
        self._known.pop(person_id, None)

    def _values(self, person_id: PersonId, taken: Leave) -> tuple[str, str, str, str]:
        return (self._org_id, person_id, taken.starts_on.isoformat(), taken.ends_on.isoformat())


def _leave(starts_on: str, ends_on: str) -> Leave:
    return Leave(date.fromisoformat(starts_on), date.fromisoformat(ends_on))


def _cut(taken: Leave, day: date) -> Leave:
    return Leave(taken.starts_on, day - timedelta(days=1))
