"""The digest: one card a day for everything that found no place in somebody's daily budget."""

from __future__ import annotations

from datetime import date, datetime

from domain.cards import Answer, Button, Card, CardKey, Paragraph, Style, Toast, ToastKind, Tone
from domain.errors import Refused
from domain.events import CardClicked
from domain.ids import PersonId
from domain.messages import Body, Draft, Mail, Priority
from domain.people import Person
from handlers.context import Context, Speaker

KIND = "digest"

MOST_LINES = 30
"""Lines of a digest; more are counted, not listed."""


def key_of(person_id: PersonId, day: date) -> CardKey:
    """Return the key of a person's digest of a local day."""
    return CardKey(KIND, f"{day.isoformat()}/{person_id}")


def day_of(key: CardKey) -> date:
    """Return the local day that a digest's key names."""
    return date.fromisoformat(key.subject.partition("/")[0])


def draft(speaker: Speaker, reader: Person, day: date, at: datetime) -> Draft:
    """Return the message that will carry a day's digest; its lines are written when it is sent."""
    key = key_of(reader.person_id, day)
    return Draft(
        to=reader.person_id,
        body=Card(key=key, title="", summary="", buttons=_buttons(speaker)),
        priority=Priority.DIGEST,
        dedupe=f"{key.pack()}@{at.isoformat()}",
        send_after=at,
    )


def card(ctx: Context, reader: Person, day: date) -> Card | None:
    """Return the digest of everything folded for the day, or `None` if nothing is left to say."""
    folded = ctx.store.outbox.folded(reader.person_id, day)
    if not folded:
        return None
    speaker = ctx.speaker(reader)
    lines = [_line(body) for body in folded]
    more = [Paragraph(speaker.say("summary.more", {"count": len(lines) - MOST_LINES}), small=True)]
    return Card(
        key=key_of(reader.person_id, day),
        title=speaker.say("digest.title", {"count": len(lines)}),
        summary=speaker.say("digest.summary", {"count": len(lines)}),
        tone=Tone.CALM,
        blocks=(
            Paragraph(speaker.say("digest.body")),
            *(Paragraph(f"{number}. {line}") for number, line in enumerate(lines[:MOST_LINES], start=1)),
            *(more if len(lines) > MOST_LINES else ()),
        ),
        buttons=_buttons(speaker),
    )


def _buttons(speaker: Speaker) -> tuple[Button, ...]:
    return (Button("open", speaker.say("digest.button.open"), Style.MAIN),)


def _line(body: Body) -> str:
    if isinstance(body, Card):
        return f"{body.title} · {body.summary}" if body.summary != body.title else body.title
    return body.subject if isinstance(body, Mail) else body


def clicked(ctx: Context, event: CardClicked, actor: Person) -> Answer:
    """Send everything the digest holds, now, since the reader has asked for it."""
    if event.card is None or event.card.subject.partition("/")[2] != actor.person_id:
        raise Refused("card.not_yours")
    try:
        day = day_of(event.card)
    except ValueError as error:
        raise Refused("card.unknown") from error
    count = ctx.store.outbox.unfold(actor.person_id, day, ctx.now)
    key = "digest.toast.opened" if count else "digest.toast.empty"
    return Answer(Toast(ToastKind.SUCCESS, ctx.speaker(actor).say(key, {"count": count})))
