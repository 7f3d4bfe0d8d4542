"""The ladder climbs: what happens when a duty's moment has come."""

from __future__ import annotations

from collections.abc import Callable

from domain.cards import Card
from domain.duties import ANSWER, Act, Channel, Duty, Rung, fire
from domain.messages import Draft, Mail, Priority
from domain.people import Person, Recipient, Role, resolve
from handlers import checkin, checkin_cards, follow_up, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter


def climb(ctx: Context, duty: Duty) -> None:
    """Do the one thing that is due for a duty, and set its next moment."""
    debtor = ctx.person(duty.debtor_id)
    fired = fire(duty, ctx.now, ctx.pace(debtor, duty.kind))
    ctx.keep(fired.duty)
    if fired.rung is None:
        return
    parts = follow_up.matter_of(ctx, fired.duty)
    if parts is None:
        ctx.store.history.note("duty.orphaned", duty.duty_id, None, ctx.now, {"kind": duty.kind})
        return
    detail = {"act": fired.rung.act.value, "to": fired.rung.to.value, "step": str(fired.duty.step)}
    ctx.store.history.note("duty.rung", duty.duty_id, None, ctx.now, detail)
    mark = f"{fired.duty.step}" if not fired.reminder_only else f"s{int(ctx.now.timestamp())}"
    _ACTS[fired.rung.act](ctx, parts, fired.rung, mark)


def _remind(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    found = _recipient(ctx, matter, rung.to)
    if found is not None:
        # Of the rank of escalations: after downtime both may wait, and a ladder is to be heard in its order.
        _speak(ctx, matter, rung, found.person, mark, Priority.ESCALATION, reminder_for(ctx, matter, found.person))


def reminder_for(ctx: Context, matter: Matter, reader: Person) -> Card:
    """Return the reminder of a duty, as its kind words it."""
    speaker = ctx.speaker(reader)
    if matter.duty.kind == ANSWER:
        return checkin_cards.reminder(speaker, matter.checkin, matter.duty, reader)
    return reply_cards.reminder(speaker, matter, reader)


def _escalate(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    found = _recipient(ctx, matter, rung.to)
    if found is None:
        ctx.store.history.note("escalation.nobody", matter.duty.duty_id, None, ctx.now, {"to": rung.to.value})
        return
    _tell_debtor_first(ctx, matter, found, mark)
    card = reply_cards.escalation(ctx.speaker(found.person), matter, matter.duty.duty_id)
    _speak(ctx, matter, rung, found.person, mark, Priority.ESCALATION, card)


def _notify(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    found = _recipient(ctx, matter, rung.to)
    if found is not None:
        card = reply_cards.notification(ctx.speaker(found.person), matter, matter.duty.duty_id)
        _speak(ctx, matter, rung, found.person, mark, Priority.ESCALATION, card)


def _tell_debtor_first(ctx: Context, matter: Matter, found: Recipient, mark: str) -> None:
    speaker = ctx.speaker(matter.debtor)
    values = {"name": matter.author.name, "hrbp": found.person.name, "title": matter.checkin.cadence.title}
    words = speaker.say("escalation.debtor_told", values)
    dedupe = f"duty:{matter.duty.duty_id}:{mark}:told"
    draft = Draft(matter.debtor.person_id, words, Priority.ESCALATION, dedupe, duty_id=matter.duty.duty_id)
    ctx.store.outbox.put(draft)


def _close(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    ctx.store.outbox.withdraw(matter.duty.duty_id)  # what still waits for an allowed hour would ask for nothing now
    if matter.duty.kind == ANSWER:
        checkin.missed(ctx, matter.checkin, matter.duty.state)
    else:
        follow_up.refresh(ctx, matter.checkin)


def _speak(ctx: Context, matter: Matter, rung: Rung, reader: Person, mark: str, priority: Priority, card: Card) -> None:
    duty_id = matter.duty.duty_id
    for channel in rung.by:
        by_mail = channel is Channel.MAIL
        body: Card | Mail = card
        if by_mail:
            body = reply_cards.escalation_mail(ctx.speaker(reader), matter, reader)
        dedupe = f"duty:{duty_id}:{mark}:{channel.value}:{reader.person_id}"
        ctx.store.outbox.put(Draft(reader.person_id, body, priority, dedupe, duty_id=duty_id, by_mail=by_mail))


def _recipient(ctx: Context, matter: Matter, role: Role) -> Recipient | None:
    if role is Role.DEBTOR and matter.duty.kind == ANSWER:
        return Recipient(matter.debtor)  # nobody is shown, or gives, another person's answers
    found = resolve(role, matter.debtor, matter.author, ctx.store.people, ctx.today(matter.debtor), ctx.policy.admins)
    if found is None and role is Role.DEBTOR and matter.debtor.active:
        return Recipient(matter.debtor)
    return found


_ACTS: dict[Act, Callable[[Context, Matter, Rung, str], None]] = {
    Act.REMIND: _remind,
    Act.NOTIFY: _notify,
    Act.ESCALATE: _escalate,
    Act.CLOSE: _close,
}
