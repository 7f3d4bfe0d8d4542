"""Asking again: the newest check-in's present face for whoever asks for it, also for those the round has missed."""

from __future__ import annotations

from domain.cards import Card
from domain.checkin import Checkin
from domain.duties import due_at
from domain.errors import Refused
from domain.ids import CheckinId
from domain.people import Person
from handlers import checkin_cards
from handlers.context import Context
from handlers.report import report_card


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
    zone = ctx.policy.zone_of(actor).key
    for family in dict.fromkeys(cadence.family for cadence in ctx.policy.cadences if cadence.questionnaire):
        for round_ in ctx.store.rounds.latest(family, ctx.now):
            known = ctx.store.checkins.latest(actor.person_id, family)
            if round_.zone != zone or not round_.cadence.audience.holds(actor):
                continue
            if round_.cadence.questionnaire is None or (known and known.period == round_.period):
                continue
            ladder = round_.cadence.answer_ladder
            checkin = Checkin(
                org_id=ctx.policy.org_id,
                checkin_id=CheckinId(ctx.new_id()),
                occurrence_id=round_.occurrence_id,
                cadence=round_.cadence,
                period=round_.period,
                person_id=actor.person_id,
                asked_at=ctx.now,
                due_at=due_at(ladder, ctx.now, ctx.pace(actor)) if ladder else None,
            )
            if ctx.store.checkins.add(checkin):
                return checkin
    return None
