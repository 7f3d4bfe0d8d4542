"""The faces of a check-in: the form, what it becomes once answered, and the words for skipped and missed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.cadences import Cadence, Report
from domain.cards import (
    Block,
    Button,
    Card,
    CardKey,
    Chart,
    ChoiceField,
    Facts,
    Mention,
    Option,
    Paragraph,
    Quote,
    Series,
    Style,
    Tone,
)
from domain.checkin import Checkin, CheckinState, Reply
from domain.duties import Duty
from domain.ids import OccurrenceId
from domain.insight import Comparison
from domain.messages import Mail
from domain.people import Person
from domain.questionnaire import Answers, Questionnaire, fields_of
from handlers.context import Speaker

KIND = "checkin"

SKIP_REASONS = ("leave", "travel", "busy", "nothing")
"""Why a period is skipped, in words of the catalogue."""


def key_of(occurrence_id: OccurrenceId) -> CardKey:
    """Return the key of a round's card; whoever clicks tells whose check-in it is."""
    return CardKey(KIND, occurrence_id)


def prompt(speaker: Speaker, cadence: Cadence, occurrence_id: OccurrenceId) -> Card:
    """Return the card that asks a round's question, the same for everybody of one language."""
    return _form(speaker, cadence, occurrence_id, {})


def _form(speaker: Speaker, cadence: Cadence, occurrence_id: OccurrenceId, answers: Answers) -> Card:
    if cadence.questionnaire is None:
        raise LookupError(f"cadence {cadence.name} asks nothing")
    return Card(
        key=key_of(occurrence_id),
        title=cadence.title,
        summary=cadence.questionnaire.intro or cadence.title,
        tone=Tone.ASK,
        tag=speaker.say("checkin.tag.open"),
        blocks=_intro(speaker, cadence.questionnaire),
        fields=fields_of(cadence.questionnaire.asked(answers), answers),
        buttons=(
            Button("submit", speaker.say("checkin.button.submit"), Style.MAIN, submits=True),
            Button("later", speaker.say("checkin.button.later")),
            Button("skip", speaker.say("checkin.button.skip")),
        ),
    )


def _intro(speaker: Speaker, questionnaire: Questionnaire) -> tuple[Block, ...]:
    intro = (Paragraph(questionnaire.intro),) if questionnaire.intro else ()
    shared = [question.text for question in questionnaire.questions if question.shared]
    if not shared:
        return intro
    return (*intro, Paragraph(speaker.say("checkin.shared", {"questions": speaker.listed(shared)}), small=True))


def reminder(speaker: Speaker, checkin: Checkin, duty: Duty, reader: Person) -> Card:
    """Return the form again, calling its reader, saying since when it waits and until when."""
    card = edit_form(speaker, checkin, checkin.draft or checkin.answers)
    values = _reminding(speaker, checkin, duty)
    return replace(
        card,
        title=speaker.say("checkin.remind.title"),
        summary=speaker.say("checkin.remind.summary", values),
        tone=Tone.REMIND,
        blocks=(Mention(reader.name, speaker.say("checkin.remind.body", values)), *card.blocks),
        buttons=(
            Button("submit", speaker.say("checkin.button.submit"), Style.MAIN, submits=True),
            Button("later", speaker.say("duty.button.later")),
            Button("handled", speaker.say("duty.button.handled")),
            Button("normal", speaker.say("duty.button.normal")),
        ),
    )


def reminder_mail(speaker: Speaker, checkin: Checkin, duty: Duty, reader: Person) -> Mail:
    """Return the reminder as a mail, which leads to the chat, where the form lies."""
    said = speaker.say("checkin.remind.body", _reminding(speaker, checkin, duty))
    return Mail(speaker.say("checkin.remind.title"), speaker.say("duty.mail", {"reader": reader.name, "body": said}))


def _reminding(speaker: Speaker, checkin: Checkin, duty: Duty) -> dict[str, object]:
    since, title = speaker.stamp(duty.opened_at), checkin.cadence.title
    return {"since": since, "until": until(speaker, duty), "title": title}


