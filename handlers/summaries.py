"""What is told to others about a round: the notice before it, and the summary after it, team by team."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.cadences import Listener, Round, Section, Summary
from domain.cards import Block, Card, CardKey, Facts, Paragraph, Quote, Tone
from domain.checkin import Checkin, CheckinState
from domain.duties import Duty
from domain.ids import PersonId
from domain.messages import Draft, Priority
from domain.people import Person
from domain.repositories import RoundCounts
from handlers.checkin_cards import until
from handlers.context import Context, Speaker

GROUPS_A_SLICE = 50
"""Teams summarised in one transaction."""

PEOPLE_A_SLICE = 500
"""People told in one transaction where everybody hears the same."""

MOST_LINES = 20
"""Lines of one section; more are counted, not listed."""

ALL_ZONES = "*"
"""People of all zones, as `People.in_audience` writes it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some people whom a summary is about, and those who hear it; of a whole audience, the first ones are read."""

    leader: Person | None
    members: Sequence[Person]
    listeners: Sequence[Person]


@dataclass(frozen=True, slots=True)
class Matters:
    """What a summary tells of.

    Attributes:
        checkins: Those of the members, as many as are read.
        duties: Still open, owed by members.
        counts: How it went, over all whom the summary is about.
    """

    checkins: Sequence[Checkin]
    duties: Sequence[Duty]
    counts: RoundCounts


def notice_slice(ctx: Context, round_: Round) -> str | None:
    """Announce a round to the next slice of people; return the cursor, or `None` at the end."""
    notice = round_.cadence.notice
    if notice is None:
        return None
    groups, cursor = _groups(ctx, round_, notice.to)
    for group in groups:
        for listener in group.listeners:
            speaker = ctx.speaker(listener)
            _tell(ctx, listener, "notice", round_, notice_card(speaker, round_))
    return cursor


def notice_card(speaker: Speaker, round_: Round) -> Card:
    """Return the announcement of a round with its agenda."""
    at = speaker.stamp(round_.fires_at)
    return Card(
        key=CardKey("notice", round_.occurrence_id),
        title=round_.cadence.title,
        summary=speaker.say("notice.summary", {"title": round_.cadence.title, "at": at}),
        tone=Tone.CALM,
        blocks=(Paragraph(speaker.say("notice.body", {"at": at})), *_agenda(round_)),
    )


def _agenda(round_: Round) -> tuple[Block, ...]:
    return tuple(Paragraph(f"{number}. {line}") for number, line in enumerate(round_.cadence.agenda, start=1))


def summary_slice(ctx: Context, round_: Round) -> str | None:
    """Summarise a round for the next slice of groups; return the cursor, or `None` at the end."""
    summary = round_.cadence.summary
    if summary is None:
        return None
    rounds = _rounds_told(ctx, round_, summary)
    groups, cursor = _groups(ctx, round_, summary.to)
    for group in groups:
        matters = _matters(ctx, rounds, group)
        if matters.checkins or matters.duties or round_.cadence.agenda:
            for listener in group.listeners:
                card = summary_card(ctx, ctx.speaker(listener), round_, matters)
                if card.blocks:
                    _tell(ctx, listener, "summary", round_, card)
    return cursor


def _rounds_told(ctx: Context, round_: Round, summary: Summary) -> Sequence[Round]:
    """Return the rounds that a summary tells of: of all zones, since a team may sit in several."""
    if summary.of:
        return ctx.store.rounds.latest(summary.of, round_.fires_at)
    newest = ctx.store.rounds.latest(round_.cadence.family, ctx.now)
    same = [other for other in newest if other.period == round_.period]
    if summary.to is Listener.AUDIENCE:
        same = [other for other in same if other.cadence.name == round_.cadence.name]
    return same or [round_]


def _matters(ctx: Context, rounds: Sequence[Round], group: Group) -> Matters:
    ids = [round_.occurrence_id for round_ in rounds]
    members = [person.person_id for person in group.members]
    checkins = ctx.store.checkins.of_people(ids, members) if members else []
    duties = ctx.store.duties.open_of_people(members, MOST_LINES + 1) if members else []
    counts = _count(checkins) if group.leader is not None else ctx.store.checkins.counts(ids)
    return Matters(checkins, duties, counts)


def _count(checkins: Sequence[Checkin]) -> RoundCounts:
    submitted = [checkin for checkin in checkins if checkin.state is CheckinState.SUBMITTED]
    return RoundCounts(
        asked=len(checkins),
        submitted=len(submitted),
        late=sum(checkin.late for checkin in submitted),
        skipped=sum(checkin.state is CheckinState.SKIPPED for checkin in checkins),
        replied=sum(checkin.replied_at is not None for checkin in submitted),
    )


def _tell(ctx: Context, listener: Person, what: str, round_: Round, card: Card) -> None:
    dedupe = f"{what}:{round_.occurrence_id}:{listener.person_id}"
    ctx.store.outbox.put(Draft(listener.person_id, card, Priority.SUMMARY, dedupe))


def summary_card(ctx: Context, speaker: Speaker, round_: Round, matters: Matters) -> Card:
    """Return the summary of some people's check-ins and open duties, in the sections the practice names."""
    blocks: list[Block] = []
    sections = round_.cadence.summary.sections if round_.cadence.summary else ()
    for section in sections:
        blocks += _SECTIONS[section](ctx, speaker, round_, matters)
    return Card(
        key=CardKey("summary", round_.occurrence_id),
        title=round_.cadence.title,
        summary=speaker.say("summary.summary", {"title": round_.cadence.title}),
        tone=Tone.CALM,
        blocks=tuple(blocks),
    )


