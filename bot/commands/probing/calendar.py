"""Whether the official workdays of this year and the next are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands.probing.findings import advice, broken, fine
from domain.policy import OrgPolicy
from domain.ports import Probe

SOON = timedelta(days=30)
"""With less than this left of the year, next year's days are needed: practices move to workdays beyond its end."""

FIX = (
    "update the package holidays, or write the year's days into calendar.off and calendar.work "
    "and the year into calendar.confirmed_years"
)


def probe_calendar(policy: OrgPolicy, now: datetime) -> Iterator[Probe]:
    """Tell for this year and the next whether the official days are there; China publishes in November."""
    today = now.astimezone(ZoneInfo(policy.zone)).date()
    country = policy.calendar.country
    if country is None:
        yield fine("calendar.country", "no public holidays are configured")
        return
    for year in (today.year, today.year + 1):
        name = f"calendar.{year}"
        if policy.calendar.official(year):
            yield fine(name, f"the official days of {country} are known")
        elif (today + SOON).year >= year:
            yield broken(name, f"the official days of {country} are not known; days go by the weekday", FIX)
        else:
            yield advice(name, f"the official days of {country} are not published or not installed yet", FIX)
