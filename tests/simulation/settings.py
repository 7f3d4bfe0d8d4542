"""Draws an organisation's settings: calendar, what may be said unasked, practices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

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
    people = [each.person_id for each in firm.people]
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
    near = st.integers(-5, 40).map(lambda days: first_day + timedelta(days=days))
    moved = draw(st.dictionaries(near, st.booleans(), max_size=3))
    off = [day for day, is_off in moved.items() if is_off]
    work = [day for day, is_off in moved.items() if not is_off]
    return WorkCalendar.of(draw(st.sampled_from(_COUNTRIES)), draw(st.sampled_from(_WEEKENDS)), off, work)


def attention_rules() -> SearchStrategy[AttentionRules]:
    """Draw quiet hours or none, a budget of one to six, mostly quiet days off, and the digest's time."""
    return st.builds(
        AttentionRules,
        st.sampled_from(_QUIET),
        st.integers(1, 6),
        st.sampled_from([True, True, True, False]),
        st.sampled_from(_DIGEST_TIMES),
    )


def _overrides(people: Sequence[PersonId]) -> SearchStrategy[AttentionOverride]:
    of_one = st.sampled_from(people).map(lambda one: Scope(people=(one,)))
    of_department = st.sampled_from(DEPARTMENTS).map(lambda path: Scope(departments=(path,)))
    return st.builds(AttentionOverride, of_one | of_department, attention_rules())
