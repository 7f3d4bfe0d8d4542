"""Answers for workdays and quiet hours: whether the settings make sense, and the domain's values of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from config.places import Place
from config.problems import Finding, KeyPath
from config.schema import CalendarPart, OverridePart, PracticesPart
from domain.calendar import QuietHours, WorkCalendar
from domain.policy import AttentionOverride, AttentionRules
from domain.recurrence_rules import WEEKDAYS


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
    return _laid_over(file, _laid_over(defaults, AttentionRules(None, 1)))


def special_rules(overrides: Mapping[Place, OverridePart], rules: AttentionRules) -> Iterator[AttentionOverride]:
    """Yield the rules of places that have some of their own, the most specific first.

    A department starts from the departments above it, a team or a person from the organisation.
    """
    for place in sorted(overrides, key=lambda each: (each.rank, each.name), reverse=True):
        if _speaks(overrides[place]):
            around = sorted(
                (each for each in overrides if each.is_department_around(place)), key=lambda each: each.rank
            )
            found = rules
            for each in (*around, place):
                found = _laid_over(overrides[each], found)
            yield AttentionOverride(place.scope, found)


def _speaks(part: OverridePart) -> bool:
    return not part.model_fields_set.isdisjoint({"quiet_hours", "attention"})


def _laid_over(part: PracticesPart | OverridePart, below: AttentionRules) -> AttentionRules:
    rules = below
    if "quiet_hours" in part.model_fields_set:
        quiet = part.quiet_hours
        hours = QuietHours(quiet.start, quiet.end) if quiet else None
        rules = replace(rules, quiet=hours, workdays_only=quiet.workdays_only if quiet else False)
    if part.attention is not None:
        per_day, digest_at = part.attention.per_person_per_day, part.attention.digest_at
        rules = replace(rules, per_day=per_day or rules.per_day, digest_at=digest_at or rules.digest_at)
    return rules
