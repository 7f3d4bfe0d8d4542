"""The tables: what is kept, under which keys, and which questions an index answers.

Every table carries `org_id` and every unique key begins with it, so that one database may hold many organisations and
may later be divided among many servers. Instants are microseconds since 1970 in UTC (`storage.instants`), local dates
ISO text, values JSON text (`storage.codec`). The tables of outgoing messages stand in `storage.queue_tables`.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, Table, UniqueConstraint

from domain.duties import DutyState
from storage.columns import (
    big,
    big_or_null,
    count,
    flag,
    flag_at_first_off,
    key,
    metadata,
    partial,
    words,
    words_or_null,
)
from storage.states import among, only

person = Table(
    "person",
    metadata,
    key("org_id"),
    key("person_id"),
    words("name"),
    words("department"),
    words_or_null("manager_id"),
    words_or_null("dotted_id"),
    words_or_null("hrbp_id"),
    words_or_null("deputy_id"),
    words_or_null("mail"),
    words_or_null("zone"),
    words_or_null("locale"),
    words_or_null("platform"),
    flag("active"),
    Index("person_by_manager", "org_id", "manager_id", "name"),
    Index("person_by_deputy", "org_id", "deputy_id", "name"),
    Index("person_by_hrbp", "org_id", "hrbp_id", "name"),
    Index("person_by_name", "org_id", "name"),
)

# No foreign key: a directory says who is who before it says who they are.
identity = Table(
    "identity",
    metadata,
    key("org_id"),
    key("platform"),
    key("external_id"),
    words("person_id"),
    big_or_null("lost_at"),
    UniqueConstraint("org_id", "person_id", "platform", name="identity_of_person"),
)
"""Who is who on a platform; `lost_at`: since when that platform cannot reach them."""

partial("identity_lost", identity.c.lost_at.is_not(None), identity.c.org_id, identity.c.lost_at)

leave = Table(
    "leave",
    metadata,
    key("org_id"),
    key("person_id"),
    key("starts_on"),
    key("ends_on"),
    ForeignKeyConstraint(["org_id", "person_id"], ["person.org_id", "person.person_id"], name="leave_person"),
)

definition = Table(
    "definition",
    metadata,
    key("org_id"),
    key("digest"),
    words("kind"),
    words("body"),
)

cadence_seen = Table(
    "cadence_seen",
    metadata,
    key("org_id"),
    key("cadence"),
    big("first_seen"),
)

occurrence = Table(
    "occurrence",
    metadata,
    key("org_id"),
    key("occurrence_id"),
    words("cadence"),
    words("family"),
    words("definition"),
    words("nominal"),
    words("nominal_day"),
    words("at"),
    words("zone"),
    words("period"),
    big("fires_at"),
    words("stage"),
    big_or_null("next_at"),
    words("cursor"),
    words("reason"),
    UniqueConstraint("org_id", "cadence", "nominal", name="occurrence_once"),
)
partial("occurrence_due", occurrence.c.next_at.is_not(None), occurrence.c.next_at)
Index("occurrence_by_family", occurrence.c.org_id, occurrence.c.family, occurrence.c.fires_at)

checkin = Table(
    "checkin",
    metadata,
    key("org_id"),
    key("checkin_id"),
    words("occurrence_id"),
    words("family"),
    words("definition"),
    words("period"),
    words("person_id"),
    big("asked_at"),
    big_or_null("due_at"),
    words("state"),
    count("version"),
    words("answers"),
    words("draft"),
    big_or_null("submitted_at"),
    flag("late"),
    big_or_null("replied_at"),
    words("skip_reason"),
    flag_at_first_off("published"),
    UniqueConstraint("org_id", "family", "period", "person_id", name="checkin_once"),
    Index("checkin_of_round", "org_id", "occurrence_id", "person_id"),
    Index("checkin_by_person", "org_id", "person_id", "asked_at"),
)

published_block = Table(
    "published_block",
    metadata,
    key("org_id"),
    key("occurrence_id"),
    key("manager_id"),
    Column("block", Integer, primary_key=True, autoincrement=False),
    words("answers"),
)
"""Choices of several people that were once let into a mean, without their names and as they were then."""

checkin_version = Table(
    "checkin_version",
    metadata,
    key("org_id"),
    key("checkin_id"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    words("answers"),
    big_or_null("submitted_at"),
    ForeignKeyConstraint(["org_id", "checkin_id"], ["checkin.org_id", "checkin.checkin_id"], name="version_checkin"),
)

reply = Table(
    "reply",
    metadata,
    key("org_id"),
    key("reply_id"),
    words("checkin_id"),
    count("version"),
    words("author_id"),
    words("answers"),
    big("written_at"),
    words("reactions"),
    ForeignKeyConstraint(["org_id", "checkin_id"], ["checkin.org_id", "checkin.checkin_id"], name="reply_checkin"),
    Index("reply_of_checkin", "org_id", "checkin_id", "written_at"),
)

duty = Table(
    "duty",
    metadata,
    key("org_id"),
    key("duty_id"),
    words("kind"),
    words("subject"),
    words("debtor_id"),
    words("about_id"),
    words("ladder"),
    big("opened_at"),
    big("due_at"),
    count("step"),
    big_or_null("snoozed_until"),
    words("state"),
    big_or_null("closed_at"),
    words_or_null("closed_by"),
    words("reason"),
    words_or_null("followed_by"),
    big_or_null("followed_at"),
    big_or_null("tell_at"),
    big_or_null("next_at"),
    UniqueConstraint("org_id", "kind", "subject", "debtor_id", name="duty_once"),
)
OPEN_DUTY = only(duty.c.state, DutyState.OPEN)
"""Duties that are still owed, for whoever knows them by their debtor: the condition of that index."""

UNCLOSED_DUTY = duty.c.closed_at.is_(None)
"""The same duties in other words, for whoever knows them by whom they are about: the condition of that index. Were the
two the same, PostgreSQL might take the one for the other while it knows nothing of the table yet."""

NOT_CLOSED = ~among(duty.c.state, DutyState.FULFILLED, DutyState.WAIVED, DutyState.EXPIRED)
"""The same once more, for whoever knows a duty by its id: the condition of no index."""

partial("duty_due", duty.c.next_at.is_not(None), duty.c.next_at, duty.c.duty_id)
partial("duty_by_debtor", OPEN_DUTY, duty.c.org_id, duty.c.debtor_id, duty.c.due_at)
partial("duty_by_about", UNCLOSED_DUTY, duty.c.org_id, duty.c.about_id)

inbox = Table(
    "inbox",
    metadata,
    key("org_id"),
    key("platform"),
    key("event_id"),
    big("received_at"),
    words_or_null("answer"),
    Index("inbox_by_time", "received_at"),
)

conversation = Table(
    "conversation",
    metadata,
    key("org_id"),
    key("person_id"),
    words("topic_kind"),
    words("topic_subject"),
    words("action"),
    words("step"),
    words("answers"),
    words_or_null("card"),
    big("expires_at"),
)

history = Table(
    "history",
    metadata,
    words("org_id"),
    big("at"),
    count("place"),
    words("kind"),
    words("subject"),
    words_or_null("actor"),
    words("detail"),
    Index("history_by_subject", "org_id", "subject", "at"),
    Index("history_by_time", "org_id", "at"),
)

quota = Table(
    "quota",
    metadata,
    key("org_id"),
    key("platform"),
    key("kind"),
    key("month"),
    big("calls"),
    count("warned"),
)
"""Calls that a platform counts by the month, and the percentage of the allowance at which somebody was last warned."""

scratch = Table(
    "scratch",
    metadata,
    key("org_id"),
    big("tried"),
)
