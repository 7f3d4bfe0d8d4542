"""Asking again: the newest check-in's present face for whoever asks for it, also for those the round has missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.cadences import AudienceRole, Round
from domain.cards import Card
from domain.checkin import Checkin
from domain.duties import ANSWER, due_at
from domain.errors import Refused
from domain.ids import CheckinId
from domain.people import Person
from handlers import checkin_cards
from handlers.context import Context
from handlers.report import report_card

JOINABLE = timedelta(days=14)
"""How long after it began a round may still be joined; one that comes round more often ends with its next time."""


def latest_card(ctx: Context, actor: Person) -> Card:
    """Return the card of the person's newest check-in, joining the running round if they were not asked.

    Raises:
        Refused: No round that is for them has run yet.
    """
    checkin = _missed_round(ctx, actor) or ctx.store.checkins.latest(actor.person_id)
    if checkin is None:
        raise Refused("checkin.none_yet")
    return checkin_cards.face(ctx.speaker(actor), checkin) or report_card(ctx, checkin)


def _missed_round(ctx: Context, actor: Person) -> Checkin | None:
    for round_ in _running_rounds(ctx, actor):
        known = ctx.store.checkins.latest(actor.person_id, round_.cadence.family)
        if known is not None and known.period == round_.period:
            continue
        checkin = _joined(ctx, round_, actor)
        if ctx.store.checkins.add(checkin):
            return checkin
    return None


def _running_rounds(ctx: Context, actor: Person) -> Sequence[Round]:
    """Return the rounds that somebody may still join, the newest first."""
    families = dict.fromkeys(cadence.family for cadence in ctx.policy.cadences if cadence.questionnaire)
    found = [round_ for family in families for round_ in ctx.store.rounds.latest(family, ctx.now)]
    open_ = [round_ for round_ in found if ctx.now - round_.fires_at <= JOINABLE and _is_for(ctx, round_, actor)]
    return sorted(open_, key=lambda round_: round_.fires_at, reverse=True)


def _is_for(ctx: Context, round_: Round, actor: Person) -> bool:
    if round_.cadence.questionnaire is None or round_.zone != ctx.policy.zone_of(actor).key:
        return False
    audience = round_.cadence.audience
    if audience.role is AudienceRole.MANAGERS and not ctx.store.people.reports_of(actor.person_id):
        return False
    if audience.role is AudienceRole.HRBPS and not ctx.store.people.cared_for(actor.person_id):
        return False
    return audience.holds(actor)


def _joined(ctx: Context, round_: Round, actor: Person) -> Checkin:
    ladder = round_.cadence.answer_ladder
    return Checkin(
        org_id=ctx.policy.org_id,
        checkin_id=CheckinId(ctx.new_id()),
        occurrence_id=round_.occurrence_id,
        cadence=round_.cadence,
        period=round_.period,
        person_id=actor.person_id,
        asked_at=ctx.now,
        due_at=due_at(ladder, ctx.now, ctx.pace(actor, ANSWER)) if ladder else None,
    )
