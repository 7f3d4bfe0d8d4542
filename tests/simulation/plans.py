"""Draws plans: a firm, its settings, when it all begins, and what people, administrators and fate do from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.policy import OrgPolicy
from tests.simulation.firms import Firm, firms
from tests.simulation.settings import policies

FIRST_DAY, LAST_DAY = date(2016, 1, 1), date(2027, 12, 31)
"""Between these a run begins: the years with official holidays of China, 2016 to 2026, and one without."""

_RESTLESS_DAYS = (
    *(date(year, 1, 25) for year in range(2016, 2028)),  # the Spring Festival and its make-up workdays
    *(date(year, 3, 5) for year in range(2016, 2028)),  # clocks go forward in America, then in Europe
    *(date(year, 9, 22) for year in range(2016, 2028)),  # the Golden Week
    *(date(year, 10, 20) for year in range(2016, 2028)),  # clocks go back in Europe, then in America
    *(date(year, 12, 22) for year in range(2016, 2028)),  # New Year, and the turn to a year that may have no data
)


class Kind(StrEnum):
    """What somebody does."""

    ANSWER = "answer"
    """Fill in one's newest check-in card."""
    LATE_ANSWER = "late_answer"
    """Fill in an old one."""
    CROWD = "crowd"
    """Many people answer within a minute."""
    REPLY = "reply"
    """Fill in a follow-up card."""
    ESCALATION = "escalation"
    """Press a button of an escalation."""
    PRESS = "press"
    """Press any button of any card."""
    SAY = "say"
    """Type something."""
    LEAVE = "leave"
    """Type /请假."""
    BACK = "back"
    """Type /销假."""
    RESIGN = "resign"
    """The platform says that somebody has left."""
    NEW_MANAGER = "new_manager"
    """The directory shows somebody under another manager."""
    NEW_DEPUTY = "new_deputy"
    """The people file names another deputy, or none."""
    MOVE = "move"
    """Somebody moves to another zone."""
    CONFIGURE = "configure"
    """The file of settings is edited."""
    OUTAGE = "outage"
    """The process is down for hours or days."""
    PLATFORM_DOWN = "platform_down"
    """The platform takes no calls for minutes or hours."""
    POWER_CUT = "power_cut"
    """Soon the process dies between any two steps; half a minute or more later there is a new one."""
    WAIT = "wait"
    """Nobody does anything."""


USUAL = (
    Kind.WAIT,
    *(Kind.ANSWER,) * 4,
    *(Kind.CROWD,) * 5,
    *(Kind.REPLY,) * 4,
    *(Kind.PRESS,) * 4,
    *(Kind.SAY,) * 2,
    *(Kind.OUTAGE,) * 2,
    *(Kind.POWER_CUT,) * 2,
    *Kind,
)
"""Kinds as often as they are drawn."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody does.

    Attributes:
        kind: What.
        after: How long after the act before, or after what then falls due next.
        follows: Whether it is counted from what falls due next.
        who: Which of those who can do it, counted round.
        pick: Which of the cards, buttons, options or words, counted round.
        span: How long it lasts, where it lasts.
        races: Whether a click comes in the midst of what falls due at the same moment.
        twice: Whether the platform delivers the event twice.
    """

    kind: Kind
    after: timedelta
    follows: bool = False
    who: int = 0
    pick: int = 0
    span: timedelta = timedelta(0)
    races: bool = False
    twice: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run.

    Attributes:
        firm: Who works there.
        settings: The first are those at the beginning; the others come with edits, round and round.
        start: The first instant, UTC.
        acts: What is done, in order.
        tail: How long it goes on after the last act.
        replicas: Processes that serve the same store.
        lag: How long after a due moment a process looks.
        seed: For the ids that the database makes.
    """

    firm: Firm
    settings: Sequence[OrgPolicy]
    start: datetime
    acts: Sequence[Act]
    tail: timedelta
    replicas: int
    lag: timedelta
    seed: int


@st.composite
def plans(draw: DrawFn, most_acts: int) -> Plan:
    """Draw a plan of half to so many acts over some weeks; it shrinks to acts of waiting."""
    first_day = draw(_first_days())
    firm = draw(firms(first_day))
    start = datetime.combine(first_day, time(), UTC) + timedelta(minutes=draw(st.integers(0, 1439)))
    return Plan(
        firm,
        draw(st.lists(policies(firm, first_day), min_size=1, max_size=2)),
        start,
        draw(st.lists(acts(), min_size=most_acts // 2, max_size=most_acts)),
        timedelta(days=draw(st.integers(1, 12))),
        draw(st.sampled_from([1, 1, 2])),
        timedelta(seconds=draw(st.sampled_from([0.0, 0.0, 0.4, 20.0]))),
        draw(st.integers(0, 2**32 - 1)),
    )


def _first_days() -> SearchStrategy[date]:
    near = st.builds(lambda day, more: day + timedelta(days=more), st.sampled_from(_RESTLESS_DAYS), st.integers(0, 12))
    return near | st.dates(FIRST_DAY, LAST_DAY)


def acts() -> SearchStrategy[Act]:
    """Draw one act."""
    pauses = st.integers(0, 240) | st.integers(0, 60 * 24 * 3)
    spans = st.integers(1, 60 * 8) | st.integers(60 * 8, 60 * 24 * 7)
    minutes = timedelta(minutes=1)
    return st.builds(
        Act,
        st.sampled_from(USUAL),
        pauses.map(lambda number: number * minutes),
        st.booleans(),
        st.integers(0, 30),
        st.integers(0, 30),
        spans.map(lambda number: number * minutes),
        st.booleans(),
        st.booleans(),
    )
