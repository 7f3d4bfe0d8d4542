"""The faces of a follow-up: what a manager is shown of an answer, the reminder, the escalation, and the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.cards import Block, Button, Card, CardKey, Facts, Field, Mention, Paragraph, Quote, Style, Tone
from domain.checkin import Checkin, Reaction, Reply
from domain.duties import ANSWER, Duty, DutyState
from domain.ids import DutyId
from domain.messages import Mail
from domain.people import Person
from domain.questionnaire import Question, QuestionKind, fields_of
from handlers.checkin_cards import answer_lines, reply_text
from handlers.context import Speaker

KIND = "reply"
ESCALATION = "escalation"
ANSWERED = "answered"
REPLY = "reply"
"""The follow-up kind whose sentences are about a reply in words; other kinds use general sentences."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A follow-up duty with everybody and everything it is about.

    Attributes:
        duty: What is owed.
        checkin: The answer that opened it.
        author: Who gave the answer.
        debtor: Who owes.
        hrbp_name: Who has been asked to look after it, or empty.
    """

    duty: Duty
    checkin: Checkin
    author: Person
    debtor: Person
    hrbp_name: str = ""


def key_of(checkin: Checkin) -> CardKey:
    """Return the key of the card that asks for a follow-up."""
    return CardKey(KIND, checkin.checkin_id)


def request(speaker: Speaker, matter: Matter, reader: Person) -> Card:
    """Return the card that shows an answer and asks for the follow-up."""
    values = _values(speaker, matter)
    standing_in = reader.person_id != matter.debtor.person_id
    lead = [Paragraph(speaker.say("reply.stand_in", values))] if standing_in else []
    return Card(
        key=key_of(matter.checkin),
        title=speaker.say("reply.title", values),
        summary=speaker.say("reply.summary", values),
        tone=Tone.ASK,
        tag=speaker.say("reply.tag.open"),
        blocks=(*lead, Paragraph(speaker.say("reply.lead", values)), *_said(speaker, matter.checkin)),
        fields=_fields(matter.checkin),
        buttons=_request_buttons(speaker, matter),
    )


def _request_buttons(speaker: Speaker, matter: Matter) -> tuple[Button, ...]:
    send = Button("submit", speaker.say(f"{_words(matter.duty)}.button.submit"), Style.MAIN, submits=True)
    meet = Button("meet", speaker.say("reply.button.meet"))
    handled = Button("handled", speaker.say("reply.button.in_person"))
    return (send, meet, handled) if matter.duty.kind == REPLY else (send, handled)


def reminder(speaker: Speaker, matter: Matter, reader: Person) -> Card:
    """Return the request again: who waits, since when, until when, and ways out."""
    values = _values(speaker, matter)
    card = request(speaker, matter, reader)
    asked_hrbp = [Paragraph(speaker.say("reply.hrbp_asked", values))] if matter.hrbp_name else []
    return replace(
        card,
        title=speaker.say(f"{_words(matter.duty)}.remind.title", values),
        summary=speaker.say("reply.remind.summary", values),
        tone=Tone.REMIND,
        blocks=(Mention(reader.name, speaker.say("reply.remind.body", values)), *asked_hrbp, *card.blocks[1:]),
        buttons=(
            card.buttons[0],
            Button("later", speaker.say("duty.button.later")),
            Button("handled", speaker.say("duty.button.handled")),
            Button("normal", speaker.say("duty.button.normal")),
        ),
    )


def closed(speaker: Speaker, matter: Matter, closer: Person, replies: Sequence[tuple[str, Reply]]) -> Card:
    """Return the face of a follow-up that nobody owes any more, saying who closed it, when and how."""
    blocks: list[Block] = [Paragraph(closing_sentence(speaker, matter.duty, closer))]
    blocks += _said(speaker, matter.checkin)
    blocks += [
        Quote(
            speaker.say("report.reply_by", {"name": name, "at": speaker.stamp(reply.written_at)}),
            reply_text(speaker, matter.checkin, reply),
        )
        for name, reply in replies
    ]
    reactions = {reaction for _, reply in replies for reaction in reply.reactions}
    blocks += [
        Paragraph(speaker.say(f"reaction.got.{reaction.value}", {"name": matter.author.name}))
        for reaction in Reaction
        if reaction in reactions
    ]
    more = bool(replies) and matter.duty.kind == REPLY
    return Card(
        key=key_of(matter.checkin),
        title=speaker.say("reply.title", _values(speaker, matter)),
        summary=speaker.say("reply.tag.done"),
        tone=Tone.DONE,
        tag=speaker.say("reply.tag.done"),
        blocks=tuple(blocks),
        fields=_fields(matter.checkin) if more else (),
        buttons=(Button("submit", speaker.say("reply.button.more"), submits=True),) if more else (),
    )


def addition(speaker: Speaker, matter: Matter, *, may_reply: bool) -> Card:
    """Return what a manager is shown when an answer has been added to after the reply.

    Args:
        speaker: The reader's.
        matter: With the new version.
        may_reply: Whether the reader is the one who replied, and may add a word.
    """
    values = _values(speaker, matter)
    return Card(
        key=key_of(matter.checkin),
        title=speaker.say("reply.addition.title", values),
        summary=speaker.say("reply.addition.summary", values),
        tone=Tone.CALM,
        blocks=_said(speaker, matter.checkin),
        fields=_fields(matter.checkin) if may_reply else (),
        buttons=(Button("submit", speaker.say("reply.button.more"), submits=True),) if may_reply else (),
    )


def closing_sentence(speaker: Speaker, duty: Duty, closer: Person) -> str:
    """Return who closed a duty, when and how, in one sentence."""
    values = {
        "name": closer.name,
        "at": speaker.stamp(duty.closed_at) if duty.closed_at else "",
        "reason": speaker.say(f"duty.reason.{duty.reason}") if duty.reason else "",
    }
    if duty.state is DutyState.WAIVED:
        return speaker.say("duty.closed.waived", values)
    if duty.state is DutyState.EXPIRED:
        return speaker.say("duty.closed.expired", values)
    return speaker.say("duty.closed.fulfilled", values)


def moved(speaker: Speaker, matter: Matter) -> Card:
    """Return the face of a follow-up that somebody else owes now."""
    return Card(
        key=key_of(matter.checkin),
        title=speaker.say("reply.title", _values(speaker, matter)),
        summary=speaker.say("reply.tag.moved"),
        tone=Tone.DONE,
        tag=speaker.say("reply.tag.moved"),
        blocks=(Paragraph(speaker.say("reply.moved", _values(speaker, matter))),),
    )


def escalation(speaker: Speaker, matter: Matter, duty_id: DutyId) -> Card:
    """Return what the HRBP is shown: the matter, not the person, with every way to settle it."""
    values = _values(speaker, matter)
    passable = matter.duty.kind != ANSWER
    return Card(
        key=CardKey(ESCALATION, duty_id),
        title=speaker.say(f"{_matter_words(matter.duty)}.title", values),
        summary=speaker.say(f"{_matter_words(matter.duty)}.summary", values),
        tone=Tone.REMIND,
        tag=speaker.say("escalation.tag.open"),
        blocks=(
            Paragraph(speaker.say(f"{_matter_words(matter.duty)}.body", values)),
            Facts(_escalation_facts(speaker, matter)),
        ),
        buttons=(
            Button("follow", speaker.say("escalation.button.follow"), Style.MAIN),
            Button("normal", speaker.say("escalation.button.normal")),
            *((Button("deputy", speaker.say("escalation.button.deputy")),) if passable else ()),
        ),
    )


def notification(speaker: Speaker, matter: Matter, duty_id: DutyId) -> Card:
    """Return what somebody is shown who need do nothing but may call the matter normal."""
    card = escalation(speaker, matter, duty_id)
    normal = tuple(button for button in card.buttons if button.action == "normal")
    return replace(card, tone=Tone.CALM, tag=speaker.say("escalation.tag.known"), buttons=normal)


def _escalation_facts(speaker: Speaker, matter: Matter) -> tuple[tuple[str, str], ...]:
    values = _values(speaker, matter)
    return (
        (speaker.say("escalation.fact.team"), matter.author.department or "-"),
        (speaker.say("escalation.fact.who"), f"{matter.author.name} → {matter.debtor.name}"),
        (speaker.say("escalation.fact.since"), str(values["since"])),
        (speaker.say("escalation.fact.due"), str(values["due"])),
    )


def escalation_settled(speaker: Speaker, matter: Matter, sentence: str) -> Card:
    """Return the escalation card with what became of the matter."""
    card = escalation(speaker, matter, matter.duty.duty_id)
    tag = speaker.say("escalation.tag.open" if matter.duty.is_open else "escalation.tag.done")
    blocks = (Paragraph(sentence), *card.blocks[1:])
    buttons = card.buttons[1:] if matter.duty.is_open else ()
    tone = Tone.CALM if matter.duty.is_open else Tone.DONE
    return replace(card, tone=tone, tag=tag, blocks=blocks, buttons=buttons)


def escalation_mail(speaker: Speaker, matter: Matter, reader: Person) -> Mail:
    """Return the escalation as a mail; people's answers are not in it."""
    values = {**_values(speaker, matter), "reader": reader.name}
    facts = "\n".join(f"{label}: {value}" for label, value in _escalation_facts(speaker, matter))
    subject = speaker.say(f"{_matter_words(matter.duty)}.mail.subject", values)
    return Mail(subject, speaker.say("escalation.mail.body", {**values, "facts": facts}))


