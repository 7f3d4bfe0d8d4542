"""Check-ins, their versions and replies as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal

from domain.checkin import Checkin, CheckinState, Reaction, Reply
from domain.ids import CheckinId, OccurrenceId, OrgId, PersonId
from storage.codec import decode_answers, encode_answers
from storage.flavour import Flavour
from storage.instants import instant, instant_or_none, micros, micros_or_none
from storage.prepared import Prepared, Statement, Values
from storage.select_by import change_by, new_names, parameter, select_by
from storage.states import only
from storage.storable import storable
from storage.tables import checkin, checkin_version, reply

if TYPE_CHECKING:
    from storage.definitions import Definitions
    from storage.transaction import Row

_OWN = tuple(column for column in checkin.c if column.name != "published")
COLUMNS = tuple(column for column in _OWN if column.name != "family")
"""In the order of `Checkin`'s own fields; the cadence as its digest."""

_NAMES = " ".join(column.name for column in _OWN)
SUBMITTED = only(checkin.c.state, CheckinState.SUBMITTED)
"""Check-ins that are answered."""

_SAVED = "due_at state version answers draft submitted_at late replied_at skip_reason"
_VERSION_NAMES = "org_id checkin_id version answers submitted_at"
_REPLY_NAMES = " ".join(column.name for column in reply.c)


def checkin_of(row: Row, definitions: Definitions) -> Checkin:
    """Return the check-in of a row of `COLUMNS`."""
    return Checkin(
        OrgId(row[0]),
        CheckinId(row[1]),
        OccurrenceId(row[2]),
        definitions.cadence(row[3]),
        row[4],
        PersonId(row[5]),
        instant(row[6]),
        instant_or_none(row[7]),
        CheckinState(row[8]),
        row[9],
        decode_answers(row[10]),
        decode_answers(row[11]),
        instant_or_none(row[12]),
        bool(row[13]),
        instant_or_none(row[14]),
        row[15],
    )


def adding_values(added: Checkin, cadence_digest: str) -> Values:
    """Return the values of a new check-in's row."""
    identity = (added.org_id, added.checkin_id, added.occurrence_id, added.cadence.family, cadence_digest)
    return (*identity, added.period, added.person_id, micros(added.asked_at), *_changing(added))


def saving_values(changed: Checkin) -> Values:
    """Return the values that `SAVE` takes."""
    return (*_changing(changed), changed.org_id, changed.checkin_id)


def _changing(changed: Checkin) -> Values:
    return (
        micros_or_none(changed.due_at),
        changed.state.value,
        changed.version,
        encode_answers(changed.answers),
        encode_answers(changed.draft),
        micros_or_none(changed.submitted_at),
        changed.late,
        micros_or_none(changed.replied_at),
        storable(changed.skip_reason),
    )


def version_values(filed: Checkin) -> Values:
    """Return the values of a version's row."""
    answers = encode_answers(filed.answers)
    return (filed.org_id, filed.checkin_id, filed.version, answers, micros_or_none(filed.submitted_at))


def reply_of(row: Row) -> Reply:
    """Return the reply of a row."""
    reactions = frozenset(map(Reaction, row[7].split()))
    answers, written_at = decode_answers(row[5]), instant(row[6])
    return Reply(OrgId(row[0]), row[1], CheckinId(row[2]), row[3], PersonId(row[4]), answers, written_at, reactions)


def reply_values(written: Reply) -> Values:
    """Return the values of a reply's row."""
    return (
        written.org_id,
        written.reply_id,
        written.checkin_id,
        written.version,
        written.author_id,
        encode_answers(written.answers),
        micros(written.written_at),
        reactions_text(written),
    )


def reactions_text(written: Reply) -> str:
    """Return the reactions to a reply as words divided by blanks."""
    return " ".join(sorted(reaction.value for reaction in written.reactions))


