"""Draws practices: when they come round, whom they ask what, which ladders climb, who hears of it.

Whatever is drawn would pass `python -m bot check`: rungs stand in the order in which they fire, only the last one
closes, nobody escalates to the debtor, and what counts back has a due time to count from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.cadences import (
    Audience,
    AudienceRole,
    Cadence,
    FollowUp,
    Listener,
    Notice,
    Owner,
    Report,
    Scope,
    Section,
    Summary,
)
from domain.calendar import ClockKind, DayOff
from domain.duties import Act, Channel, Ladder, Rung
from domain.ids import PersonId
from domain.people import Role
from domain.questionnaire import Question, QuestionKind, Questionnaire
from domain.recurrence import Recurrence
from tests import builders
from tests.simulation.firms import DEPARTMENTS

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_PLACES = ("first", "second", "last")
_TIMES = ("00:00", "02:30", "09:00", "10:15", "15:00", "16:00", "17:45", "23:45")
_CHANNELS = ((Channel.CHAT,), (Channel.CHAT,), (Channel.MAIL,), (Channel.CHAT, Channel.MAIL))
_OTHERS = (Role.MANAGER, Role.HRBP, Role.HRBP, Role.ADMIN, Role.ABOUT)
_GRACE = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=12), timedelta(days=3))
_SOON_DAYS = 20
_MOST_HOURS = 7 * 24


@st.composite
def practices(draw: DrawFn, first_day: date, people: tuple[PersonId, ...]) -> tuple[Cadence, ...]:
    """Draw one to three practices of a firm, the first of which may have a variant for one department."""
    found = [draw(_practice(f"c{number}", first_day, people)) for number in range(draw(st.integers(1, 3)))]
    if draw(st.integers(0, 4)) == 4:
        own = Scope(departments=(draw(st.sampled_from(DEPARTMENTS)),))
        special = draw(_practice("c0", first_day, people))
        found[0] = replace(found[0], audience=replace(found[0].audience, without=(own,)))
        found.append(replace(special, name=f"c0@{own.departments[0]}", audience=Audience(own)))
    return tuple(found)


@st.composite
def _practice(draw: DrawFn, name: str, first_day: date, people: tuple[PersonId, ...]) -> Cadence:
    asks = draw(st.sampled_from([True, True, True, True, False]))
    return Cadence(
        name,
        name,
        f"习惯 {name}",
        recurrence_of(draw(schedules()), first_day),
        draw(st.sampled_from(DayOff)),
        draw(_audiences(people)),
        draw(st.sampled_from(_GRACE)),
        questionnaire=draw(_questionnaires()) if asks else None,
        answer_ladder=draw(st.none() | ladders("answer")) if asks else None,
        follow_up=draw(st.none() | _follow_ups()) if asks else None,
        report=draw(st.sampled_from(Report)),
        summary=draw(_summaries() if not asks else st.none() | _summaries()),
        notice=draw(st.none() | _notices()),
        agenda=("第一件", "第二件") if draw(st.booleans()) else (),
    )


@cache
def schedules() -> SearchStrategy[str]:
    """Draw a schedule in any form of the grammar; a date in it is written as "{7}" for seven days after the first."""
    at, weekday = st.sampled_from(_TIMES), st.sampled_from(_WEEKDAYS)
    several = st.sets(st.sampled_from(range(7)), min_size=2, max_size=3).map(
        lambda days: ",".join(_WEEKDAYS[day] for day in sorted(days))
    )
    soon = st.integers(0, _SOON_DAYS).map("{{{}}}".format)
    dates = st.sets(st.integers(0, _SOON_DAYS), min_size=1, max_size=2).map(
        lambda days: ",".join(f"{{{day}}}" for day in sorted(days))
    )
    place = st.builds("{} {}".format, st.sampled_from(_PLACES), st.just("workday") | weekday)
    weekly = st.builds("{} {}".format, weekday, at)
    return st.one_of(
        weekly,
        weekly,
        st.builds("{} {}".format, several, at),
        st.builds("{} every {} weeks from {}".format, weekly, st.integers(2, 3), soon),
        st.builds("{} {}".format, st.sampled_from(["workdays", "daily"]), at),
        st.builds("day {} {}".format, st.integers(1, 31), at),
        st.builds("{} {}".format, place, at),
        st.builds("quarterly {} {}".format, place, at),
        st.builds("on {} {}".format, dates, at),
    )


def recurrence_of(schedule: str, first_day: date) -> Recurrence:
    """Return the recurrence of a drawn schedule in the weeks from a day on."""
    return Recurrence.parse(schedule.format(*(first_day + timedelta(days=day) for day in range(_SOON_DAYS + 1))))


@cache
def _audiences(people: tuple[PersonId, ...]) -> SearchStrategy[Audience]:
    of_department = st.sampled_from(DEPARTMENTS).map(lambda path: Scope(departments=(path,)))
    of_team = st.sampled_from(people).map(lambda lead: Scope(teams=(lead,)))
    wide = st.just(Scope())
    roles = st.sampled_from([AudienceRole.EVERYBODY] * 5 + [AudienceRole.MANAGERS, AudienceRole.HRBPS])
    without = st.just(()) | st.just(()) | of_team.map(lambda scope: (scope,))
    return st.builds(Audience, st.one_of(wide, wide, wide, wide, of_department, of_team), roles, without)


@cache
def _questionnaires() -> SearchStrategy[Questionnaire]:
    more = ("pace", ("v1",))
    branching = builders.questionnaire(
        builders.choice_question(),
        replace(builders.text_question("why", "慢在哪里?"), only_if=more, shared=True),
        builders.choice_question("areas", "哪些方面?", ("人", "钱", "事"), kind=QuestionKind.CHOICES, required=False),
    )
    one_line: Question = replace(builders.text_question(), shared=True)
    return st.sampled_from([builders.questionnaire(), builders.micro(), branching, builders.questionnaire(one_line)])


@st.composite
def _follow_ups(draw: DrawFn) -> FollowUp:
    in_words = builders.follow_up().questionnaire
    verdict = builders.questionnaire(builders.choice_question("verdict", "采纳吗?", ("采纳", "不采纳")))
    asks = draw(st.sampled_from([in_words, in_words, verdict]))
    kind = "reply" if asks is in_words else "verdict"
    return FollowUp(kind, draw(st.sampled_from(Owner)), asks, draw(ladders(kind)))


@cache
def _summaries() -> SearchStrategy[Summary]:
    sections = st.lists(st.sampled_from(Section), min_size=1, max_size=3, unique=True).map(tuple)
    after = st.sampled_from([0, 1, 24, 72]).map(lambda hours: timedelta(hours=hours))
    return st.builds(Summary, st.sampled_from(Listener), sections, after, st.sampled_from(["", "", "c0"]))


@cache
def _notices() -> SearchStrategy[Notice]:
    before = st.sampled_from([1, 24, 48]).map(lambda hours: timedelta(hours=hours))
    return st.builds(Notice, before, st.sampled_from(Listener))


@dataclass(frozen=True, slots=True)
class _Step:
    """A rung that is yet to be put in its place: `hours` after the opening, or before the due instant."""

    hours: int
    counts_back: bool

    def fires_after(self, allowed: timedelta) -> timedelta:
        """Return when it fires after the opening, hours taken as hours."""
        length = timedelta(hours=self.hours)
        return max(timedelta(0), allowed - length) if self.counts_back else length


@cache
def _hours() -> SearchStrategy[list[int]]:
    return st.lists(st.sampled_from([0, 1, 8, 24, 24, 48, 48, 72]) | st.integers(0, _MOST_HOURS), max_size=4)


@cache
def _dues() -> SearchStrategy[timedelta | None]:
    return st.none() | st.integers(1, 120).map(lambda number: timedelta(hours=number))


@st.composite
def ladders(draw: DrawFn, name: str) -> Ladder:
    """Draw a ladder of up to four rungs on either clock."""
    due = draw(_dues())
    steps = [_Step(after, counts_back=False) for after in draw(_hours())]
    if due is not None and steps and draw(st.booleans()):
        steps[0] = replace(steps[0], counts_back=True)
    allowed = due or timedelta(hours=max((step.hours for step in steps), default=0))
    steps.sort(key=lambda step: step.fires_after(allowed))
    rungs = [draw(_rungs(step)) for step in steps]
    ends_with_close: bool = draw(st.booleans())
    if rungs and ends_with_close:
        rungs[-1] = replace(rungs[-1], act=Act.CLOSE, to=Role.DEBTOR, by=(Channel.CHAT,))
    return Ladder(name, draw(st.sampled_from(ClockKind)), tuple(rungs), due)


@st.composite
def _rungs(draw: DrawFn, step: _Step) -> Rung:
    act = draw(st.sampled_from([Act.REMIND, Act.REMIND, Act.ESCALATE, Act.NOTIFY]))
    to = Role.DEBTOR if act is Act.REMIND else draw(st.sampled_from(_OTHERS))
    length = timedelta(hours=step.hours)
    by = draw(st.sampled_from(_CHANNELS))
    return Rung(act, to, by, before=length) if step.counts_back else Rung(act, to, by, after=length)
