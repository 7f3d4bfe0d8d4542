"""A change that comes too late for its card becomes a fresh card, if there is still something to do on it."""

from __future__ import annotations

from dataclasses import replace

from domain.cards import Card, Paragraph, Style
from domain.messages import Draft, Outgoing, Priority
from handlers.context import Context
from storage.renewals import original_of
from storage.transaction import Transaction


def renew(transaction: Transaction, ctx: Context, change: Outgoing) -> bool:
    """Put a fresh card into the outbox in place of a change that its platform does not take any more.

    It comes unasked, so quiet hours and the daily budget apply. A card whose buttons only offer something, such as to
    add a line to what is done, does not come again. Where the chat holds a younger copy of the card, that one is
    changed as well and nothing is put: so a change of a fresh card never makes the old one come again.

    Args:
        transaction: Where the change was.
        ctx: Its organisation.
        change: An update whose target is gone.

    Returns:
        Whether a card was put.
    """
    card = change.body
    if not isinstance(card, Card) or not _asks(card):
        return False
    original = original_of(transaction, change.org_id, change.message_id)
    if original is None or original.succeeded:
        return False
    sentence = ctx.speaker(ctx.person(change.person_id)).say("card.renewed")
    fresh = replace(card, blocks=(Paragraph(sentence), *card.blocks))
    dedupe = f"renewed:{change.message_id}"
    ctx.store.outbox.put(Draft(change.person_id, fresh, Priority.SUMMARY, dedupe, duty_id=original.duty_id))
    return True


def _asks(card: Card) -> bool:
    return any(button.style is Style.MAIN for button in card.buttons)
