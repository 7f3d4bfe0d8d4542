"""Takes a person out of the store: name, addresses and words go, ids and counts stay (删除个人信息).

Words are found by where they must be (the person's check-ins, the replies to and by them, messages to them and about
their matters) and by looking for them in what others were sent: a team's summary quotes people by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, Select, Table, Update, and_, case, delete, func, or_, select, update

from domain.duties import DutyState
from domain.ids import OrgId, PersonId
from storage.codec import decode_answers, decode_cadence, encode_answers
from storage.flavour import Flavour
from storage.queue_tables import VOIDABLE, attention, outbox
from storage.states import MessageState, only, spelled
from storage.tables import (
    checkin,
    checkin_version,
    conversation,
    definition,
    duty,
    history,
    identity,
    inbox,
    leave,
    person,
    reply,
)

if TYPE_CHECKING:
    from storage.transaction import Transaction

ERASED_NAME = "(erased)"
"""What stands where a name was."""

SHORTEST_WORDS = 4
"""Fewer characters of an answer than these are not looked for in others' messages: everybody writes 无 or "ok"."""

_AT_ONCE = 40
"""Words looked for by one statement; SQLite nests conditions at most 1,000 deep."""

_NO_ANSWERS = encode_answers({})


class UnknownPerson(LookupError):
    """An organisation has nobody of an id."""

    def __init__(self, org_id: OrgId, person_id: PersonId) -> None:
        super().__init__(f"organisation {org_id} has nobody of the id {person_id}")


def erase_person(transaction: Transaction, org_id: OrgId, person_id: PersonId) -> Mapping[str, int]:
    """Take a person's name, addresses and words out of the store, and what waits to be sent to or about them.

    The person becomes somebody inactive called `ERASED_NAME`. What others count stays: check-ins, versions, replies
    and duties are there without their words. What the person still owes is closed by `handlers.directory`, afterwards,
    so that whoever takes it over is told without the name. Doing it again changes nothing.

    Returns:
        How many rows of each kind have changed.

    Raises:
        UnknownPerson: The organisation has nobody of that id.
    """
    transaction.flush()
    erasure = _Erasure(transaction, org_id, person_id)
    words = erasure.words()
    withheld = erasure.withdraw_messages(words)
    return {
        **withheld,
        "callback_answers": erasure.blank_callback_answers(words),
        "conversations": erasure.end_conversations(words),
        "versions": erasure.blank_versions(),
        "replies": erasure.blank_replies(),
        "checkins": erasure.blank_checkins(),
        "reasons": erasure.blank_reasons(),
        **erasure.forget_person(),
    }


