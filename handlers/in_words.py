"""Asking in words: questions put one by one in the chat, until the last answer does what a button would have done.

A check-in and a follow-up are asked by their own questions, which may lead to others. Every other card is asked field
by field, and its answers press the card's own button. What it asked is remembered with the conversation, since the card
itself may show something else before the last answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.cards import Card, CardKey
from domain.checkin import Checkin, CheckinState
from domain.errors import Refused
from domain.events import FormValue
from domain.ids import CheckinId, OccurrenceId
from domain.messages import Body
from domain.people import Person
from domain.questionnaire import Answers, read_form
from domain.repositories import Conversation
from handlers import checkin, checkin_cards, fields_in_words, reply, reply_cards
from handlers.asking import Asking, ask, opened
from handlers.context import Context
from handlers.fields_in_words import Press

_OWN_QUESTIONS = (checkin_cards.KIND, reply_cards.KIND)
_SUBMIT = "submit"


def begin(
    ctx: Context,
    actor: Person,
    key: CardKey,
    face: Card | None,
    action: str,
    form: Mapping[str, FormValue],
    press: Press,
) -> Body:
    """Ask for everything that a card wants filled in, or go on where that was left.

    Args:
        ctx: The world.
        actor: Who is asked.
        key: What the card is about.
        face: The card as they see it; `None` if it is not known any more.
        action: The button that is meant; empty if the card tells.
        form: What was filled in already.
        press: Presses the button in the end.

    Returns:
        The first question, or what is said if there is none left.

    Raises:
        Refused: The card is not theirs, or not known any more, or what was filled in cannot be.
    """
    asking = _asking_about(ctx, actor, key, face, action or _only_submitting(face), press)
    before = ctx.store.conversations.get(actor.person_id, ctx.now)
    started = before.answers if before is not None and _is_same(before, asking.conversation) else {}
    given = {**asking.conversation.answers, **started, **read_form(asking.questionnaire, form)}
    body = ask(ctx, actor, asking.with_answers(given))
    if not isinstance(body, str) or ctx.store.conversations.get(actor.person_id, ctx.now) is None:
        return body
    return f"{ctx.speaker(actor).say('typed.about', {'title': asking.title})}\n{body}"


def _only_submitting(face: Card | None) -> str:
    actions = [button.action for button in face.buttons if button.submits] if face else []
    return actions[0] if len(actions) == 1 else ""


def _is_same(one: Conversation, other: Conversation) -> bool:
    return (one.topic, one.action, one.card is None) == (other.topic, other.action, other.card is None)


def _asking_about(ctx: Context, actor: Person, key: CardKey, face: Card | None, action: str, press: Press) -> Asking:
    if key.kind in _OWN_QUESTIONS and action in ("", _SUBMIT):
        found = _by_own_questions(ctx, actor, key)
        if found is None:
            raise Refused("checkin.not_yours" if key.kind == checkin_cards.KIND else "card.gone")
        return found
    if face is None or not (action or any(button.submits for button in face.buttons)):
        raise Refused("in_words.gone")
    return fields_in_words.about_card(ctx, actor, fields_in_words.what_is_asked(face, action), action, press)


def resume(ctx: Context, actor: Person, conversation: Conversation, press: Press) -> Asking | None:
    """Return what an open conversation asks; `None` if that is gone.

    Raises:
        Refused: It is not the actor's to answer any more.
    """
    if conversation.card is not None:
        asking: Asking | None = fields_in_words.about_card(ctx, actor, conversation.card, conversation.action, press)
    else:
        asking = _by_own_questions(ctx, actor, conversation.topic)
    return None if asking is None else replace(asking, conversation=conversation)


def _by_own_questions(ctx: Context, actor: Person, key: CardKey) -> Asking | None:
    if key.kind == reply_cards.KIND:
        answered = ctx.store.checkins.get(CheckinId(key.subject))
        return None if answered is None else about_reply(ctx, actor, answered)
    asked = ctx.store.checkins.of_round(OccurrenceId(key.subject), actor.person_id)
    if asked is None:
        return None
    return about_checkin(ctx, actor, asked, {} if asked.state is CheckinState.SUBMITTED else asked.draft)


def about_checkin(ctx: Context, actor: Person, found: Checkin, answers: Answers) -> Asking:
    """Return what a check-in asks of the person asked; what they had submitted stays where it is passed over.

    Args:
        ctx: The world.
        actor: The person asked.
        found: What they were asked.
        answers: What need not be asked again.
    """
    submitted = found.state is CheckinState.SUBMITTED
    topic = checkin_cards.key_of(found.occurrence_id)
    return Asking(
        conversation=opened(ctx, actor, topic, answers),
        questionnaire=found.questionnaire,
        kept=(found.draft or found.answers) if submitted else {},
        finish=lambda answers: checkin.accept(ctx, actor, found, answers)[0],
        title=found.cadence.title,
    )


def about_reply(ctx: Context, actor: Person, found: Checkin) -> Asking:
    """Return what a follow-up asks of whoever owes it, or of their deputy.

    Raises:
        Refused: Nothing is owed, somebody else owes it, or it is settled for good.
    """
    matter = reply.matter_for(ctx, found, actor)
    follow_up = found.cadence.follow_up
    if follow_up is None:
        raise Refused("card.gone")
    if not matter.duty.is_open and matter.duty.kind != reply_cards.REPLY:
        raise Refused("reply.toast.already")  # a word can be added to words, but no second verdict to a verdict
    speaker = ctx.speaker(actor)

    def finish(answers: Answers) -> Body:
        reply.accept(ctx, actor, matter, answers)
        return speaker.say("reply.toast.sent", {"name": matter.author.name})

    return Asking(
        conversation=opened(ctx, actor, reply_cards.key_of(found), {}),
        questionnaire=follow_up.questionnaire,
        kept={},
        finish=finish,
        title=speaker.say("reply.title", {"name": matter.author.name, "title": found.cadence.title}),
    )
