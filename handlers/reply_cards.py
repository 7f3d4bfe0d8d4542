"""The faces of a follow-up: what a manager is shown of an answer, the reminder, and the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.cards import Block, Button, Card, CardKey, Field, Mention, Paragraph, Quote, Style, Tone
from domain.checkin import Checkin, Reaction, Reply
from domain.duties import Act, Duty, DutyState
from domain.messages import Mail
from domain.people import Person
from domain.questionnaire import Question, QuestionKind, fields_of
from handlers.checkin_cards import answer_lines, reply_text, until
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
        follower: Who looks after it beside the debtor, or `None`.
        asked: Names of others who were asked to look after it and have not said anything yet.
    """

    duty: Duty
    checkin: Checkin
    author: Person
    debtor: Person
    follower: Person | None = None
    asked: tuple[str, ...] = ()


def key_of(checkin: Checkin) -> CardKey:
    """Return the key of the card that asks for a follow-up."""
    return CardKey(KIND, checkin.checkin_id)


def request(speaker: Speaker, matter: Matter, reader: Person) -> Card:
    """Return the card that shows an answer and asks for the follow-up."""
    values, words = values_of(speaker, matter), _words(matter.duty)
    return _asking(
        speaker,
        matter,
        reader,
        title=speaker.say("reply.title", values),
        summary=speaker.say(f"{words}.summary", values),
        lead=Paragraph(speaker.say(f"{words}.lead", values)),
    )


def reminder(speaker: Speaker, matter: Matter, reader: Person) -> Card:
    """Return the request again, calling its reader: who waits, since when, until when, and ways out."""
    values, words = values_of(speaker, matter), _words(matter.duty)
    card = _asking(
        speaker,
        matter,
        reader,
        title=speaker.say(f"{words}.remind.title", values),
        summary=speaker.say(f"{words}.remind.summary", values),
        lead=Mention(reader.name, speaker.say(f"{words}.remind.body", values)),
    )
    return replace(card, tone=Tone.REMIND, buttons=_ways_out(speaker, matter.duty))


def reminder_mail(speaker: Speaker, matter: Matter, reader: Person) -> Mail:
    """Return the reminder of a follow-up as a mail; people's answers are not in it."""
    values, words = values_of(speaker, matter), _words(matter.duty)
    said = speaker.say(f"{words}.remind.body", values)
    title = speaker.say(f"{words}.remind.title", values)
    return Mail(title, speaker.say("duty.mail", {"reader": reader.name, "body": said}))


def _asking(speaker: Speaker, matter: Matter, reader: Person, *, title: str, summary: str, lead: Block) -> Card:
    return Card(
        key=key_of(matter.checkin),
        title=title,
        summary=summary,
        tone=Tone.ASK,
        tag=speaker.say("reply.tag.open"),
        blocks=(lead, *_beside(speaker, matter, reader), *_said(speaker, matter.checkin)),
        fields=_fields(matter.checkin),
        buttons=_request_buttons(speaker, matter.duty),
    )


def _beside(speaker: Speaker, matter: Matter, reader: Person) -> tuple[Block, ...]:
    """Return who else has to do with a matter: for whom the reader stands in, and who looks after it."""
    sentences: list[str] = []
    if reader.person_id != matter.debtor.person_id:
        sentences.append(speaker.say("reply.stand_in", {"manager": matter.debtor.name}))
    if matter.follower is not None:
        sentences.append(speaker.say("reply.hrbp_follows", {"hrbp": matter.follower.name}))
    elif matter.asked:
        sentences.append(speaker.say("reply.hrbp_asked", {"hrbp": speaker.listed(matter.asked)}))
    return tuple(map(Paragraph, sentences))


def _request_buttons(speaker: Speaker, duty: Duty) -> tuple[Button, ...]:
    if was_reminded(duty):
        return _ways_out(speaker, duty)
    meet = Button("meet", speaker.say("reply.button.meet"))
    handled = Button("handled", speaker.say("reply.button.in_person"))
    return (_send(speaker, duty), meet, handled) if duty.kind == REPLY else (_send(speaker, duty), handled)


