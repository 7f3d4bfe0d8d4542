"""The personal weekly report: what a person gets back at once, and what it becomes when somebody replies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from domain.cadences import Report
from domain.cards import Card
from domain.checkin import Checkin, CheckinState, Reply
from domain.duties import Duty
from domain.insight import MINIMUM_GROUP, Comparison, compare, scored
from domain.people import Person
from handlers import checkin_cards
from handlers.context import Context

STREAK_LOOKBACK = 26
"""Periods looked back at for a streak: half a year of weeks."""


def report_card(ctx: Context, checkin: Checkin) -> Card:
    """Return the report of a submitted check-in, in its author's language."""
    replies = [(ctx.person(reply.author_id).name, reply) for reply in ctx.store.checkins.replies(checkin.checkin_id)]
    return _report(ctx, checkin, _open_follow_up(ctx, checkin), replies)


def first_report(ctx: Context, checkin: Checkin, owed: Duty | None) -> Card:
    """Return the report of a check-in that was answered just now for the first time, so that nobody can have replied.

    Args:
        ctx: The world.
        checkin: As submitted.
        owed: The follow-up that was opened with it, or `None` if nobody owes one.
    """
    return _report(ctx, checkin, owed, ())


def _report(ctx: Context, checkin: Checkin, duty: Duty | None, replies: Sequence[tuple[str, Reply]]) -> Card:
    author = ctx.person(checkin.person_id)
    comparisons = _comparisons(ctx, checkin, author)
    return checkin_cards.report(
        ctx.speaker(author),
        checkin,
        waiting_for=(ctx.person(duty.debtor_id).name, duty) if duty else None,
        replies=replies,
        streak=_streak(ctx, checkin),
        comparisons=comparisons,
        small_group=checkin.cadence.report is Report.COMPARE and author.manager_id is not None and not comparisons,
    )


def _open_follow_up(ctx: Context, checkin: Checkin) -> Duty | None:
    follow_up = checkin.cadence.follow_up
    if follow_up is None:
        return None
    duties = ctx.store.duties.find(follow_up.kind, checkin.checkin_id)
    return next((duty for duty in duties if duty.is_open), None)


def _comparisons(ctx: Context, checkin: Checkin, author: Person) -> Sequence[Comparison]:
    if checkin.cadence.report is not Report.COMPARE or author.manager_id is None:
        return ()
    names = scored(checkin.questionnaire)
    group = ctx.store.checkins.published_choices(checkin.occurrence_id, author.manager_id, names, MINIMUM_GROUP)
    return compare(checkin.questionnaire, checkin.answers, group)


def _streak(ctx: Context, checkin: Checkin) -> int:
    states = ctx.store.checkins.states(checkin.person_id, checkin.cadence.family, checkin.asked_at, STREAK_LOOKBACK)
    return max(1, sum(1 for _ in takewhile(CheckinState.SUBMITTED.__eq__, states)))
