"""Matters without an answer: who hears of them, and what lies in their chats since."""

from __future__ import annotations

from dataclasses import replace

from domain.cards import Card
from domain.duties import ANSWER, Act, Duty, Rung
from domain.ids import PersonId
from domain.people import Person, Recipient, Role, resolve
from handlers import escalation_cards, reply_cards
from handlers.context import Context
from handlers.reply_cards import Matter


def recipient(ctx: Context, matter: Matter, role: Role) -> Recipient | None:
    """Return who hears of a matter in a role today; `None` if nobody of the chain is there."""
    if role is Role.DEBTOR and matter.duty.kind == ANSWER:
        return Recipient(matter.debtor)  # nobody is shown, or gives, another person's answers
    found = resolve(role, matter.debtor, matter.author, ctx.store.people, ctx.today(matter.debtor), ctx.policy.admins)
    if found is None and role is Role.DEBTOR and matter.debtor.active:
        return Recipient(matter.debtor)
    return found


def with_asked(ctx: Context, matter: Matter) -> Matter:
    """Return the matter with the names of those who were asked to look after it; asks the store only if any was."""
    if matter.follower is not None or not any(rung.act is Act.ESCALATE for rung in _fired(matter.duty)):
        return matter
    asked = [
        reader.name
        for reader_id in ctx.store.outbox.readers(escalation_cards.key_of(matter.duty))
        if (reader := ctx.person(reader_id)).active
        and reader_id != matter.debtor.person_id
        and not is_only_told(ctx, matter, reader_id)
    ]
    return replace(matter, asked=tuple(asked))


def refresh(ctx: Context, matter: Matter, clicked: str = "") -> None:
    """Give the cards of whoever was asked, or told, their present face; asks the store only if anybody was."""
    if all(is_for_debtor(rung) for rung in _fired(matter.duty)):
        return
    for reader_id in ctx.store.outbox.readers(escalation_cards.key_of(matter.duty)):
        ctx.show(reader_id, face(ctx, matter, ctx.person(reader_id)), clicked)


def face(ctx: Context, matter: Matter, reader: Person) -> Card:
    """Return the present face of such a card for one of its readers."""
    speaker, duty = ctx.speaker(reader), matter.duty
    if not duty.is_open:
        closer = ctx.person(duty.closed_by) if duty.closed_by else matter.debtor
        return escalation_cards.settled(speaker, matter, reply_cards.closing_sentence(speaker, duty, closer))
    if is_only_told(ctx, matter, reader.person_id):
        return escalation_cards.notification(speaker, matter)
    return escalation_cards.request(speaker, matter, reader)


def is_for_debtor(rung: Rung) -> bool:
    """Tell whether a rung concerns nobody but whoever owes."""
    return rung.act is Act.CLOSE or (rung.act is Act.REMIND and rung.to is Role.DEBTOR)


def is_only_told(ctx: Context, matter: Matter, reader_id: PersonId) -> bool:
    """Tell whether no rung so far has asked somebody to look after a matter, as far as roles are held today."""
    others = [rung for rung in _fired(matter.duty) if not is_for_debtor(rung)]
    asked = {rung.to for rung in others if rung.act is Act.ESCALATE}
    if all(rung.act is Act.ESCALATE for rung in others):
        return not asked
    people = [recipient(ctx, matter, role) for role in asked]
    return all(found is None or found.person.person_id != reader_id for found in people)


def _fired(duty: Duty) -> tuple[Rung, ...]:
    return duty.ladder.rungs[: duty.step]
