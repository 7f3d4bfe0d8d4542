"""Answers for how a practice is written: ladders, questionnaires, cadences, and the presets that bundle them.

The models know the form of each part alone. What parts must be to one another (order of rungs, names that exist) is
checked in `config.practice_rules` and `config.practices`, where each mistake still has its line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from config.values import Department, Duration, FieldName, Line, Name, Paragraph, PersonRef, Schedule, Title, listed
from domain.cadences import AudienceRole, Listener, Owner, Report, Section
from domain.calendar import ClockKind, DayOff
from domain.duties import Act, Channel
from domain.people import Role
from domain.questionnaire import QuestionKind


class Part(BaseModel):
    """A mapping of the configuration: unknown keys are mistakes, and no value is repeated in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RungPart(Part):
    """One step of a ladder. Exactly one of `after` and `before`."""

    after: Duration | None = None
    """How long after the opening, on the ladder's clock."""
    before: Duration | None = None
    """How long before the due time, elapsed."""
    do: Act
    """What happens: remind, escalate, notify, or close (stop waiting)."""
    to: Role = Role.DEBTOR
    """Who hears it."""
    by: Annotated[
        tuple[Channel, ...],
        BeforeValidator(listed, json_schema_input_type=Channel | list[Channel]),
        Field(min_length=1),
    ] = (Channel.CHAT,)
    """Through which channels."""


class LadderPart(Part):
    """What happens while something is owed (催办与升级)."""

    clock: ClockKind = ClockKind.WORKDAYS
    """`workdays`: hours run on workdays only, so Friday 16:00 and 24h is Monday 16:00. `elapsed`: all hours."""
    due: Duration | None = None
    """When it is due after the opening; left out, at the last rung that has `after`."""
    rungs: Annotated[tuple[RungPart, ...], Field(max_length=20)] = ()
    """In the order in which they fire; none: the duty waits for ever."""


def _option(value: object) -> object:
    return {"label": value} if isinstance(value, str) else value


class OptionPart(Part):
    """One choice."""

    label: Annotated[str, Field(min_length=1, max_length=100)]
    """What is shown."""
    value: Annotated[
        str,
        Field(min_length=1, max_length=60),
        WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": 60}),
    ] = ""
    """What is stored; left out, the label."""
    score: Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)] | None = None
    """Its place on the question's scale, for comparisons."""


class ConditionPart(Part):
    """Ask only if an earlier question has one of these answers."""

    question: FieldName
    """Name of an earlier question with options."""
    values: Annotated[
        tuple[str, ...],
        BeforeValidator(listed, json_schema_input_type=str | list[str]),
        Field(min_length=1, alias="is"),
    ]
    """Values of that question's options."""


class AdvicePart(Part):
    """What the personal report says about an answer beside the team's mean (节奏建议)."""

    below: Line | Literal[""] = ""
    """Well below the mean."""
    level: Line | Literal[""] = ""
    """About the mean."""
    above: Line | Literal[""] = ""
    """Well above the mean."""


class QuestionPart(Part):
    """One question."""

    name: FieldName
    """Key of the answer in exports; do not change it later."""
    text: Line
    """The question itself."""
    kind: QuestionKind = QuestionKind.TEXT
    """`text`, `choice` (one), `choices` (several) or `scale` (one of several numbers)."""
    options: Annotated[
        tuple[
            Annotated[OptionPart, BeforeValidator(_option, json_schema_input_type=str | float | OptionPart)],
            ...,
        ],
        Field(max_length=30),
    ] = ()
    """The choices: words, or mappings of label, value and score."""
    required: bool = True
    """Whether a submission needs an answer."""
    shared: bool = False
    """Whether the answer may be read out to the team; the person is told so."""
    placeholder: Annotated[str, Field(max_length=100)] = ""
    """A hint in the empty field."""
    max_length: Annotated[int, Field(ge=1, le=1000)] = 1000
    """Most characters of a text."""
    only_if: ConditionPart | None = None
    """Ask only under a condition."""
    advice: AdvicePart | None = None
    """What the personal report says; needs options with scores."""