def _ways_out(speaker: Speaker, duty: Duty) -> tuple[Button, ...]:
    return (
        _send(speaker, duty),
        Button("later", speaker.say("duty.button.later")),
        Button("handled", speaker.say("duty.button.handled")),
        Button("normal", speaker.say("duty.button.normal")),
    )


def _send(speaker: Speaker, duty: Duty) -> Button:
    return Button("submit", speaker.say(f"{_words(duty)}.button.submit"), Style.MAIN, submits=True)


def was_reminded(duty: Duty) -> bool:
    """Tell whether a rung has reminded of a duty: from then on its cards offer the ways out of a reminder."""
    return any(rung.act is Act.REMIND for rung in duty.ladder.rungs[: duty.step])


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
    late = matter.duty.state is DutyState.EXPIRED
    more = late or (bool(replies) and matter.duty.kind == REPLY)
    label = f"{_words(matter.duty)}.button.submit" if late else "reply.button.more"
    return Card(
        key=key_of(matter.checkin),
        title=speaker.say("reply.title", values_of(speaker, matter)),
        summary=speaker.say("reply.tag.done"),
        tone=Tone.DONE,
        tag=speaker.say("reply.tag.done"),
        blocks=tuple(blocks),
        fields=_fields(matter.checkin) if more else (),
        buttons=(Button("submit", speaker.say(label), submits=True),) if more else (),
    )


def addition(speaker: Speaker, matter: Matter, *, may_reply: bool) -> Card:
    """Return what a manager is shown when an answer has been added to after the reply.

    Args:
        speaker: The reader's.
        matter: With the new version.
        may_reply: Whether the reader is the one who replied, and may add a word.
    """
    values = values_of(speaker, matter)
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
        "reason": speaker.say(f"duty.reason.{_reason_words(duty)}") if duty.reason else "",
    }
    if duty.state is DutyState.WAIVED:
        return speaker.say("duty.closed.waived" if duty.closed_by else "duty.closed.of_itself", values)
    if duty.state is DutyState.EXPIRED:
        return speaker.say("duty.closed.expired", values)
    return speaker.say("duty.closed.fulfilled", values)


def _reason_words(duty: Duty) -> str:
    # One act, two labels: the first card offers to have talked in person, every reminder to have settled it somehow.
    in_person = duty.kind == REPLY and not was_reminded(duty)
    return "settled" if duty.reason == "handled" and not in_person else duty.reason


def moved(speaker: Speaker, matter: Matter) -> Card:
    """Return the face of a follow-up that somebody else owes now."""
    return Card(
        key=key_of(matter.checkin),
        title=speaker.say("reply.title", values_of(speaker, matter)),
        summary=speaker.say("reply.tag.moved"),
        tone=Tone.DONE,
        tag=speaker.say("reply.tag.moved"),
        blocks=(Paragraph(speaker.say("reply.moved", values_of(speaker, matter))),),
    )


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


def values_of(speaker: Speaker, matter: Matter) -> dict[str, object]:
    """Return what sentences about a matter may name."""
    submitted = matter.checkin.submitted_at or matter.duty.opened_at
    return {
        "name": matter.author.name,
        "manager": matter.debtor.name,
        "title": matter.checkin.cadence.title,
        "since": speaker.stamp(submitted),
        "due": speaker.stamp(matter.duty.due_at),
        "until": until(speaker, matter.duty),
    }


def takes_words(checkin: Checkin) -> Question | None:
    """Return the one text question a follow-up asks, so that a typed message can answer it; `None` if it asks more."""
    follow_up = checkin.cadence.follow_up
    questions = follow_up.questionnaire.questions if follow_up else ()
    if len(questions) == 1 and questions[0].kind is QuestionKind.TEXT:
        return questions[0]
    return None
