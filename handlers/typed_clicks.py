"""Texts that are clicks: the label of a button, typed by hand or sent by a link, perhaps with a reference to its card.

Whose click it is, the sender's identity alone says; a text can be typed by anybody, so only cards in the sender's own
chat are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.cards import IN_WORDS, Button, Card
from domain.events import TextSaid
from domain.messages import Body
from domain.people import Person
from domain.repositories import ChatCard
from handlers import in_words
from handlers.context import Context
from handlers.fields_in_words import Press, told

REACH = timedelta(days=14)
"""How old a card may be whose label is typed without saying which card is meant."""

MOST_CARDS = 20
"""How many of the newest cards are looked at for a label."""

LONGEST_LABEL = 60
"""Characters; what is longer is no label."""

LOCALES = ("zh-CN", "en")
"""Languages in which an adapter may have drawn the button for answering in words."""

_REFERENCE = re.compile(r"\s*[#＃]([0-9a-f]{6})\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody typed, and the card of theirs that they referred to.

    Attributes:
        words: Without the reference.
        card: In their own chat; `None` if they referred to none.
    """

    words: str
    card: ChatCard | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody means, on the face that shows it."""

    face: Card
    button: Button


def read(ctx: Context, actor: Person, event: TextSaid) -> Said:
    """Take a text apart: a card is referred to by the end of its message's id, or by quoting it."""
    reference = _REFERENCE.search(event.text)
    if reference is not None:
        found = ctx.store.outbox.referred(reference.group(1), actor.person_id)
        if found is not None:
            return Said(event.text[: reference.start()].strip(), found)
    quoted = ctx.store.outbox.quoted(event.reply_to, actor.person_id) if event.reply_to else None
    return Said(event.text.strip(), quoted)


def button_on(ctx: Context, card: ChatCard, words: str) -> Pressed | None:
    """Return the button of that label on a card, as it looks now or as it was sent; `None` if it has none."""
    return _first(ctx, (card.face, card.card), words)


def button_in_chat(ctx: Context, actor: Person, words: str) -> Pressed | None:
    """Return the button of that label on the newest card that has one; how cards look now goes before how they did."""
    if not words or len(words) > LONGEST_LABEL or "\n" in words:
        return None
    cards = ctx.store.outbox.in_chat(actor.person_id, ctx.now - REACH, MOST_CARDS)
    return _first(ctx, [card.face for card in cards] + [card.card for card in cards], words)


def _first(ctx: Context, faces: Iterable[Card], words: str) -> Pressed | None:
    label = words.strip().casefold()
    drawn = {ctx.words.say(locale, "in_words.button").casefold() for locale in LOCALES}
    found = (Pressed(face, button) for face in faces for button in _labelled(face, label, drawn))
    return next(found, None)


def _labelled(face: Card, label: str, drawn: Iterable[str]) -> Sequence[Button]:
    found = [button for button in face.buttons if button.label.strip().casefold() == label]
    if face.fields and label in drawn:
        found.append(Button(IN_WORDS, label, submits=True))
    return found


def press(ctx: Context, actor: Person, pressed: Pressed, press_button: Press) -> Body:
    """Press a button whose label was typed; what it sends along, or asks before, is asked in words first."""
    face, button = pressed.face, pressed.button
    if button.submits or button.confirm is not None:
        action = "" if button.action == IN_WORDS else button.action
        return in_words.begin(ctx, actor, face.key, face, action, {}, press_button)
    ctx.end_conversation(actor, face.key)
    return told(ctx.speaker(actor), press_button(face.key, button.action, {}))
