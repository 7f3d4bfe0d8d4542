"""What the bot may say unasked, and when: quiet hours, days off, and one daily budget over all features.

The last place of a day's budget is kept for the digest, into which everything is folded that found no place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.calendar import first_allowed, local_day, local_instant
from domain.duties import Pace
from domain.policy import AttentionRules


class Verdict(StrEnum):
    """What is to be done with an unasked message that is due."""

    SEND = "send"
    WAIT = "wait"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, and for `WAIT` and `FOLD` the instant (UTC) to which the message or its digest moves."""

    verdict: Verdict
    at: datetime


def decide(now: datetime, rules: AttentionRules, pace: Pace, said_today: int, *, is_digest: bool = False) -> Decision:
    """Judge one unasked message for one person.

    Args:
        now: UTC.
        rules: The person's rules.
        pace: The person's calendar, zone and leave.
        said_today: Unasked messages already sent on the person's local day.
        is_digest: Whether the message is the digest itself.

    Returns:
        `WAIT` outside the allowed hours; `FOLD` where the budget leaves no place but the digest's, with the instant of
        the digest; else `SEND`. A digest for which there is no place any more waits for the next day.
    """
    allowed = _first_allowed(now, rules, pace)
    if allowed > now:
        return Decision(Verdict.WAIT, allowed)
    if is_digest:
        return (
            Decision(Verdict.SEND, now)
            if said_today < rules.per_day
            else Decision(Verdict.WAIT, _tomorrow(now, rules, pace))
        )
    if said_today >= rules.per_day - 1:
        return Decision(Verdict.FOLD, _digest_at(now, rules, pace))
    return Decision(Verdict.SEND, now)


def _digest_at(now: datetime, rules: AttentionRules, pace: Pace) -> datetime:
    today = _digest_of(local_day(now, pace.zone), rules, pace)
    return today if today > now else _digest_of(local_day(_tomorrow(now, rules, pace), pace.zone), rules, pace)


def _digest_of(day: date, rules: AttentionRules, pace: Pace) -> datetime:
    # A local day has one instant for its digest and no more: what is folded is told by the one digest of its day.
    found = _first_allowed(local_instant(day, rules.digest_at, pace.zone), rules, pace)
    if local_day(found, pace.zone) == day:
        return found
    return _first_allowed(local_instant(day, time.min, pace.zone), rules, pace)


def _tomorrow(now: datetime, rules: AttentionRules, pace: Pace) -> datetime:
    tomorrow = local_day(now, pace.zone) + timedelta(days=1)
    return _first_allowed(local_instant(tomorrow, time.min, pace.zone), rules, pace)


def _first_allowed(instant: datetime, rules: AttentionRules, pace: Pace) -> datetime:
    return first_allowed(
        instant,
        quiet=rules.quiet,
        calendar=pace.calendar,
        zone=pace.zone,
        leave=tuple(pace.leave),
        workdays_only=rules.workdays_only,
    )
