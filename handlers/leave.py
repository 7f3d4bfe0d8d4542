"""Leave: noting it, coming back, and what it does to what somebody owes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from domain.calendar import Leave
from domain.duties import ANSWER, Duty, due_at
from domain.errors import Refused
from domain.people import Person
from handlers import follow_up
from handlers.context import Context

LONGEST = timedelta(days=400)
"""Leave that reaches further ahead is taken for a slip of the keyboard; nor could hours be counted through it."""

_RELATIVE = {"今天": 0, "today": 0, "明天": 1, "tomorrow": 1, "大后天": 3, "后天": 2}
_DAY = re.compile(rf"(?:(\d{{4}})[-./年])?(\d{{1,2}})[-./月](\d{{1,2}})日?|({'|'.join(_RELATIVE)})")
_JOINTS = re.compile(r"(?:从|到|至|~|\b(?:from|until|till|to)\b|[\s,，、-])*")
_UNTIL = re.compile(r"到|至|~|\b(?:until|till|to)\b")


def take(ctx: Context, actor: Person, words: str) -> str:
    """Note leave from typed words ("到 2026-12-01", "11-30 到 12-01", "明天") and return the sentence to say.

    Raises:
        Refused: No date, a date in the past, an end before the beginning, or longer than `LONGEST`.
    """
    today = ctx.today(actor)
    leave = _read(words, today)
    ctx.store.people.add_leave(actor.person_id, leave)
    detail = {"from": leave.starts_on.isoformat(), "to": leave.ends_on.isoformat()}
    ctx.store.history.note("leave.taken", actor.person_id, actor.person_id, ctx.now, detail)
    retime(ctx, actor)
    deputy = ctx.deputy(actor)
    if deputy is not None and leave.starts_on <= today:
        _hand_to_deputy(ctx, actor)
    key = "leave.noted_deputy" if deputy else "leave.noted"
    values = {"to": ctx.words.day(ctx.policy.locale_of(actor), leave.ends_on), "deputy": deputy.name if deputy else ""}
    return ctx.speaker(actor).say(key, values)


def is_nothing_but_days(words: str) -> bool:
    """Tell whether words are days with what joins them, and nothing else ("到 2026-12-01"), so that leave is meant."""
    rest, days = _DAY.subn(" ", words.casefold())
    return days > 0 and _JOINTS.fullmatch(rest) is not None


def _read(words: str, today: date) -> Leave:
    text = words.casefold()
    days = [_day(match, today) for match in _DAY.finditer(text)]
    if not days:
        raise Refused("leave.no_date")
    first, last = (days[0], days[-1]) if len(days) > 1 else (today if _UNTIL.search(text) else days[0], days[0])
    if last < today:
        raise Refused("leave.past")
    if first > last or last > today + LONGEST:
        raise Refused("leave.too_long")
    return Leave(first, last)


def _day(match: re.Match[str], today: date) -> date:
    year, month, day, word = match.groups()
    if word:
        return today + timedelta(days=_RELATIVE[word])
    try:
        found = date(int(year) if year else today.year, int(month), int(day))
        if not year and found < today - timedelta(days=31):
            return found.replace(year=found.year + 1)
    except ValueError as error:
        raise Refused("leave.no_date") from error
    return found


def come_back(ctx: Context, actor: Person) -> str:
    """End the actor's leave today and return the sentence to say, with what is waiting."""
    ended = ctx.store.people.end_leave(actor.person_id, ctx.today(actor))
    retime(ctx, actor)
    waiting = len(ctx.store.duties.owed_by(actor.person_id))
    if ended:
        ctx.store.history.note("leave.ended", actor.person_id, actor.person_id, ctx.now, {})
    return ctx.speaker(actor).say("leave.back" if ended else "leave.none", {"count": waiting})


def retime(ctx: Context, person: Person) -> None:
    """Count anew the hours of everything a person owes, after leave or deputy have changed."""
    for duty in ctx.store.duties.owed_by(person.person_id):
        retimed = _with_due(ctx, person, duty)
        ctx.keep(retimed)
        if retimed.due_at != duty.due_at:
            _say_due(ctx, retimed)


def _say_due(ctx: Context, duty: Duty) -> None:
    """Let what depends on a time, or promises it, know the new one."""
    matter = follow_up.matter_of(ctx, duty)
    if matter is not None and duty.kind == ANSWER:
        ctx.store.checkins.save(replace(matter.checkin, due_at=duty.due_at), keep_version=False)
    elif matter is not None:
        follow_up.refresh(ctx, matter.checkin)


def _with_due(ctx: Context, person: Person, duty: Duty) -> Duty:
    tell_at = follow_up.back_at(ctx, person) if duty.tell_at is not None else None
    return replace(duty, due_at=due_at(duty.ladder, duty.opened_at, ctx.pace(person, duty.kind)), tell_at=tell_at)


def _hand_to_deputy(ctx: Context, actor: Person) -> None:
    for duty in ctx.store.duties.owed_by(actor.person_id):
        matter = follow_up.matter_of(ctx, duty) if duty.kind != ANSWER else None
        if matter is not None:
            follow_up.ask(ctx, matter)
