"""`plan`: what a configuration would begin in a span of days, why a holiday moved it, and what allowance it uses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.clock import SystemClock
from bot.commands.options import ConfigOption, JsonOption
from bot.commands.output import say, say_json, say_table
from bot.commands.people_zones import zones_of
from config.calendar_warnings import calendar_warnings
from config.forecast import Forecast, MonthOfUse, forecast_of, share
from config.loader import load
from config.organisation import LoadedOrg
from config.plan import PlannedMoment, plan
from config.values import DATE_PATTERN
from domain.calendar import WorkCalendar, local_instant
from domain.policy import OrgPolicy

LONGEST_DAYS = 3660
"""Ten years: beyond that nobody knows a holiday."""

MOST_PEOPLE = 1_000_000
"""More than any organisation has."""

HEADS = ("local", "zone", "UTC", "cadence", "what", "for", "why")
USE_HEADS = ("month", "cadence", "people", "API calls", "pushes")


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
    people: Annotated[
        int | None,
        typer.Option(
            "--people",
            metavar="NUMBER",
            min=1,
            max=MOST_PEOPLE,
            help="How many people there are, for the forecast of an allowance; left out: those of a complete file.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show every message that the practices would begin; nothing is sent and no store is opened."""
    loaded = load(config, os.environ)
    now = SystemClock().now()
    plans = [
        _Plan.of(org, from_day or now.astimezone(ZoneInfo(org.policy.zone)).date(), days, people) for org in loaded.orgs
    ]
    if as_json:
        say_json([each.as_json() for each in plans])
        return
    for number, each in enumerate(plans):
        if number:
            say("")
        each.show()


@dataclass(frozen=True, slots=True)
class _Plan:
    """One organisation's plan."""

    policy: OrgPolicy
    first: date
    last: date
    moments: Sequence[PlannedMoment]
    forecast: Forecast
    warnings: Sequence[str]

    @classmethod
    def of(cls, org: LoadedOrg, first: date, days: int, people: int | None) -> _Plan:
        """Plan so many days from the local midnight of the first.

        Args:
            org: Whose plan.
            first: The first day.
            days: How many.
            people: How many people there are, or `None`.
        """
        last = first + timedelta(days=days - 1)
        zone = ZoneInfo(org.policy.zone)
        start, end = (local_instant(day, time.min, zone) for day in (first, last + timedelta(days=1)))
        use = forecast_of(org, people, first, last)
        warnings = [
            *calendar_warnings(org.policy, first, last),
            *(warning for month in use.months for warning in month.warnings()),
        ]
        return cls(org.policy, first, last, plan(org.policy, zones_of(org), start, end), use, warnings)

    def show(self) -> None:
        """Write it for people."""
        say(f"{self.policy.org_id} ({self.policy.name}): {self.first} to {self.last}")
        if self.moments:
            say_table(HEADS, [self._row(moment) for moment in self.moments])
        else:
            say("nothing would fire")
        if self.forecast.months:
            say("allowances, at worst, in whole months:")
            say_table(USE_HEADS, [row for month in self.forecast.months for row in _use_rows(month)])
        for platform in self.forecast.unsized:
            say(f"the allowance of {platform} is not forecast: say --people NUMBER, the directory alone knows it")
        for warning in self.warnings:
            say(f"warning: {warning}")

    def _row(self, moment: PlannedMoment) -> tuple[str, ...]:
        local, utc = (f"{instant:%a %Y-%m-%d %H:%M}" for instant in (moment.local, moment.utc))
        why = "; ".join(filter(None, (moment.reason, _doubt(moment, self.policy.calendar))))
        what = f"({moment.stage})" if moment.skipped else moment.stage.value
        return (local, moment.zone, utc, moment.cadence, what, moment.audience, why)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "organisation": self.policy.org_id,
            "name": self.policy.name,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "moments": [_record(moment) for moment in self.moments],
            "forecast": [_use_record(month) for month in self.forecast.months],
            "warnings": list(self.warnings),
        }


def _use_rows(month: MonthOfUse) -> Iterator[tuple[str, ...]]:
    when, tariff, total = f"{month.month:%Y-%m}", month.tariff, month.total
    for name, use in month.practices.items():
        yield (when, name, str(use.people), str(use.calls), str(use.pushes))
    calls, pushes = (
        f"{used} of {included} ({share(used, included)})" if included else f"{used} of unlimited"
        for used, included in ((total.calls, tariff.api), (total.pushes, tariff.push))
    )
    yield (when, f"all on {tariff.platform}", str(total.people), calls, pushes)


def _use_record(month: MonthOfUse) -> dict[str, Any]:
    tariff = month.tariff
    return {
        "platform": tariff.platform,
        "month": f"{month.month:%Y-%m}",
        "practices": {name: asdict(use) for name, use in month.practices.items()},
        "total": asdict(month.total),
        "allowance": {"calls": tariff.api or None, "pushes": tariff.push or None},
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
