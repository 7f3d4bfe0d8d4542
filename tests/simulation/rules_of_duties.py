"""What becomes of duties: none is lost, their rungs fire in order and in time, nobody who left owes anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.cadences import Owner
from domain.checkin import Checkin
from domain.duties import ANSWER, Duty, rung_at
from domain.ids import DutyId, MessageId, PersonId
from domain.people import hrbps, upwards
from storage.states import MessageState
from tests.builders import Roll
from tests.simulation.playing import Run
from tests.simulation.record import Circumstances, Noted

_A_MINUTE = timedelta(minutes=1)


def no_duty_is_lost(run: Run) -> Iterator[str]:
    """Every duty is closed, or wants attention in the future, or has nothing left on its ladder."""
    for row in run.books.duties.values():
        duty, next_at = row.duty, row.next_at
        asked_for = (duty.snoozed_until, duty.tell_at)
        spent = duty.step == len(duty.ladder.rungs) and asked_for == (None, None)
        if not duty.is_open and next_at is not None:
            yield f"{_named(duty)} is {duty.state} and still wants attention at {next_at}"
        if duty.is_open and spent != (next_at is None):
            yield f"{_named(duty)} is open at step {duty.step} of {len(duty.ladder.rungs)}, next at {next_at}"
        if duty.is_open and next_at is not None and next_at <= run.ended_at:
            yield f"{_named(duty)} has wanted attention since {next_at}"


def every_answer_opens_what_it_calls_for(run: Run) -> Iterator[str]:
    """Whoever was asked in a round owes the answer; whoever answered is owed the follow-up, if anybody is above."""
    owed = {(row.duty.kind, row.duty.subject) for row in run.books.duties.values()}
    for checkin in run.books.checkins:
        was_asked = MessageId(checkin.checkin_id) in run.books.messages  # a prompt bears its check-in's id
        if was_asked and checkin.cadence.answer_ladder is not None and (ANSWER, checkin.checkin_id) not in owed:
            yield f"{checkin.person_id} was asked {checkin.cadence.name} of {checkin.period} and owes no answer"
        follow_up = checkin.cadence.follow_up
        if checkin.version and follow_up and (follow_up.kind, checkin.checkin_id) not in owed:
            if _had_an_owner(run, checkin, follow_up.by):
                yield f"{checkin.person_id} answered {checkin.cadence.name} of {checkin.period}; nobody owes a reply"


def rungs_fire_once_in_order(run: Run) -> Iterator[str]:
    """In the history of each duty every rung up to its step stands once, none before the one below it."""
    for duty_id, noted in _rungs(run).items():
        first = _first_of_each_step(noted)
        step = run.books.duties[duty_id].duty.step
        if sorted(set(first) - {0}) != list(range(1, step + 1)):
            yield f"duty {duty_id} is at step {step}, its history tells of {sorted(first)}"
        times = [first[number].entry.at for number in sorted(first) if number]
        if times != sorted(times):
            yield f"the rungs of duty {duty_id} fired at {[str(at) for at in times]}"
        reminders = len(noted) - len(set(first) - {0})
        asked_for = sum(e.entry.kind == "duty.snoozed" and e.entry.subject == duty_id for e in run.record.noted)
        if reminders > asked_for:
            yield f"duty {duty_id} reminded {reminders} times beside its rungs and was asked to {asked_for} times"
    for row in run.books.duties.values():
        if row.duty.step and row.duty.duty_id not in _rungs(run):
            yield f"{_named(row.duty)} is at step {row.duty.step} without a word in its history"


def no_rung_fires_before_its_time(run: Run) -> Iterator[str]:
    """A rung waits for its time, counted by the debtor's calendar, zone and leave as they are then."""
    for duty, number, noted in _fired(run):
        due = rung_at(duty, number - 1, noted.circumstances.pace(duty.debtor_id, duty.kind))
        if due is None or noted.entry.at < due:
            yield f"rung {number} of {_named(duty)} fired at {noted.entry.at}, its time was {due}"


def no_rung_fires_late(run: Run) -> Iterator[str]:
    """While a process runs a rung fires within a minute of its time, or of what made its time come earlier.

    Settings that are edited do not move what was already planned: a rung may wait for its time by the settings that
    were in force when the rung before it fired.
    """
    for duty, number, noted in _fired(run):
        at, now = noted.entry.at, noted.circumstances
        since = max([duty.opened_at, *(e.entry.at for d, n, e in _fired(run) if d == duty and n < number)])
        due = max(_due(duty, number, replace(now, policy=policy)) for policy in run.record.settings_between(since, at))
        late = at - max(due, run.record.last_turn(at))
        if late > _A_MINUTE:
            yield f"rung {number} of {_named(duty)} fired at {at}, {late} after its time"


