"""Words typed to the bot, and what they mean: a command, a click, an answer to a question, or an answer to a card."""

from __future__ import annotations

from domain.cards import CardKey
from domain.checkin import Checkin, CheckinState
from domain.errors import Refused
from domain.events import TextSaid
from domain.ids import CheckinId, OccurrenceId
from domain.messages import Body, Draft, Priority
from domain.people import Person
from domain.questionnaire import read_typed
from domain.repositories import Conversation
from handlers import checkin, checkin_cards, in_words, reply_cards, typed_clicks, typed_commands
from handlers.asking import STOP_WORDS, Asking, ask, take
from handlers.context import Context
from handlers.fields_in_words import Press


def said(ctx: Context, event: TextSaid, actor: Person, press: Press) -> None:
    """Handle a message: say something true and useful, whatever was typed.

    Args:
        ctx: The world.
        event: What was typed.
        actor: Who typed it.
        press: Presses a button in their name.
    """
    try:
        body = _respond(ctx, event, actor, press)
    except Refused as refusal:
        body = ctx.speaker(actor).say(refusal.key, refusal.args_for_sentence)
    dedupe = f"said:{event.origin.platform}:{event.origin.event_id}"
    ctx.store.outbox.put(Draft(actor.person_id, body, Priority.ANSWER, dedupe, asked=True))


def _respond(ctx: Context, event: TextSaid, actor: Person, press: Press) -> Body:
    """Return what a text is answered.

    What was said outright goes before what can only be guessed: commands, then words about a card that is referred to,
    then the answer to an open question, then labels of buttons on whatever card, then answers to an open check-in.
    """
    command = typed_commands.find(event.text)
    if command is not None:
        return _obey(ctx, actor, command)
    meant = typed_clicks.read(ctx, actor, event)
    if meant.card is not None:
        pressed = typed_clicks.button_on(ctx, meant.card, meant.words)
        if pressed is not None:
            return typed_clicks.press(ctx, actor, pressed, press)
    about = _key_referred_to(ctx, event, meant)
    if about is not None:
        return _about_card(ctx, actor, about, meant.words)
    conversation = ctx.store.conversations.get(actor.person_id, ctx.now)
    if conversation is not None:
        return _go_on(ctx, actor, conversation, event.text, press)
    click_or_command = _guessed(ctx, actor, event.text, press)
    return _unprompted(ctx, actor, event.text) if click_or_command is None else click_or_command


def _obey(ctx: Context, actor: Person, command: tuple[typed_commands.Command, str]) -> Body:
    ctx.store.conversations.end(actor.person_id)
    act, rest = command
    return act(ctx, actor, rest)


def _key_referred_to(ctx: Context, event: TextSaid, meant: typed_clicks.Said) -> CardKey | None:
    if meant.card is not None:
        return meant.card.card.key
    return ctx.store.outbox.subject_of(event.reply_to) if event.reply_to else None


def _guessed(ctx: Context, actor: Person, text: str, press: Press) -> Body | None:
    """Return what comes of a text that reads like a button or a command, though it does not say so; `None` if not."""
    pressed = typed_clicks.button_in_chat(ctx, actor, text.strip())
    if pressed is not None:
        return typed_clicks.press(ctx, actor, pressed, press)
    command = typed_commands.find_without_slash(ctx, actor, text)
    return None if command is None else _obey(ctx, actor, command)


def _about_card(ctx: Context, actor: Person, card: CardKey, text: str) -> Body:
    if card.kind == checkin_cards.KIND:
        asked = ctx.store.checkins.of_round(OccurrenceId(card.subject), actor.person_id)
        if asked is not None:
            return _answer_or_ask(ctx, actor, asked, text)
    if card.kind == reply_cards.KIND:
        answered = ctx.store.checkins.get(CheckinId(card.subject))
        if answered is not None:
            return typed_commands.reply_in_words(ctx, actor, answered, text)
    return typed_commands.help_text(ctx, actor)


def _unprompted(ctx: Context, actor: Person, text: str) -> Body:
    latest = ctx.store.checkins.latest(actor.person_id)
    if latest is not None and latest.state is not CheckinState.SUBMITTED:
        return _answer_or_ask(ctx, actor, latest, text)
    return typed_commands.help_text(ctx, actor)


def _answer_or_ask(ctx: Context, actor: Person, found: Checkin, text: str) -> Body:
    answers = read_typed(found.questionnaire, text)
    if answers is None or found.questionnaire.pending(answers):
        return ask(ctx, actor, in_words.about_checkin(ctx, actor, found, answers or {}))
    card, _ = checkin.accept(ctx, actor, found, answers)
    return card


def _go_on(ctx: Context, actor: Person, conversation: Conversation, text: str, press: Press) -> Body:
    if text.strip().casefold() in STOP_WORDS:
        return _stop(ctx, actor, conversation)
    asking = in_words.resume(ctx, actor, conversation, press)
    if asking is None:
        ctx.store.conversations.end(actor.person_id)
        return typed_commands.help_text(ctx, actor)
    other = None if _is_answer(asking, text) else _guessed(ctx, actor, text, press)
    return take(ctx, actor, asking, text) if other is None else other


def _is_answer(asking: Asking, text: str) -> bool:
    """Tell whether a text is to be taken as the answer, also if it happens to read like a button or a command."""
    return asking.wants_any_words or asking.understands(text)


def _stop(ctx: Context, actor: Person, conversation: Conversation) -> Body:
    ctx.store.conversations.end(actor.person_id)
    return ctx.speaker(actor).say("typed.stopped" if conversation.card is None else "typed.not_done")