class _Erasure:
    """Takes one person out; every method returns how many rows it changed."""

    def __init__(self, transaction: Transaction, org_id: OrgId, person_id: PersonId) -> None:
        self._transaction = transaction
        self._org_id = org_id
        self._person_id = person_id
        self._own_checkins = self._select(checkin.c.checkin_id, checkin.c.person_id == person_id)
        to_them, by_them = reply.c.checkin_id.in_(self._own_checkins), reply.c.author_id == person_id
        self._own_replies = or_(to_them, by_them)
        owed = or_(duty.c.debtor_id == person_id, duty.c.about_id == person_id)
        self._own_duties = self._select(duty.c.duty_id, owed)

    def words(self) -> Sequence[str]:
        """Return what must not be found afterwards: the name, addresses, what was written, and each line of it.

        Raises:
            UnknownPerson: There is no such person.
        """
        rows = self._query(self._select((person.c.name, person.c.mail), person.c.person_id == self._person_id))
        if not rows:
            raise UnknownPerson(self._org_id, self._person_id)
        ((name, mail),) = rows
        ids = self._query(self._select(identity.c.external_id, identity.c.person_id == self._person_id))
        names = {name, mail, *(external_id for (external_id,) in ids)} - {None, "", ERASED_NAME, self._person_id}
        offered = self._offered()
        pieces = {piece.strip() for text in self._texts() if text not in offered for piece in (text, *text.split("\n"))}
        return sorted(names) + sorted(piece for piece in pieces if len(piece) >= SHORTEST_WORDS)

    def _texts(self) -> Iterator[str]:
        own = checkin.c.person_id == self._person_id
        for *stored, skip_reason in self._query(
            self._select((checkin.c.answers, checkin.c.draft, checkin.c.skip_reason), own)
        ):
            yield skip_reason
            yield from (text for answers in stored for text in _texts_of(answers))
        kept = checkin_version.c.checkin_id.in_(self._own_checkins)
        talks = conversation.c.person_id == self._person_id
        for column, condition in (
            (checkin_version.c.answers, kept),
            (reply.c.answers, self._own_replies),
            (conversation.c.answers, talks),
        ):
            for (answers,) in self._query(self._select(column, condition)):
                yield from _texts_of(answers)

    def _offered(self) -> set[str]:
        """Return the options that questions offered: the organisation's words, which stand in everybody's cards."""
        asked = self._select(checkin.c.definition, checkin.c.person_id == self._person_id)
        offered: set[str] = set()
        for (body,) in self._query(self._select(definition.c.body, definition.c.digest.in_(asked))):
            cadence = decode_cadence(body)
            for asking in (cadence.questionnaire, cadence.follow_up and cadence.follow_up.questionnaire):
                options = (option for question in (asking.questions if asking else ()) for option in question.options)
                offered.update(text for option in options for text in (option.value, option.label))
        return offered

    def withdraw_messages(self, words: Sequence[str]) -> dict[str, int]:
        """Withdraw what waits to be sent to or about the person, and blank all such messages."""
        blank = {"body": None, "shared_body": None, "face": None}
        blanking = update(outbox).where(or_(*(outbox.c[name].is_not(None) for name in blank))).values(blank)
        holding = (each for name in ("body", "face") for each in self._holding(outbox.c[name], words))
        conditions = [*self._of_their_matters(), *holding]
        withdrawn, blanked = (
            sum(self._change(changing.where(condition), outbox) for condition in conditions)
            for changing in (_withdrawing(self._transaction.present), blanking)
        )
        return {"messages_withdrawn": withdrawn, "messages_blanked": blanked}

    def _of_their_matters(self) -> Iterator[ColumnElement[bool]]:
        own_replies = self._select(reply.c.reply_id, self._own_replies)
        about = or_(
            outbox.c.person_id == self._person_id,
            outbox.c.duty_id.in_(self._own_duties),
            outbox.c.card_subject.in_(self._own_checkins),
            outbox.c.card_subject.in_(self._own_duties),
            outbox.c.card_subject.in_(own_replies),
        )
        yield about
        yield outbox.c.copy_of.in_(self._select(outbox.c.message_id, about))

    def blank_callback_answers(self, words: Sequence[str]) -> int:
        """Blank what platforms were told about the person's matters; a repeated callback then gets an empty answer."""
        ids = [
            subject
            for ids in (self._own_checkins, self._own_duties, self._select(reply.c.reply_id, self._own_replies))
            for (subject,) in self._query(ids)
        ]
        changing = update(inbox).values(answer=None)
        return sum(
            self._change(changing.where(condition), inbox)
            for condition in self._holding(inbox.c.answer, [*words, *ids])
        )

    def end_conversations(self, words: Sequence[str]) -> int:
        """Forget what the person was asked in words, and what others were being asked about them."""
        about = or_(
            conversation.c.person_id == self._person_id,
            conversation.c.topic_subject.in_(self._own_checkins),
            conversation.c.topic_subject.in_(self._own_duties),
        )
        conditions = [about, *self._holding(conversation.c.card, words)]
        return sum(self._change(delete(conversation).where(each), conversation) for each in conditions)

    def blank_versions(self) -> int:
        """Blank every version of the person's answers."""
        mine = checkin_version.c.checkin_id.in_(self._own_checkins)
        changing = update(checkin_version).where(mine, checkin_version.c.answers != _NO_ANSWERS)
        return self._change(changing.values(answers=_NO_ANSWERS), checkin_version)

    def blank_replies(self) -> int:
        """Blank replies to and by the person; who wrote when, and what it was good for, stays."""
        changing = update(reply).where(self._own_replies, reply.c.answers != _NO_ANSWERS)
        return self._change(changing.values(answers=_NO_ANSWERS), reply)

    def blank_checkins(self) -> int:
        """Blank the person's answers, drafts and reasons."""
        blank = {"answers": _NO_ANSWERS, "draft": _NO_ANSWERS, "skip_reason": ""}
        written = or_(*(checkin.c[name] != value for name, value in blank.items()))
        changing = update(checkin).where(checkin.c.person_id == self._person_id, written).values(blank)
        return self._change(changing, checkin)

    def blank_reasons(self) -> int:
        """Blank why duties of the person's matters were waived: it may be in somebody's own words."""
        mine = or_(duty.c.duty_id.in_(self._own_duties), duty.c.closed_by == self._person_id)
        closed = and_(~only(duty.c.state, DutyState.OPEN), duty.c.reason != "")
        return self._change(update(duty).where(mine, closed).values(reason=""), duty)

    def forget_person(self) -> dict[str, int]:
        """Remove name, addresses, leave and platform ids; the id stays, and where the person stood."""
        ids = [
            external_id
            for (external_id,) in self._query(
                self._select(identity.c.external_id, identity.c.person_id == self._person_id)
            )
        ]
        # A platform's id of a stranger is noted as the subject before it is known whose it is.
        strangers = update(history).where(history.c.subject.in_(ids), history.c.subject != self._person_id)
        plain = {"name": ERASED_NAME, "mail": None, "zone": None, "locale": None, "platform": None, "active": False}
        links = {"dotted_id": None, "deputy_id": None}
        known = update(person).where(person.c.person_id == self._person_id, person.c.name != ERASED_NAME)
        return {
            "history_subjects": self._change(strangers.values(subject=""), history),
            "identities": self._forget(identity),
            "leave": self._forget(leave),
            "message_counts": self._forget(attention),
            "people": self._change(known.values({**plain, **links}), person),
        }

    def _forget(self, table: Table) -> int:
        return self._change(delete(table).where(table.c.person_id == self._person_id), table)

    def _holding(self, column: ColumnElement[Any], words: Sequence[str]) -> Iterator[ColumnElement[bool]]:
        find = func.instr if self._transaction.flavour is Flavour.SQLITE else func.strpos
        spelled_words = [each for word in words for each in dict.fromkeys((word, _in_json(word)))]
        for start in range(0, len(spelled_words), _AT_ONCE):
            yield or_(*(find(column, word) > 0 for word in spelled_words[start : start + _AT_ONCE]))

    def _select(self, columns: Any, condition: ColumnElement[bool]) -> Select[Any]:
        chosen = columns if isinstance(columns, tuple) else (columns,)
        return select(*chosen).where(chosen[0].table.c.org_id == self._org_id, condition)

    def _query(self, statement: Select[Any]) -> Sequence[Any]:
        return self._transaction.query(statement)

    def _change(self, statement: Any, table: Table) -> int:
        return self._transaction.alter(statement.where(table.c.org_id == self._org_id))


def _withdrawing(present: int) -> Update:
    # What is being sent can no longer be stopped, but must not be tried again.
    sending = only(outbox.c.state, MessageState.SENDING)
    end = case((sending, spelled(MessageState.LAST_TRY)), else_=spelled(MessageState.WITHDRAWN))
    return update(outbox).where(VOIDABLE).values(state=end, ended_at=present)


def _texts_of(stored: str) -> Iterator[str]:
    for value in decode_answers(stored).values():
        yield from (value,) if isinstance(value, str) else value


def _in_json(word: str) -> str:
    return orjson.dumps(word).decode()[1:-1]
