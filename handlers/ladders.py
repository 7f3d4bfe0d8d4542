"""The ladder climbs: what happens when a duty's moment has come."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from domain.cards import Card
from domain.duties import ANSWER, Act, Channel, Duty, Rung, fire
from domain.messages import Draft, Mail, Priority
from domain.people import Person, Recipient
from handlers import checkin, checkin_cards, escalated, escalation_cards, follow_up, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter


def climb(ctx: Context, duty: Duty) -> None:
    """Do the one thing that is due for a duty, and set its next moment."""
    debtor = ctx.person(duty.debtor_id)
    fired = fire(duty, ctx.now, ctx.pace(debtor, duty.kind))
    ctx.keep(fired.duty)
    if fired.rung is None and not fired.tells:
        return
    matter = follow_up.matter_of(ctx, fired.duty)
    if matter is None:
        ctx.store.history.note("duty.orphaned", duty.duty_id, None, ctx.now, {"kind": duty.kind})
    elif fired.rung is None:
        follow_up.tell(ctx, matter)
    else:
        _act(ctx, matter, fired.rung, reminder_only=fired.reminder_only)


def _act(ctx: Context, matter: Matter, rung: Rung, *, reminder_only: bool) -> None:
    step = str(matter.duty.step)
    detail = {"act": rung.act.value, "to": rung.to.value, "step": step}
    ctx.store.history.note("duty.rung", matter.duty.duty_id, None, ctx.now, detail)
    _ACTS[rung.act](ctx, matter, rung, f"s{int(ctx.now.timestamp())}" if reminder_only else step)


def _remind(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    if not escalated.is_for_debtor(rung):
        _notify(ctx, matter, rung, mark)  # a form that only the debtor can send is nothing for anybody else
        return
    found = escalated.recipient(ctx, matter, rung.to)
    if found is not None:
        _speak(ctx, matter, rung, found.person, mark, partial(_reminder, ctx, matter, found.person))


def _reminder(ctx: Context, matter: Matter, reader: Person, channel: Channel) -> Card | Mail:
    speaker, duty, by_mail = ctx.speaker(reader), matter.duty, channel is Channel.MAIL
    if duty.kind == ANSWER:
        remind = checkin_cards.reminder_mail if by_mail else checkin_cards.reminder
        return remind(speaker, matter.checkin, duty, reader)
    ask = reply_cards.reminder_mail if by_mail else reply_cards.reminder
    return ask(speaker, escalated.with_asked(ctx, matter), reader)


def _escalate(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    found = escalated.recipient(ctx, matter, rung.to)
    if found is None:
        ctx.store.history.note("escalation.nobody", matter.duty.duty_id, None, ctx.now, {"to": rung.to.value})
        return
    _tell_debtor_first(ctx, matter, found, mark)
    _tell(ctx, matter, rung, found.person, mark)


def _notify(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    found = escalated.recipient(ctx, matter, rung.to)
    if found is not None:
        _tell(ctx, matter, rung, found.person, mark)


def _tell(ctx: Context, matter: Matter, rung: Rung, reader: Person, mark: str) -> None:
    card = escalated.face(ctx, matter, reader)

    def said(channel: Channel) -> Card | Mail:
        if channel is Channel.CHAT:
            return card
        asks = not escalated.is_only_told(ctx, matter, reader.person_id)
        offered = card if Channel.CHAT in rung.by else None
        return escalation_cards.mail(ctx.speaker(reader), matter, reader, offered, asks=asks)

    _speak(ctx, matter, rung, reader, mark, said)


def _tell_debtor_first(ctx: Context, matter: Matter, found: Recipient, mark: str) -> None:
    speaker = ctx.speaker(matter.debtor)
    own = matter.debtor.person_id == matter.author.person_id
    values = {"name": matter.author.name, "hrbp": found.person.name, "title": matter.checkin.cadence.title}
    words = speaker.say("unanswered.debtor_told" if own else "escalation.debtor_told", values)
    dedupe = f"duty:{matter.duty.duty_id}:{mark}:told"
    draft = Draft(matter.debtor.person_id, words, Priority.ESCALATION, dedupe, duty_id=matter.duty.duty_id)
    ctx.store.outbox.put(draft)


def _close(ctx: Context, matter: Matter, rung: Rung, mark: str) -> None:
    ctx.store.outbox.withdraw(matter.duty.duty_id)  # what still waits for an allowed hour would ask for nothing now
    if matter.duty.kind == ANSWER:
        checkin.missed(ctx, matter.checkin, matter.duty.state)
    else:
        follow_up.refresh(ctx, matter.checkin)


def _speak(
    ctx: Context, matter: Matter, rung: Rung, reader: Person, mark: str, said: Callable[[Channel], Card | Mail]
) -> None:
    """Put what a rung says, composed only for the channels it speaks through."""
    # All of one rank: after downtime a reminder and an escalation may both wait, and are to be heard in their order.
    duty_id = matter.duty.duty_id
    for channel in rung.by:
        by_mail = channel is Channel.MAIL
        dedupe = f"duty:{duty_id}:{mark}:{channel.value}:{reader.person_id}"
        ctx.store.outbox.put(
            Draft(reader.person_id, said(channel), Priority.ESCALATION, dedupe, duty_id=duty_id, by_mail=by_mail)
        )


_ACTS: dict[Act, Callable[[Context, Matter, Rung, str], None]] = {
    Act.REMIND: _remind,
    Act.NOTIFY: _notify,
    Act.ESCALATE: _escalate,
    Act.CLOSE: _close,
}
