"""Answers for what names in cadences may mean: an organisation's own ladders and questionnaires, and the shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from config.ladders import ladder_findings, ladder_of
from config.practice_schema import LadderPart, QuestionnairePart
from config.practices import Shelf
from config.problems import Finding
from config.questionnaires import questionnaire_findings, questionnaire_of
from config.schema import OrgFilePart
from config.shipped import Shipped
from config.validation import Validated
from config.yaml_source import Node
from domain.duties import Ladder
from domain.questionnaire import Questionnaire

Part = TypeVar("Part")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Kind(Generic[Part, Value]):
    """A section of named definitions: how one is checked, and what it becomes."""

    section: str
    check: Callable[[Part], Iterable[Finding]]
    make: Callable[[str, Part], Value]


_LADDERS: _Kind[LadderPart, Ladder] = _Kind("ladders", ladder_findings, ladder_of)
_QUESTIONNAIRES: _Kind[QuestionnairePart, Questionnaire] = _Kind(
    "questionnaires", questionnaire_findings, questionnaire_of
)


def shelf_of(validated: Validated[OrgFilePart], content: Node, shipped: Shipped) -> tuple[Shelf, list[Finding]]:
    """Return what names stand for, and what is wrong with the organisation's own definitions.

    Args:
        validated: The organisation's file as far as it is right.
        content: The same as written: a name whose definition is wrong is known all the same.
        shipped: Defaults and presets.
    """
    findings: list[Finding] = []
    own_ladders = validated.model.ladders if validated.model else {}
    own_questionnaires = validated.model.questionnaires if validated.model else {}
    ladders = _values(_LADDERS, shipped.ladders, own_ladders, validated, content, findings)
    questionnaires = _values(_QUESTIONNAIRES, shipped.questionnaires, own_questionnaires, validated, content, findings)
    presets = {name: preset.cadence for name, preset in shipped.presets.items()}
    return Shelf(ladders, questionnaires, presets), findings


def _values(
    kind: _Kind[Part, Value],
    shipped: Mapping[str, Part],
    own: Mapping[str, Part],
    validated: Validated[OrgFilePart],
    content: Node,
    findings: list[Finding],
) -> dict[str, Value | None]:
    values: dict[str, Value | None] = {name: kind.make(name, part) for name, part in shipped.items()}
    written = content.get(kind.section) if isinstance(content, dict) else None
    values |= dict.fromkeys(written if isinstance(written, dict) else ())
    for name, part in own.items():
        if not validated.is_sound(kind.section, name):
            continue
        wrong = [finding.under(kind.section, name) for finding in kind.check(part)]
        findings.extend(wrong)
        if not wrong:
            values[name] = kind.make(name, part)
    return values
