"""`plan`: what a configuration would begin in a span of days, and why a holiday moved it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.clock import SystemClock
from bot.commands.options import ConfigOption, JsonOption
from bot.commands.output import say, say_json, say_table
from bot.commands.people_zones import zones_of
from config.calendar_warnings import calendar_warnings
from config.loader import load
from config.organisation import LoadedOrg
from config.plan import PlannedMoment, plan
from config.values import DATE_PATTERN
from domain.calendar import WorkCalendar, local_instant

LONGEST_DAYS = 3660
"""Ten years: beyond that nobody knows a holiday."""

HEADS = ("local", "zone", "UTC", "cadence", "what", "for", "why")


def day_of(text: str) -> date:
    """Read a date written like 2026-09-01.

    Raises:
        typer.BadParameter: It is none; the sentence shows the form.
    """
    try:
        if re.fullmatch(DATE_PATTERN, text):
            return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"there is no day {text}; days look like 2026-09-01") from None
    raise typer.BadParameter(f"{text!r} is no date; write year-month-day, such as 2026-09-01")


def command(
    config: ConfigOption,
    from_day: Annotated[
        date | None,
        typer.Option(
            "--from", metavar="DATE", parser=day_of, help="The first day, in the organisation's zone; left out: today."
        ),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=LONGEST_DAYS, help="How many days.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Show every message that the practices would begin; nothing is sent and no store is opened."""
    loaded = load(config, os.environ)
    now = SystemClock().now()
    plans = [_Plan.of(org, from_day or now.astimezone(ZoneInfo(org.policy.zone)).date(), days) for org in loaded.orgs]
    if as_json:
        say_json([each.as_json() for each in plans])
        return
    for number, each in enumerate(plans):
        if number:
            say("")
        each.show()


class _Plan:
    """One organisation's plan."""

    def __init__(self, org: LoadedOrg, from_day: date, to_day: date, moments: Sequence[PlannedMoment]) -> None:
        self._policy = org.policy
        self._span = (from_day, to_day)
        self._moments = moments
        self._warnings = calendar_warnings(org.policy, from_day, to_day)

    @classmethod
    def of(cls, org: LoadedOrg, from_day: date, days: int) -> _Plan:
        """Plan so many days from the local midnight of the first."""
        to_day = from_day + timedelta(days=days - 1)
        zone = ZoneInfo(org.policy.zone)
        start, end = (local_instant(day, time.min, zone) for day in (from_day, to_day + timedelta(days=1)))
        return cls(org, from_day, to_day, plan(org.policy, zones_of(org), start, end))

    def show(self) -> None:
        """Write it for people."""
        first, last = self._span
        say(f"{self._policy.org_id} ({self._policy.name}): {first} to {last}")
        if self._moments:
            say_table(HEADS, [self._row(moment) for moment in self._moments])
        else:
            say("nothing would fire")
        for warning in self._warnings:
            say(f"warning: {warning}")

    def _row(self, moment: PlannedMoment) -> tuple[str, ...]:
        local, utc = (f"{instant:%a %Y-%m-%d %H:%M}" for instant in (moment.local, moment.utc))
        why = "; ".join(filter(None, (moment.reason, _doubt(moment, self._policy.calendar))))
        what = f"({moment.stage})" if moment.skipped else moment.stage.value
        return (local, moment.zone, utc, moment.cadence, what, moment.audience, why)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        first, last = self._span
        return {
            "organisation": self._policy.org_id,
            "name": self._policy.name,
            "from": first.isoformat(),
            "to": last.isoformat(),
            "moments": [_record(moment) for moment in self._moments],
            "warnings": list(self._warnings),
        }


def _doubt(moment: PlannedMoment, calendar: WorkCalendar) -> str:
    if moment.certain:
        return ""
    years = sorted({moment.nominal_day.year, moment.local.year})
    unknown = ", ".join(str(year) for year in years if not calendar.official(year))
    return f"not certain: no official holidays yet for {unknown}"


def _record(moment: PlannedMoment) -> dict[str, Any]:
    return {
        "cadence": moment.cadence,
        "title": moment.title,
        "stage": moment.stage.value,
        "utc": moment.utc.isoformat(),
        "local": moment.local.isoformat(),
        "zone": moment.zone,
        "audience": moment.audience,
        "nominal_day": moment.nominal_day.isoformat(),
        "reason": moment.reason,
        "skipped": moment.skipped,
        "certain": moment.certain,
    }
