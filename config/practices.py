"""Answers for practices: what a cadence's keys come to together with its preset, and the domain's value of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from config.practice_schema import CadencePart, FollowUpPart, ScopePart
from config.problems import Finding, near
from domain.cadences import Audience, Cadence, FollowUp, Notice, Report, Scope, Summary
from domain.duties import Ladder
from domain.ids import PersonId
from domain.questionnaire import QuestionKind, Questionnaire
from domain.recurrence import Recurrence

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the names in cadences stand for; `None` for a name whose own definition is wrong.

    Attributes:
        ladders: The organisation's and the shipped ones.
        questionnaires: The same.
        presets: The shipped ones.
    """

    ladders: Mapping[str, Ladder | None]
    questionnaires: Mapping[str, Questionnaire | None]
    presets: Mapping[str, CadencePart]


def laid_over(part: CadencePart, below: CadencePart | None, shelf: Shelf) -> CadencePart:
    """Return a cadence with all it takes over: a key that is written replaces the one of its preset, else of `below`.

    Args:
        part: What is written.
        below: What is written one level further up, which a preset of the part's own makes void; or `None`.
        shelf: Where presets are.
    """
    start = shelf.presets.get(part.preset) if part.preset else below
    if start is None:
        return part
    return start.model_copy(update={key: getattr(part, key) for key in part.model_fields_set})


def follow_up_of(body: CadencePart, shelf: Shelf) -> FollowUpPart | None:
    """Return what an answer makes others owe.

    Left out, it is the manager's reply, if there is a question that is answered in words: whoever writes, is answered.
    """
    if "follow_up" in body.model_fields_set:
        return body.follow_up
    questionnaire = shelf.questionnaires.get(body.questionnaire or "")
    in_words = questionnaire is not None and any(q.kind is QuestionKind.TEXT for q in questionnaire.questions)
    return FollowUpPart() if in_words else None


def scope_of(part: ScopePart) -> Scope:
    """Return the domain's scope; for a part that names nothing, the one of everybody."""
    teams, people = part.teams or (), part.people or ()
    return Scope(part.departments or (), tuple(map(PersonId, teams)), tuple(map(PersonId, people)))


def cadence_of(name: str, family: str, body: CadencePart, audience: Audience, shelf: Shelf) -> Cadence | None:
    """Return the domain's cadence of a body that has no findings; `None` if a name in it has no value."""
    questionnaire = shelf.questionnaires.get(body.questionnaire) if body.questionnaire else None
    ladder = shelf.ladders.get(body.ladder) if body.ladder and body.questionnaire else None
    follow_up = _follow_up(follow_up_of(body, shelf), shelf)
    if body.when is None or (body.questionnaire and questionnaire is None):
        return None
    return Cadence(
        name=name,
        family=family,
        title=body.title or (questionnaire.title if questionnaire else family),
        recurrence=Recurrence.parse(body.when),
        if_day_off=body.if_day_off,
        audience=audience,
        grace=body.grace,
        questionnaire=questionnaire,
        answer_ladder=ladder,
        follow_up=follow_up,
        report=body.report,
        summary=_summary(body),
        notice=Notice(body.notice.before, body.notice.to) if body.notice else None,
        agenda=body.agenda,
    )


def _follow_up(part: FollowUpPart | None, shelf: Shelf) -> FollowUp | None:
    if part is None:
        return None
    questionnaire, ladder = shelf.questionnaires.get(part.questionnaire), shelf.ladders.get(part.ladder)
    return FollowUp(part.kind, part.by, questionnaire, ladder) if questionnaire and ladder else None


def _summary(body: CadencePart) -> Summary | None:
    if body.summary is None:
        return None
    return Summary(body.summary.to, body.summary.sections, body.summary.after, body.summary.of or "")


def cadence_findings(part: CadencePart, body: CadencePart, shelf: Shelf) -> Iterator[Finding]:
    """Tell what is wrong with a cadence.

    Args:
        part: What is written there.
        body: The same with all it takes over.
        shelf: What its names stand for.
    """
    if part.preset is not None and part.preset not in shelf.presets:
        yield _unknown(("preset",), part.preset, "preset", shelf.presets)
        return
    if body.when is None:
        yield Finding(("when",), "is missing, and there is no preset that has it", "such as FRI 16:00")
    if body.questionnaire is None:
        yield from _silent_findings(part, body)
    yield from _name_findings(body, shelf)
    if body.report is Report.COMPARE and not _has_scores(shelf.questionnaires.get(body.questionnaire or "")):
        yield Finding(("report",), "compares scores, and no question has any", "none, personal; or options with scores")
    if body.summary is not None and len(set(body.summary.sections)) < len(body.summary.sections):
        yield Finding(("summary", "sections"), "names a section twice")


def _silent_findings(part: CadencePart, body: CadencePart) -> Iterator[Finding]:
    for key in ("ladder", "follow_up", "report"):
        if key in part.model_fields_set and getattr(part, key) not in (None, Report.NONE):
            yield Finding((key,), "has no effect, because nothing is asked", "a questionnaire as well")
    if body.summary is None and body.notice is None:
        yield Finding((), "neither asks nor tells anything", "at least one of questionnaire, summary and notice")


def _name_findings(body: CadencePart, shelf: Shelf) -> Iterator[Finding]:
    follow_up = follow_up_of(body, shelf)
    named: list[tuple[tuple[str, ...], str | None, str, Mapping[str, object]]] = [
        (("questionnaire",), body.questionnaire, "questionnaire", shelf.questionnaires),
        (("ladder",), body.ladder, "ladder", shelf.ladders),
    ]
    if follow_up is not None:
        named += [
            (("follow_up", "questionnaire"), follow_up.questionnaire, "questionnaire", shelf.questionnaires),
            (("follow_up", "ladder"), follow_up.ladder, "ladder", shelf.ladders),
        ]
    for path, name, what, known in named:
        if name is not None and name not in known:
            yield _unknown(path, name, what, known)


def _unknown(path: tuple[str, ...], name: str, what: str, known: Mapping[str, object]) -> Finding:
    return Finding(path, f"there is no {what} {name!r}{near(name, known)}", ", ".join(known))


def _has_scores(questionnaire: Questionnaire | None) -> bool:
    # A questionnaire that is missing or wrong has its own finding.
    if questionnaire is None:
        return True
    return any(option.score is not None for question in questionnaire.questions for option in question.options)
