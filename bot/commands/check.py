"""`check`: whether a configuration is right, and what it comes to in a few lines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.clock import SystemClock
from bot.commands.options import ConfigOption
from bot.commands.output import say, say_table
from bot.commands.people_zones import zones_of
from bot.commands.stores import one_store, shown
from config.calendar_warnings import calendar_warnings
from config.loader import load
from config.organisation import LoadedOrg
from config.plan import PlannedMoment, audience_in_words, plan
from domain.duties import Act, Ladder, Rung
from domain.policy import OrgPolicy

LOOK_AHEAD = timedelta(days=400)
"""How far a cadence's next time is looked for: a little more than a year."""


def command(config: ConfigOption) -> None:
    """Check every file; name each mistake with its line, or summarise what the configuration does."""
    loaded = load(config, os.environ)
    one_store(loaded)
    for number, org in enumerate(loaded.orgs):
        if number:
            say("")
        _summarise(org, SystemClock().now())


def _summarise(org: LoadedOrg, now: datetime) -> None:
    policy = org.policy
    say(f"{policy.org_id} ({policy.name}) is right: {', '.join(map(str, org.source_files))}")
    say(f"  zone {', '.join(zones_of(org))}; locale {policy.locale}; store {shown(org.storage_url)}")
    say(f"  people {_people(org)}; mail {'by ' + org.mail.host if org.mail else 'off'}; admins {_named(policy.admins)}")
    if policy.cadences:
        coming = _coming(policy, now)
        rows = [
            (each.name, str(each.recurrence), _next(coming.get(each.name)), audience_in_words(each.audience))
            for each in policy.cadences
        ]
        say_table(("cadence", "when", "next", "for"), rows)
    else:
        say("  no cadences: nothing is ever asked")
    for ladder in _ladders(policy):
        say(f"ladder {ladder.name} ({ladder.clock}): {'; '.join(map(_rung, ladder.rungs)) or 'waits for ever'}")
    today = now.date()
    for warning in calendar_warnings(policy, today, today + LOOK_AHEAD):
        say(f"warning: {warning}")


def _people(org: LoadedOrg) -> str:
    sources = [f"from {org.people_source}"] if org.people_source else []
    if org.people is not None:
        sources.append(f"{'with' if sources else 'from'} a file of {len(org.people)}")
    return " ".join(sources)


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "nobody"


def _coming(policy: OrgPolicy, now: datetime) -> dict[str, PlannedMoment]:
    """Return the first thing that each cadence will do."""
    found: dict[str, PlannedMoment] = {}
    for moment in plan(policy, [policy.zone], now, now + LOOK_AHEAD):
        if not moment.skipped:
            found.setdefault(moment.cadence, moment)
    return found


def _next(moment: PlannedMoment | None) -> str:
    if moment is None:
        return f"not within {LOOK_AHEAD.days} days"
    return f"{moment.local:%a %Y-%m-%d %H:%M}" + (f" ({moment.reason})" if moment.reason else "")


def _ladders(policy: OrgPolicy) -> Iterator[Ladder]:
    found: dict[str, Ladder] = {}
    for cadence in policy.cadences:
        for ladder in (cadence.answer_ladder, cadence.follow_up.ladder if cadence.follow_up else None):
            if ladder is not None:
                found.setdefault(ladder.name, ladder)
    yield from found.values()


def _rung(rung: Rung) -> str:
    when = f"after {_hours(rung.after)}" if rung.after is not None else f"{_hours(rung.before)} before"
    if rung.act is Act.CLOSE:
        return f"{when} {rung.act}"
    by = "" if tuple(rung.by) == ("chat",) else f" by {' and '.join(rung.by)}"
    return f"{when} {rung.act} {rung.to}{by}"


def _hours(length: timedelta | None) -> str:
    return f"{(length or timedelta(0)).total_seconds() / 3600:g}h"
