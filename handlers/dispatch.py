"""Which handler an event goes to. Every event is recorded first; a repetition gets the first answer again."""

from __future__ import annotations

from collections.abc import Callable

from domain.cards import Answer, Toast, ToastKind
from domain.errors import Refused
from domain.events import CardClicked, ChatOpened, DirectoryChanged, Ignored, Inbound, TextSaid
from domain.messages import Draft, Priority
from domain.people import Person
from handlers import checkin, checkin_cards, digest, directory, escalation, reply, reply_cards, typed
from handlers.context import Context

NOTHING = Answer()


def handle(ctx: Context, event: Inbound) -> Answer:
    """Handle one event inside its transaction and return what the platform is told.

    Args:
        ctx: The world.
        event: Verified and decoded.

    Returns:
        For a click always a sentence, also when it is late, repeated, foreign or about something gone.
    """
    earlier = ctx.store.inbox.receive(event.origin, ctx.now)
    if earlier is not None:
        return earlier
    answer = _first_time(ctx, event)
    if answer != NOTHING:
        ctx.store.inbox.answered(event.origin, answer)
    return answer


def _first_time(ctx: Context, event: Inbound) -> Answer:
    if isinstance(event, DirectoryChanged):
        directory.mark_left(ctx, event.origin.platform, event.left)
        return NOTHING
    if isinstance(event, Ignored):
        return NOTHING
    actor = ctx.store.people.by_identity(event.origin.platform, event.origin.actor)
    if isinstance(event, CardClicked):
        return _clicked(ctx, event, actor)
    if actor is None or not actor.active:
        ctx.store.history.note("event.stranger", event.origin.actor, None, ctx.now, {})
        return NOTHING
    if isinstance(event, TextSaid):
        typed.said(ctx, event, actor)
    else:
        _opened(ctx, event, actor)
    return NOTHING


def _clicked(ctx: Context, event: CardClicked, actor: Person | None) -> Answer:
    if actor is None or not actor.active:
        words = ctx.words.say(ctx.policy.locale, "card.stranger")
        return Answer(Toast(ToastKind.ERROR, words))
    handler = _CLICKS.get(event.card.kind) if event.card else None
    try:
        if handler is None:
            raise Refused("card.unknown")
        return handler(ctx, event, actor)
    except Refused as refusal:
        words = ctx.speaker(actor).say(refusal.key, refusal.args_for_sentence)
        return Answer(Toast(ToastKind.WARNING, words))


def _opened(ctx: Context, event: ChatOpened, actor: Person) -> None:
    if ctx.store.checkins.latest(actor.person_id) is not None:
        return
    words = ctx.speaker(actor).say("help.welcome", {"name": actor.name})
    draft = Draft(actor.person_id, words, Priority.ANSWER, f"welcome:{actor.person_id}", asked=True)
    ctx.store.outbox.put(draft)


_CLICKS: dict[str, Callable[[Context, CardClicked, Person], Answer]] = {
    checkin_cards.KIND: checkin.clicked,
    reply_cards.KIND: reply.clicked,
    reply_cards.ANSWERED: reply.reacted,
    reply_cards.ESCALATION: escalation.clicked,
    digest.KIND: digest.clicked,
}
