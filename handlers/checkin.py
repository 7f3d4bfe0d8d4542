"""Check-ins: answering by card, answering later, skipping, editing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domain.cards import Answer, Card, Toast, ToastKind
from domain.checkin import Checkin, CheckinState, Submission, miss, skip, submit
from domain.duties import ANSWER, DutyState, fulfil, waive
from domain.errors import Refused
from domain.events import CardClicked
from domain.ids import OccurrenceId
from domain.messages import Draft, Priority
from domain.people import Person
from domain.questionnaire import Answers, read_form
from handlers import checkin_cards, escalated, follow_up, reply_cards
from handlers.context import Context
from handlers.duty_acts import snooze_open
from handlers.reply_cards import Matter
from handlers.report import first_report, report_card


def clicked(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Handle a click on a check-in card of the actor's own."""
    if event.card is None:
        raise Refused("card.unknown")
    checkin = ctx.store.checkins.of_round(OccurrenceId(event.card.subject), actor.person_id)
    if checkin is None:
        raise Refused("checkin.not_yours")
    act = _ACTIONS.get(event.action)
    if act is None:
        raise Refused("card.unknown")
    return act(ctx, event, actor, checkin)


def _submit(ctx: Context, event: CardClicked, actor: Person, checkin: Checkin) -> Answer:
    answers = read_form(checkin.questionnaire, {**checkin.draft, **event.form})
    if checkin.questionnaire.pending(answers):
        return _ask_the_rest(ctx, actor, checkin, answers)
    ctx.end_conversation(actor, event.card)
    card, submission = accept(ctx, actor, checkin, answers, clicked=event.message)
    key = "checkin.toast.submitted" if submission.first else "checkin.toast.changed"
    return _said(ctx, actor, key if submission.changed else "checkin.toast.same", card)


def _ask_the_rest(ctx: Context, actor: Person, checkin: Checkin, answers: Answers) -> Answer:
    unfinished = replace(checkin, draft=dict(answers))
    ctx.store.checkins.save(unfinished, keep_version=False)
    speaker = ctx.speaker(actor)
    pending = checkin.questionnaire.pending(answers)
    toast = Toast(ToastKind.INFO, speaker.say("answer.missing", {"question": pending[0].text}))
    return Answer(toast, checkin_cards.edit_form(speaker, checkin, answers))


def accept(
    ctx: Context, actor: Person, checkin: Checkin, answers: Answers, *, clicked: str = ""
) -> tuple[Card, Submission]:
    """Take complete answers, from a card or typed: file them, settle the duty, open the follow-up.

    Args:
        ctx: The world.
        actor: Whose answers they are.
        checkin: What they answer.
        answers: Complete.
        clicked: The platform's id of the message whose callback will carry the report itself.

    Returns:
        The personal report, and what the submission came to.
    """
    submission = submit(checkin, answers, ctx.now)
    if not submission.changed:
        return report_card(ctx, submission.checkin), submission
    ctx.store.checkins.save(submission.checkin, keep_version=True)
    close_answer_duty(ctx, submission.checkin, actor, reason="")
    owed = follow_up.open_for(ctx, actor, submission.checkin) if submission.first else None
    detail = {"version": str(submission.checkin.version), "late": str(submission.checkin.late).lower()}
    ctx.store.history.note("checkin.submitted", checkin.checkin_id, actor.person_id, ctx.now, detail)
    if submission.first:
        card = first_report(ctx, submission.checkin, owed)
        ctx.show(submission.checkin.person_id, card, clicked)
    else:
        card = report_card(ctx, submission.checkin)
        follow_up.refresh(ctx, submission.checkin, clicked=clicked)
    if submission.new_version:
        # After the refresh, which would give it the face of the older cards.
        _tell_of_addition(ctx, actor, submission.checkin)
    return card, submission


def _tell_of_addition(ctx: Context, author: Person, checkin: Checkin) -> None:
    duty = follow_up.duty_of(ctx, checkin)
    matter = follow_up.matter_of(ctx, duty) if duty else None
    if duty is None or matter is None:
        return
    by = checkin.cadence.follow_up.by if checkin.cadence.follow_up else None
    owner = follow_up.owner_of(ctx, by, author) if by else None
    if owner is None:
        return
    card = reply_cards.addition(ctx.speaker(owner), matter, may_reply=owner.person_id == matter.debtor.person_id)
    dedupe = f"addition:{checkin.checkin_id}:{checkin.version}"
    ctx.store.outbox.put(Draft(owner.person_id, card, Priority.PERSONAL, dedupe))


