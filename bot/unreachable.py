"""Tells admins, once a day at most, that somebody has become unreachable; who it is, the doctor shows."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.messages import Draft, Priority
from handlers.context import Context
from storage.transaction import Transaction
from storage.unreachable import last_told, note_told, unreachable_people


def tell_admins(transaction: Transaction, ctx: Context) -> int:
    """Put a line for each admin into the outbox, if people became unreachable since the last line.

    A line on a local day of the organisation; whoever is lost later that day is counted by the next day's.

    Args:
        transaction: Where.
        ctx: The organisation.

    Returns:
        How many people the line counts; 0 if there is none.
    """
    org_id, told_at = ctx.policy.org_id, last_told(transaction, ctx.policy.org_id)
    if not ctx.policy.admins or (told_at is not None and _day(ctx, told_at) == _day(ctx, ctx.now)):
        return 0
    count = len({lost.person_id for lost in unreachable_people(transaction, org_id, told_at)})
    if count:
        note_told(transaction, org_id, count, ctx.now)
        for admin_id in ctx.policy.admins:
            admin = ctx.store.people.person(admin_id)
            if admin is not None:
                words = ctx.speaker(admin).say("admin.unreachable", {"count": count})
                dedupe = f"unreachable:{_day(ctx, ctx.now)}:{admin_id}"
                ctx.store.outbox.put(Draft(admin_id, words, Priority.SUMMARY, dedupe))
    return count


def _day(ctx: Context, at: datetime) -> str:
    return at.astimezone(ZoneInfo(ctx.policy.zone)).date().isoformat()