_Sections = Callable[[Context, Speaker, Round, Matters], list[Block]]


def _counts(ctx: Context, speaker: Speaker, round_: Round, matters: Matters) -> list[Block]:
    counts = matters.counts
    rows = (
        (speaker.say("summary.asked"), str(counts.asked)),
        (speaker.say("summary.submitted"), str(counts.submitted)),
        (speaker.say("summary.late"), str(counts.late)),
        (speaker.say("summary.replied"), str(counts.replied)),
    )
    return [Facts(rows)] if counts.asked else []


def _key_points(ctx: Context, speaker: Speaker, round_: Round, matters: Matters) -> list[Block]:
    return _lines(ctx, speaker, matters.checkins, _heading(round_, "key_points"), shared_only=True)


def _all_answers(ctx: Context, speaker: Speaker, round_: Round, matters: Matters) -> list[Block]:
    return _lines(ctx, speaker, matters.checkins, _heading(round_, "answers"), shared_only=False)


def _heading(round_: Round, section: str) -> str:
    """Return the key of a section's heading: whether it tells of this round or of another practice's latest."""
    summary = round_.cadence.summary
    return f"summary.last.{section}" if summary and summary.of else f"summary.{section}"


def _lines(
    ctx: Context, speaker: Speaker, checkins: Sequence[Checkin], heading: str, *, shared_only: bool
) -> list[Block]:
    quotes: list[Block] = []
    for checkin in checkins:
        text = _said(speaker, checkin, shared_only=shared_only)
        if checkin.state is CheckinState.SUBMITTED and text:
            quotes.append(Quote(ctx.person(checkin.person_id).name, text))
    if not quotes:
        return []
    more = [Paragraph(speaker.say("summary.more", {"count": len(quotes) - MOST_LINES}), small=True)]
    return [
        Paragraph(speaker.say(heading)),
        *quotes[:MOST_LINES],
        *(more if len(quotes) > MOST_LINES else []),
    ]


def _said(speaker: Speaker, checkin: Checkin, *, shared_only: bool) -> str:
    lines: list[str] = []
    for question in checkin.questionnaire.asked(checkin.answers):
        given = checkin.answers.get(question.name)
        if given and (question.shared or not shared_only):
            values = (given,) if isinstance(given, str) else given
            lines.append(speaker.listed([question.label_of(value) for value in values]))
    return "\n".join(lines)


def _open_duties(ctx: Context, speaker: Speaker, round_: Round, matters: Matters) -> list[Block]:
    if not matters.duties:
        return [Paragraph(speaker.say("summary.nothing_open"))]
    rows = tuple(_duty_row(ctx, speaker, duty) for duty in matters.duties[:MOST_LINES])
    return [Paragraph(speaker.say("summary.open_duties")), Facts(rows)]


def _duty_row(ctx: Context, speaker: Speaker, duty: Duty) -> tuple[str, str]:
    debtor, about = ctx.person(duty.debtor_id).name, ctx.person(duty.about_id).name
    who = debtor if debtor == about else f"{debtor} → {about}"
    return who, until(speaker, duty)


def _agenda_section(ctx: Context, speaker: Speaker, round_: Round, matters: Matters) -> list[Block]:
    return list(_agenda(round_))


_SECTIONS: dict[Section, _Sections] = {
    Section.COUNTS: _counts,
    Section.KEY_POINTS: _key_points,
    Section.OPEN_DUTIES: _open_duties,
    Section.ANSWERS: _all_answers,
    Section.AGENDA: _agenda_section,
}


def _groups(ctx: Context, round_: Round, listener: Listener) -> tuple[Sequence[Group], str | None]:
    if listener is Listener.AUDIENCE:
        return _everybody(ctx, round_)
    people = ctx.store.people
    after = PersonId(round_.cursor)
    leaders = (
        people.hrbps(after, GROUPS_A_SLICE) if listener is Listener.HRBPS else people.managers(after, GROUPS_A_SLICE)
    )
    groups = [_group(ctx, round_, leader, listener) for leader in leaders]
    return [group for group in groups if group is not None], leaders[-1] if len(leaders) == GROUPS_A_SLICE else None


def _group(ctx: Context, round_: Round, leader_id: PersonId, listener: Listener) -> Group | None:
    leader = ctx.person(leader_id)
    if ctx.policy.zone_of(leader).key != round_.zone:
        return None
    if listener is Listener.HRBPS:
        return Group(leader, ctx.store.people.cared_for(leader_id), [leader])
    members = [person for person in ctx.store.people.reports_of(leader_id) if round_.cadence.audience.holds(person)]
    if not members:
        return None
    return Group(leader, members, [leader, *members] if listener is Listener.TEAM else [leader])


def _everybody(ctx: Context, round_: Round) -> tuple[Sequence[Group], str | None]:
    zone = None if round_.zone == ctx.policy.zone else round_.zone
    audience = round_.cadence.audience
    people = ctx.store.people.in_audience(audience, zone, PersonId(round_.cursor), PEOPLE_A_SLICE)
    cursor = people[-1].person_id if len(people) == PEOPLE_A_SLICE else None
    members = ctx.store.people.in_audience(audience, ALL_ZONES, PersonId(""), PEOPLE_A_SLICE)
    return [Group(None, members, people)] if people else [], cursor
