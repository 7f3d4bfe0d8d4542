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


@dataclass(frozen=True, slots=True)
class AttentionOverride:
    """Rules for a part of the organisation; earlier overrides are more specific."""

    scope: Scope
    rules: AttentionRules


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
        """Return the rules for a person: the first override that holds them, else the organisation's."""
        return next((o.rules for o in self.attention_overrides if o.scope.holds(person)), self.attention)

    def pace_for(self, person: Person, leave: Sequence[Leave], kind: str) -> Pace:
        """Return how time passes for a person's duties of a kind.

        Leave stops it, unless a deputy stands in; nobody stands in for an answer of one's own.
        """
        stands_in = person.deputy_id is not None and kind != ANSWER
        return Pace(self.calendar, self.zone_of(person), () if stands_in else tuple(leave))

    def cadence(self, name: str) -> Cadence | None:
        """Return the cadence of that exact name."""
        return next((cadence for cadence in self.cadences if cadence.name == name), None)
