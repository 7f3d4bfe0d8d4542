"""Answers for names of people and departments in the settings: whether the people file knows them.

Where people come from a platform's directory, nothing can be told before it has been read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.practice_schema import AudiencePart, CadencePart, ScopePart
from config.problems import Finding, near
from config.schema import OrgFilePart


@dataclass(frozen=True, slots=True)
class Known:
    """Who and what the people file names.

    Attributes:
        people: Ids.
        departments: Paths, with those above them.
    """

    people: frozenset[str]
    departments: frozenset[str]


def reference_findings(file: OrgFilePart, known: Known) -> Iterator[Finding]:
    """Tell which people and departments of the settings are not known."""
    for index, admin in enumerate(file.org.admins):
        yield from _person(admin, known, ("org", "admins", index))
    yield from (each.under("cadences") for each in _cadences(file.cadences or {}, known))
    for index, override in enumerate(file.overrides):
        here = ("overrides", index)
        if override.department is not None:
            yield from _department(override.department, known, (*here, "department"))
        for key in ("team", "person"):
            if (person := getattr(override, key)) is not None:
                yield from _person(person, known, (*here, key))
        yield from (each.under(*here, "cadences") for each in _cadences(override.cadences, known))


def _cadences(cadences: Mapping[str, CadencePart | None], known: Known) -> Iterator[Finding]:
    for name, part in cadences.items():
        if part is not None:
            yield from (each.under(name, "audience") for each in _audience(part.audience, known))


def _audience(part: AudiencePart, known: Known) -> Iterator[Finding]:
    yield from _scope(part, known)
    if part.without is not None:
        yield from (each.under("except") for each in _scope(part.without, known))


def _scope(part: ScopePart, known: Known) -> Iterator[Finding]:
    for index, department in enumerate(part.departments or ()):
        yield from _department(department, known, ("departments", index))
    for key in ("teams", "people"):
        for index, person in enumerate(getattr(part, key) or ()):
            yield from _person(person, known, (key, index))


def _person(person: str, known: Known, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if person not in known.people:
        yield Finding(path, f"nobody has the id {person!r}{near(person, known.people)}", "an id of the people file")


def _department(department: str, known: Known, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if department not in known.departments:
        message = f"nobody is in a department {department!r}{near(department, known.departments)}"
        yield Finding(path, message, "a department of the people file, or one above")
