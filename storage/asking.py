"""The fan-out of a round: check-ins, answer duties and prompts for a slice of people, by statements over all of them.

A check-in asked for by a fan-out, the duty to answer it and the prompt that asks for it share one id, made by the
database. A slice is the people of the audience after a cursor, by id; asking the same slice again finds the check-ins
there and adds nothing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Table, and_, case, func, literal, null, select

from domain.checkin import CheckinState
from domain.duties import DutyState
from domain.ids import DutyId, OrgId
from domain.messages import Call
from domain.repositories import AskedSlice, AskPlan
from storage.audience import in_audience
from storage.born_ids import born_id
from storage.definitions import Definitions
from storage.instants import micros, micros_or_none
from storage.message_ids import prompt_dedupe
from storage.queue_tables import outbox
from storage.states import MessageState, Unreachable, spelled
from storage.statistics import look_at
from storage.tables import checkin, duty, leave, person

if TYPE_CHECKING:
    from storage.transaction import Transaction

ANSWER = "answer"
"""The kind of duty that a question opens for the person asked."""

_PLATFORM = func.coalesce(person.c.platform, literal(""))
_REACHABLE = _PLATFORM != literal("")


class Asking:
    """One slice of a fan-out."""

    def __init__(self, transaction: Transaction, definitions: Definitions, plan: AskPlan) -> None:
        self._transaction = transaction
        self._definitions = definitions
        self._plan = plan
        self._round = plan.round
        self._org_id = plan.round.org_id
        self._asked_at = transaction.tell(plan.asked_at)

    def slice(self, limit: int) -> AskedSlice:
        """Ask the next people; see the port."""
        self._transaction.flush()
        last, reached = self._reach(limit)
        if not reached:
            return AskedSlice(self._round.cursor, 0, finished=True, with_leave=())
        asked = self._add_checkins(last)
        with_leave = self._open_duties(last) if asked else ()
        if asked:
            self._put_prompts(last)
        look_at(self._transaction, asked, checkin, duty, outbox)
        return AskedSlice(last, asked, finished=reached < limit, with_leave=with_leave)

    def _reach(self, limit: int) -> tuple[str, int]:
        ids = select(person.c.person_id).where(self._audience()).order_by(person.c.person_id).limit(limit).subquery()
        ((last, reached),) = self._transaction.query(select(func.max(ids.c.person_id), func.count()).select_from(ids))
        return last, reached

    def _audience(self) -> ColumnElement[bool]:
        return and_(
            person.c.org_id == self._org_id,
            person.c.person_id > self._round.cursor,
            in_audience(self._round.cadence.audience, self._plan.person_zone),
        )

    def _add_checkins(self, last: str) -> int:
        row: dict[str, Any] = {
            "org_id": self._org_id,
            "checkin_id": born_id(self._asked_at, func.row_number().over(order_by=person.c.person_id)),
            "occurrence_id": self._round.occurrence_id,
            "family": self._round.cadence.family,
            "definition": self._definitions.digest(self._round.cadence),
            "period": self._round.period,
            "person_id": person.c.person_id,
            "asked_at": self._asked_at,
            "due_at": micros_or_none(self._plan.due_at),
            "state": CheckinState.OPEN.value,
            "version": 0,
            "answers": "{}",
            "draft": "{}",
            "submitted_at": None,
            "late": False,
            "replied_at": None,
            "skip_reason": "",
        }
        here = ~_has_leave(
            person.c.person_id, self._org_id, _reaches(self._plan.away_on), _begins_by(self._plan.away_on)
        )
        return self._insert(checkin, row, person, and_(self._audience(), person.c.person_id <= last, here))

    def _just_asked(self, last: str) -> ColumnElement[bool]:
        return and_(
            checkin.c.org_id == self._org_id,
            checkin.c.occurrence_id == self._round.occurrence_id,
            checkin.c.person_id > self._round.cursor,
            checkin.c.person_id <= last,
            checkin.c.asked_at == self._asked_at,
            checkin.c.version == 0,
        )

    def _open_duties(self, last: str) -> tuple[DutyId, ...]:
        ladder = self._round.cadence.answer_ladder
        if ladder is None:
            return ()
        row: dict[str, Any] = {
            "org_id": checkin.c.org_id,
            "duty_id": checkin.c.checkin_id,
            "kind": ANSWER,
            "subject": checkin.c.checkin_id,
            "debtor_id": checkin.c.person_id,
            "about_id": checkin.c.person_id,
            "ladder": self._definitions.digest(ladder),
            "opened_at": self._asked_at,
            "due_at": micros(self._plan.due_at or self._plan.asked_at),
            "step": 0,
            "snoozed_until": None,
            "state": DutyState.OPEN.value,
            "closed_at": None,
            "closed_by": None,
            "reason": "",
            "next_at": micros_or_none(self._plan.next_at),
        }
        self._insert(duty, row, checkin, self._just_asked(last))
        away_later = _has_leave(checkin.c.person_id, self._org_id, _reaches(self._plan.away_on))
        ids = select(checkin.c.checkin_id).where(self._just_asked(last), away_later).order_by(checkin.c.checkin_id)
        return tuple(DutyId(duty_id) for (duty_id,) in self._transaction.query(ids))

    def _put_prompts(self, last: str) -> None:
        card = self._plan.prompts[self._plan.default_locale].key
        row: dict[str, Any] = {
            "org_id": checkin.c.org_id,
            "message_id": checkin.c.checkin_id,
            "lane": _PLATFORM,
            "call": Call.CARD.value,
            "person_id": checkin.c.person_id,
            "dedupe": literal(prompt_dedupe("")) + checkin.c.checkin_id,
            "priority": int(self._plan.priority),
            "asked": False,
            "duty_id": checkin.c.checkin_id if self._round.cadence.answer_ladder else None,
            "card_kind": card.kind,
            "card_subject": card.subject,
            "body": None,
            "shared_body": self._prompt_digest(),
            "copy_of": None,
            "target": "",
            "send_after": self._asked_at,
            "place": 0,
            "epoch": 0,
            "attempts": 0,
            "faces": 0,
            "external_id": None,
            "folded_on": None,
            **self._fate(),
        }
        reader = and_(person.c.org_id == checkin.c.org_id, person.c.person_id == checkin.c.person_id)
        asked = checkin.join(person, reader)
        self._insert(outbox, row, asked, self._just_asked(last))
        lanes = select(_PLATFORM).select_from(asked).where(self._just_asked(last), _REACHABLE).distinct()
        for (lane,) in self._transaction.query(lanes):
            self._transaction.lanes.mark(self._org_id, lane, self._asked_at)

    def _prompt_digest(self) -> ColumnElement[str]:
        digests = {locale: self._definitions.digest(card) for locale, card in self._plan.prompts.items()}
        locale = func.coalesce(person.c.locale, self._plan.default_locale)
        return case(digests, value=locale, else_=digests[self._plan.default_locale])

    def _fate(self) -> dict[str, ColumnElement[Any]]:
        died_at = literal(self._asked_at, outbox.c.ended_at.type)
        return {
            "state": case((_REACHABLE, spelled(MessageState.READY)), else_=spelled(MessageState.DEAD)),
            "error": case((_REACHABLE, literal("")), else_=spelled(Unreachable.NO_PLATFORM)),
            "ended_at": case((_REACHABLE, null()), else_=died_at),
        }

    def _insert(self, table: Table, row: dict[str, Any], source: FromClause, where: ColumnElement[bool]) -> int:
        columns = [
            value if isinstance(value, ColumnElement) else literal(value, table.c[name].type)
            for name, value in row.items()
        ]
        rows = select(*columns).select_from(source).where(where)
        return self._transaction.alter(self._transaction.flavour.insert_from(table, list(row), rows))


def _has_leave(person_id: ColumnElement[str], org_id: OrgId, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    taken = select(leave.c.person_id).where(leave.c.org_id == org_id, leave.c.person_id == person_id, *conditions)
    return taken.correlate_except(leave).exists()


def _reaches(day: date) -> ColumnElement[bool]:
    return leave.c.ends_on >= day.isoformat()


def _begins_by(day: date) -> ColumnElement[bool]:
    return leave.c.starts_on <= day.isoformat()
