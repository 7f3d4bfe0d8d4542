"""Answers for what an operator should know about the calendar though nothing is wrong with the configuration."""

from __future__ import annotations

from datetime import date

from domain.policy import OrgPolicy


def calendar_warnings(policy: OrgPolicy, from_day: date, to_day: date) -> tuple[str, ...]:
    """Tell for which years of a span of days the official holidays are not known.

    Args:
        policy: The organisation's settings.
        from_day: The first day.
        to_day: The last day, included.

    Returns:
        One sentence a year, with what to do about it.
    """
    years = range(from_day.year, to_day.year + 1)
    return tuple(
        f"calendar: {year} has no official data yet for {policy.calendar.country}; its days go by the weekday. "
        f"Update the package holidays once the notice is out, or write its days into calendar.off and calendar.work "
        f"and {year} into calendar.confirmed_years"
        for year in years
        if not policy.calendar.official(year)
    )
