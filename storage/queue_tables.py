"""The tables of outgoing messages: what waits, the lanes it waits in, and how much was said to whom.

Some named conditions are those of partial indexes. A statement that wants such an index must hold the condition as it
is; one that does not want it must not: PostgreSQL, while it knows nothing of a table yet, believes that so few rows
meet a condition that it reads all of them instead of looking up a key.
"""

from __future__ import annotations

from sqlalchemy import Table, UniqueConstraint, and_

from domain.messages import Call
from storage.columns import big, big_or_null, count, flag, key, metadata, partial, words, words_or_null
from storage.states import MessageState, among, only

outbox = Table(
    "outbox",
    metadata,
    key("org_id"),
    key("message_id"),
    words("lane"),
    words("call"),
    words("person_id"),
    words("dedupe"),
    count("priority"),
    flag("asked"),
    words_or_null("duty_id"),
    words_or_null("card_kind"),
    words_or_null("card_subject"),
    words_or_null("body"),
    words_or_null("shared_body"),
    words_or_null("face"),
    words_or_null("copy_of"),
    words("target"),
    big("send_after"),
    count("place"),
    words("state"),
    big("epoch"),
    count("attempts"),
    count("faces"),
    words_or_null("external_id"),
    words("error"),
    big_or_null("ended_at"),
    words_or_null("folded_on"),
    UniqueConstraint("org_id", "dedupe", name="outbox_once"),
)
IN_LANE = and_(outbox.c.ended_at.is_(None), outbox.c.folded_on.is_(None))
"""The condition of the index of lanes. It does not name the state, so that handing a message to its sender, which only
changes that, leaves every index alone."""

UNSENT = among(outbox.c.state, MessageState.READY, MessageState.SENDING)
"""Messages that a lane still has to deal with, for whoever knows them by a key."""

PENDING = and_(IN_LANE, UNSENT)
"""The same, for whoever goes through a lane by its index."""

VOIDABLE = among(outbox.c.state, MessageState.READY, MessageState.SENDING, MessageState.FOLDED)
"""Messages that can still be withdrawn; no index's condition."""

SENT_CARD = and_(only(outbox.c.state, MessageState.SENT), only(outbox.c.call, Call.CARD))
"""Cards that lie in somebody's chat, for whoever knows them by the platform's id."""

ENDED_CARD = and_(only(outbox.c.call, Call.CARD), outbox.c.ended_at.is_not(None))
"""Cards that were sent or given up, for whoever goes through a chat."""

ARRIVED = ~among(outbox.c.state, *(state for state in MessageState if state is not MessageState.SENT))
"""Messages that lie in somebody's chat, said so that no index by their state is taken."""

FOLDED = only(outbox.c.state, MessageState.FOLDED)
"""Messages that a digest will tell, by their reader and day."""

DEAD = only(outbox.c.state, MessageState.DEAD)
"""Messages that nobody will get, by time."""

partial(
    "outbox_waiting", IN_LANE, outbox.c.org_id, outbox.c.lane, outbox.c.priority, outbox.c.send_after, outbox.c.place
)
partial("outbox_by_duty", outbox.c.duty_id.is_not(None), outbox.c.org_id, outbox.c.duty_id)
partial(
    "outbox_by_card",
    outbox.c.card_kind.is_not(None),
    outbox.c.org_id,
    outbox.c.card_kind,
    outbox.c.card_subject,
    outbox.c.person_id,
)
partial("outbox_by_copy", outbox.c.copy_of.is_not(None), outbox.c.org_id, outbox.c.copy_of)
partial("outbox_by_external", SENT_CARD, outbox.c.org_id, outbox.c.external_id)
partial("outbox_in_chat", ENDED_CARD, outbox.c.org_id, outbox.c.person_id, outbox.c.ended_at)
partial("outbox_folded", FOLDED, outbox.c.org_id, outbox.c.person_id, outbox.c.folded_on)
partial("outbox_dead", DEAD, outbox.c.ended_at)

lane = Table(
    "lane",
    metadata,
    key("org_id"),
    key("name"),
    big_or_null("ready_at"),
    big("next_at"),
    words_or_null("lease_owner"),
    big_or_null("lease_until"),
    big("epoch"),
)
partial("lane_ready", lane.c.ready_at.is_not(None), lane.c.ready_at)

attention = Table(
    "attention",
    metadata,
    key("org_id"),
    key("person_id"),
    key("day"),
    count("said"),
)
