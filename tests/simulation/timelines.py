"""One person's months with one practice, by the rules of the domain alone: no store, no handlers, no processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import count
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.attention import Verdict, decide
from domain.calendar import DayOff, Leave, WorkCalendar, local_day
from domain.duties import Act, Duty, Ladder, Pace, due_at, fire, next_at
from domain.policy import AttentionRules
from domain.recurrence import Occurrence, Recurrence, occurrences
from tests import builders
from tests.simulation.firms import ZONES, absences, leaves_of
from tests.simulation.plans import FIRST_DAY, LAST_DAY
from tests.simulation.practices import ladders, recurrence_of, schedules
from tests.simulation.settings import attention_rules, calendars


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that decides what a person hears of a practice.

    Attributes:
        first_day: The first day looked at.
        days: How many days are looked at.
        calendar: Workdays.
        zone: The person's.
        leave: The person's.
        rules: How much may be said.
        recurrence: When the practice comes round.
        if_day_off: What it does on days off.
        ladder: What climbs while the person does not answer.
        outages: From when to when nothing runs, in order.
    """

    first_day: date
    days: int
    calendar: WorkCalendar
    zone: ZoneInfo
    leave: Sequence[Leave]
    rules: AttentionRules
    recurrence: Recurrence
    if_day_off: DayOff
    ladder: Ladder
    outages: Sequence[tuple[datetime, datetime]]

    @property
    def pace(self) -> Pace:
        """How time passes for the person."""
        return Pace(self.calendar, self.zone, self.leave)

    def awake_at(self, instant: datetime) -> datetime:
        """Return the first instant, not before another, at which something runs."""
        return next((ended for began, ended in self.outages if began <= instant < ended), instant)


@cache
def _first_days() -> SearchStrategy[date]:
    return st.dates(FIRST_DAY, LAST_DAY)


@cache
def _outages() -> SearchStrategy[list[tuple[timedelta, timedelta]]]:
    hours = st.integers(0, 60 * 24).map(lambda number: timedelta(hours=number))
    length = st.integers(1, 20 * 60).map(lambda number: timedelta(minutes=number))
    return st.lists(st.tuples(hours, length), max_size=2)


@st.composite
def months(draw: DrawFn) -> Setting:
    """Draw a setting, and the two months somewhere in twelve years in which it is looked at."""
    first_day = draw(_first_days())
    start = datetime.combine(first_day, time(), UTC)
    outages = [(start + begin, start + begin + length) for begin, length in sorted(draw(_outages()))]
    return Setting(
        first_day,
        draw(st.integers(20, 60)),
        draw(calendars(first_day)),
        ZoneInfo(draw(st.sampled_from(ZONES))),
        leaves_of(draw(absences()), first_day),
        draw(attention_rules()),
        recurrence_of(draw(schedules()), first_day),
        draw(st.sampled_from(DayOff)),
        draw(ladders("answer")),
        outages,
    )


@dataclass(frozen=True, slots=True)
class Climbed:
    """A rung that fired.

    Attributes:
        duty: As it was before.
        at: When, UTC.
    """

    duty: Duty
    at: datetime


@dataclass(slots=True)
class Timeline:
    """What came of a setting.

    Attributes:
        opened: The occurrences that asked.
        skipped: Those that did not fire.
        climbed: Every rung that fired, in order.
        duties: Every duty as it is at the end.
        due: Messages that were due.
        heard: When something was said, and how many messages it told of.
    """

    opened: list[Occurrence] = field(default_factory=list)
    skipped: list[Occurrence] = field(default_factory=list)
    climbed: list[Climbed] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    due: int = 0
    heard: list[tuple[datetime, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Message:
    tells: int
    folded_until: datetime | None = None
    """For a digest, the instant for which it was meant; what is folded until then is told by it."""

    @property
    def is_digest(self) -> bool:
        return self.folded_until is not None


class Player:
    """Plays a setting from one due moment to the next.

    Args:
        setting: What decides.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._numbers = count()
        self._queue: list[tuple[datetime, int, Occurrence | Duty | _Message]] = []
        self._digests: dict[datetime, int] = {}
        self._said: Counter[date] = Counter()
        self.timeline = Timeline()

    def play(self) -> Timeline:
        """Return what came of it, once nothing is to come any more."""
        for occurrence in _comings(self._setting):
            (self.timeline.skipped if occurrence.skipped else self.timeline.opened).append(occurrence)
            if not occurrence.skipped:
                self._plan(occurrence.fires_at, occurrence)
        while self._queue:
            now, _, what = heappop(self._queue)
            if isinstance(what, Occurrence):
                self._ask(now)
            elif isinstance(what, Duty):
                self._climb(now, what)
            else:
                self._say(now, what)
        return self.timeline

    def _plan(self, at: datetime, what: Occurrence | Duty | _Message) -> None:
        heappush(self._queue, (self._setting.awake_at(at), next(self._numbers), what))

    def _ask(self, now: datetime) -> None:
        ladder, pace = self._setting.ladder, self._setting.pace
        asked = builders.duty(ladder, now, debtor=builders.WANG_LEI, kind="answer", due_pace=pace)
        self._put(now)
        self._wait_for(now, replace(asked, due_at=due_at(ladder, now, pace)))

    def _climb(self, now: datetime, duty: Duty) -> None:
        fired = fire(duty, now, self._setting.pace)
        if fired.rung is not None:
            self.timeline.climbed.append(Climbed(duty, now))
            if fired.rung.act is not Act.CLOSE:
                self._put(now)
        self._wait_for(now, fired.duty)

    def _wait_for(self, now: datetime, duty: Duty) -> None:
        moment = next_at(duty, self._setting.pace)
        if moment is None:
            self.timeline.duties.append(duty)
        else:
            self._plan(max(now, moment), duty)

    def _put(self, now: datetime) -> None:
        self.timeline.due += 1
        self._plan(now, _Message(tells=1))

    def _say(self, now: datetime, message: _Message) -> None:
        setting = self._setting
        tells = message.tells if message.folded_until is None else self._digests[message.folded_until]
        today = local_day(now, setting.zone)
        decision = decide(now, setting.rules, setting.pace, self._said[today], is_digest=message.is_digest)
        if decision.verdict is Verdict.SEND:
            self._said[today] += 1
            self.timeline.heard.append((now, tells))
        elif decision.verdict is Verdict.WAIT:
            self._plan(decision.at, message)
        else:
            self._fold(decision.at)

    def _fold(self, at: datetime) -> None:
        """Add a message to the one digest of an instant."""
        if at not in self._digests:
            self._plan(at, _Message(tells=0, folded_until=at))
        self._digests[at] = self._digests.get(at, 0) + 1


def _comings(setting: Setting) -> Iterator[Occurrence]:
    start = datetime.combine(setting.first_day, time(), UTC)
    return occurrences(
        setting.recurrence,
        after=start,
        until=start + timedelta(days=setting.days),
        calendar=setting.calendar,
        zone=setting.zone,
        if_day_off=setting.if_day_off,
    )
