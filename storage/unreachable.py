"""People whom a platform cannot reach, and giving messages that were given up another try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, literal, null, select, update

from domain.ids import MessageId, OrgId, PersonId
from storage.codec import encode_list
from storage.instants import instant, micros
from storage.prepared import Prepared, Statement
from storage.queue_tables import DEAD, outbox
from storage.select_by import equal, parameter
from storage.states import MessageState, spelled
from storage.tables import history, identity, person

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction

TOLD = "unreachable.told"
"""The kind of history entry that says that admins were told."""

_SUBJECT = "unreachable"


@dataclass(frozen=True, slots=True)
class UnreachablePerson:
    """Somebody whom a platform has refused to reach, until its directory shows them again.

    Attributes:
        person_id: Who.
        platform: Which platform.
        since: When it first said so, UTC.
    """

    person_id: PersonId
    platform: str
    since: datetime


def _people() -> Statement:
    lost = identity.c.lost_at >= parameter("since", identity.c.lost_at)
    found = select(identity.c.person_id, identity.c.platform, identity.c.lost_at)
    return found.where(*equal(identity, "org_id"), lost).order_by(identity.c.lost_at, identity.c.person_id)


def _last_told() -> Statement:
    told = (*equal(history, "org_id subject"), history.c.kind == parameter("kind", history.c.kind))
    return select(func.max(history.c.at)).where(*told)


def _revive() -> Statement:
    new = {
        "lane": parameter("lane", outbox.c.lane),
        "state": spelled(MessageState.READY),
        "send_after": parameter("now", outbox.c.send_after),
        "attempts": literal(0),
        "error": literal(""),
        "ended_at": null(),
    }
    return update(outbox).where(*equal(outbox, "org_id message_id"), DEAD).values(new)


def _reach() -> Statement:
    return update(identity).where(*equal(identity, "org_id platform person_id")).values(lost_at=null())


_PEOPLE = Prepared("org_id since", lambda _: _people())
_LAST_TOLD = Prepared("org_id subject kind", lambda _: _last_told())
_REVIVE = Prepared("lane now org_id message_id", lambda _: _revive())
_REACH = Prepared("org_id platform person_id", lambda _: _reach())


def unreachable_people(
    transaction: Transaction, org_id: OrgId, since: datetime | None = None
) -> Sequence[UnreachablePerson]:
    """Return whom platforms cannot reach at present, longest first.

    Args:
        transaction: Where.
        org_id: The organisation.
        since: Only those who could be reached until this instant, UTC. `None`: all.
    """
    transaction.flush()
    rows = transaction.rows(_PEOPLE, (org_id, -(2**63) if since is None else micros(since)))
    return [UnreachablePerson(PersonId(person_id), platform, instant(at)) for person_id, platform, at in rows]


def last_told(transaction: Transaction, org_id: OrgId) -> datetime | None:
    """Return when admins were last told that people cannot be reached, or `None`."""
    transaction.flush()
    row = transaction.row(_LAST_TOLD, (org_id, _SUBJECT, TOLD))
    return None if row is None or row[0] is None else instant(row[0])


def note_told(transaction: Transaction, org_id: OrgId, count: int, now: datetime) -> None:
    """Note that admins are told now that so many people cannot be reached."""
    transaction.store(org_id).history.note(TOLD, _SUBJECT, None, now, {"count": str(count)})


def revive(transaction: Transaction, org_id: OrgId, now: datetime, messages: Sequence[MessageId] | None = None) -> int:
    """Let messages that were given up be tried again as if they were new, and count their readers as reachable.

    A message whose reader had no platform goes to the one that they have now, and stays dead if there still is none.

    Args:
        transaction: Where.
        org_id: The organisation.
        now: UTC; they may go from now on.
        messages: Which; those that are not dead are passed over. `None`: all that are dead.

    Returns:
        How many will be tried.
    """
    transaction.flush()
    told = transaction.tell(now)
    dead = [
        (message_id, lane, person_id) for message_id, lane, person_id in _dead(transaction, org_id, messages) if lane
    ]
    for _, lane, _ in dead:
        transaction.lanes.mark(org_id, lane, told)
    transaction.change_many(_REACH, [(org_id, lane, person_id) for _, lane, person_id in dead])
    return transaction.change_many(_REVIVE, [(lane, told, org_id, message_id) for message_id, lane, _ in dead])


def _dead(transaction: Transaction, org_id: OrgId, messages: Sequence[MessageId] | None) -> Sequence[Row]:
    """Return id, lane and reader of dead messages; the lane is empty where the reader has no platform."""
    reader = and_(person.c.org_id == outbox.c.org_id, person.c.person_id == outbox.c.person_id)
    lane = func.coalesce(func.nullif(outbox.c.lane, literal("")), person.c.platform, literal(""))
    dead = select(outbox.c.message_id, lane, outbox.c.person_id).outerjoin(person, reader)
    dead = dead.where(outbox.c.org_id == org_id, DEAD).order_by(outbox.c.ended_at, outbox.c.message_id)
    if messages is None:
        return transaction.query(dead)
    listed = dead.where(transaction.flavour.listed(outbox.c.message_id, "messages"))
    return transaction.query(listed, {"messages": encode_list(messages)})
