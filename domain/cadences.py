"""Practices as values: when something is asked, of whom, what then is owed, and who hears the summary.

A cadence is all there is to a practice. Its occurrences are rows; an occurrence walks through its stages once, driven
by one `next_at`, and carries the definition it was opened with, so that later edits of the configuration change
nothing that people already hold in their hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.calendar import DayOff
from domain.duties import Ladder
from domain.ids import OccurrenceId, OrgId, PersonId
from domain.people import Person
from domain.questionnaire import Questionnaire
from domain.recurrence import Recurrence


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of people: a department with all below it, a manager's direct reports, or single persons.

    An empty scope means everybody.
    """

    departments: tuple[str, ...] = ()
    teams: tuple[PersonId, ...] = ()
    people: tuple[PersonId, ...] = ()

    @property
    def is_everybody(self) -> bool:
        """Whether nothing narrows the scope."""
        return not (self.departments or self.teams or self.people)

    def holds(self, person: Person) -> bool:
        """Tell whether the person is in the scope."""
        if self.is_everybody:
            return True
        in_department = any(
            person.department == path or person.department.startswith(path + "/") for path in self.departments
        )
        return in_department or person.manager_id in self.teams or person.person_id in self.people


class AudienceRole(StrEnum):
    """Narrows an audience to those who hold a role."""

    EVERYBODY = "everybody"
    MANAGERS = "managers"
    """Those who have at least one direct report."""
    HRBPS = "hrbps"
    """Those who are somebody's HRBP."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a cadence asks: those in a scope and a role, without those in the exceptions."""

    scope: Scope = Scope()
    role: AudienceRole = AudienceRole.EVERYBODY
    without: tuple[Scope, ...] = ()

    def holds(self, person: Person) -> bool:
        """Tell whether scope and exceptions admit the person; roles need the store and are judged there."""
        return self.scope.holds(person) and not any(scope.holds(person) for scope in self.without)


class Owner(StrEnum):
    """Who owes the follow-up of an answer."""

    MANAGER = "manager"
    DOTTED = "dotted"
    HRBP = "hrbp"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What an answer makes somebody owe.

    Attributes:
        kind: The duty's kind; "reply" for the free-text reply of the weekly review.
        by: Who owes it.
        questionnaire: What they fill in.
        ladder: What happens until then.
    """

    kind: str
    by: Owner
    questionnaire: Questionnaire
    ladder: Ladder


class Report(StrEnum):
    """What a person gets back at once after answering."""

    NONE = "none"
    PERSONAL = "personal"
    """Their own answers, streak and reply time."""
    COMPARE = "compare"
    """The same, with the team's mean and advice where the group is large enough."""


class Section(StrEnum):
    """A part of a summary."""

    COUNTS = "counts"
    """How many were asked, answered, were late, skipped."""
    KEY_POINTS = "key_points"
    """Answers to shared questions, by name."""
    OPEN_DUTIES = "open_duties"
    """Who still owes whom what."""
    ANSWERS = "answers"
    """All answers, for those who may read them."""
    AGENDA = "agenda"
    """The cadence's own agenda."""


class Listener(StrEnum):
    """Who hears a summary."""

    TEAM = "team"
    """Every manager's team hears about itself: the manager and the direct reports."""
    MANAGERS = "managers"
    """Every manager hears about the direct reports."""
    HRBPS = "hrbps"
    """Every HRBP hears about the people in care."""
    AUDIENCE = "audience"
    """Everybody of the cadence's audience hears about all of it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told afterwards.

    Attributes:
        to: Who hears it.
        sections: What it holds, in order.
        after: How long after the occurrence's fire time, elapsed.
        of: The cadence family whose latest round is summarised; empty for this one.
    """

    to: Listener
    sections: tuple[Section, ...]
    after: timedelta = timedelta(0)
    of: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement before the occurrence, with the agenda.

    Attributes:
        before: Elapsed time before the fire time.
        to: Who hears it.
    """

    before: timedelta
    to: Listener = Listener.AUDIENCE


@dataclass(frozen=True, slots=True)
class Cadence:
    """A practice.

    Attributes:
        name: Unique in the organisation; a variant for a part of it is named "family@scope".
        family: What the variants have in common; a person gets one check-in per family and period.
        title: Card title.
        recurrence: When, in each person's own zone.
        if_day_off: What happens when the day is off.
        audience: Who.
        grace: How late it may still open after downtime.
        questionnaire: What is asked, or `None` for a practice that only tells.
        answer_ladder: What happens while an answer is owed, or `None` if nothing is owed.
        follow_up: What an answer makes others owe.
        report: What the person gets back at once.
        summary: What is told to others.
        notice: What is announced before.
        agenda: Lines for notice and summary.
    """

    name: str
    family: str
    title: str
    recurrence: Recurrence
    if_day_off: DayOff
    audience: Audience
    grace: timedelta
    questionnaire: Questionnaire | None = None
    answer_ladder: Ladder | None = None
    follow_up: FollowUp | None = None
    report: Report = Report.PERSONAL
    summary: Summary | None = None
    notice: Notice | None = None
    agenda: tuple[str, ...] = ()


class Stage(StrEnum):
    """How far an occurrence has come. Each stage begins at `next_at` of the one before."""

    NOTICE = "notice"
    ASK = "ask"
    SUMMARY = "summary"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Round:
    """One occurrence of a cadence in one zone.

    Attributes:
        org_id: The organisation.
        occurrence_id: Its id.
        cadence: The definition it was opened with.
        nominal_day: The local day the recurrence names, before holidays moved it.
        at: The local time.
        zone: IANA name; the round asks people of this zone.
        period: What the round is for ("2026-W48"); one check-in a family, period and person.
        fires_at: UTC.
        stage: What is to be done next.
        next_at: When, UTC; `None` when done.
        cursor: The last person a fan-out has reached, empty at its start.
        reason: Why it was skipped, or empty.
    """

    org_id: OrgId
    occurrence_id: OccurrenceId
    cadence: Cadence
    nominal_day: date
    at: time
    zone: str
    period: str
    fires_at: datetime
    stage: Stage
    next_at: datetime | None
    cursor: str = ""
    reason: str = ""

    @property
    def nominal(self) -> str:
        """The key under which replicas agree that it is the same occurrence."""
        return f"{self.nominal_day.isoformat()}T{self.at.isoformat('minutes')}[{self.zone}]"


def stage_times(cadence: Cadence, fires_at: datetime) -> dict[Stage, datetime]:
    """Return when each stage of an occurrence begins, in order; stages it does not have are left out."""
    times: dict[Stage, datetime] = {}
    if cadence.notice is not None:
        times[Stage.NOTICE] = fires_at - cadence.notice.before
    if cadence.questionnaire is not None:
        times[Stage.ASK] = fires_at
    if cadence.summary is not None:
        times[Stage.SUMMARY] = fires_at + cadence.summary.after
    return times


def stage_after(stage: Stage, cadence: Cadence, fires_at: datetime) -> tuple[Stage, datetime | None]:
    """Return the stage that follows and when it begins; (`DONE`, `None`) at the end."""
    times = stage_times(cadence, fires_at)
    later = list(times)[list(times).index(stage) + 1 :]
    return (later[0], times[later[0]]) if later else (Stage.DONE, None)
