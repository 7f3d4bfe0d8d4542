"""Tells in a line what happened in the demo and what comes next, in both languages of its page.

Equal things of one minute are told together: a Friday that 25 people let pass is one line, not 25.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.duties import Act, Duty, Pace, next_at, rung_at
from domain.ids import DutyId
from domain.people import Role
from handlers import rounds
from handlers.context import Context
from storage.steering import HistoryEntry

PAGE_LANGUAGES = ("zh-CN", "en")
"""The languages between which a visitor of the page can switch."""

MOST_DUTIES = 500
"""Open duties that are looked at to say what comes next; the demo's company has not nearly as many."""

BETWEEN = " · "

Line = Mapping[str, str]
"""`at` (ISO 8601 with the company's offset), `what` in the company's language, and the same by page language."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """One thing that the clock does.

    Attributes:
        act: The word under which the catalogue tells it.
        to: Whom it is told to, as ladders name them; empty for a round.
        name: Whom it is about, or a round's title.
        debtor: Who owes; empty for a round.
    """

    act: str
    to: str
    name: str
    debtor: str = ""


def happened(ctx: Context, entries: Iterable[HistoryEntry]) -> list[Line]:
    """Return what happened, oldest first; what needs no telling is left out."""
    groups: dict[tuple[object, ...], list[tuple[datetime, _Deed]]] = {}
    for entry in entries:
        deed = _deed_of(ctx, entry)
        if deed is not None:
            groups.setdefault((_minute(entry.at), *_kind(deed)), []).append((entry.at, deed))
    return [_line(ctx, group[0][0], [[deed for _, deed in group]]) for group in groups.values()]


def moment(ctx: Context, queues: Mapping[str, datetime]) -> datetime | None:
    """Return when the next thing falls due, to the microsecond; `None` where nothing is planned.

    Args:
        ctx: The demo's organisation.
        queues: When each sort of thing next falls due, by its name.
    """
    return min(_moments(ctx, queues).values(), default=None)


def coming(ctx: Context, queues: Mapping[str, datetime]) -> Line | None:
    """Return what falls due in the next minute in which anything does, since people read clocks by the minute.

    Args:
        ctx: The demo's organisation.
        queues: As for `moment`.

    Returns:
        All of it in one line, at its last moment; `None` where nothing is planned.
    """
    moments = _moments(ctx, queues)
    if not moments:
        return None
    over = _minute(min(moments.values())) + timedelta(minutes=1)
    soon = {name: at for name, at in moments.items() if at < over}
    climbing = _climbing(ctx, over) if "duties" in soon else []
    plain = [name for name in soon if name != "opening" and not (name == "duties" and climbing)]
    titles = _opening_titles(ctx, soon["opening"]) if "opening" in soon else ""
    last = max([*soon.values(), *(at for at, _ in climbing)])
    return _line(ctx, last, _grouped(deed for _, deed in climbing), plain, titles)


def _moments(ctx: Context, queues: Mapping[str, datetime]) -> dict[str, datetime]:
    opening = rounds.next_opening(ctx)
    return {**queues, "opening": opening} if opening else dict(queues)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _line(
    ctx: Context, at: datetime, groups: Sequence[Sequence[_Deed]], queues: Sequence[str] = (), titles: str = ""
) -> Line:
    def told(locale: str) -> str:
        parts = [ctx.words.say(locale, "demo.next.opening", {"titles": titles})] if titles else []
        parts += [_sentence(ctx, locale, group) for group in groups]
        parts += [ctx.words.say(locale, f"demo.next.{name}") for name in queues]
        return BETWEEN.join(parts)

    local = at.astimezone(ZoneInfo(ctx.policy.zone)).isoformat()
    return {"at": local, "what": told(ctx.policy.locale), **{locale: told(locale) for locale in PAGE_LANGUAGES}}


def _sentence(ctx: Context, locale: str, deeds: Sequence[_Deed]) -> str:
    first = deeds[0]
    if not first.to:
        return ctx.words.say(locale, f"demo.played.{first.act}", {"title": first.name})
    values = {"name": first.name, "debtor": first.debtor, "to": ctx.words.say(locale, f"demo.to.{first.to}")}
    if len(deeds) == 1:
        return ctx.words.say(locale, f"demo.played.{first.act}", values)
    debtors = {deed.debtor for deed in deeds}
    people = first.debtor if len(debtors) == 1 else ctx.words.say(locale, "demo.people", {"count": len(debtors)})
    return ctx.words.say(locale, f"demo.together.{first.act}", {**values, "debtors": people, "count": len(deeds)})


def _grouped(deeds: Iterable[_Deed]) -> list[list[_Deed]]:
    groups: dict[tuple[str, ...], list[_Deed]] = {}
    for deed in deeds:
        groups.setdefault(_kind(deed), []).append(deed)
    return list(groups.values())


def _kind(deed: _Deed) -> tuple[str, ...]:
    return (deed.act, deed.to) if deed.to else (deed.act, deed.to, deed.name)


def _deed_of(ctx: Context, entry: HistoryEntry) -> _Deed | None:
    if entry.kind == "round.begun":
        cadence = ctx.policy.cadence(entry.detail["cadence"])
        return _Deed("round", "", cadence.title if cadence else entry.detail["cadence"])
    duty = ctx.store.duties.get(DutyId(entry.subject)) if entry.kind == "duty.rung" else None
    return _rung(ctx, duty, Act(entry.detail["act"]), Role(entry.detail["to"])) if duty else None


def _rung(ctx: Context, duty: Duty, act: Act, to: Role) -> _Deed:
    own = "_own" if duty.debtor_id == duty.about_id else ""
    return _Deed(f"{act.value}{own}", to.value, ctx.person(duty.about_id).name, ctx.person(duty.debtor_id).name)


def _climbing(ctx: Context, before: datetime) -> list[tuple[datetime, _Deed]]:
    people = [person.person_id for person in ctx.store.people.everybody()]
    owed = [(_due(ctx, duty), duty) for duty in ctx.store.duties.open_of_people(people, MOST_DUTIES)]
    soon = sorted(((at, duty) for at, duty in owed if at and at < before), key=lambda each: each[0])
    return [(at, _next_deed(ctx, duty, at)) for at, duty in soon]


def _due(ctx: Context, duty: Duty) -> datetime | None:
    return next_at(duty, _pace(ctx, duty))


def _pace(ctx: Context, duty: Duty) -> Pace:
    return ctx.pace(ctx.person(duty.debtor_id), duty.kind)


def _next_deed(ctx: Context, duty: Duty, at: datetime) -> _Deed:
    climbs = rung_at(duty, duty.step, _pace(ctx, duty))
    if climbs is None or climbs > at:
        return _rung(ctx, duty, Act.REMIND, Role.DEBTOR)
    rung = duty.ladder.rungs[duty.step]
    return _rung(ctx, duty, rung.act, rung.to)


def _opening_titles(ctx: Context, at: datetime) -> str:
    alone = [(one, replace(ctx, policy=replace(ctx.policy, cadences=(one,)))) for one in ctx.policy.cadences]
    return BETWEEN.join(dict.fromkeys(one.title for one, world in alone if rounds.next_opening(world) == at))
