"""Occurrences of cadences: opening those whose time has come, and walking each through its stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.cadences import Cadence, Round, Stage, stage_after, stage_times
from domain.duties import Duty, Pace, due_at, next_at
from domain.ids import CheckinId, DutyId, OccurrenceId, PersonId
from domain.messages import Draft, Priority
from domain.recurrence import Occurrence, occurrences
from domain.repositories import AskPlan
from handlers import checkin_cards, summaries
from handlers.context import Context, Speaker

LOOKBACK = timedelta(days=40)
"""How far back a missed occurrence is looked for after downtime; older ones are not even recorded."""

HORIZONS_DAYS = (8, 40, 370)
"""How far ahead the next opening is looked for: the nearest first, since most practices are weekly."""

SLICE = 5000
"""People asked in one transaction of a fan-out."""


def begin_due(ctx: Context, since: datetime | None) -> int:
    """Record every occurrence whose first stage has begun since an instant; return how many were new.

    Args:
        ctx: The world.
        since: When this was last done for the organisation, or `None` after a start.
    """
    begun = 0
    inhabited = {zone: _inhabited_since(ctx, zone) for zone in _zones(ctx)}
    for cadence in ctx.policy.cadences:
        earliest = max(ctx.store.rounds.first_seen(cadence.name, ctx.now), (since or ctx.now - LOOKBACK))
        for zone, known in inhabited.items():
            after = max(earliest, known - cadence.grace)
            for occurrence in _occurrences(ctx, cadence, zone, after, ctx.now + _lead(cadence)):
                begun += _begin(ctx, cadence, zone, occurrence)
    return begun


def _inhabited_since(ctx: Context, zone: str) -> datetime:
    """Return since when somebody of a zone is known: what was long before was not missed, nobody was there to ask."""
    return ctx.store.rounds.first_seen(f"[{zone}]", ctx.now)


def next_opening(ctx: Context) -> datetime | None:
    """Return when the next occurrence of any cadence begins, UTC; `None` if none within a year."""
    zones = _zones(ctx)
    for days in HORIZONS_DAYS:
        found = [
            _first_stage(cadence, occurrence)
            for cadence in ctx.policy.cadences
            for zone in zones
            for occurrence in _starting(ctx, cadence, zone, ctx.now, ctx.now + timedelta(days=days))
        ]
        if found:
            return min(found)
    return None


def _zones(ctx: Context) -> Sequence[str]:
    return [zone or ctx.policy.zone for zone in ctx.store.people.zones()]


def _starting(ctx: Context, cadence: Cadence, zone: str, after: datetime, until: datetime) -> Sequence[Occurrence]:
    lead = _lead(cadence)
    return _occurrences(ctx, cadence, zone, after + lead, until + lead)


def _occurrences(ctx: Context, cadence: Cadence, zone: str, after: datetime, until: datetime) -> Sequence[Occurrence]:
    found = occurrences(
        cadence.recurrence,
        after=after,
        until=until,
        calendar=ctx.policy.calendar,
        zone=ZoneInfo(zone),
        if_day_off=cadence.if_day_off,
    )
    return list(found)


def _lead(cadence: Cadence) -> timedelta:
    return cadence.notice.before if cadence.notice else timedelta(0)


def _first_stage(cadence: Cadence, occurrence: Occurrence) -> datetime:
    return occurrence.fires_at - _lead(cadence)


def _begin(ctx: Context, cadence: Cadence, zone: str, occurrence: Occurrence) -> bool:
    times = stage_times(cadence, occurrence.fires_at)
    reason = _why_not(ctx, cadence, occurrence)
    stage = Stage.SKIPPED if reason else next(iter(times), Stage.DONE)
    round_ = Round(
        org_id=ctx.policy.org_id,
        occurrence_id=OccurrenceId(ctx.new_id()),
        cadence=cadence,
        nominal_day=occurrence.nominal_day,
        at=occurrence.at,
        zone=zone,
        period=occurrence.period,
        fires_at=occurrence.fires_at,
        stage=stage,
        next_at=times.get(stage),
        reason=reason,
    )
    begun = ctx.store.rounds.begin(round_)
    if begun:
        _note(ctx, round_)
    return begun


def _why_not(ctx: Context, cadence: Cadence, occurrence: Occurrence) -> str:
    if occurrence.skipped:
        return "day_off"
    return "too_late" if ctx.now > occurrence.fires_at + cadence.grace else ""


def _note(ctx: Context, round_: Round) -> None:
    detail = {"cadence": round_.cadence.name, "nominal": round_.nominal, "reason": round_.reason}
    kind = "round.skipped" if round_.stage is Stage.SKIPPED else "round.begun"
    ctx.store.history.note(kind, round_.nominal, None, ctx.now, detail)
    if round_.reason == "too_late":
        _tell_admins(ctx, round_)


def _tell_admins(ctx: Context, round_: Round) -> None:
    for admin_id in ctx.policy.admins:
        admin = ctx.store.people.person(admin_id)
        if admin is not None:
            speaker = ctx.speaker(admin)
            values = {"title": round_.cadence.title, "at": speaker.stamp(round_.fires_at)}
            words = speaker.say("admin.round_missed", values)
            dedupe = f"missed:{round_.occurrence_id}:{admin_id}"
            ctx.store.outbox.put(Draft(admin_id, words, Priority.SUMMARY, dedupe))


def advance(ctx: Context, round_: Round) -> None:
    """Do the next slice of a round's stage; the round remembers how far it came."""
    step = _STAGES.get(round_.stage)
    if step is None:
        ctx.store.rounds.save(replace(round_, next_at=None))
        return
    if _is_too_late(ctx, round_):
        skipped = replace(round_, stage=Stage.SKIPPED, next_at=None, reason="too_late")
        ctx.store.rounds.save(skipped)
        _note(ctx, skipped)
        return
    cursor = step(ctx, round_)
    if cursor is not None:
        ctx.store.rounds.save(replace(round_, cursor=cursor))
        return
    stage, moment = stage_after(round_.stage, round_.cadence, round_.fires_at)
    ctx.store.rounds.save(replace(round_, stage=stage, next_at=moment, cursor=""))