def _file(flavour: Flavour) -> Statement:
    insertion = flavour.insert(checkin_version, _VERSION_NAMES)
    new = insertion.excluded
    return insertion.on_conflict_do_update(
        index_elements=[checkin_version.c.org_id, checkin_version.c.checkin_id, checkin_version.c.version],
        set_={"answers": new.answers, "submitted_at": new.submitted_at},
    )


def _newest(names: str) -> Select[Any]:
    return select_by(checkin, names, *COLUMNS).order_by(checkin.c.asked_at.desc(), checkin.c.checkin_id.desc())


def _states() -> Statement:
    asked = select_by(checkin, "org_id person_id family", checkin.c.checkin_id, checkin.c.state)
    until = asked.where(checkin.c.asked_at <= parameter("until", checkin.c.asked_at))
    return until.order_by(checkin.c.asked_at.desc(), checkin.c.checkin_id.desc()).limit(bindparam("limit"))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, literal(1)), else_=literal(0))), literal(0))


def _counts() -> Statement:
    late = and_(SUBMITTED, checkin.c.late.is_(True))
    skipped, replied = only(checkin.c.state, CheckinState.SKIPPED), checkin.c.replied_at.is_not(None)
    counted = (func.count(), *map(_number, (SUBMITTED, late, skipped, replied)))
    return select_by(checkin, "org_id occurrence_id", *counted)


ADD = Prepared(_NAMES, lambda flavour: flavour.insert(checkin, _NAMES).on_conflict_do_nothing())
SAVE = Prepared(f"{new_names(_SAVED)} org_id checkin_id", lambda _: change_by(checkin, "org_id checkin_id", _SAVED))
FILE = Prepared(_VERSION_NAMES, _file)
BY_ID = Prepared("org_id checkin_id", lambda _: select_by(checkin, "org_id checkin_id", *COLUMNS).with_for_update())
OF_ROUND = Prepared(
    "org_id occurrence_id person_id",
    lambda _: select_by(checkin, "org_id occurrence_id person_id", *COLUMNS).with_for_update(),
)
LATEST = Prepared("org_id person_id", lambda _: _newest("org_id person_id").limit(1).with_for_update())
LATEST_OF_FAMILY = Prepared(
    "org_id person_id family", lambda _: _newest("org_id person_id family").limit(1).with_for_update()
)
STATES = Prepared("org_id person_id family until limit", lambda _: _states())
OF_PEOPLE = Prepared(
    "org_id occurrence_id people",
    lambda flavour: select_by(checkin, "org_id occurrence_id", *COLUMNS).where(
        flavour.listed(checkin.c.person_id, "people")
    ),
)
LOCK_MANY = Prepared(
    "org_id checkins",
    lambda flavour: (
        select_by(checkin, "org_id", *COLUMNS)
        .where(flavour.listed(checkin.c.checkin_id, "checkins"))
        .with_for_update(skip_locked=True)
    ),
)
KNOWN = Prepared(
    "org_id checkins",
    lambda flavour: select_by(checkin, "org_id", checkin.c.checkin_id).where(
        flavour.listed(checkin.c.checkin_id, "checkins")
    ),
)
COUNTS = Prepared("org_id occurrence_id", lambda _: _counts())
VERSIONS = Prepared(
    "org_id checkin_id",
    lambda _: select_by(checkin_version, "org_id checkin_id", checkin_version.c.answers).order_by(
        checkin_version.c.version
    ),
)
REPLY = Prepared(_REPLY_NAMES, lambda flavour: flavour.insert(reply, _REPLY_NAMES))
REACT = Prepared("new_reactions org_id reply_id", lambda _: change_by(reply, "org_id reply_id", "reactions"))
REPLY_BY_ID = Prepared("org_id reply_id", lambda _: select_by(reply, "org_id reply_id", *reply.c).with_for_update())
REPLIES = Prepared(
    "org_id checkin_id",
    lambda _: select_by(reply, "org_id checkin_id", *reply.c).order_by(reply.c.written_at, reply.c.reply_id),
)