def _due(duty: Duty, number: int, circumstances: Circumstances) -> datetime:
    """Return when a rung may fire, by its own time and by those of the rungs before it."""
    pace = circumstances.pace(duty.debtor_id, duty.kind)
    times = (rung_at(duty, step, pace) for step in range(number))
    return max(time for time in times if time is not None)


def whoever_left_owes_nothing(run: Run) -> Iterator[str]:
    """No duty of somebody who left is open, and none about them."""
    for row in run.books.duties.values():
        gone = {row.duty.debtor_id, row.duty.about_id} & set(run.record.left)
        if row.duty.is_open and gone:
            yield f"{_named(row.duty)} is open, and {', '.join(sorted(gone))} left"


def whoever_owes_something_was_shown_it(run: Run) -> Iterator[str]:
    """The debtor of an open follow-up has its card, or gets it on coming back, whoever owed it before or stood in."""
    shown = [row.dedupe for row in run.books.messages.values() if row.state is not MessageState.WITHDRAWN]
    for row in run.books.duties.values():
        duty = row.duty
        if not duty.is_open or duty.kind == ANSWER or duty.tell_at is not None:
            continue
        if not any(dedupe.startswith(f"ask:{duty.duty_id}:{duty.debtor_id}:{duty.debtor_id}") for dedupe in shown):
            yield f"{_named(duty)} was never shown to {duty.debtor_id}"


def history_is_append_only(run: Run) -> Iterator[str]:
    """What was once noted stays as it was noted, and nothing is slipped in between."""
    seen = Counter(repr(noted.entry) for noted in run.record.noted)
    kept = Counter(map(repr, run.books.history))
    yield from (f"{entry} was noted and is gone" for entry in seen - kept)
    yield from (f"{entry} was slipped in" for entry in kept - seen)


def _rungs(run: Run) -> Mapping[DutyId, Sequence[Noted]]:
    found: defaultdict[DutyId, list[Noted]] = defaultdict(list)
    for noted in run.record.noted:
        if noted.entry.kind == "duty.rung":
            found[DutyId(noted.entry.subject)].append(noted)
    return found


def _first_of_each_step(noted: Sequence[Noted]) -> dict[int, Noted]:
    """Return the entry of each rung by its number, counted from 1; a reminder asked for repeats the number before."""
    first: dict[int, Noted] = {}
    for each in noted:
        first.setdefault(int(each.entry.detail["step"]), each)
    return first


def _fired(run: Run) -> Iterator[tuple[Duty, int, Noted]]:
    """Yield every rung that fired, with its duty as it then was owed."""
    for duty_id, noted in _rungs(run).items():
        duty = run.books.duties[duty_id].duty
        for number, first in _first_of_each_step(noted).items():
            if number:
                yield replace(duty, debtor_id=_debtor_at(run, duty, first.entry.at)), number, first


def _debtor_at(run: Run, duty: Duty, at: datetime) -> PersonId:
    """Return who owed a duty at an instant, by the last hand-over not after it, else by the first after it."""
    moves = [
        n.entry for n in run.record.noted if n.entry.kind == "duty.handed_over" and n.entry.subject == duty.duty_id
    ]
    before = [entry.detail["to"] for entry in moves if entry.at <= at]
    after = [entry.detail["from"] for entry in moves if entry.at > at]
    return PersonId((before[-1:] or after[:1] or [duty.debtor_id])[0])


def _had_an_owner(run: Run, checkin: Checkin, owner: Owner) -> bool:
    """Tell whether somebody was there to owe the follow-up when a check-in was first answered."""
    noted = (
        n for n in run.record.noted if n.entry.kind == "checkin.submitted" and n.entry.subject == checkin.checkin_id
    )
    people = next(noted).circumstances.people
    above = [person.person_id for person in upwards(people[checkin.person_id], Roll(people))]
    candidates = list(hrbps(people[checkin.person_id], Roll(people))) if owner is Owner.HRBP else above
    return any(people[who].active for who in candidates if who != checkin.person_id)


def _named(duty: Duty) -> str:
    return f"{duty.kind} {duty.duty_id} of {duty.debtor_id} about {duty.about_id}, opened at {duty.opened_at},"
