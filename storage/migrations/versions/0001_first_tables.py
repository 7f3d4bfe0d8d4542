"""The first tables.

Revision: 0001, after nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_TABLES = (
    "person",
    "identity",
    "leave",
    "definition",
    "cadence_seen",
    "occurrence",
    "checkin",
    "published_block",
    "checkin_version",
    "reply",
    "duty",
    "outbox",
    "lane",
    "attention",
    "inbox",
    "conversation",
    "history",
    "quota",
    "scratch",
)


def upgrade() -> None:
    _people()
    _rounds()
    _checkins()
    _answers()
    _duties()
    _outbox()
    _outbox_indexes()
    _lanes()
    _records()


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=False)


def _text_or_null(name: str) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=True)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _big_or_null(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _partial(name: str, table: str, columns: Sequence[str], where: str) -> None:
    op.create_index(name, table, list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _people() -> None:
    op.create_table(
        "person",
        _text("org_id"),
        _text("person_id"),
        _text("name"),
        _text("department"),
        _text_or_null("manager_id"),
        _text_or_null("dotted_id"),
        _text_or_null("hrbp_id"),
        _text_or_null("deputy_id"),
        _text_or_null("mail"),
        _text_or_null("zone"),
        _text_or_null("locale"),
        _text_or_null("platform"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "person_id"),
    )
    op.create_index("person_by_deputy", "person", ["org_id", "deputy_id", "name"])
    op.create_index("person_by_hrbp", "person", ["org_id", "hrbp_id", "name"])
    op.create_index("person_by_manager", "person", ["org_id", "manager_id", "name"])
    op.create_index("person_by_name", "person", ["org_id", "name"])
    op.create_table(
        "identity",
        _text("org_id"),
        _text("platform"),
        _text("external_id"),
        _text("person_id"),
        _big_or_null("lost_at"),
        sa.PrimaryKeyConstraint("org_id", "platform", "external_id"),
        sa.UniqueConstraint("org_id", "person_id", "platform", name="identity_of_person"),
    )
    _partial("identity_lost", "identity", ["org_id", "lost_at"], "lost_at IS NOT NULL")
    op.create_table(
        "leave",
        _text("org_id"),
        _text("person_id"),
        _text("starts_on"),
        _text("ends_on"),
        sa.PrimaryKeyConstraint("org_id", "person_id", "starts_on", "ends_on"),
        sa.ForeignKeyConstraint(["org_id", "person_id"], ["person.org_id", "person.person_id"], name="leave_person"),
    )


def _rounds() -> None:
    op.create_table(
        "definition",
        _text("org_id"),
        _text("digest"),
        _text("kind"),
        _text("body"),
        sa.PrimaryKeyConstraint("org_id", "digest"),
    )
    op.create_table(
        "cadence_seen",
        _text("org_id"),
        _text("cadence"),
        _big("first_seen"),
        sa.PrimaryKeyConstraint("org_id", "cadence"),
    )
    op.create_table(
        "occurrence",
        _text("org_id"),
        _text("occurrence_id"),
        _text("cadence"),
        _text("family"),
        _text("definition"),
        _text("nominal"),
        _text("nominal_day"),
        _text("at"),
        _text("zone"),
        _text("period"),
        _big("fires_at"),
        _text("stage"),
        _big_or_null("next_at"),
        _text("cursor"),
        _text("reason"),
        sa.PrimaryKeyConstraint("org_id", "occurrence_id"),
        sa.UniqueConstraint("org_id", "cadence", "nominal", name="occurrence_once"),
    )
    op.create_index("occurrence_by_family", "occurrence", ["org_id", "family", "fires_at"])
    _partial("occurrence_due", "occurrence", ["next_at"], "next_at IS NOT NULL")


def _checkins() -> None:
    op.create_table(
        "checkin",
        _text("org_id"),
        _text("checkin_id"),
        _text("occurrence_id"),
        _text("family"),
        _text("definition"),
        _text("period"),
        _text("person_id"),
        _big("asked_at"),
        _big_or_null("due_at"),
        _text("state"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("answers"),
        _text("draft"),
        _big_or_null("submitted_at"),
        sa.Column("late", sa.Boolean(), nullable=False),
        _big_or_null("replied_at"),
        _text("skip_reason"),
        sa.Column("published", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "checkin_id"),
        sa.UniqueConstraint("org_id", "family", "period", "person_id", name="checkin_once"),
    )
    op.create_index("checkin_by_person", "checkin", ["org_id", "person_id", "asked_at"])
    op.create_index("checkin_of_round", "checkin", ["org_id", "occurrence_id", "person_id"])


def _answers() -> None:
    op.create_table(
        "published_block",
        _text("org_id"),
        _text("occurrence_id"),
        _text("manager_id"),
        sa.Column("block", sa.Integer(), nullable=False),
        _text("answers"),
        sa.PrimaryKeyConstraint("org_id", "occurrence_id", "manager_id", "block"),
    )
    op.create_table(
        "checkin_version",
        _text("org_id"),
        _text("checkin_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("answers"),
        _big_or_null("submitted_at"),
        sa.PrimaryKeyConstraint("org_id", "checkin_id", "version"),
        sa.ForeignKeyConstraint(
            ["org_id", "checkin_id"], ["checkin.org_id", "checkin.checkin_id"], name="version_checkin"
        ),
    )
    op.create_table(
        "reply",
        _text("org_id"),
        _text("reply_id"),
        _text("checkin_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("author_id"),
        _text("answers"),
        _big("written_at"),
        _text("reactions"),
        sa.PrimaryKeyConstraint("org_id", "reply_id"),
        sa.ForeignKeyConstraint(
            ["org_id", "checkin_id"], ["checkin.org_id", "checkin.checkin_id"], name="reply_checkin"
        ),
    )
    op.create_index("reply_of_checkin", "reply", ["org_id", "checkin_id", "written_at"])


def _duties() -> None:
    op.create_table(
        "duty",
        _text("org_id"),
        _text("duty_id"),
        _text("kind"),
        _text("subject"),
        _text("debtor_id"),
        _text("about_id"),
        _text("ladder"),
        _big("opened_at"),
        _big("due_at"),
        sa.Column("step", sa.Integer(), nullable=False),
        _big_or_null("snoozed_until"),
        _text("state"),
        _big_or_null("closed_at"),
        _text_or_null("closed_by"),
        _text("reason"),
        _text_or_null("followed_by"),
        _big_or_null("followed_at"),
        _big_or_null("tell_at"),
        _big_or_null("next_at"),
        sa.PrimaryKeyConstraint("org_id", "duty_id"),
        sa.UniqueConstraint("org_id", "kind", "subject", "debtor_id", name="duty_once"),
    )
    _partial("duty_by_about", "duty", ["org_id", "about_id"], "closed_at IS NULL")
    _partial("duty_by_debtor", "duty", ["org_id", "debtor_id", "due_at"], "state = 'open'")
    _partial("duty_due", "duty", ["next_at", "duty_id"], "next_at IS NOT NULL")


def _outbox() -> None:
    op.create_table(
        "outbox",
        _text("org_id"),
        _text("message_id"),
        _text("lane"),
        _text("call"),
        _text("person_id"),
        _text("dedupe"),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        _text_or_null("duty_id"),
        _text_or_null("card_kind"),
        _text_or_null("card_subject"),
        _text_or_null("body"),
        _text_or_null("shared_body"),
        _text_or_null("face"),
        _text_or_null("copy_of"),
        _text("target"),
        _big("send_after"),
        sa.Column("place", sa.Integer(), nullable=False),
        _text("state"),
        _big("epoch"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("faces", sa.Integer(), nullable=False),
        _text_or_null("external_id"),
        _text("error"),
        _big_or_null("ended_at"),
        _text_or_null("folded_on"),
        sa.PrimaryKeyConstraint("org_id", "message_id"),
        sa.UniqueConstraint("org_id", "dedupe", name="outbox_once"),
    )


def _outbox_indexes() -> None:
    _partial("outbox_by_card", "outbox", ["org_id", "card_kind", "card_subject", "person_id"], "card_kind IS NOT NULL")
    _partial("outbox_by_copy", "outbox", ["org_id", "copy_of"], "copy_of IS NOT NULL")
    _partial("outbox_by_duty", "outbox", ["org_id", "duty_id"], "duty_id IS NOT NULL")
    _partial("outbox_by_external", "outbox", ["org_id", "external_id"], "state = 'sent' AND call = 'card'")
    _partial("outbox_dead", "outbox", ["ended_at"], "state = 'dead'")
    _partial("outbox_in_chat", "outbox", ["org_id", "person_id", "ended_at"], "call = 'card' AND ended_at IS NOT NULL")
    _partial("outbox_folded", "outbox", ["org_id", "person_id", "folded_on"], "state = 'folded'")
    _partial(
        "outbox_waiting",
        "outbox",
        ["org_id", "lane", "priority", "send_after", "place"],
        "ended_at IS NULL AND folded_on IS NULL",
    )


def _lanes() -> None:
    op.create_table(
        "lane",
        _text("org_id"),
        _text("name"),
        _big_or_null("ready_at"),
        _big("next_at"),
        _text_or_null("lease_owner"),
        _big_or_null("lease_until"),
        _big("epoch"),
        sa.PrimaryKeyConstraint("org_id", "name"),
    )
    _partial("lane_ready", "lane", ["ready_at"], "ready_at IS NOT NULL")
    op.create_table(
        "attention",
        _text("org_id"),
        _text("person_id"),
        _text("day"),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "person_id", "day"),
    )


def _records() -> None:
    op.create_table(
        "inbox",
        _text("org_id"),
        _text("platform"),
        _text("event_id"),
        _big("received_at"),
        _text_or_null("answer"),
        sa.PrimaryKeyConstraint("org_id", "platform", "event_id"),
    )
    op.create_index("inbox_by_time", "inbox", ["received_at"])
    op.create_table(
        "conversation",
        _text("org_id"),
        _text("person_id"),
        _text("topic_kind"),
        _text("topic_subject"),
        _text("action"),
        _text("step"),
        _text("answers"),
        _text_or_null("card"),
        _big("expires_at"),
        sa.PrimaryKeyConstraint("org_id", "person_id"),
    )
    op.create_table(
        "history",
        _text("org_id"),
        _big("at"),
        sa.Column("place", sa.Integer(), nullable=False),
        _text("kind"),
        _text("subject"),
        _text_or_null("actor"),
        _text("detail"),
    )
    op.create_index("history_by_subject", "history", ["org_id", "subject", "at"])
    op.create_index("history_by_time", "history", ["org_id", "at"])
    op.create_table(
        "quota",
        _text("org_id"),
        _text("platform"),
        _text("kind"),
        _text("month"),
        _big("calls"),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "platform", "kind", "month"),
    )
    op.create_table(
        "scratch",
        _text("org_id"),
        _big("tried"),
        sa.PrimaryKeyConstraint("org_id"),
    )
