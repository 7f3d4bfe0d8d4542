"""Check-ins: one person's answers for one period, their versions, and the reply they wait for.

Until somebody has replied, an edit replaces the answers; afterwards it becomes a new version and the old one stays.
Late answers are kept and marked; a skipped or missed one can still be answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.cadences import Cadence
from domain.errors import Refused
from domain.ids import CheckinId, OccurrenceId, OrgId, PersonId
from domain.questionnaire import Questionnaire

StoredAnswers = Mapping[str, str | tuple[str, ...]]


class CheckinState(StrEnum):
    """Where a check-in stands."""

    OPEN = "open"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Checkin:
    """What one person was asked in one period.

    Attributes:
        org_id: The organisation.
        checkin_id: Its id.
        occurrence_id: The round that asked.
        cadence: The definition that round was opened with.
        period: Such as "2026-W48".
        person_id: Who was asked.
        asked_at: When, UTC.
        due_at: Until when an answer is in time, UTC; `None` if it is never late.
        state: Where it stands.
        version: 0 before the first submission.
        answers: The latest version's.
        draft: Answers given so far in a form or conversation that is not finished.
        submitted_at: Of the latest version.
        late: Whether the first submission came after `due_at`.
        replied_at: When the reply was given, or `None`.
        skip_reason: Why it was skipped.
    """

    org_id: OrgId
    checkin_id: CheckinId
    occurrence_id: OccurrenceId
    cadence: Cadence
    period: str
    person_id: PersonId
    asked_at: datetime
    due_at: datetime | None = None
    state: CheckinState = CheckinState.OPEN
    version: int = 0
    answers: StoredAnswers = field(default_factory=dict)
    draft: StoredAnswers = field(default_factory=dict)
    submitted_at: datetime | None = None
    late: bool = False
    replied_at: datetime | None = None
    skip_reason: str = ""

    @property
    def questionnaire(self) -> Questionnaire:
        """What was asked; a check-in always has one."""
        if self.cadence.questionnaire is None:
            raise Refused("checkin.nothing_asked")
        return self.cadence.questionnaire


@dataclass(frozen=True, slots=True)
class Submission:
    """What a submission came to.

    Attributes:
        checkin: The new state.
        first: True for the first version: it opens the follow-up duty.
        new_version: True if an earlier version with its reply stays beside it.
        changed: False if the same answers were sent again.
    """

    checkin: Checkin
    first: bool
    new_version: bool
    changed: bool


def submit(checkin: Checkin, answers: StoredAnswers, now: datetime) -> Submission:
    """Take complete answers; those to questions that are not asked are dropped.

    Raises:
        Refused: A required answer is missing; the sentence names the question.
    """
    pending = checkin.questionnaire.pending(answers)
    if pending:
        raise Refused("answer.missing", {"question": pending[0].text})
    first = checkin.version == 0
    kept = checkin.questionnaire.relevant(answers)
    if not first and kept == dict(checkin.answers) and checkin.state is CheckinState.SUBMITTED:
        return Submission(replace(checkin, draft={}), first=False, new_version=False, changed=False)
    new_version = not first and checkin.replied_at is not None
    submitted = replace(
        checkin,
        state=CheckinState.SUBMITTED,
        version=checkin.version + 1 if first or new_version else checkin.version,
        answers=kept,
        draft={},
        submitted_at=now,
        late=_late(checkin, now) if first else checkin.late,
        replied_at=None if new_version else checkin.replied_at,
        skip_reason="",
    )
    return Submission(submitted, first=first, new_version=new_version, changed=True)


def _late(checkin: Checkin, now: datetime) -> bool:
    return checkin.due_at is not None and now > checkin.due_at


def skip(checkin: Checkin, reason: str) -> Checkin:
    """Mark the period as skipped by the person; answers already given stay.

    Raises:
        Refused: It was answered already.
    """
    if checkin.state is CheckinState.SUBMITTED:
        raise Refused("checkin.skip_after_answer")
    return replace(checkin, state=CheckinState.SKIPPED, skip_reason=reason)


def miss(checkin: Checkin) -> Checkin:
    """Mark an unanswered check-in as missed when its ladder closes; a late answer still counts."""
    return replace(checkin, state=CheckinState.MISSED) if checkin.state is CheckinState.OPEN else checkin


class Reaction(StrEnum):
    """What the person says to a reply; it counts for whoever wrote it."""

    HELPFUL = "helpful"
    WILL_ACT = "will_act"


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody answered to a check-in.

    Attributes:
        org_id: The organisation.
        reply_id: Its id.
        checkin_id: What it answers.
        version: Which version of the check-in its author had read.
        author_id: Who wrote it.
        answers: By question name; the plain weekly reply has one text named "reply".
        written_at: UTC.
        reactions: What the person said to it, each at most once.
    """

    org_id: OrgId
    reply_id: str
    checkin_id: CheckinId
    version: int
    author_id: PersonId
    answers: StoredAnswers
    written_at: datetime
    reactions: frozenset[Reaction] = frozenset()

    def react(self, reaction: Reaction) -> Reply:
        """Add a reaction; the same one again changes nothing."""
        return replace(self, reactions=self.reactions | {reaction})
