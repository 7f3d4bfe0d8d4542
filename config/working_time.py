"""Answers for workdays and quiet hours: whether the settings make sense, and the domain's values of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.places import Place
from config.problems import Finding, KeyPath
from config.schema import AttentionPart, CalendarPart, OverridePart, PracticesPart
from domain.calendar import QuietHours, WorkCalendar
from domain.policy import AttentionChange, AttentionOverride, AttentionRules, QuietTime
from domain.recurrence_rules import WEEKDAYS

NEVER_QUIET = QuietTime(None, workdays_only=False)
"""What `quiet_hours: null` comes to."""


def calendar_of(part: CalendarPart) -> WorkCalendar:
    """Return the domain's calendar of settings that have no findings."""
    weekend = frozenset(WEEKDAYS.index(name) for name in part.weekend)
    return WorkCalendar.of(part.country, weekend, part.off, part.work, confirmed_years=part.confirmed_years)


def calendar_findings(part: CalendarPart) -> Iterator[Finding]:
    """Tell what is wrong with a calendar whose parts are each of the right form."""
    try:
        WorkCalendar.of(part.country, frozenset(), (), ())
    except ValueError as error:
        yield Finding(("country",), str(error))
    if len(set(part.weekend)) == len(WEEKDAYS):
        yield Finding(("weekend",), "leaves no day to work on", "at most six days of the week")
    for index, day in enumerate(part.work):
        if day in part.off:
            yield Finding(("work", index), f"{day} is in off as well")


def attention_findings(part: PracticesPart | OverridePart) -> Iterator[Finding]:
    """Tell what is wrong with quiet hours and budget."""
    if part.quiet_hours is not None and part.quiet_hours.start == part.quiet_hours.end:
        yield Finding(("quiet_hours", "to"), "is the same time as from", "different times; quiet_hours: null for none")
    if part.attention is None and "attention" in part.model_fields_set:
        yield Finding(("attention",), "cannot be switched off", "per_person_per_day from 1 to 100")


def digest_findings(place: KeyPath, rules: AttentionRules) -> Iterator[Finding]:
    """Tell whether the digest would come when nothing may be said.

    Args:
        place: Where the attention in question is written.
        rules: What holds there.
    """
    if rules.quiet is not None and rules.quiet.contains(rules.digest_at):
        at = rules.digest_at.isoformat("minutes")
        yield Finding((*place, "digest_at"), f"{at} is in quiet hours", "a time outside of quiet_hours")


def rules_of(file: PracticesPart, defaults: PracticesPart) -> AttentionRules:
    """Return the organisation's own rules; the defaults where it says nothing."""
    return change_of(file).over(change_of(defaults).over(AttentionRules(None, 1)))


def special_rules(overrides: Mapping[Place, OverridePart]) -> Iterator[AttentionOverride]:
    """Yield what places state of their own, the most specific first; all else they take from less specific ones."""
    for place in sorted(overrides, key=lambda each: (each.rank, each.name), reverse=True):
        change = change_of(overrides[place])
        if change != AttentionChange():
            yield AttentionOverride(place.scope, change)


def rules_in(place: Place, overrides: Mapping[Place, OverridePart], rules: AttentionRules) -> AttentionRules:
    """Return what holds in a place as far as the place alone tells.

    In which department a team or a person is, and in which team a person, only the directory knows.

    Args:
        place: One of the overrides'.
        overrides: By place.
        rules: The organisation's.
    """
    around = (each for each in overrides if each.is_department_around(place))
    for each in (*sorted(around, key=lambda each: each.rank), place):
        rules = change_of(overrides[each]).over(rules)
    return rules


def change_of(part: PracticesPart | OverridePart) -> AttentionChange:
    """Return what a part of the configuration states about attention."""
    quiet = None
    if "quiet_hours" in part.model_fields_set:
        written = part.quiet_hours
        quiet = QuietTime(QuietHours(written.start, written.end), written.workdays_only) if written else NEVER_QUIET
    stated = part.attention or AttentionPart()
    return AttentionChange(quiet, stated.per_person_per_day, stated.digest_at)
