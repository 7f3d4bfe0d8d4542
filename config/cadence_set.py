"""Answers for all practices of an organisation: the flat list of cadences, and what is wrong with and between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.places import Place
from config.practice_schema import CadencePart
from config.practices import Shelf, cadence_findings, cadence_of
from config.problems import Finding, near
from config.schema import OrgFilePart, OverridePart
from config.shipped import Shipped
from config.variants import Variant, Written, variants
from domain.cadences import Cadence, Listener, Section

PEERS = frozenset({Listener.TEAM, Listener.AUDIENCE})
"""Who hears a summary without being anybody's superior."""


@dataclass(frozen=True, slots=True)
class Override:
    """An override and its place, which is written somewhere in the list of overrides."""

    place: Place
    part: OverridePart
    index: int


def cadences_of(
    file: OrgFilePart, overrides: Sequence[Override], shelf: Shelf, shipped: Shipped
) -> tuple[list[Cadence], list[Finding]]:
    """Return every variant of every practice, and what is wrong with them."""
    own = file.cadences if file.cadences is not None else shipped.defaults.cadences or {}
    families = dict.fromkeys([*own, *(name for each in overrides for name in each.part.cadences)])
    found: dict[str, list[Variant]] = {}
    findings: list[Finding] = []
    for family in families:
        special = {
            each.place: Written(each.part.cadences[family], ("overrides", each.index, "cadences", family))
            for each in overrides
            if family in each.part.cadences
        }
        base = Written(own.get(family), ("cadences", family))
        found[family] = list(variants(family, base, special, shelf))
        findings += _idle_findings(family, base, special, own)
    findings += [
        finding for each in found.values() for variant in each for finding in _variant_findings(variant, shelf)
    ]
    findings += _summary_findings(found, shelf)
    cadences = [_cadence(family, variant, shelf) for family, each in found.items() for variant in each]
    return [cadence for cadence in cadences if cadence is not None], findings


def _cadence(family: str, variant: Variant, shelf: Shelf) -> Cadence | None:
    return cadence_of(variant.name, family, variant.body, variant.audience, shelf)


def _idle_findings(
    family: str, base: Written, special: Mapping[Place, Written], own: Mapping[str, CadencePart | None]
) -> Iterator[Finding]:
    if base.part is None and all(written.part is None for written in special.values()):
        for written in special.values():
            yield Finding(
                written.path, f"there is no practice {family!r} to turn off{near(family, own)}", ", ".join(own)
            )


def _variant_findings(variant: Variant, shelf: Shelf) -> Iterator[Finding]:
    for finding in cadence_findings(variant.part, variant.body, shelf):
        # What an override takes over has its finding where it is written.
        is_own = variant.path[0] == "cadences" or not finding.path or finding.path[0] in variant.part.model_fields_set
        if is_own or finding.path == ("when",):
            yield finding.under(*variant.path)


def _summary_findings(found: Mapping[str, Sequence[Variant]], shelf: Shelf) -> Iterator[Finding]:
    for family, each in found.items():
        for variant in each:
            summary = variant.body.summary
            if summary is None:
                continue
            told = summary.of or family
            if told not in found:
                message = f"there is no practice {told!r}{near(told, found)}"
                yield Finding((*variant.path, "summary", "of"), message, ", ".join(found))
            elif summary.to in PEERS and Section.ANSWERS in summary.sections:
                bodies = [variant.body] if told == family else [other.body for other in found[told]]
                yield from _privacy_findings(variant, bodies, shelf)


def _privacy_findings(variant: Variant, bodies: Sequence[CadencePart], shelf: Shelf) -> Iterator[Finding]:
    asked = [shelf.questionnaires.get(body.questionnaire or "") for body in bodies]
    private = [q.name for each in asked if each is not None for q in each.questions if not q.shared]
    if private:
        message = f"tells colleagues what was answered in confidence: {', '.join(private)}"
        path = (*variant.path, "summary", "sections")
        yield Finding(path, message, "key_points; or shared: true at each question, so that people know")
