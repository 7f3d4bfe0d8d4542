"""Who is who on a platform: external ids, one for each person and platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import delete

from domain.ids import OrgId, PersonId
from storage.prepared import Prepared
from storage.select_by import equal, select_by
from storage.statistics import look_at
from storage.tables import identity, person

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NAMES = "org_id platform external_id person_id lost_at"
_PERSON = "org_id platform person_id"
_EXTERNAL = "org_id platform external_id"
_UNBIND_PERSON = Prepared(_PERSON, lambda _: delete(identity).where(*equal(identity, _PERSON)))
_UNBIND_EXTERNAL = Prepared(_EXTERNAL, lambda _: delete(identity).where(*equal(identity, _EXTERNAL)))
_BIND = Prepared(_NAMES, lambda flavour: flavour.insert(identity, _NAMES))
_OF_PERSON = Prepared(_PERSON, lambda _: select_by(identity, _PERSON, identity.c.external_id))
_ALL = Prepared(
    "org_id platform",
    lambda _: select_by(identity, "org_id platform", identity.c.external_id, identity.c.person_id, identity.c.lost_at),
)


class Identities:
    """One organisation's identities inside one transaction.

    A new external id of a person replaces the one before it: messages must go to exactly one. Binding also says that
    the person can be reached again. What a directory says again, unchanged, costs nothing.
    """

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._journal = transaction.journal
        self._org_id = org_id
        self._owners: dict[tuple[str, str], PersonId | None] = {}
        self._names: dict[tuple[str, PersonId], str | None] = {}
        self._stored: dict[str, dict[str, PersonId]] = {}
        self._journal.on_undo(self._stored.clear)
        transaction.on_flush(self.flush)

    def bind(self, platform: str, external_id: str, person_id: PersonId) -> None:
        """Note that somebody has an external id, and no other."""
        name, owner = (platform, external_id), (platform, person_id)
        untouched = name not in self._owners and owner not in self._names
        if untouched and self._stored.get(platform, {}).get(external_id) == person_id:
            return
        owner_before, name_before = self._owners.get(name), self._names.get(owner)
        if owner_before is not None:
            self._journal.put(self._names, (platform, owner_before), None)
        if name_before is not None:
            self._journal.put(self._owners, (platform, name_before), None)
        self._journal.put(self._owners, name, person_id)
        self._journal.put(self._names, owner, external_id)

    def flush(self) -> None:
        """Write what was noted: first what is no longer so, then what is."""
        if not self._owners:
            return
        org_id, transaction = self._org_id, self._transaction
        bound = [(org_id, *name, owner, None) for name, owner in self._owners.items() if owner is not None]
        transaction.change_many(_UNBIND_PERSON, [(org_id, *owner) for owner in self._names])
        transaction.change_many(_UNBIND_EXTERNAL, [(org_id, *name) for name in self._owners])
        transaction.change_many(_BIND, bound)
        look_at(transaction, len(bound), person, identity)
        self._journal.empty(self._owners)
        self._journal.empty(self._names)
        self._stored.clear()

    def of(self, person_id: PersonId, platform: str) -> str | None:
        """Return somebody's external id on a platform, or `None`."""
        self.flush()
        row = self._transaction.row(_OF_PERSON, (self._org_id, platform, person_id))
        return None if row is None else str(row[0])

    def on(self, platform: str) -> Mapping[str, PersonId]:
        """Return everybody's external ids on a platform."""
        self.flush()
        rows = self._transaction.rows(_ALL, (self._org_id, platform))
        self._stored[platform] = {external_id: person_id for external_id, person_id, lost in rows if lost is None}
        return {external_id: person_id for external_id, person_id, _ in rows}