def answered(speaker: Speaker, checkin: Checkin, reply: Reply, author: Person) -> Card:
    """Return what the person is shown when somebody has replied."""
    values = {"name": author.name, "title": checkin.cadence.title}
    thanks = tuple(
        Button(reaction.value, speaker.say(f"reaction.button.{reaction.value}"))
        for reaction in Reaction
        if reaction not in reply.reactions
    )
    given = [
        Paragraph(speaker.say(f"reaction.given.{reaction.value}"), small=True)
        for reaction in Reaction
        if reaction in reply.reactions
    ]
    return Card(
        key=CardKey(ANSWERED, reply.reply_id),
        title=speaker.say("answered.title", values),
        summary=speaker.say("answered.summary", values),
        tone=Tone.GOOD,
        blocks=(Quote(speaker.say("answered.lead", values), reply_text(speaker, checkin, reply)), *given),
        buttons=thanks,
    )


def _said(speaker: Speaker, checkin: Checkin) -> tuple[Block, ...]:
    late = (Paragraph(speaker.say("checkin.late"), small=True),) if checkin.late else ()
    version = (
        (Paragraph(speaker.say("reply.new_version", {"version": checkin.version}), small=True),)
        if checkin.version > 1
        else ()
    )
    lines = answer_lines(speaker, checkin.questionnaire, checkin.answers)
    quotes = tuple(Quote(heading, text) for heading, text in lines)
    return (*late, *version, *quotes)


