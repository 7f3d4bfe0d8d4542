"""Draws an organisation's settings: calendar, what may be said unasked, practices."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cache, lru_cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.cadences import Scope
from domain.calendar import QuietHours, WorkCalendar
from domain.ids import PersonId
from domain.policy import AttentionOverride, AttentionRules, OrgPolicy
from tests.builders import ORG
from tests.simulation.firms import DEPARTMENTS, Firm
from tests.simulation.practices import practices

_WEEKENDS = (frozenset({5, 6}), frozenset({5, 6}), frozenset({6}), frozenset({4, 5}))
_COUNTRIES = ("CN", "CN", "CN", "DE", "US", None)
_NIGHT = QuietHours(time(20, 0), time(8, 30))
_QUIET = (
    None,
    _NIGHT,
    _NIGHT,
    QuietHours(time(18, 0), time(9, 0)),
    QuietHours(time(12, 0), time(14, 0)),
    QuietHours(time(0, 0), time(10, 0)),
    QuietHours(time(2, 30), time(2, 15)),  # all day but a quarter of an hour, which a clock change may swallow
)
_DIGEST_TIMES = (time(18, 0), time(18, 0), time(9, 0), time(21, 0), time(2, 30))


@st.composite
def policies(draw: DrawFn, firm: Firm, first_day: date) -> OrgPolicy:
    """Draw the settings of a firm for some weeks from a day on."""
    people = tuple(each.person_id for each in firm.people)
    return OrgPolicy(
        ORG,
        "示例科技",
        firm.zone,
        draw(st.sampled_from(["zh-CN", "en"])),
        draw(calendars(first_day)),
        draw(attention_rules()),
        tuple(draw(st.lists(_overrides(people), max_size=2))),
        draw(practices(first_day, people)),
        tuple(draw(st.lists(st.sampled_from(people), max_size=2, unique=True))),
    )


@st.composite
def calendars(draw: DrawFn, first_day: date) -> WorkCalendar:
    """Draw a calendar: a country or none, a weekend, and up to three days moved by configuration."""
    moved = {first_day + timedelta(days=days): is_off for days, is_off in draw(_moves()).items()}
    off = frozenset(day for day, is_off in moved.items() if is_off)
    return _calendar(draw(st.sampled_from(_COUNTRIES)), draw(st.sampled_from(_WEEKENDS)), off, frozenset(moved) - off)


@cache
def _moves() -> SearchStrategy[dict[int, bool]]:
    return st.just({}) | st.dictionaries(st.integers(-5, 40), st.booleans(), max_size=3)


@lru_cache(maxsize=256)  # one calendar may serve many runs, and remembers the years that it has looked up
def _calendar(
    country: str | None, weekend: frozenset[int], off: frozenset[date], work: frozenset[date]
) -> WorkCalendar:
    return WorkCalendar.of(country, weekend, off, work)


@cache
def attention_rules() -> SearchStrategy[AttentionRules]:
    """Draw quiet hours or none, a budget of one to six, mostly quiet days off, and the digest's time."""
    return st.builds(
        AttentionRules,
        st.sampled_from(_QUIET),
        st.sampled_from([6, 6, 5, 4, 3, 3, 2, 1]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from(_DIGEST_TIMES),
    )


@cache
def _overrides(people: tuple[PersonId, ...]) -> SearchStrategy[AttentionOverride]:
    of_one = st.sampled_from(people).map(lambda one: Scope(people=(one,)))
    of_department = st.sampled_from(DEPARTMENTS).map(lambda path: Scope(departments=(path,)))
    return st.builds(AttentionOverride, of_one | of_department, attention_rules())