def _is_too_late(ctx: Context, round_: Round) -> bool:
    """Tell whether a round that had begun was then kept from what it is for until its grace was over."""
    is_its_purpose = round_.stage is Stage.ASK or (
        round_.stage is Stage.SUMMARY and round_.cadence.questionnaire is None
    )
    if round_.cursor or not is_its_purpose:
        return False
    return ctx.now > stage_times(round_.cadence, round_.fires_at)[round_.stage] + round_.cadence.grace


def _ask(ctx: Context, round_: Round) -> str | None:
    slice_ = ctx.store.rounds.ask(_plan(ctx, round_), SLICE)
    for duty_id in slice_.with_leave:
        _retime(ctx, duty_id)
    return None if slice_.finished else slice_.cursor


def _plan(ctx: Context, round_: Round) -> AskPlan:
    cadence, zone = round_.cadence, ZoneInfo(round_.zone)
    pace = Pace(ctx.policy.calendar, zone)
    due, attention = None, None
    if cadence.answer_ladder is not None:
        due = due_at(cadence.answer_ladder, ctx.now, pace)
        attention = next_at(_sample_duty(ctx, round_, due), pace)
    return AskPlan(
        round=round_,
        person_zone=None if round_.zone == ctx.policy.zone else round_.zone,
        asked_at=ctx.now,
        due_at=due,
        next_at=attention,
        prompts={
            locale: checkin_cards.prompt(Speaker(ctx.words, locale, zone, ctx.now), cadence, round_.occurrence_id)
            for locale in LOCALES
        },
        default_locale=ctx.policy.locale,
        away_on=ctx.now.astimezone(zone).date(),
        priority=Priority.PROMPT,
    )


LOCALES = ("zh-CN", "en")
"""Languages a shared prompt is rendered in."""


def _sample_duty(ctx: Context, round_: Round, due: datetime) -> Duty:
    ladder = round_.cadence.answer_ladder
    if ladder is None:
        raise LookupError("a round without a ladder opens no duty")
    nobody = PersonId("")
    return Duty(ctx.policy.org_id, DutyId(""), "answer", "", nobody, nobody, ladder, ctx.now, due)


def _retime(ctx: Context, duty_id: DutyId) -> None:
    duty = ctx.store.duties.get(duty_id)
    if duty is None:
        return
    pace = ctx.pace(ctx.person(duty.debtor_id), duty.kind)
    retimed = replace(duty, due_at=due_at(duty.ladder, duty.opened_at, pace))
    ctx.keep(retimed)
    checkin = ctx.store.checkins.get(CheckinId(duty.subject))
    if checkin is not None:
        ctx.store.checkins.save(replace(checkin, due_at=retimed.due_at), keep_version=False)


def _summarise(ctx: Context, round_: Round) -> str | None:
    return summaries.summary_slice(ctx, round_)


def _announce(ctx: Context, round_: Round) -> str | None:
    if ctx.now >= round_.fires_at:
        return None  # announced now, it would only be wrong
    return summaries.notice_slice(ctx, round_)


_STAGES: dict[Stage, Callable[[Context, Round], str | None]] = {
    Stage.NOTICE: _announce,
    Stage.ASK: _ask,
    Stage.SUMMARY: _summarise,
}
