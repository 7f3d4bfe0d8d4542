"""What happened in a run, line by line, for whoever has to find out why a rule was broken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.cards import Card
from domain.messages import Call
from tests.simulation.playing import Run
from tests.simulation.record import Noted, Sent

_MOST_LINES = 400
"""Lines told; of longer stories the end, in which most breaches lie."""


def story_of(run: Run) -> list[str]:
    """Return the story of a run: the firm, the settings, then everything in order."""
    told = sorted(_events(run), key=lambda event: event[0])
    lines = [f"{at:%Y-%m-%d %H:%M:%S} {words}" for at, words in told]
    left_out = [f"... {len(lines) - _MOST_LINES} lines before these"] if len(lines) > _MOST_LINES else []
    return [*_beginning(run), *left_out, *lines[-_MOST_LINES:]]


def _beginning(run: Run) -> Iterator[str]:
    plan = run.plan
    yield f"From {plan.start} on, {plan.replicas} processes, each {plan.lag} late; the firm's zone is {plan.firm.zone}"
    for person in plan.firm.people:
        links = f"manager {person.manager_id}, HRBP {person.hrbp_id}, deputy {person.deputy_id}"
        leave = ", ".join(f"{each.starts_on} to {each.ends_on}" for each in plan.firm.leave.get(person.person_id, ()))
        where = f"{person.department}, {person.platform}, {person.zone}"
        yield f"  {person.person_id}: {links}, {where}, leave {leave or 'none'}"
    for number, policy in enumerate(plan.settings):
        yield f"  settings {number}: {policy.attention}, weekend {sorted(policy.calendar.weekend)}"
        for cadence in policy.cadences:
            yield f"    {cadence.name}: {cadence.recurrence}, {cadence.if_day_off}, grace {cadence.grace}"
            yield f"      answer: {cadence.answer_ladder}"
            yield f"      follow-up: {cadence.follow_up.ladder if cadence.follow_up else None}"


def _events(run: Run) -> Iterator[tuple[datetime, str]]:
    yield from run.record.story
    yield from ((noted.entry.at, _noted(noted)) for noted in run.record.noted)
    yield from ((sent.at, _sent(sent)) for sent in run.record.sent if sent.message.call is not Call.UPDATE)


def _noted(noted: Noted) -> str:
    detail = ", ".join(f"{key} {value}" for key, value in noted.entry.detail.items())
    return f"noted {noted.entry.kind} of {noted.entry.subject} ({detail})"


def _sent(sent: Sent) -> str:
    body = sent.message.body
    what = f"{body.title!r} ({body.key.kind})" if isinstance(body, Card) else sent.message.call.value
    wall = sent.at.astimezone(sent.circumstances.zone(sent.message.person_id))
    return f"sent {what} to {sent.message.person_id} at {wall:%a %H:%M %Z}"
