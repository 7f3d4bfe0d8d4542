"""People, their reporting lines, identities and leave, as handlers ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, select

from domain.cadences import Audience
from domain.calendar import Leave
from domain.ids import OrgId, PersonId
from domain.people import Person
from storage import person_rows
from storage.audience import cares_for_somebody, has_reports, in_audience
from storage.codec import encode_list
from storage.identities import Identities
from storage.leaves import Leaves
from storage.person_rows import COLUMNS, IS_ACTIVE, person_of, values_of
from storage.prepared import Prepared, Values
from storage.select_by import equal
from storage.tables import person

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NO_LIMIT = 2**31 - 1
_CARED_FOR_LIMIT = 500
"""As the port promises."""


def _ids_where(condition: ColumnElement[bool]) -> Prepared:
    after = person.c.person_id > bindparam("after", type_=person.c.person_id.type)
    query = select(person.c.person_id).where(*equal(person, "org_id"), IS_ACTIVE, after, condition)
    return Prepared("org_id after limit", lambda _: query.order_by(person.c.person_id).limit(bindparam("limit")))


_MANAGERS = _ids_where(has_reports())
_HRBPS = _ids_where(cares_for_somebody())


class People:
    """One organisation's people inside one transaction; implements `domain.repositories.People`."""

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._known: dict[PersonId, Person | None] = {}
        self._saved = transaction.pending(person_rows.SAVE)
        self._identities = Identities(transaction, org_id)
        self._leaves = Leaves(transaction, org_id)
        transaction.journal.on_undo(self._known.clear)

    def person(self, person_id: PersonId) -> Person | None:
        """See the port."""
        if person_id in self._known:
            return self._known[person_id]
        saved: Person | None = self._saved.get((self._org_id, person_id))
        if saved is None:
            row = self._transaction.row(person_rows.BY_ID, (self._org_id, person_id))
            saved = None if row is None else person_of(row)
        self._known[person_id] = saved
        return saved

    def away(self, person_id: PersonId, day: date) -> bool:
        """See the port."""
        return any(leave.covers(day) for leave in self._leaves.of(person_id))

    def by_identity(self, platform: str, external_id: str) -> Person | None:
        """See the port."""
        self._identities.flush()
        found = self._people(person_rows.BY_IDENTITY, (self._org_id, platform, external_id))
        return found[0] if found else None

    def identity(self, person_id: PersonId, platform: str) -> str | None:
        """See the port."""
        return self._identities.of(person_id, platform)

    def prefetch(self, person_ids: Iterable[PersonId]) -> None:
        """See the port."""
        self._saved.flush()
        wanted = list(dict.fromkeys(person_ids))
        unknown = [person_id for person_id in wanted if person_id not in self._known]
        if unknown:
            self._known.update(dict.fromkeys(unknown))
            self._people(person_rows.BY_IDS, (self._org_id, encode_list(unknown)))
        self._leaves.prefetch(wanted)

    def leave_of(self, person_id: PersonId) -> Sequence[Leave]:
        """See the port."""
        return self._leaves.of(person_id)

    def add_leave(self, person_id: PersonId, leave: Leave) -> None:
        """See the port."""
        self._saved.flush()
        self._leaves.add(person_id, leave)

    def end_leave(self, person_id: PersonId, day: date) -> bool:
        """See the port."""
        return self._leaves.end(person_id, day)

    def reports_of(self, manager_id: PersonId) -> Sequence[Person]:
        """See the port."""
        return self._people(person_rows.BY_MANAGER, (self._org_id, manager_id, _NO_LIMIT))

    def cared_for(self, hrbp_id: PersonId) -> Sequence[Person]:
        """See the port."""
        return self._people(person_rows.BY_HRBP, (self._org_id, hrbp_id, _CARED_FOR_LIMIT))

    def stood_in_for(self, deputy_id: PersonId) -> Sequence[Person]:
        """See the port."""
        return self._people(person_rows.BY_DEPUTY, (self._org_id, deputy_id, _NO_LIMIT))

    def called(self, name: str) -> Sequence[Person]:
        """See the port."""
        return self._people(person_rows.BY_NAME, (self._org_id, name, _NO_LIMIT))

    def everybody(self) -> Sequence[Person]:
        """See the port; nobody of them is remembered, since it may be a hundred thousand."""
        self._saved.flush()
        return [person_of(row) for row in self._transaction.rows(person_rows.EVERYBODY, (self._org_id,))]

    def identities(self, platform: str) -> Mapping[str, PersonId]:
        """See the port."""
        return self._identities.on(platform)

    def save(self, person: Person) -> None:
        """See the port.

        Raises:
            ValueError: The person belongs to another organisation.
        """
        if person.org_id != self._org_id:
            raise ValueError(f"{person.person_id} belongs to {person.org_id}, not to {self._org_id}")
        self._saved.put((self._org_id, person.person_id), values_of(person), person)
        self._remember(person)

    def bind(self, platform: str, external_id: str, person_id: PersonId) -> None:
        """See the port."""
        self._identities.bind(platform, external_id, person_id)

    def managers(self, after: PersonId, limit: int) -> Sequence[PersonId]:
        """See the port."""
        return self._ids(_MANAGERS, after, limit)

    def hrbps(self, after: PersonId, limit: int) -> Sequence[PersonId]:
        """See the port."""
        return self._ids(_HRBPS, after, limit)

    def zones(self) -> Sequence[str | None]:
        """See the port; `None` first, then by name."""
        self._saved.flush()
        zones: list[str | None] = [zone for (zone,) in self._transaction.rows(person_rows.ZONES, (self._org_id,))]
        return sorted(zones, key=lambda zone: zone or "")

    def in_audience(self, audience: Audience, zone: str | None, after: PersonId, limit: int) -> Sequence[Person]:
        """See the port."""
        self._saved.flush()
        members = select(*COLUMNS).where(person.c.org_id == self._org_id, in_audience(audience, zone))
        page = members.where(person.c.person_id > after).order_by(person.c.person_id).limit(limit)
        return [self._remember(person_of(row)) for row in self._transaction.query(page)]

    def _people(self, statement: Prepared, values: Values) -> list[Person]:
        self._saved.flush()
        return [self._remember(person_of(row)) for row in self._transaction.rows(statement, values)]

    def _ids(self, statement: Prepared, after: PersonId, limit: int) -> Sequence[PersonId]:
        self._saved.flush()
        return [PersonId(person_id) for (person_id,) in self._transaction.rows(statement, (self._org_id, after, limit))]

    def _remember(self, found: Person) -> Person:
        self._known[found.person_id] = found
        return found
