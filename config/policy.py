"""Answers for an organisation's policy: the domain's value of all its settings, and what is wrong between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.cadence_set import Override, cadences_of
from config.connections import connection_findings, source_findings, unheard_findings
from config.places import Level, Place
from config.problems import Finding
from config.references import Known, reference_findings
from config.schema import OrgFilePart, OverridePart
from config.shelf import shelf_of
from config.shipped import Shipped
from config.validation import Validated
from config.working_time import (
    attention_findings,
    calendar_findings,
    calendar_of,
    digest_findings,
    rules_in,
    rules_of,
    special_rules,
)
from config.yaml_source import Node
from domain.cadences import Cadence
from domain.ids import OrgId, PersonId
from domain.policy import OrgPolicy


def cadences_and_findings(
    validated: Validated[OrgFilePart], content: Node, known: Known | None, shipped: Shipped
) -> tuple[list[Cadence], list[Finding]]:
    """Return an organisation's cadences, and everything that is wrong with its file.

    Args:
        validated: The file as far as it is right.
        content: The same as written.
        known: Who is in the people file; `None` where people come from a directory.
        shipped: Defaults and presets.

    Returns:
        The cadences, complete only if there are no findings; and the findings, with paths of the document.
    """
    shelf, findings = shelf_of(validated, content, shipped)
    cadences: list[Cadence] = []
    if (file := validated.model) is not None:
        cadences, wrong = cadences_of(file, places_of_overrides(file), shelf, shipped)
        findings += [*wrong, *_findings(file), *_digest_findings(file, shipped)]
        findings += reference_findings(file, known) if known else ()
        findings += unheard_findings(file) if validated.is_sound("mail") else ()
        findings += source_findings(file) if validated.is_sound("platforms") else ()
    placed = (Finding(validated.in_document(each.path), each.message, each.allowed) for each in findings)
    # Where the form is wrong already, what follows from it is no news.
    return cadences, [*validated.findings, *(each for each in placed if validated.is_sound(*each.path))]


def policy_of(file: OrgFilePart, cadences: Sequence[Cadence], shipped: Shipped) -> OrgPolicy:
    """Return the policy of a file without findings."""
    rules = rules_of(file, shipped.defaults)
    overrides = {each.place: each.part for each in places_of_overrides(file)}
    return OrgPolicy(
        org_id=OrgId(file.org.id),
        name=file.org.name or file.org.id,
        zone=file.org.timezone,
        locale=file.org.locale,
        calendar=calendar_of(file.calendar),
        attention=rules,
        attention_overrides=tuple(special_rules(overrides)),
        cadences=tuple(cadences),
        admins=tuple(map(PersonId, file.org.admins)),
    )


def places_of_overrides(file: OrgFilePart) -> list[Override]:
    """Return the overrides whose place can be told, each place once."""
    found: dict[Place, Override] = {}
    for index, part in enumerate(file.overrides):
        places = _places(part)
        if len(places) == 1:
            found.setdefault(places[0], Override(places[0], part, index))
    return list(found.values())


def _places(part: OverridePart) -> list[Place]:
    named = ((Level.DEPARTMENT, part.department), (Level.TEAM, part.team), (Level.PERSON, part.person))
    return [Place(level, name) for level, name in named if name is not None]


def _findings(file: OrgFilePart) -> Iterator[Finding]:
    yield from connection_findings(file)
    yield from (each.under("calendar") for each in calendar_findings(file.calendar))
    yield from attention_findings(file)
    seen: dict[Place, int] = {}
    for index, part in enumerate(file.overrides):
        yield from (each.under("overrides", index) for each in _override_findings(part))
        for place in _places(part):
            if place in seen:
                yield Finding(("overrides", index), f"is for {place.label} once more", "one override for each place")
            seen[place] = index


def _digest_findings(file: OrgFilePart, shipped: Shipped) -> list[Finding]:
    rules = rules_of(file, shipped.defaults)
    if found := list(digest_findings(("attention",), rules)):
        return found
    overrides = places_of_overrides(file)
    parts = {each.place: each.part for each in overrides}
    speaking = {each.scope for each in special_rules(parts)}
    return [
        finding
        for each in overrides
        if each.place.scope in speaking
        for finding in digest_findings(("overrides", each.index, "attention"), rules_in(each.place, parts, rules))
    ]


def _override_findings(part: OverridePart) -> Iterator[Finding]:
    if len(_places(part)) != 1:
        yield Finding((), "needs to say for whom", "exactly one of department, team and person")
    if part.model_fields_set.isdisjoint({"cadences", "quiet_hours", "attention"}):
        yield Finding((), "changes nothing", "at least one of cadences, quiet_hours and attention")
    yield from attention_findings(part)
    for name, cadence in part.cadences.items():
        for key in ("departments", "teams", "people"):
            if cadence is not None and getattr(cadence.audience, key) is not None:
                message = "the override says for whom; an audience here cannot"
                yield Finding(("cadences", name, "audience", key), message, "role and except")
