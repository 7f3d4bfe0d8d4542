"""Whom a cadence asks, as a condition on people; the same rule as `domain.cadences.Audience.holds`, plus roles."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true

from domain.cadences import Audience, AudienceRole, Scope
from storage.person_rows import IS_ACTIVE
from storage.tables import person

ANY_ZONE = "*"
"""Stands for people of all zones."""


def in_audience(audience: Audience, zone: str | None) -> ColumnElement[bool]:
    """Return the condition that a person is active, in an audience and in a zone.

    Args:
        audience: Whom.
        zone: The person's own zone; `None` for those without one; `ANY_ZONE` for all.
    """
    parts = [IS_ACTIVE, _in_scope(audience.scope), *(not_(_in_scope(scope)) for scope in audience.without)]
    if audience.role is not AudienceRole.EVERYBODY:
        parts.append(has_reports() if audience.role is AudienceRole.MANAGERS else cares_for_somebody())
    if zone != ANY_ZONE:
        parts.append(person.c.zone.is_(None) if zone is None else person.c.zone == zone)
    return and_(*parts)


def has_reports() -> ColumnElement[bool]:
    """Return the condition that an active person has this one as line manager."""
    report = person.alias("report")
    reports = and_(report.c.org_id == person.c.org_id, report.c.manager_id == person.c.person_id, report.c.active)
    return select(report.c.person_id).where(reports).correlate(person).exists()


def cares_for_somebody() -> ColumnElement[bool]:
    """Return the condition that an active person has this one as HRBP."""
    report = person.alias("report")
    reports = and_(report.c.org_id == person.c.org_id, report.c.hrbp_id == person.c.person_id, report.c.active)
    return select(report.c.person_id).where(reports).correlate(person).exists()


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    if scope.is_everybody:
        return true()
    # Never NULL, which would let nobody through the negation: somebody without a manager is in no team.
    in_team = and_(person.c.manager_id.is_not(None), person.c.manager_id.in_(scope.teams))
    return or_(*_below(scope.departments), in_team, person.c.person_id.in_(scope.people))


def _below(departments: Iterable[str]) -> Iterable[ColumnElement[bool]]:
    for path in departments:
        yield person.c.department == path
        # Not LIKE: SQLite's does not tell "RD" from "rd".
        yield func.substr(person.c.department, 1, len(path) + 1) == path + "/"
