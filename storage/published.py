"""Choices let into a team's mean: in blocks of several people, once, without names.

What was published stays as it was, whatever is edited, moved or erased later: two means seen at different times then
differ by whole blocks, and nobody learns one person's answer by subtraction. Within a block the order tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from domain.questionnaire import Answers
from storage.checkin_rows import SUBMITTED
from storage.codec import decode_answers
from storage.prepared import Prepared, Statement
from storage.select_by import change_by, equal, select_by
from storage.tables import checkin, person, published_block

if TYPE_CHECKING:
    from storage.transaction import Row, Transaction

_GROUP = "org_id occurrence_id manager_id"
_NAMES = f"{_GROUP} block answers"


def _unpublished() -> Statement:
    reports = select_by(person, "org_id manager_id", person.c.person_id).where(person.c.active.is_(True))
    # Not a join: SQLite would read the whole round's check-ins and look for the manager of each.
    of_group = (*equal(checkin, "org_id occurrence_id"), checkin.c.person_id.in_(reports))
    waiting = (SUBMITTED, checkin.c.published.is_(False))
    found = select(checkin.c.checkin_id, checkin.c.answers).where(*of_group, *waiting)
    return found.order_by(checkin.c.submitted_at, checkin.c.checkin_id).with_for_update(of=checkin)


_UNPUBLISHED = Prepared(_GROUP, lambda _: _unpublished())
_BLOCKS = Prepared(
    _GROUP,
    lambda _: select_by(published_block, _GROUP, published_block.c.answers).order_by(published_block.c.block),
)
_PUBLISH = Prepared(_NAMES, lambda flavour: flavour.insert(published_block, _NAMES))
_MARK = Prepared("new_published org_id checkin_id", lambda _: change_by(checkin, "org_id checkin_id", "published"))


def choices(
    transaction: Transaction, group: tuple[str, str, str], names: Sequence[str], at_least: int
) -> Sequence[Answers]:
    """Return what is published of a group, publishing what has become enough for another block.

    Args:
        transaction: Where.
        group: Organisation, round and manager.
        names: The questions whose choices are published; nothing else is copied.
        at_least: People in a block.
    """
    waiting = transaction.rows(_UNPUBLISHED, group)  # first, for they are locked: another replica may publish them
    blocks = [text for (text,) in transaction.rows(_BLOCKS, group)]
    for first in range(0, len(waiting) - len(waiting) % at_least, at_least):
        block = _block(waiting[first : first + at_least], names)
        transaction.change(_PUBLISH, (*group, len(blocks), block))
        transaction.change_many(_MARK, [(True, group[0], row[0]) for row in waiting[first : first + at_least]])
        blocks.append(block)
    return list(_people(blocks))


def _block(rows: Sequence[Row], names: Sequence[str]) -> str:
    chosen = [{name: answers[name] for name in names if name in answers} for answers in _answers(rows)]
    return json.dumps(sorted(chosen, key=lambda each: json.dumps(each, sort_keys=True)), ensure_ascii=False)


def _answers(rows: Sequence[Row]) -> Iterator[Answers]:
    return (decode_answers(text) for _, text in rows)


def _people(blocks: Sequence[str]) -> Iterator[Answers]:
    return (answers for block in blocks for answers in json.loads(block))