def until(speaker: Speaker, duty: Duty) -> str:
    """Return until when something is owed; or that it was, where the time has passed."""
    key = "due.past" if duty.due_at <= speaker.now else "due.ahead"
    return speaker.say(key, {"due": speaker.stamp(duty.due_at)})


def edit_form(speaker: Speaker, checkin: Checkin, answers: Answers) -> Card:
    """Return the form filled with answers given so far, with every question they lead to."""
    return _form(speaker, checkin.cadence, checkin.occurrence_id, answers)


def skip_form(speaker: Speaker, checkin: Checkin) -> Card:
    """Return the card that asks why this period is skipped."""
    options = tuple(Option(reason, speaker.say(f"checkin.skip.{reason}")) for reason in SKIP_REASONS)
    return Card(
        key=key_of(checkin.occurrence_id),
        title=speaker.say("checkin.skip.title"),
        summary=speaker.say("checkin.skip.title"),
        tone=Tone.CALM,
        blocks=(Paragraph(speaker.say("checkin.skip.body")),),
        fields=(ChoiceField("reason", speaker.say("checkin.skip.why"), options),),
        buttons=(
            Button("skip_yes", speaker.say("checkin.skip.yes"), Style.MAIN, submits=True),
            Button("edit", speaker.say("checkin.skip.no")),
        ),
    )


def skipped(speaker: Speaker, checkin: Checkin) -> Card:
    """Return the face of a skipped period, from which it can still be answered."""
    reason = speaker.say(f"checkin.skip.{checkin.skip_reason}") if checkin.skip_reason else ""
    sentence = speaker.say("checkin.skipped_for", {"reason": reason}) if reason else speaker.say("checkin.skipped")
    return Card(
        key=key_of(checkin.occurrence_id),
        title=checkin.cadence.title,
        summary=speaker.say("checkin.tag.skipped"),
        tone=Tone.DONE,
        tag=speaker.say("checkin.tag.skipped"),
        blocks=(Paragraph(sentence),),
        buttons=(Button("edit", speaker.say("checkin.button.answer_after_all")),),
    )


def report(
    speaker: Speaker,
    checkin: Checkin,
    *,
    waiting_for: tuple[str, Duty] | None,
    replies: Sequence[tuple[str, Reply]],
    streak: int,
    comparisons: Sequence[Comparison],
    small_group: bool,
) -> Card:
    """Return the personal weekly report: what the form becomes once answered.

    Args:
        speaker: The reader's.
        checkin: A submitted one.
        waiting_for: The name of whoever owes a reply, and the duty; `None` if nothing is owed.
        replies: Each with its author's name.
        streak: Periods answered in a row, this one included.
        comparisons: With the team's mean, where the group is large enough.
        small_group: Whether a comparison was wanted but the group is too small.
    """
    blocks: list[Block] = [_expectation(speaker, waiting_for, replies)]
    blocks += _answers(speaker, checkin.questionnaire, checkin.answers)
    blocks += _comparison(speaker, comparisons)
    if small_group:
        blocks.append(Paragraph(speaker.say("report.small_group"), small=True))
    blocks += [_reply_block(speaker, checkin, author, reply) for author, reply in replies]
    blocks.append(Facts(_facts(speaker, checkin, streak)))
    replied = bool(replies)
    return Card(
        key=key_of(checkin.occurrence_id),
        title=speaker.say("report.title", {"title": checkin.cadence.title}),
        summary=speaker.say("report.summary", {"period": checkin.period}),
        tone=Tone.GOOD,
        tag=speaker.say("checkin.tag.replied" if replied else "checkin.tag.submitted"),
        blocks=tuple(blocks),
        buttons=(Button("edit", speaker.say("checkin.button.add" if replied else "checkin.button.edit")),),
    )


