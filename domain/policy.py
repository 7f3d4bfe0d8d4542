"""An organisation's settings as values the rules can use, resolved so that the most specific wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from domain.cadences import Cadence, Scope
from domain.calendar import Leave, QuietHours, WorkCalendar
from domain.duties import ANSWER, Pace
from domain.ids import OrgId, PersonId
from domain.people import Person


@dataclass(frozen=True, slots=True)
class AttentionRules:
    """How much the bot may say to a person unasked.

    Attributes:
        quiet: Local hours in which it says nothing, or `None`.
        per_day: Messages a local day, the digest included; at least 1. What is above is folded into the digest.
        workdays_only: Whether days off are quiet as a whole.
        digest_at: Local time of the day's digest; what is folded later waits for the next day's.
    """

    quiet: QuietHours | None
    per_day: int
    workdays_only: bool = True
    digest_at: time = time(18, 0)

    def over(self, _below: AttentionRules) -> AttentionRules:
        """Return these rules: whole ones leave nothing of those below."""
        return self


@dataclass(frozen=True, slots=True)
class QuietTime:
    """When nothing is said, as one setting: whoever states hours states whether days off are quiet too.

    Attributes:
        hours: Local, or `None`.
        workdays_only: Whether days off are quiet as a whole.
    """

    hours: QuietHours | None
    workdays_only: bool = True


@dataclass(frozen=True, slots=True)
class AttentionChange:
    """What a part of the organisation states of its own; what is `None` stays as it is one level less specific.

    Attributes:
        quiet: When nothing is said; with no hours in it, never.
        per_day: See `AttentionRules.per_day`.
        digest_at: See `AttentionRules.digest_at`.
    """

    quiet: QuietTime | None = None
    per_day: int | None = None
    digest_at: time | None = None

    def over(self, below: AttentionRules) -> AttentionRules:
        """Return the less specific rules with what is stated here in place of theirs."""
        quiet = self.quiet or QuietTime(below.quiet, below.workdays_only)
        return AttentionRules(
            quiet=quiet.hours,
            per_day=below.per_day if self.per_day is None else self.per_day,
            workdays_only=quiet.workdays_only,
            digest_at=below.digest_at if self.digest_at is None else self.digest_at,
        )


@dataclass(frozen=True, slots=True)
class AttentionOverride:
    """Rules of a part of the organisation, whole or in part; earlier overrides are more specific."""

    scope: Scope
    rules: AttentionChange | AttentionRules


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """Everything the rules need to know about one organisation.

    Attributes:
        org_id: Its id.
        name: Its name, for people.
        zone: IANA name, for those without their own.
        locale: For those without their own.
        calendar: Workdays.
        attention: The organisation's rules.
        attention_overrides: Most specific first.
        cadences: All variants, flat.
        admins: Who is told when something needs a human.
    """

    org_id: OrgId
    name: str
    zone: str
    locale: str
    calendar: WorkCalendar
    attention: AttentionRules
    attention_overrides: tuple[AttentionOverride, ...] = ()
    cadences: tuple[Cadence, ...] = ()
    admins: tuple[PersonId, ...] = ()

    def zone_of(self, person: Person) -> ZoneInfo:
        """Return the person's zone, else the organisation's."""
        return ZoneInfo(person.zone or self.zone)

    def locale_of(self, person: Person) -> str:
        """Return the person's locale, else the organisation's."""
        return person.locale or self.locale

    def attention_for(self, person: Person) -> AttentionRules:
        """Return the rules for a person: each setting from the most specific override that holds them and states it."""
        rules = self.attention
        for override in reversed(self.attention_overrides):
            if override.scope.holds(person):
                rules = override.rules.over(rules)
        return rules

    def pace_for(self, person: Person, leave: Sequence[Leave], kind: str) -> Pace:
        """Return how time passes for a person's duties of a kind.

        Leave stops it, unless a deputy stands in; nobody stands in for an answer of one's own.
        """
        stands_in = person.deputy_id is not None and kind != ANSWER
        return Pace(self.calendar, self.zone_of(person), () if stands_in else tuple(leave))

    def cadence(self, name: str) -> Cadence | None:
        """Return the cadence of that exact name."""
        return next((cadence for cadence in self.cadences if cadence.name == name), None)
