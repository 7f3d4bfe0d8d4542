"""What is shown of a matter without an answer to whoever is asked to look after it, or is only told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.cards import Block, Button, Card, CardKey, Facts, Paragraph, Style, Tone
from domain.duties import ANSWER, Act, Duty, Rung
from domain.messages import Mail
from domain.people import Person
from handlers.context import Speaker
from handlers.reply_cards import ESCALATION, REPLY, Matter, values_of


def key_of(duty: Duty) -> CardKey:
    """Return the key of all cards that ask to look after a duty, or tell of it."""
    return CardKey(ESCALATION, duty.duty_id)


def request(speaker: Speaker, matter: Matter, reader: Person) -> Card:
    """Return the card that asks to look after a matter, with every way to settle it; or says who does already.

    Somebody who looks after it is offered the other ways only; everybody else may still take it over.
    """
    follows = matter.follower is not None and matter.follower.person_id == reader.person_id
    follow = Button("follow", speaker.say("escalation.button.follow"), Style.PLAIN if matter.follower else Style.MAIN)
    deputy = Button("deputy", speaker.say("escalation.button.deputy"))
    normal = Button("normal", speaker.say("escalation.button.normal"))
    return replace(
        _card(speaker, matter),
        tone=Tone.CALM if matter.follower else Tone.REMIND,
        tag=speaker.say("escalation.tag.followed" if matter.follower else "escalation.tag.open"),
        blocks=(Paragraph(_plea(speaker, matter)), _facts(speaker, matter)),
        buttons=(
            *(() if follows else (follow,)),
            normal,
            *((deputy,) if matter.duty.kind != ANSWER else ()),
        ),
    )


def notification(speaker: Speaker, matter: Matter) -> Card:
    """Return what somebody is shown who need do nothing, but may call the matter normal."""
    blocks: list[Block] = [Paragraph(speaker.say("escalation.known"))]
    if matter.follower is not None:
        blocks.append(Paragraph(_plea(speaker, matter)))
    return replace(
        _card(speaker, matter),
        tag=speaker.say("escalation.tag.known"),
        blocks=(*blocks, _facts(speaker, matter)),
        buttons=(Button("normal", speaker.say("escalation.button.normal")),),
    )


def settled(speaker: Speaker, matter: Matter, sentence: str) -> Card:
    """Return the face of a matter that nobody owes any more, with what became of it."""
    return replace(
        _card(speaker, matter),
        tone=Tone.DONE,
        tag=speaker.say("escalation.tag.done"),
        blocks=(Paragraph(sentence), _facts(speaker, matter)),
    )


def mail(speaker: Speaker, matter: Matter, reader: Person, card: Card | None, *, asks: bool) -> Mail:
    """Return the same as a mail; people's answers are not in it.

    Args:
        speaker: The reader's.
        matter: What is owed.
        reader: Who gets it.
        card: What comes by chat at the same time, and offers ways to settle it; `None` if nothing does.
        asks: Whether the reader is asked to look after it, and not only told.
    """
    lines = [_plea(speaker, matter) if asks else speaker.say("escalation.known")]
    if card is not None:
        labels = speaker.listed([button.label for button in card.buttons])
        lines.append(speaker.say("escalation.mail.choices", {"buttons": labels}))
    rows = _facts(speaker, matter).rows
    facts = "\n".join(speaker.say("list.labelled", {"label": label, "text": text}) for label, text in rows)
    values = {**_values(speaker, matter), "reader": reader.name, "facts": facts, "body": "\n".join(lines)}
    return Mail(speaker.say(f"{_words(matter.duty)}.mail.subject", values), speaker.say("escalation.mail.body", values))


def _card(speaker: Speaker, matter: Matter) -> Card:
    values = _values(speaker, matter)
    return Card(
        key=key_of(matter.duty),
        title=speaker.say(f"{_words(matter.duty)}.title", values),
        summary=speaker.say(f"{_words(matter.duty)}.summary", values),
        tone=Tone.CALM,
    )


def _plea(speaker: Speaker, matter: Matter) -> str:
    follower, since = matter.follower, matter.duty.followed_at
    if follower is None or since is None:
        return speaker.say(f"{_words(matter.duty)}.body")
    return speaker.say("escalation.followed", {"name": follower.name, "at": speaker.stamp(since)})


def _facts(speaker: Speaker, matter: Matter) -> Facts:
    values = _values(speaker, matter)
    one = matter.author.person_id == matter.debtor.person_id
    who = matter.author.name if one else f"{matter.author.name} → {matter.debtor.name}"
    return Facts(
        (
            (speaker.say("escalation.fact.team"), matter.author.department or "-"),
            (speaker.say("escalation.fact.missing" if one else "escalation.fact.who"), who),
            (speaker.say("escalation.fact.since"), str(values["since"])),
            (speaker.say("escalation.fact.due"), str(values["due"])),
        )
    )


def _values(speaker: Speaker, matter: Matter) -> dict[str, object]:
    return {**values_of(speaker, matter), "hours": _hours(matter.duty)}


def _hours(duty: Duty) -> int:
    """Return how many hours of silence had passed, on the ladder's clock, when the last rung told of it."""
    told = [rung for rung in duty.ladder.rungs[: duty.step] if rung.act in (Act.ESCALATE, Act.NOTIFY)]
    silence = _silence(duty, told[-1]) if told else duty.ladder.allowed
    return round(silence.total_seconds() / 3600)


def _silence(duty: Duty, rung: Rung) -> timedelta:
    if rung.after is not None:
        return rung.after
    return max(timedelta(0), duty.ladder.allowed - (rung.before or timedelta(0)))


def _words(duty: Duty) -> str:
    if duty.debtor_id == duty.about_id:
        return "unanswered"
    return "escalation" if duty.kind == REPLY else "unsettled"