def _expectation(
    speaker: Speaker, waiting_for: tuple[str, Duty] | None, replies: Sequence[tuple[str, Reply]]
) -> Paragraph:
    if waiting_for is None:
        return Paragraph(speaker.say("report.replied" if replies else "report.kept"))
    name, duty = waiting_for
    if duty.due_at <= speaker.now:
        return Paragraph(speaker.say("report.awaits_still", {"manager": name}))
    return Paragraph(speaker.say("report.awaits", {"manager": name, "due": speaker.stamp(duty.due_at)}))


def _answers(speaker: Speaker, questionnaire: Questionnaire, answers: Answers) -> list[Block]:
    return [Quote(heading, text) for heading, text in answer_lines(speaker, questionnaire, answers)]


def answer_lines(speaker: Speaker, questionnaire: Questionnaire, answers: Answers) -> list[tuple[str, str]]:
    """Return question and answer as people read them, in the questionnaire's order."""
    lines: list[tuple[str, str]] = []
    for question in questionnaire.asked(answers):
        given = answers.get(question.name)
        if given:
            values = (given,) if isinstance(given, str) else given
            lines.append((question.text, speaker.listed([question.label_of(value) for value in values])))
    return lines


def _comparison(speaker: Speaker, comparisons: Sequence[Comparison]) -> list[Block]:
    if not comparisons:
        return []
    labels = tuple(comparison.question.text for comparison in comparisons)
    mine = Series(speaker.say("report.me"), tuple(round(c.mine, 2) for c in comparisons))
    team = Series(speaker.say("report.team"), tuple(round(c.mean, 2) for c in comparisons))
    title = speaker.say("report.chart", {"size": min(c.size for c in comparisons)})
    advice = [Paragraph(comparison.advice) for comparison in comparisons if comparison.advice]
    heading = [Paragraph(speaker.say("report.advice"), small=True)] if advice else []
    return [Chart(title, labels, (mine, team)), *heading, *advice]


def _reply_block(speaker: Speaker, checkin: Checkin, author: str, reply: Reply) -> Quote:
    heading = speaker.say("report.reply_by", {"name": author, "at": speaker.stamp(reply.written_at)})
    return Quote(heading, reply_text(speaker, checkin, reply))


def reply_text(speaker: Speaker, checkin: Checkin, reply: Reply) -> str:
    """Return a reply as people read it: the text alone, or question and answer a line."""
    follow_up = checkin.cadence.follow_up
    lines = answer_lines(speaker, follow_up.questionnaire, reply.answers) if follow_up else []
    if len(lines) == 1:
        return lines[0][1]
    labelled = (speaker.say("list.labelled", {"label": heading, "text": text}) for heading, text in lines)
    return "\n".join(labelled) or "\n".join(
        text if isinstance(text, str) else speaker.listed(text) for text in reply.answers.values()
    )


def _facts(speaker: Speaker, checkin: Checkin, streak: int) -> tuple[tuple[str, str], ...]:
    submitted = speaker.stamp(checkin.submitted_at) if checkin.submitted_at else ""
    late = speaker.say("checkin.late") if checkin.late else ""
    rows = [(speaker.say("report.submitted_at"), " ".join(part for part in (submitted, late) if part))]
    if checkin.version > 1:
        rows.append((speaker.say("report.version"), str(checkin.version)))
    rows.append((speaker.say("report.streak"), speaker.say("report.streak_value", {"count": streak})))
    return tuple(rows)


def face(speaker: Speaker, checkin: Checkin) -> Card | None:
    """Return the face of a check-in that is not submitted: form, or skipped; `None` for a submitted one."""
    if checkin.state is CheckinState.SUBMITTED:
        return None
    if checkin.state is CheckinState.SKIPPED:
        return skipped(speaker, checkin)
    form = edit_form(speaker, checkin, checkin.draft)
    return replace(form, tag=speaker.say("checkin.tag.missed")) if checkin.state is CheckinState.MISSED else form


def wants_comparison(cadence: Cadence) -> bool:
    """Tell whether the practice compares people with their team."""
    return cadence.report is Report.COMPARE
