"""Which handler an event goes to. Every event is recorded first; a repetition gets the first answer again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.cards import IN_WORDS, Answer, Card, CardKey, Toast, ToastKind
from domain.errors import Refused
from domain.events import (
    CardClicked,
    ChatOpened,
    DirectoryChanged,
    FormValue,
    Ignored,
    Inbound,
    Origin,
    TextSaid,
)
from domain.messages import Body, Draft, Priority
from domain.people import Person
from handlers import checkin, checkin_cards, digest, directory, escalation, in_words, reply, reply_cards, typed
from handlers.context import Context
from handlers.fields_in_words import Press

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
    if actor is None or not actor.active:
        return _strange(ctx, event)
    if isinstance(event, CardClicked):
        return _clicked(ctx, event, actor)
    # Whoever could not be reached before, such as by a robot whose chat was never opened, can be now.
    ctx.store.people.bind(event.origin.platform, event.origin.actor, actor.person_id)
    if isinstance(event, ChatOpened):
        _opened(ctx, event, actor)
        return NOTHING
    actor = directory.follow_to(ctx, actor, event.origin.platform)
    typed.said(ctx, event, actor, _press_for(ctx, event.origin, actor))
    return NOTHING


def _strange(ctx: Context, event: CardClicked | TextSaid | ChatOpened) -> Answer:
    """Note for the admin that somebody unknown was here, and say so to whoever clicked or wrote.

    The outbox knows only people, so whoever took the event says the sentence, once: a stranger is owed no more.
    """
    ctx.store.history.note("event.stranger", event.origin.actor, None, ctx.now, {})
    if isinstance(event, ChatOpened) or not event.origin.actor:
        return NOTHING
    return Answer(Toast(ToastKind.ERROR, ctx.words.say(ctx.policy.locale, "card.stranger")))


def _clicked(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    answer = _ask_in_words(ctx, event, actor) if event.action == IN_WORDS else _pressed(ctx, event, actor)
    if answer.card is not None:
        _note_face(ctx, event, actor, answer.card)
    elif event.silent and answer.toast is not None:
        _say(ctx, event.origin, actor, answer.toast.text)
    return answer


def _note_face(ctx: Context, event: CardClicked, actor: Person, face: Card) -> None:
    """Note what the clicked card shows from now on, and stop asking for the fields of what it showed before."""
    if event.message:
        ctx.store.outbox.note_face(event.message, actor.person_id, face)
    conversation = ctx.store.conversations.get(actor.person_id, ctx.now)
    if conversation is not None and conversation.card is not None and conversation.topic == event.card:
        ctx.store.conversations.end(actor.person_id)


def _ask_in_words(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Ask for what the clicked card wants filled in; the question is a message on every platform."""
    try:
        body = _first_question(ctx, event, actor)
    except Refused as refusal:
        return _refused(ctx, actor, refusal)
    _say(ctx, event.origin, actor, body)
    if event.silent:
        return NOTHING
    return Answer(Toast(ToastKind.INFO, ctx.speaker(actor).say("in_words.toast")))


def _first_question(ctx: Context, event: CardClicked, actor: Person) -> Body:
    if event.card is None:
        raise Refused("card.unknown")
    clicked = ctx.store.outbox.quoted(event.message, actor.person_id) if event.message else None
    if clicked is None or clicked.card.key != event.card:
        clicked = ctx.store.outbox.newest(event.card, actor.person_id)
    faces = (clicked.face, clicked.card) if clicked else ()
    face = next((face for face in faces if face.fields), None)
    press = _press_for(ctx, event.origin, actor)
    return in_words.begin(ctx, actor, event.card, face, "", event.form, press)


def _press_for(ctx: Context, origin: Origin, actor: Person) -> Press:
    """Return what presses a button for whoever typed its label or the last of what it sends along."""

    def press(card: CardKey, action: str, form: Mapping[str, FormValue]) -> Answer:
        return _pressed(ctx, CardClicked(origin, card, action, form), actor)

    return press


def _pressed(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    handler = _CLICKS.get(event.card.kind) if event.card else None
    try:
        if handler is None:
            raise Refused("card.unknown")
        return handler(ctx, event, actor)
    except Refused as refusal:
        return _refused(ctx, actor, refusal)


def _refused(ctx: Context, actor: Person, refusal: Refused) -> Answer:
    words = ctx.speaker(actor).say(refusal.key, refusal.args_for_sentence)
    return Answer(Toast(ToastKind.WARNING, words))


def _say(ctx: Context, origin: Origin, actor: Person, body: Body) -> None:
    dedupe = f"said:{origin.platform}:{origin.event_id}"
    ctx.store.outbox.put(Draft(actor.person_id, body, Priority.ANSWER, dedupe, asked=True))


def _opened(ctx: Context, event: ChatOpened, actor: Person) -> None:
    # Whoever was asked already knows us, and only looks: what they are told next comes where they last wrote.
    if ctx.store.checkins.latest(actor.person_id) is not None:
        return
    actor = directory.follow_to(ctx, actor, event.origin.platform)
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
