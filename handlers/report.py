"""The personal weekly report: what a person gets back at once, and what it becomes when somebody replies."""

from __future__ import annotations

from collections.abc import Sequence

from domain.cadences import Report
from domain.cards import Card
from domain.checkin import Checkin, CheckinState
from domain.duties import Duty
from domain.insight import MINIMUM_GROUP, Comparison, compare, scored
from domain.people import Person
from handlers import checkin_cards
from handlers.context import Context

STREAK_LOOKBACK = 26
"""Periods looked back at for a streak: half a year of weeks."""


def report_card(ctx: Context, checkin: Checkin) -> Card:
    """Return the report of a submitted check-in, in its author's language."""
    author = ctx.person(checkin.person_id)
    duty = _open_follow_up(ctx, checkin)
    comparisons = _comparisons(ctx, checkin, author)
    replies = [(ctx.person(reply.author_id).name, reply) for reply in ctx.store.checkins.replies(checkin.checkin_id)]
    return checkin_cards.report(
        ctx.speaker(author),
        checkin,
        waiting_for=(ctx.person(duty.debtor_id).name, duty) if duty else None,
        replies=replies,
        streak=_streak(ctx.store.checkins.history(author.person_id, checkin.cadence.family, STREAK_LOOKBACK), checkin),
        comparisons=comparisons,
        small_group=checkin.cadence.report is Report.COMPARE and not comparisons,
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


def _streak(newest_first: Sequence[Checkin], current: Checkin) -> int:
    count = 0
    for past in newest_first:
        if past.asked_at > current.asked_at:
            continue
        if past.state is not CheckinState.SUBMITTED and past.checkin_id != current.checkin_id:
            break
        count += 1
    return max(count, 1)
