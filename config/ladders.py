"""Answers for ladders (催办与升级): whether rungs make sense together, and the domain's value of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from config.practice_schema import LadderPart, RungPart
from config.problems import Finding
from domain.duties import Act, Ladder, Rung
from domain.people import Role


def ladder_of(name: str, part: LadderPart) -> Ladder:
    """Return the domain's ladder."""
    rungs = tuple(Rung(rung.do, rung.to, rung.by, rung.after, rung.before) for rung in part.rungs)
    return Ladder(name, part.clock, rungs, part.due)


def ladder_findings(part: LadderPart) -> Iterator[Finding]:
    """Tell what is wrong with a ladder whose parts are each of the right form."""
    if part.due is not None and part.due <= timedelta(0):
        yield Finding(("due",), "nobody can do anything in no time", "more than 0s")
    for index, rung in enumerate(part.rungs):
        yield from (finding.under("rungs", index) for finding in _rung_findings(part, rung))
    if all((rung.after is None) != (rung.before is None) for rung in part.rungs):
        yield from _order_findings(part)


def _rung_findings(ladder: LadderPart, rung: RungPart) -> Iterator[Finding]:
    if (rung.after is None) == (rung.before is None):
        yield Finding((), "needs a time", "exactly one of after and before")
    if rung.do is Act.ESCALATE and rung.to is Role.DEBTOR:
        yield Finding(("to",), "escalates to the one who owes", "about, manager, hrbp or admin")
    if rung.before is not None and ladder.due is None and all(each.after is None for each in ladder.rungs):
        yield Finding(("before",), "counts back from a due time that the ladder does not have", "give the ladder due")


def _order_findings(ladder: LadderPart) -> Iterator[Finding]:
    allowed = ladder_of("", ladder).allowed
    times = [_fires_after(rung, allowed) for rung in ladder.rungs]
    for index, (earlier, later) in enumerate(pairwise(times), start=1):
        if later < earlier:
            yield Finding(("rungs", index), "fires before the rung above it", "rungs in the order in which they fire")
    for index, rung in enumerate(ladder.rungs[:-1]):
        if rung.do is Act.CLOSE:
            yield Finding(("rungs", index, "do"), "closes, and then nothing below it fires", "close as the last rung")


def _fires_after(rung: RungPart, allowed: timedelta) -> timedelta:
    # On a clock of workdays `before` is elapsed time and `after` is not; for the order, hours are taken as hours.
    if rung.after is not None:
        return rung.after
    return max(timedelta(0), allowed - (rung.before or timedelta(0)))
