"""What may be said to people, and what must be: at allowed hours, within the budget, once, and nothing forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from domain.cards import Card, Paragraph
from domain.ids import PersonId
from domain.messages import Body, Mail
from handlers import digest
from storage.states import MessageState
from tests.simulation.playing import Run
from tests.simulation.record import Circumstances, Sent

_ENDED = (MessageState.SENT, MessageState.DEAD, MessageState.FOLDED, MessageState.WITHDRAWN)


def nothing_unasked_goes_out_outside_allowed_hours(run: Run) -> Iterator[str]:
    """Quiet hours, days off and leave hold in the receiver's own zone, for all that nobody has asked for."""
    for sent in _unasked(run):
        if not is_allowed(sent.at, sent.message.person_id, sent.circumstances) and not _was_cut_off(run, sent):
            yield f"{_told(sent)} though it was not allowed then"


def nobody_hears_more_than_the_budget(run: Run) -> Iterator[str]:
    """On no local day more unasked messages reach somebody than the budget in force when the last one left."""
    heard: Counter[tuple[PersonId, date]] = Counter()
    for sent in _unasked(run):
        if _was_cut_off(run, sent):
            continue
        who = sent.message.person_id
        day = sent.circumstances.day(who, sent.at)
        heard[who, day] += 1
        most = sent.circumstances.rules(who).per_day
        if heard[who, day] > most:
            yield f"{_told(sent)}: number {heard[who, day]} of {day}, and the budget is {most}"


def each_message_is_sent_at_most_once(run: Run) -> Iterator[str]:
    """No message arrives twice, except a try that a power cut had cut off and the platform has forgotten since."""
    times = Counter(sent.message.message_id for sent in run.record.sent)
    for sent in run.record.sent:
        if times[sent.message.message_id] > 1 and not _was_cut_off(run, sent):
            yield f"{_told(sent)}, {times[sent.message.message_id]} times"
    for dedupe, number in Counter(row.dedupe for row in run.books.messages.values()).items():
        if number > 1:
            yield f"{number} messages were made from {dedupe}"


def nothing_is_said_for_a_duty_after_it_was_closed(run: Run) -> Iterator[str]:
    """What was not reserved when a duty closed is not sent any more."""
    for sent in run.record.sent:
        row = run.books.messages[sent.message.message_id]
        closed_at = run.record.closed.get(row.duty_id) if row.duty_id else None
        if closed_at is not None and sent.at > closed_at and not _was_cut_off(run, sent):
            yield f"{_told(sent)} for duty {row.duty_id}, which was closed at {closed_at}"


def whoever_left_hears_nothing_more(run: Run) -> Iterator[str]:
    """After somebody has left nothing is sent to them, asked for or not, not even a new face of a card."""
    for sent in run.record.sent:
        left_at = run.record.left.get(sent.message.person_id)
        if left_at is not None and sent.at > left_at and not _was_cut_off(run, sent):
            yield f"{_told(sent)}, who left at {left_at}"


def what_was_folded_is_told_by_a_digest(run: Run) -> Iterator[str]:
    """A folded message appears in the digest of its day, sent after it was folded, unless it was withdrawn."""
    for message_id, folded_at in run.record.folded.items():
        row = run.books.messages[message_id]
        if row.state is not MessageState.FOLDED or row.folded_on is None or row.person_id in run.record.left:
            continue
        key = digest.key_of(row.person_id, row.folded_on)
        told = [sent for sent in run.record.sent if _key_of(sent.message.body) == key and sent.at >= folded_at]
        if not told and not _is_to_come(run, key.pack()):
            yield f"{row.dedupe} to {row.person_id}, folded at {folded_at} into {row.folded_on}, is told by no digest"
        if told and not any(_tells(sent.message.body, row.body) for sent in told):
            yield f"{row.dedupe} to {row.person_id} is not among the lines of the digest of {row.folded_on}"


def nothing_is_left_behind(run: Run) -> Iterator[str]:
    """Whenever all processes have done what was due, nothing is due; at the end everything has an end or a time."""
    for at, what, late in run.record.overdue:
        yield f"at {at} a {what} had been due for {late} when everything due was done"
    for row in run.books.messages.values():
        if row.state not in _ENDED and row.send_after <= run.ended_at:
            yield f"{row.dedupe} to {row.person_id} is {row.state} since {row.send_after}"


def is_allowed(at: datetime, person_id: PersonId, circumstances: Circumstances) -> bool:
    """Tell by the wall clock and the calendar alone whether something unasked may be said to somebody."""
    rules, zone = circumstances.rules(person_id), circumstances.zone(person_id)
    day = circumstances.day(person_id, at)
    leave = circumstances.leave.get(person_id, ())
    works = circumstances.policy.calendar.is_workday(day) and not any(taken.covers(day) for taken in leave)
    if rules.workdays_only and not works:
        return False
    return rules.quiet is None or not rules.quiet.contains(at.astimezone(zone).time())


def _unasked(run: Run) -> Iterator[Sent]:
    return (sent for sent in run.record.sent if not run.books.messages[sent.message.message_id].asked)


def _was_cut_off(run: Run, sent: Sent) -> bool:
    # Whether such a try went out nobody knows; only the same message at once with the same key is no second one.
    return sent.message.message_id in run.record.cut_off


def _key_of(body: Body) -> object:
    return body.key if isinstance(body, Card) else None


def _is_to_come(run: Run, packed: str) -> bool:
    digests = (row for row in run.books.messages.values() if row.dedupe.startswith(f"{packed}@"))
    return any(row.state is MessageState.READY and row.send_after > run.ended_at for row in digests)


def _tells(told: Body, folded: Body) -> bool:
    lines = [block.text for block in told.blocks if isinstance(block, Paragraph)] if isinstance(told, Card) else []
    if len(lines) > digest.MOST_LINES:
        return True  # more lines than fit are counted, not listed
    title = folded.title if isinstance(folded, Card) else folded.subject if isinstance(folded, Mail) else folded
    return any(title in line for line in lines)


def _told(sent: Sent) -> str:
    who = sent.message.person_id
    wall = sent.at.astimezone(sent.circumstances.zone(who))
    what = sent.message.body.title if isinstance(sent.message.body, Card) else sent.message.call.value
    return f"{wall:%a %Y-%m-%d %H:%M:%S %Z}: {what!r} was sent to {who}"