def close_answer_duty(ctx: Context, checkin: Checkin, actor: Person, *, reason: str) -> None:
    """Settle what is owed by the person asked: fulfilled, or waived for a reason; withdraw unsent words about it."""
    for duty in ctx.store.duties.find(ANSWER, checkin.checkin_id):
        closed = waive(duty, ctx.now, actor.person_id, reason) if reason else fulfil(duty, ctx.now, actor.person_id)
        if closed is not duty:
            ctx.keep(closed)
            ctx.store.outbox.withdraw(duty.duty_id)
            escalated.refresh(ctx, Matter(closed, checkin, actor, actor))


def _later(ctx: Context, event: CardClicked, actor: Person, checkin: Checkin) -> Answer:
    if checkin.state is CheckinState.SUBMITTED:
        return _present_face(ctx, actor, checkin, "checkin.toast.already")
    duty = next((d for d in ctx.store.duties.find(ANSWER, checkin.checkin_id) if d.is_open), None)
    if duty is None:
        return Answer(Toast(ToastKind.INFO, ctx.speaker(actor).say("checkin.toast.any_time")))
    return snooze_open(ctx, actor, duty)


def _skip(ctx: Context, event: CardClicked, actor: Person, checkin: Checkin) -> Answer:
    if checkin.state is CheckinState.SUBMITTED:
        return _present_face(ctx, actor, checkin, "checkin.toast.already")
    return Answer(None, checkin_cards.skip_form(ctx.speaker(actor), checkin))


def _skip_yes(ctx: Context, event: CardClicked, actor: Person, checkin: Checkin) -> Answer:
    reason = event.form.get("reason")
    skipped = skip(checkin, str(reason) if reason in checkin_cards.SKIP_REASONS else "")
    ctx.store.checkins.save(skipped, keep_version=False)
    ctx.end_conversation(actor, event.card)
    close_answer_duty(ctx, skipped, actor, reason="skipped")
    ctx.store.history.note("checkin.skipped", checkin.checkin_id, actor.person_id, ctx.now, {})
    follow_up.refresh(ctx, skipped, clicked=event.message)
    return _said(ctx, actor, "checkin.toast.skipped", checkin_cards.skipped(ctx.speaker(actor), skipped))


def _edit(ctx: Context, event: CardClicked, actor: Person, checkin: Checkin) -> Answer:
    card = checkin_cards.edit_form(ctx.speaker(actor), checkin, checkin.draft or checkin.answers)
    if checkin.state is not CheckinState.SUBMITTED:
        return _said(ctx, actor, "checkin.toast.write", card)
    key = "checkin.toast.new_version" if checkin.replied_at else "checkin.toast.edit"
    return _said(ctx, actor, key, card)


def _waive(ctx: Context, event: CardClicked, actor: Person, checkin: Checkin) -> Answer:
    if checkin.state is CheckinState.SUBMITTED:
        return _present_face(ctx, actor, checkin, "checkin.toast.already")
    close_answer_duty(ctx, checkin, actor, reason=event.action)
    detail = {"reason": event.action}
    ctx.store.history.note("duty.waived", checkin.checkin_id, actor.person_id, ctx.now, detail)
    follow_up.refresh(ctx, checkin, clicked=event.message)
    speaker = ctx.speaker(actor)
    return _said(ctx, actor, f"duty.toast.{event.action}", checkin_cards.edit_form(speaker, checkin, checkin.draft))


def _present_face(ctx: Context, actor: Person, checkin: Checkin, key: str) -> Answer:
    card = checkin_cards.face(ctx.speaker(actor), checkin) or report_card(ctx, checkin)
    return Answer(Toast(ToastKind.INFO, ctx.speaker(actor).say(key)), card)


def _said(ctx: Context, actor: Person, key: str, card: Card) -> Answer:
    return Answer(Toast(ToastKind.SUCCESS, ctx.speaker(actor).say(key)), card)


def missed(ctx: Context, checkin: Checkin, state: DutyState) -> None:
    """Note that the ladder of an unanswered check-in has closed; a late answer still counts."""
    if state is DutyState.EXPIRED:
        gone = miss(checkin)
        ctx.store.checkins.save(gone, keep_version=False)
        ctx.store.history.note("checkin.missed", checkin.checkin_id, None, ctx.now, {})
        follow_up.refresh(ctx, gone)


_ACTIONS: dict[str, Callable[[Context, CardClicked, Person, Checkin], Answer]] = {
    "submit": _submit,
    "later": _later,
    "skip": _skip,
    "skip_yes": _skip_yes,
    "edit": _edit,
    "handled": _waive,
    "normal": _waive,
}
