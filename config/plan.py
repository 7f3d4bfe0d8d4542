"""Answers for what a configuration would do: every message that its practices would begin in a window of time.

What decides here decides at run time too (`domain.recurrence.occurrences`, `domain.cadences.stage_times`), so a plan is
no second opinion. It knows no people: whether an audience is empty on the day it cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.cadences import Audience, AudienceRole, Cadence, Scope, Stage, stage_times
from domain.policy import OrgPolicy
from domain.recurrence import Occurrence, occurrences

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlannedMoment:
    """Something that would happen, or would not because its day is off.

    Attributes:
        cadence: The variant's name.
        title: As people see it.
        stage: Notice, ask or summary; of a skipped occurrence its first.
        utc: When.
        local: The same instant in `zone`.
        zone: For people of which zone.
        audience: Whom it is for, in words.
        nominal_day: The local day that the schedule names.
        reason: Why it is not on that day, or not at all; empty if it is.
        skipped: Whether it does not happen.
        certain: False if it hangs on official days that are not published yet.
    """

    cadence: str
    title: str
    stage: Stage
    utc: datetime
    local: datetime
    zone: str
    audience: str
    nominal_day: date
    reason: str
    skipped: bool
    certain: bool


def plan(policy: OrgPolicy, zones: Sequence[str], start: datetime, end: datetime) -> list[PlannedMoment]:
    """List all that the practices would begin, in the order of time.

    Args:
        policy: The organisation's settings.
        zones: IANA names of the zones in which people are; each practice runs once for each.
        start: Aware; included.
        end: Aware; not included.

    Raises:
        ValueError: An instant is naive.
        NoWorkday: The calendar leaves no workday to which something could move.
    """
    moments = [
        moment
        for cadence in policy.cadences
        for zone in dict.fromkeys(zones)
        for occurrence in _occurrences(policy, cadence, ZoneInfo(zone), start, end)
        for moment in _moments(cadence, zone, occurrence)
        if start <= moment.utc < end
    ]
    return sorted(moments, key=lambda each: (each.utc, each.cadence, each.zone, list(Stage).index(each.stage)))


def audience_in_words(audience: Audience) -> str:
    """Return whom a cadence is for: ``managers in department 研发, without person wanglei``."""
    who = {AudienceRole.EVERYBODY: "", AudienceRole.MANAGERS: "managers in ", AudienceRole.HRBPS: "HRBPs in "}
    words = who[audience.role] + _scope_in_words(audience.scope)
    without = [_scope_in_words(scope) for scope in audience.without]
    return f"{words}, without {', '.join(without)}" if without else words


def _scope_in_words(scope: Scope) -> str:
    if scope.is_everybody:
        return "the whole organisation"
    named = (("department", scope.departments), ("team of", scope.teams), ("person", scope.people))
    return ", ".join(f"{what} {name}" for what, names in named for name in names)


def _occurrences(
    policy: OrgPolicy, cadence: Cadence, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[Occurrence]:
    # A summary in the window may belong to an occurrence before it, a notice to one after it.
    told_later = cadence.summary.after if cadence.summary else timedelta(0)
    told_before = cadence.notice.before if cadence.notice else timedelta(0)
    return occurrences(
        cadence.recurrence,
        after=start - told_later - _INSTANT,
        until=end + told_before,
        calendar=policy.calendar,
        zone=zone,
        if_day_off=cadence.if_day_off,
    )


def _moments(cadence: Cadence, zone: str, occurrence: Occurrence) -> Iterator[PlannedMoment]:
    times = stage_times(cadence, occurrence.fires_at)
    if occurrence.skipped:
        times = {next(iter(times), Stage.SKIPPED): occurrence.fires_at}
    for stage, utc in times.items():
        yield PlannedMoment(
            cadence=cadence.name,
            title=cadence.title,
            stage=stage,
            utc=utc,
            local=utc.astimezone(ZoneInfo(zone)),
            zone=zone,
            audience=audience_in_words(cadence.audience),
            nominal_day=occurrence.nominal_day,
            reason=_reason(occurrence),
            skipped=occurrence.skipped,
            certain=occurrence.certain,
        )


def _reason(occurrence: Occurrence) -> str:
    if occurrence.moved is None:
        return ""
    kind = occurrence.moved.kind.value.replace("_", " ")
    name = f" {occurrence.moved.name}" if occurrence.moved.name else ""
    what = "skipped" if occurrence.skipped else "moved"
    return f"{what}: {occurrence.nominal_day} is {kind}{name}"
