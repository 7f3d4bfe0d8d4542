"""Answers for a file of people: who there is, to whom they report, and under which ids platforms know them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.platform_schema import PlatformName
from config.practice_schema import Part
from config.problems import ConfigErrors, ConfigProblem, Finding, KeyPath, near
from config.references import Known
from config.schema import Locale
from config.validation import Validated, validate
from config.values import Department, MailAddress, PersonRef, Zone
from config.yaml_source import Node, read_source
from domain.ids import OrgId, PersonId
from domain.people import Person, reporting_cycle


class PersonPart(Part):
    """Somebody of the organisation."""

    id: PersonRef
    """A word of your own that never changes, such as the account's name."""
    name: Annotated[str, Field(min_length=1, max_length=60)]
    """As colleagues write it."""
    department: Department | None = None
    """Path from the top, joined by /."""
    manager: PersonRef | None = None
    """Id of the line manager."""
    dotted: PersonRef | None = None
    """Id of a second manager, who reads along."""
    hrbp: PersonRef | None = None
    """Id of the HR business partner; left out, the manager's."""
    deputy: PersonRef | None = None
    """Id of whoever stands in during leave."""
    mail: MailAddress | None = None
    """Address for mail."""
    zone: Zone | None = None
    """Time zone, if not the organisation's."""
    locale: Locale | None = None
    """Language, if not the organisation's."""
    ids: dict[PlatformName, PersonRef] = Field(default_factory=dict)
    """The platforms' ids of this person, also of platforms that are not configured (yet)."""
    platform: PlatformName | None = None
    """Where the bot writes to this person; who writes to it elsewhere is answered there, until the directory is read
    next. Left out: where they last wrote to the bot; at first the platform that is written first under `platforms`, of
    those that have an id here or whose directory is read."""


class PeopleFilePart(Part):
    """A file of people."""

    people: tuple[PersonPart, ...]
    """Everybody."""


@dataclass(frozen=True, slots=True)
class ConfiguredPerson:
    """Somebody of the file.

    Attributes:
        person: As the domain sees them.
        ids: The ids under which platforms know them, by the platform's name.
        pinned: Whether the file says where the bot writes to them.
    """

    person: Person
    ids: Mapping[str, str]
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class PeopleRead:
    """What came of reading a file.

    Attributes:
        file: Which file.
        people: Everybody, complete only if there are no problems.
        problems: What is wrong.
        digest: Of the file's content, empty if it could not be read.
    """

    file: Path
    people: tuple[ConfiguredPerson, ...]
    problems: tuple[ConfigProblem, ...]
    digest: str = ""

    @property
    def known(self) -> Known | None:
        """Return which names the settings may use; `None` while the file is wrong, so that nothing follows from it."""
        if self.problems:
            return None
        departments = {each.person.department for each in self.people} - {""}
        paths = {path.rsplit("/", cut)[0] for path in departments for cut in range(path.count("/") + 1)}
        return Known(frozenset(each.person.person_id for each in self.people), frozenset(paths))


@dataclass(frozen=True, slots=True)
class Reach:
    """On which platforms people can be reached.

    Attributes:
        platforms: The configured ones in the order of preference: the first that has an id for somebody is used.
        directory: The one whose directory is read, so that it knows people whom the file gives no id; or `None`.
    """

    platforms: Sequence[str]
    directory: str | None = None

    def of(self, part: PersonPart) -> list[str]:
        """Return where somebody can be reached, the preferred platform first."""
        return [each for each in self.platforms if each in part.ids or each == self.directory]


def read_people(path: Path, org_id: str, reach: Reach) -> PeopleRead:
    """Read a file of people.

    Args:
        path: Where it is.
        org_id: Whose people they are.
        reach: On which platforms they can be reached.
    """
    try:
        source = read_source(path)
    except ConfigErrors as error:
        return PeopleRead(path, (), error.errors)
    validated = validate(PeopleFilePart, source.content)
    parts = validated.model.people if validated.model else ()
    findings = [*validated.findings, *_placed(_findings(parts, _written_ids(source.content), reach), validated)]
    people = tuple(_person(part, org_id, reach) for part in parts)
    return PeopleRead(path, people, (*source.problems, *map(source.problem, findings)), source.digest)


def _placed(findings: Iterator[Finding], validated: Validated[PeopleFilePart]) -> Iterator[Finding]:
    for each in findings:
        yield Finding(validated.in_document(("people", *each.path)), each.message, each.allowed)


def _person(part: PersonPart, org_id: str, reach: Reach) -> ConfiguredPerson:
    ids: dict[str, str] = dict(part.ids.items())
    person = Person(
        org_id=OrgId(org_id),
        person_id=PersonId(part.id),
        name=part.name,
        department=part.department or "",
        manager_id=PersonId(part.manager) if part.manager else None,
        dotted_id=PersonId(part.dotted) if part.dotted else None,
        hrbp_id=PersonId(part.hrbp) if part.hrbp else None,
        deputy_id=PersonId(part.deputy) if part.deputy else None,
        mail=part.mail,
        zone=part.zone,
        locale=part.locale,
        platform=part.platform or next(iter(reach.of(part)), None),
    )
    return ConfiguredPerson(person, ids, pinned=part.platform is not None)


def _written_ids(content: Node) -> set[str]:
    """Return all ids of the file, also those of people about whom something else is wrong."""
    rows = content.get("people") if isinstance(content, dict) else None
    written = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {each for each in written if isinstance(each, str)}


def _findings(people: Sequence[PersonPart], ids: Collection[str], reach: Reach) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    for index, part in enumerate(people):
        for path, key in _identities(part):
            if key in seen:
                yield Finding((index, *path), f"{key[1]!r} belongs to {seen[key]} already")
            seen.setdefault(key, f"{part.name} ({part.id})")
        yield from (each.under(index) for each in (*_strangers(part, ids), *_unreachable(part, reach)))
    yield from _cycles(people)


def _identities(part: PersonPart) -> Iterator[tuple[KeyPath, tuple[str, str]]]:
    yield ("id",), ("id", part.id)
    for platform, external in part.ids.items():
        yield ("ids", platform), (platform, external)


def _strangers(part: PersonPart, ids: Collection[str]) -> Iterator[Finding]:
    for key in ("manager", "dotted", "hrbp", "deputy"):
        named = getattr(part, key)
        if named is not None and named not in ids:
            yield Finding((key,), f"nobody has the id {named!r}{near(named, ids)}", "an id of this file, or null")
    if part.deputy == part.id:
        yield Finding(("deputy",), "cannot stand in for themselves", "somebody else's id, or null")


def _unreachable(part: PersonPart, reach: Reach) -> Iterator[Finding]:
    if part.platform is None:
        return
    if part.platform not in reach.platforms:
        message = f"{part.platform} is not configured"
        yield Finding(("platform",), message, ", ".join(reach.platforms) or "a platform of the organisation's file")
    elif part.platform not in reach.of(part):
        message = f"there is no id for {part.platform}"
        yield Finding(("platform",), message, f"one with an id: {', '.join(reach.of(part)) or 'none here'}")


def _cycles(people: Sequence[PersonPart]) -> Iterator[Finding]:
    rows = {part.id: index for index, part in enumerate(people)}
    persons = {part.id: _person(part, "", Reach(())).person for part in people}
    while (cycle := reporting_cycle(list(persons.values()))) is not None:
        yield Finding((rows[cycle[0]], "manager"), f"people report in a circle: {' → '.join(cycle)}")
        for person_id in cycle:
            persons.pop(person_id, None)
