"""What may be said to people, and what must be: at allowed hours, within the budget, once, and nothing forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from domain.cards import Card, CardKey, Paragraph
from domain.ids import PersonId
from handlers import digest
from storage.states import MessageState
from tests.simulation.books import MessageRow
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
    """A folded message has a line in a digest of its day, sent after it was folded, unless it was withdrawn."""
    for message_id, folded_at in run.record.folded.items():
        row = run.books.messages[message_id]
        if row.state is MessageState.FOLDED and row.person_id not in run.record.left:
            told = _digests(run, row, folded_at)
            if not told and not _is_to_come(run, row):
                yield f"{row.dedupe} to {row.person_id}, folded at {folded_at}, is in no digest of {row.folded_on}"
            if told and max(map(_lines, told)) < _still_folded(run, row, told[-1].at):
                yield f"a digest of {row.folded_on} to {row.person_id} leaves something out"


def _digests(run: Run, row: MessageRow, since: datetime) -> list[Sent]:
    key = _digest_key(row)
    found = (sent for sent in run.record.sent if isinstance(sent.message.body, Card) and sent.message.body.key == key)
    return [sent for sent in found if sent.at >= since]


def _lines(sent: Sent) -> int:
    assert isinstance(sent.message.body, Card)
    return sum(isinstance(block, Paragraph) for block in sent.message.body.blocks) - 1  # one says what this is


def _still_folded(run: Run, row: MessageRow, at: datetime) -> int:
    """Return how many messages of a digest's day had been folded by then and still are."""
    rows = [run.books.messages[message_id] for message_id, since in run.record.folded.items() if since <= at]
    same = [each for each in rows if _digest_key(each) == _digest_key(row) and each.state is MessageState.FOLDED]
    return min(len(same), digest.MOST_LINES + 1)  # further ones are counted in one line


def _digest_key(row: MessageRow) -> CardKey | None:
    return digest.key_of(row.person_id, row.folded_on) if row.folded_on else None


def _is_to_come(run: Run, row: MessageRow) -> bool:
    key = _digest_key(row)
    digests = (each for each in run.books.messages.values() if key and each.dedupe.startswith(f"{key.pack()}@"))
    return any(each.state is MessageState.READY and each.send_after > run.ended_at for each in digests)


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


def _told(sent: Sent) -> str:
    who = sent.message.person_id
    wall = sent.at.astimezone(sent.circumstances.zone(who))
    what = sent.message.body.title if isinstance(sent.message.body, Card) else sent.message.call.value
    return f"{wall:%a %Y-%m-%d %H:%M:%S %Z}: {what!r} was sent to {who}"