def _fields(checkin: Checkin) -> tuple[Field, ...]:
    follow_up = checkin.cadence.follow_up
    if follow_up is None:
        return ()
    return fields_of(follow_up.questionnaire.asked({}), {})


def _words(duty: Duty) -> str:
    return "reply" if duty.kind == REPLY else "followup"


def _matter_words(duty: Duty) -> str:
    return "unanswered" if duty.debtor_id == duty.about_id else "escalation"


def _values(speaker: Speaker, matter: Matter) -> dict[str, object]:
    submitted = matter.checkin.submitted_at or matter.duty.opened_at
    return {
        "name": matter.author.name,
        "manager": matter.debtor.name,
        "team": matter.author.department,
        "title": matter.checkin.cadence.title,
        "since": speaker.stamp(submitted),
        "due": speaker.stamp(matter.duty.due_at),
        "hours": round(matter.duty.ladder.allowed.total_seconds() / 3600),
        "hrbp": matter.hrbp_name,
    }


def takes_words(checkin: Checkin) -> Question | None:
    """Return the one text question a follow-up asks, so that a typed message can answer it; `None` if it asks more."""
    follow_up = checkin.cadence.follow_up
    questions = follow_up.questionnaire.questions if follow_up else ()
    if len(questions) == 1 and questions[0].kind is QuestionKind.TEXT:
        return questions[0]
    return None