class QuestionnairePart(Part):
    """Questions with the words around them (问卷)."""

    title: Title
    """Head of the card."""
    intro: Paragraph = ""
    """A sentence before the first question."""
    questions: Annotated[tuple[QuestionPart, ...], Field(min_length=1, max_length=20)]
    """What is asked, in order."""


class ScopePart(Part):
    """Some of the people. What is named adds up."""

    departments: Annotated[tuple[Department, ...], Field(min_length=1)] | None = None
    """Departments with all below them."""
    teams: Annotated[tuple[PersonRef, ...], Field(min_length=1)] | None = None
    """Managers, for their direct reports."""
    people: Annotated[tuple[PersonRef, ...], Field(min_length=1)] | None = None
    """Single persons."""


def _everybody(value: object) -> object:
    return {} if value == "all" else value


class AudiencePart(ScopePart):
    """Whom a practice is for; nothing named means everybody."""

    role: AudienceRole = AudienceRole.EVERYBODY
    """Only those of the named who are managers, or HRBPs."""
    without: Annotated[ScopePart | None, Field(alias="except")] = None
    """Who is left out."""


class FollowUpPart(Part):
    """What an answer makes somebody owe."""

    kind: FieldName = "reply"
    """A word for this sort of duty."""
    by: Owner = Owner.MANAGER
    """Who owes it."""
    questionnaire: Name = "reply"
    """What they fill in."""
    ladder: Name = "reply"
    """What happens until then."""


class SummaryPart(Part):
    """What is told afterwards (小结)."""

    to: Listener
    """Who hears it."""
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    """What it holds, in order."""
    after: Annotated[Duration, Field(json_schema_extra={"default": "0s"})] = timedelta(0)
    """How long after the practice's time, elapsed."""
    of: Name | None = None
    """The cadence whose latest round is told; left out, this one."""


class NoticePart(Part):
    """An announcement with the agenda before the practice's time (预告)."""

    before: Duration
    """How long before, elapsed."""
    to: Listener = Listener.AUDIENCE
    """Who hears it."""


class CadencePart(Part):
    """A practice: when something is asked, of whom, what is then owed, and who hears of it."""

    preset: Name | None = None
    """A shipped practice to start from; every other key written here replaces the preset's."""
    title: Title | None = None
    """Head of the cards; left out, the questionnaire's title."""
    when: Schedule | None = None
    """The schedule; needed unless the preset has one."""
    if_day_off: DayOff = DayOff.EARLIER
    """On a day off: the workday before, the one after, not at all, or all the same."""
    audience: Annotated[
        AudiencePart, BeforeValidator(_everybody, json_schema_input_type=Literal["all"] | AudiencePart)
    ] = AudiencePart()
    """Whom it is for; `all` or left out: everybody. In an override the override's scope says it."""
    questionnaire: Name | None = None
    """What is asked; none: nothing is asked, something is only told."""
    ladder: Name | None = "answer"
    """What happens while an answer is owed; `null`: nobody waits for it."""
    grace: Annotated[Duration, Field(json_schema_extra={"default": "12h"})] = timedelta(hours=12)
    """How late it may still open after downtime."""
    follow_up: FollowUpPart | None = None
    """What an answer makes others owe. Left out, and the questionnaire has a question answered in words: the manager
    owes a reply (questionnaire `reply`, ladder `reply`). `null`: nobody owes anything."""
    report: Report = Report.PERSONAL
    """What the person gets back at once."""
    summary: SummaryPart | None = None
    """What is told to others afterwards."""
    notice: NoticePart | None = None
    """What is announced before."""
    agenda: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """Lines for notice and summary."""


class PresetPart(Part):
    """A file of `config/presets/LANGUAGE`: a practice ready to use, with the questionnaires and ladders it needs."""

    about: Line
    """What it is for, in one line."""
    questionnaires: dict[Name, QuestionnairePart] = Field(default_factory=dict)
    """Named so that no other preset has the name."""
    ladders: dict[Name, LadderPart] = Field(default_factory=dict)
    """The same."""
    cadence: CadencePart
    """The practice itself."""
