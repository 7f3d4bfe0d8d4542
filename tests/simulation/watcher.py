"""Looks at the store whenever everything due is done, and notes what is new since the last time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from domain.cadences import AudienceRole, Round, Stage
from domain.calendar import local_day
from domain.duties import DutyState
from domain.ids import OccurrenceId, PersonId
from domain.people import Person
from storage.queue_tables import outbox
from storage.states import MessageState
from storage.steering import HistoryEntry
from storage.tables import checkin, duty, occurrence
from storage.transaction import Transaction
from tests.builders import ORG
from tests.simulation.books import history_since
from tests.simulation.record import Asked, Circumstances, Noted, Record

_ASKING = (Stage.NOTICE, Stage.ASK)

_FOLDED = select(outbox.c.message_id).where(outbox.c.state == MessageState.FOLDED.value)
_CLOSED = select(duty.c.duty_id).where(duty.c.state != DutyState.OPEN.value)
_ROUNDS = select(occurrence.c.occurrence_id, occurrence.c.stage)
_HAVE = select(checkin.c.person_id).where(
    checkin.c.family == bindparam("wanted_family"), checkin.c.period == bindparam("wanted_period")
)


class Watcher:
    """Keeps a record up to date.

    Args:
        record: What is kept.
        start: The first instant, UTC.
    """

    def __init__(self, record: Record, start: datetime) -> None:
        self._record = record
        self._since = start
        self._seen: Counter[str] = Counter()
        self._asked: set[str] = set()

    def look(self, transaction: Transaction, now: datetime, present: Circumstances) -> None:
        """Note what is new.

        Args:
            transaction: To look in.
            now: The present instant, UTC.
            present: How things stand.
        """
        record = self._record
        record.noted += [Noted(entry, present) for entry in self._new_entries(transaction)]
        for (message_id,) in transaction.query(_FOLDED):
            record.folded.setdefault(message_id, now)
        for (duty_id,) in transaction.query(_CLOSED):
            record.closed.setdefault(duty_id, now)
        for occurrence_id, stage in transaction.query(_ROUNDS):
            record.begun.setdefault(occurrence_id, now)
            if stage not in _ASKING and occurrence_id not in self._asked:
                self._asked.add(occurrence_id)
                record.asked += _asked(transaction, occurrence_id, now, present)
        lag = transaction.engine.lag(now)
        record.overdue += [(now, what, late) for what, late in (("duty", lag.duties), ("message", lag.outbox)) if late]

    def _new_entries(self, transaction: Transaction) -> list[HistoryEntry]:
        entries = history_since(transaction, self._since)
        if not entries:
            return []
        new = [entry for entry, times in _counted(entries) if times > self._seen[repr(entry)]]
        latest = entries[-1].at
        self._since, self._seen = latest, Counter(repr(entry) for entry in entries if entry.at == latest)
        return new


def _counted(entries: Sequence[HistoryEntry]) -> list[tuple[HistoryEntry, int]]:
    times: Counter[str] = Counter()
    counted = []
    for entry in entries:
        times[repr(entry)] += 1
        counted.append((entry, times[repr(entry)]))
    return counted


def _asked(transaction: Transaction, occurrence_id: OccurrenceId, now: datetime, present: Circumstances) -> list[Asked]:
    round_ = transaction.store(ORG).rounds.get(occurrence_id)
    if round_ is None or round_.stage is Stage.SKIPPED or round_.cadence.questionnaire is None:
        return []
    wanted = {"wanted_family": round_.cadence.family, "wanted_period": round_.period}
    have = {person_id for (person_id,) in transaction.query(_HAVE, wanted)}
    meant = [person.person_id for person in present.people.values() if _is_meant(person, round_, now, present)]
    return [Asked(round_, now, [person_id for person_id in meant if person_id not in have])]


def _is_meant(person: Person, round_: Round, now: datetime, present: Circumstances) -> bool:
    if not person.active or present.zone(person.person_id) != ZoneInfo(round_.zone):
        return False
    today = local_day(now, ZoneInfo(round_.zone))
    is_away = any(leave.covers(today) for leave in present.leave.get(person.person_id, ()))
    return not is_away and round_.cadence.audience.holds(person) and _has_role(person, round_, present)


def _has_role(person: Person, round_: Round, present: Circumstances) -> bool:
    role = round_.cadence.audience.role
    links: dict[AudienceRole, set[PersonId | None]] = {
        AudienceRole.MANAGERS: {other.manager_id for other in present.people.values() if other.active},
        AudienceRole.HRBPS: {other.hrbp_id for other in present.people.values() if other.active},
    }
    return role not in links or person.person_id in links[role]
