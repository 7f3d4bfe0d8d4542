"""How practices come round: each occurrence once and in time, nobody forgotten, every answer kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.cadences import Cadence, Round, Stage
from domain.checkin import CheckinState
from domain.recurrence import Occurrence, occurrences
from tests.simulation.playing import Run

_A_MINUTE = timedelta(minutes=1)


def everybody_is_asked_once(run: Run) -> Iterator[str]:
    """Everybody a round is for, who is not away, has one check-in of the practice and period, and no two."""
    for asked in run.record.asked:
        for who in asked.forgotten:
            yield f"{asked.round.cadence.name} of {asked.round.period} in {asked.round.zone} forgot {who}"
    numbers = Counter((c.cadence.family, c.period, c.person_id) for c in run.books.checkins)
    yield from (f"{number} check-ins of {key}" for key, number in numbers.items() if number > 1)


def every_answer_is_kept(run: Run) -> Iterator[str]:
    """What somebody was told is kept is kept, with all versions that somebody has replied to."""
    yield from run.record.broken_promises
    for checkin in run.books.checkins:
        kept = run.books.versions.get(checkin.checkin_id, [])
        if kept != list(range(1, checkin.version + 1)):
            yield f"{checkin.person_id} is at version {checkin.version} of {checkin.checkin_id}, kept are {kept}"
        if (checkin.state is CheckinState.SUBMITTED) != (checkin.version > 0) and checkin.version:
            yield f"{checkin.person_id} has answered {checkin.checkin_id}, which is {checkin.state}"


def an_occurrence_comes_round_once(run: Run) -> Iterator[str]:
    """No practice comes round twice for one nominal time of a zone, and each round begins and ends once."""
    keys = Counter((round_.cadence.name, round_.nominal) for round_ in run.books.rounds)
    yield from (f"{key} came round {number} times" for key, number in keys.items() if number > 1)
    begun = Counter((e.detail["cadence"], e.detail["nominal"]) for e in run.books.history if e.kind == "round.begun")
    yield from (f"{key} is noted as begun {number} times" for key, number in begun.items() if number > 1)


def every_occurrence_comes_round_in_time(run: Run) -> Iterator[str]:
    """Each begins within a minute; after an outage it still does within its grace, beyond it is noted as skipped."""
    for cadence in _unchanged_cadences(run):
        for zone in _zones_throughout(run):
            found = {round_.nominal: round_ for round_ in run.books.rounds if _is_of(round_, cadence, zone)}
            for expected in _expected(run, cadence, zone):
                yield from _judged(run, cadence, expected, found.get(_nominal(expected, zone)))


def _judged(run: Run, cadence: Cadence, expected: Occurrence, round_: Round | None) -> Iterator[str]:
    lead = cadence.notice.before if cadence.notice else timedelta(0)
    due = max(expected.fires_at - lead, run.plan.start)
    name = f"{cadence.name} of {expected.nominal_day} {expected.at}, due at {due},"
    if round_ is None:
        yield f"{name} never came round"
        return
    begun_at = run.record.begun[round_.occurrence_id]
    awake_at = _awake_at(run, due)
    if begun_at - awake_at > _A_MINUTE:
        yield f"{name} was begun at {begun_at}, though a process ran from {awake_at} on"
    skipped, last_moment = round_.stage is Stage.SKIPPED, expected.fires_at + cadence.grace
    if expected.skipped and not skipped:
        yield f"{name} was to be skipped, but is {round_.stage}"
    if not expected.skipped and awake_at > last_moment and not skipped:
        yield f"{name} came round at {begun_at}, beyond its grace of {cadence.grace}"
    in_time = awake_at + run.plan.lag <= last_moment
    if not expected.skipped and in_time and skipped and not _was_kept_from_its_purpose(run, cadence, expected):
        yield f"{name} was skipped ({round_.reason}) within its grace of {cadence.grace}"


def _was_kept_from_its_purpose(run: Run, cadence: Cadence, expected: Occurrence) -> bool:
    """Tell whether an outage lasted from before the time of what a round is for until its grace was over."""
    after = cadence.summary.after if cadence.questionnaire is None and cadence.summary else timedelta(0)
    purpose = expected.fires_at + after
    return any(began <= purpose and ended > purpose + cadence.grace for began, ended in _joined(run.record.outages))


def _expected(run: Run, cadence: Cadence, zone: str) -> Iterator[Occurrence]:
    lead = cadence.notice.before if cadence.notice else timedelta(0)
    return occurrences(
        cadence.recurrence,
        after=run.plan.start,
        until=run.ended_at + lead,
        calendar=run.present.policy.calendar,
        zone=ZoneInfo(zone),
        if_day_off=cadence.if_day_off,
    )


def _unchanged_cadences(run: Run) -> Sequence[Cadence]:
    """Return the cadences that were the same, under the same calendar, from beginning to end."""
    if len(run.plan.settings) > 1:
        return ()
    return run.plan.settings[0].cadences


def _zones_throughout(run: Run) -> list[str]:
    """Return the zones in which somebody was all the time: who lived there first and last and never left."""
    first = {person.person_id: person for person in run.plan.firm.people}
    policy = run.plan.settings[0]
    steady = [each for each in run.present.people.values() if each.active and each.zone == first[each.person_id].zone]
    return sorted({policy.zone_of(person).key for person in steady})


def _is_of(round_: Round, cadence: Cadence, zone: str) -> bool:
    return round_.cadence.name == cadence.name and round_.zone == zone


def _nominal(occurrence: Occurrence, zone: str) -> str:
    return f"{occurrence.nominal_day.isoformat()}T{occurrence.at.isoformat('minutes')}[{zone}]"


def _awake_at(run: Run, instant: datetime) -> datetime:
    """Return the first instant, not before another, at which a process ran."""
    for began, ended in _joined(run.record.outages):
        if began <= instant < ended:
            return ended
    return instant


def _joined(outages: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return outages, those that follow upon one another as one."""
    joined: list[tuple[datetime, datetime]] = []
    for began, ended in outages:
        if joined and joined[-1][1] == began:
            joined[-1] = (joined[-1][0], ended)
        else:
            joined.append((began, ended))
    return joined
