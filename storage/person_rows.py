"""People as rows: reading them, and writing what was learned of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Select, bindparam, select

from domain.people import Person
from storage.flavour import Flavour
from storage.prepared import Prepared, Statement, Values
from storage.select_by import equal, select_by
from storage.tables import identity, person

if TYPE_CHECKING:
    from storage.transaction import Row

COLUMNS = tuple(person.c)
"""In the order of `Person`'s own fields."""

_NAMES = " ".join(column.name for column in COLUMNS)

IS_ACTIVE = person.c.active.is_(True)
"""People who have not left."""


def person_of(row: Row) -> Person:
    """Return the person of a row of `COLUMNS`."""
    org_id, person_id, name, department, manager, dotted, hrbp, deputy, mail, zone, locale, platform, active = row
    return Person(
        org_id, person_id, name, department, manager, dotted, hrbp, deputy, mail, zone, locale, platform, bool(active)
    )


def values_of(known: Person) -> Values:
    """Return the values of a person's row."""
    return (
        known.org_id,
        known.person_id,
        known.name,
        known.department,
        known.manager_id,
        known.dotted_id,
        known.hrbp_id,
        known.deputy_id,
        known.mail,
        known.zone,
        known.locale,
        known.platform,
        known.active,
    )


def _save(flavour: Flavour) -> Statement:
    insertion = flavour.insert(person, _NAMES)
    new = {column.name: insertion.excluded[column.name] for column in COLUMNS[2:]}
    return insertion.on_conflict_do_update(index_elements=[person.c.org_id, person.c.person_id], set_=new)


def _by_identity(_: Flavour) -> Select[tuple[object, ...]]:
    who = (identity.c.org_id == person.c.org_id) & (identity.c.person_id == person.c.person_id)
    return select(*COLUMNS).join(identity, who).where(*equal(identity, "org_id platform external_id"))


def _active_by(name: str) -> Statement:
    query = select_by(person, f"org_id {name}", *COLUMNS).where(IS_ACTIVE)
    return query.order_by(person.c.name, person.c.person_id).limit(bindparam("limit"))


SAVE = Prepared(_NAMES, _save)
BY_ID = Prepared("org_id person_id", lambda _: select_by(person, "org_id person_id", *COLUMNS))
BY_IDS = Prepared(
    "org_id people",
    lambda flavour: select_by(person, "org_id", *COLUMNS).where(flavour.listed(person.c.person_id, "people")),
)
BY_IDENTITY = Prepared("org_id platform external_id", _by_identity)
BY_MANAGER = Prepared("org_id manager_id limit", lambda _: _active_by("manager_id"))
BY_DEPUTY = Prepared("org_id deputy_id limit", lambda _: _active_by("deputy_id"))
BY_HRBP = Prepared("org_id hrbp_id limit", lambda _: _active_by("hrbp_id"))
BY_NAME = Prepared("org_id name limit", lambda _: _active_by("name"))
EVERYBODY = Prepared("org_id", lambda _: select_by(person, "org_id", *COLUMNS).order_by(person.c.person_id))
ZONES = Prepared(
    "org_id", lambda _: select_by(person, "org_id", person.c.zone).where(IS_ACTIVE).distinct().order_by(person.c.zone)
)
