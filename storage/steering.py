"""What keeps the engine going where something went wrong, and what the demo asks to lead its clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from domain.cadences import Round
from domain.duties import Duty
from domain.ids import MessageId, OrgId
from storage.instants import instant, micros
from storage.lanes import Lane
from storage.outcomes import OutcomeQueries
from storage.prepared import Prepared
from storage.queue_tables import PENDING, UNSENT, lane, outbox
from storage.select_by import change_by, equal, parameter
from storage.states import MessageState
from storage.tables import duty, history, occurrence

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened.

    Attributes:
        at: When, UTC.
        place: Its order among entries of one transaction.
        kind: What sort of thing.
        subject: Id of what it happened to.
        detail: Ids and machine words.
    """

    at: datetime
    place: int
    kind: str
    subject: str
    detail: Mapping[str, str]


_PARK_DUTY = Prepared("new_next_at org_id duty_id", lambda _: change_by(duty, "org_id duty_id", "next_at"))
_PARK_ROUND = Prepared(
    "new_next_at org_id occurrence_id", lambda _: change_by(occurrence, "org_id occurrence_id", "next_at")
)
_FREE = Prepared("new_lease_until lease_owner", lambda _: change_by(lane, "lease_owner", "lease_until"))
_LATER_DUTY = Prepared(
    "now", lambda _: select(func.min(duty.c.next_at)).where(duty.c.next_at > parameter("now", duty.c.next_at))
)
_LATER_ROUND = Prepared(
    "now",
    lambda _: select(func.min(occurrence.c.next_at)).where(
        occurrence.c.next_at > parameter("now", occurrence.c.next_at)
    ),
)
_LATER_MESSAGE = Prepared(
    "now",
    lambda _: select(func.min(outbox.c.send_after)).where(
        PENDING, outbox.c.send_after > parameter("now", outbox.c.send_after)
    ),
)
_LATER = {"duties": _LATER_DUTY, "rounds": _LATER_ROUND, "outbox": _LATER_MESSAGE}

_HISTORY = Prepared(
    "org_id at",
    lambda _: (
        select(history.c.at, history.c.place, history.c.kind, history.c.subject, history.c.detail)
        .where(*equal(history, "org_id"), history.c.at > parameter("at", history.c.at))
        .order_by(history.c.at, history.c.place)
        .limit(500)
    ),
)


class SteeringQueries(OutcomeQueries):
    """Parking what failed, giving up what is empty, and looking ahead."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)

    def void(self, lane: Lane, messages: Sequence[MessageId]) -> None:
        """Take picked messages out of the lane because nothing is left to say in them."""
        if messages and self.holds(lane):
            given_up = (
                outbox.update()
                .where(outbox.c.org_id == lane.org_id, outbox.c.message_id.in_(messages), UNSENT)
                .values(state=MessageState.WITHDRAWN.value, ended_at=self._transaction.present)
            )
            self._transaction.alter(given_up)

    def park_duty(self, duty: Duty, until: datetime) -> None:
        """Let a duty whose handling failed wait, so that it does not stand in the way of others."""
        self._transaction.change(_PARK_DUTY, (micros(until), duty.org_id, duty.duty_id))

    def park_round(self, round_: Round, until: datetime) -> None:
        """Let a round whose handling failed wait, so that it does not stand in the way of others."""
        self._transaction.change(_PARK_ROUND, (micros(until), round_.org_id, round_.occurrence_id))

    def free_lanes(self, owner: str) -> None:
        """Take back the lanes that an earlier life of a process of this name has left claimed.

        Only for a process that knows itself to be the only one of its name.
        """
        self._transaction.change(_FREE, (0, owner))

    def next_moments(self, now: datetime) -> Mapping[str, datetime]:
        """Return when, after now, each sort of thing next falls due; sorts with nothing to come are left out."""
        self._transaction.flush()
        told = micros(now)
        found = {name: self._transaction.rows(statement, (told,))[0][0] for name, statement in _LATER.items()}
        return {name: instant(moment) for name, moment in found.items() if moment is not None}

    def history_after(self, org_id: OrgId, after: datetime) -> Sequence[HistoryEntry]:
        """Return what happened to an organisation after an instant, oldest first; at most 500 entries."""
        self._transaction.flush()
        rows = self._transaction.rows(_HISTORY, (org_id, micros(after)))
        return [
            HistoryEntry(instant(at), place, kind, subject, json.loads(detail))
            for at, place, kind, subject, detail in rows
        ]
