"""What Hypothesis may draw for tests of the domain: people and charts, duties and ladders, questions, times, cards.

Drawn values are valid in themselves; data that is bad in the way real directories are bad (cycles, managers nobody
knows, people who left) is drawn on purpose by `org_charts`. Sizes are small: a fault that needs ten rungs to show also
shows with four. Instants lie in 2024 to 2027, in which every zone below that changes its clocks does so at its usual
dates.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.cadences import Audience, Scope
from domain.calendar import ClockKind, Leave, QuietHours, WorkCalendar
from domain.cards import (
    Block,
    Button,
    Card,
    CardKey,
    Chart,
    ChoiceField,
    Divider,
    Facts,
    Field,
    Mention,
    Option,
    Paragraph,
    Quote,
    Series,
    Style,
    TextField,
    Tone,
)
from domain.checkin import Checkin
from domain.duties import Act, Channel, Duty, Ladder, Pace, Rung
from domain.ids import PersonId
from domain.people import Person, Role
from domain.policy import AttentionOverride, AttentionRules, OrgPolicy
from domain.questionnaire import Advice, Question, QuestionKind, Questionnaire
from tests import builders
from tests.builders import Roll

ZONES = (
    "Asia/Shanghai",
    "UTC",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # changes its clocks by half an hour
    "Asia/Beirut",  # skips 00:00 in spring
    "Asia/Kathmandu",  # 05:45 east
    "Pacific/Apia",
    "Pacific/Honolulu",
)
"""IANA zones that between them show every oddity of wall clocks that lasts to this day."""

EXOTIC = "🦉\u200d𠮷é\u0301\u202e\u00a0\t\n<b>&amp;**_`[x](y)`{{}}${}%s\\'\"：；，。①Ａ１"
"""Characters that renderers, stores and splitters stumble over."""


def zones() -> SearchStrategy[ZoneInfo]:
    """Draw one of `ZONES`."""
    return st.sampled_from(ZONES).map(ZoneInfo)


def instants() -> SearchStrategy[datetime]:
    """Draw an instant in UTC, to the second."""
    first = datetime(2024, 1, 1, tzinfo=UTC)
    return st.integers(0, 4 * 365 * 86400).map(lambda seconds: first + timedelta(seconds=seconds))


def local_dates() -> SearchStrategy[date]:
    """Draw a date in the same years."""
    return st.dates(date(2024, 1, 1), date(2027, 12, 31))


def lengths(most: timedelta = timedelta(days=10)) -> SearchStrategy[timedelta]:
    """Draw a length of time in whole minutes, often a whole number of days."""
    most_minutes = int(most.total_seconds() // 60)
    days = st.integers(0, most.days).map(lambda number: timedelta(days=number))
    return days | st.integers(0, most_minutes).map(lambda number: timedelta(minutes=number))


@st.composite
def leaves(draw: DrawFn, around: date | None = None) -> Leave:
    """Draw a leave of up to three weeks, beginning within a fortnight of a date if one is given."""
    starts_on = draw(local_dates()) if around is None else around + timedelta(days=draw(st.integers(-14, 14)))
    return Leave(starts_on, starts_on + timedelta(days=draw(st.integers(0, 21))))


def calendars() -> SearchStrategy[WorkCalendar]:
    """Draw a calendar: one of several weekends, China's holidays or none, and a few days moved by configuration."""
    few_days = st.frozensets(local_dates(), max_size=5)
    return st.builds(
        lambda country, weekend, off, work: WorkCalendar.of(country, weekend, off - work, work),
        st.sampled_from([None, "CN"]),
        st.sampled_from([builders.WEEKEND, frozenset({4, 5}), frozenset({6}), frozenset()]),
        few_days,
        few_days,
    )


@st.composite
def paces(draw: DrawFn, around: date | None = None) -> Pace:
    """Draw how time passes for somebody, with up to two leaves."""
    return Pace(draw(calendars()), draw(zones()), tuple(draw(st.lists(leaves(around), max_size=2))))


def wall_times() -> SearchStrategy[time]:
    """Draw a wall time in whole minutes."""
    return st.builds(time, st.integers(0, 23), st.integers(0, 59))


def attention_rules() -> SearchStrategy[AttentionRules]:
    """Draw rules that leave at least some minutes a day in which to speak."""
    quiet = st.builds(QuietHours, wall_times(), wall_times())
    return st.builds(AttentionRules, st.none() | quiet, st.integers(1, 4), st.booleans(), wall_times())


def person_ids() -> SearchStrategy[PersonId]:
    """Draw one of few ids, so that drawn people meet."""
    return st.sampled_from([f"p{number}" for number in range(8)]).map(PersonId)


@dataclass(frozen=True, slots=True)
class Org:
    """A chart as a directory may hold it, good or bad.

    Attributes:
        roll: People and their leave; links may lead to nobody, to those who left, or round in a circle.
        admins: Who runs the bot; may be unknown, gone or away.
        day: The day that leave is drawn around.
    """

    roll: Roll
    admins: tuple[PersonId, ...]
    day: date

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody of the chart."""
        return tuple(self.roll.people.values())

    def is_there(self, person_id: PersonId | None) -> bool:
        """Tell whether that person is known, has not left, and is not away on the day."""
        known = self.roll.people.get(person_id) if person_id else None
        return known is not None and known.active and not self.roll.away(known.person_id, self.day)


@st.composite
def org_charts(draw: DrawFn) -> Org:
    """Draw a chart of one to eight people whose links lead anywhere, also to "ghost", whom nobody knows."""
    ids = sorted(draw(st.sets(person_ids(), min_size=1)))
    someone = st.sampled_from([*ids, PersonId("ghost")])
    people = {person_id: draw(_linked(person_id, st.none() | someone)) for person_id in ids}
    day = draw(local_dates())
    absent = draw(st.dictionaries(st.sampled_from(ids), st.lists(leaves(day), max_size=2), max_size=4))
    return Org(Roll(people, absent), tuple(draw(st.lists(someone, max_size=2))), day)


def _linked(person_id: PersonId, link: SearchStrategy[PersonId | None]) -> SearchStrategy[Person]:
    stays = st.sampled_from([True, True, True, False])
    return st.tuples(link, link, link, link, stays).map(
        lambda drawn: replace(
            builders.person(person_id, f"员工{person_id}", active=drawn[4]),
            manager_id=drawn[0],
            hrbp_id=drawn[1],
            deputy_id=drawn[2],
            dotted_id=drawn[3],
        )
    )


def scopes() -> SearchStrategy[Scope]:
    """Draw a set of people, everybody included."""
    departments = st.sampled_from(["研发", "研发/平台", "研发/平台/存储", "研发二部", "人力资源"])
    few_people = st.lists(person_ids(), max_size=2).map(tuple)
    return st.builds(Scope, st.lists(departments, max_size=2).map(tuple), few_people, few_people)


def audiences() -> SearchStrategy[Audience]:
    """Draw an audience of everybody's role, with exceptions."""
    return st.builds(Audience, scope=scopes(), without=st.lists(scopes(), max_size=2).map(tuple))


def policies() -> SearchStrategy[OrgPolicy]:
    """Draw settings whose zone, calendar and attention rules vary, with overrides."""
    overrides = st.lists(st.builds(AttentionOverride, scopes(), attention_rules()), max_size=3)
    return st.builds(
        lambda zone, work_calendar, rules, special: replace(
            builders.org_policy(zone=zone, work_calendar=work_calendar),
            attention=rules,
            attention_overrides=tuple(special),
        ),
        st.sampled_from(ZONES),
        calendars(),
        attention_rules(),
        overrides,
    )


@st.composite
def rungs(draw: DrawFn) -> Rung:
    """Draw a rung with any act, any role, one or both channels, after the opening or before the due instant."""
    time_of = {draw(st.sampled_from(["after", "after", "before"])): draw(lengths())}
    return Rung(
        draw(st.sampled_from(Act)),
        draw(st.sampled_from(Role)),
        draw(st.sampled_from([(Channel.CHAT,), (Channel.MAIL,), (Channel.CHAT, Channel.MAIL)])),
        after=time_of.get("after"),
        before=time_of.get("before"),
    )


def ladders() -> SearchStrategy[Ladder]:
    """Draw a ladder of up to four rungs, whose times need not stand in order, on either clock."""
    steps = st.lists(rungs(), max_size=4).map(tuple)
    return st.builds(Ladder, st.just("drawn"), st.sampled_from(ClockKind), steps, st.none() | lengths())


@st.composite
def duties(draw: DrawFn, pace: Pace) -> Duty:
    """Draw an open duty of somebody whose time passes as given."""
    return builders.duty(draw(ladders()), draw(instants()), due_pace=pace)


def texts(most: int = 60) -> SearchStrategy[str]:
    """Draw any text that people can send: every character but NUL and half a surrogate pair, awkward ones often."""
    usual = st.characters(codec="utf-8", exclude_characters="\0")
    return st.text(usual | st.sampled_from(EXOTIC), max_size=most)


def words(most: int = 60) -> SearchStrategy[str]:
    """Draw a text that says something: not blank, and without blanks around it."""
    return texts(most).map(str.strip).filter(bool)


_LABELS = (
    "偏慢",
    "正好",
    "偏快",
    "On track",
    "Off track",
    "正常(按计划)",
    "需要帮助/支援",
    "不确定",
    "很充分",
    "ＯＫ了",
)


@st.composite
def choice_questions(draw: DrawFn, name: str, only_if: tuple[str, tuple[str, ...]] | None = None) -> Question:
    """Draw a question with two to six options, of any kind but text."""
    labels = draw(st.lists(st.sampled_from(_LABELS), min_size=2, max_size=6, unique=True))
    asked = builders.choice_question(
        name,
        f"问题 {name}?",
        labels,
        kind=draw(st.sampled_from([QuestionKind.CHOICE, QuestionKind.SCALE, QuestionKind.CHOICES])),
        required=draw(st.booleans()),
        only_if=only_if,
    )
    return replace(asked, advice=draw(st.none() | st.just(Advice("低", "平", "高"))), shared=draw(st.booleans()))


@st.composite
def questionnaires(draw: DrawFn, most: int = 4) -> Questionnaire:
    """Draw up to so many questions of all kinds; each may hang on an answer to an earlier choice."""
    questions: list[Question] = []
    for number in range(draw(st.integers(1, most))):
        name = f"q{number}"
        conditions = [(q.name, (option.value,)) for q in questions for option in q.options]
        only_if = draw(st.none() | st.sampled_from(conditions)) if conditions else None
        if draw(st.booleans()):
            questions.append(draw(choice_questions(name, only_if)))
        else:
            asked = builders.text_question(name, f"问题 {name}?", max_length=draw(st.sampled_from([20, 1000])))
            questions.append(replace(asked, only_if=only_if, required=draw(st.booleans())))
    return builders.questionnaire(*questions)


@st.composite
def answers_to(draw: DrawFn, asked: Questionnaire) -> dict[str, str | tuple[str, ...]]:
    """Draw a complete set of answers: all required ones, some of the optional, none that is not asked for."""
    given: dict[str, str | tuple[str, ...]] = {}
    for question in asked.questions:
        if question in asked.asked(given) and (question.required or draw(st.booleans())):
            given[question.name] = draw(_answers(question))
    return given


def _answers(question: Question) -> SearchStrategy[str | tuple[str, ...]]:
    if question.kind is QuestionKind.TEXT:
        return words(min(question.max_length, 60))
    values = [option.value for option in question.options]
    if question.kind is not QuestionKind.CHOICES:
        return st.sampled_from(values)
    chosen = st.sets(st.sampled_from(values), min_size=1)
    return chosen.map(lambda some: tuple(value for value in values if value in some))


@st.composite
def checkins(draw: DrawFn, asked: Questionnaire) -> Checkin:
    """Draw an unanswered check-in with these questions, due at some time or never."""
    asked_at = draw(instants())
    due_after = draw(st.none() | lengths())
    open_one = builders.checkin(builders.cadence(asks=asked), asked_at=asked_at)
    return replace(open_one, due_at=None if due_after is None else asked_at + due_after)


def card_keys() -> SearchStrategy[CardKey]:
    """Draw a key whose kind is a handler's word and whose subject is any text."""
    kinds = st.text(string.ascii_lowercase + "_.-", min_size=1, max_size=12)
    return st.builds(CardKey, kinds, texts(40).filter(bool))


def _blocks() -> SearchStrategy[Block]:
    labels = st.lists(words(8), min_size=1, max_size=3).map(tuple)
    rows = st.lists(st.tuples(words(12), texts()), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Paragraph, words(), st.booleans()),
        st.builds(Mention, words(12), words()),
        st.builds(Quote, words(20), texts()),
        st.builds(Facts, rows),
        st.builds(Divider),
        labels.flatmap(lambda drawn: st.builds(Chart, words(12), st.just(drawn), _series(drawn))),
    )


def _series(labels: Sequence[str]) -> SearchStrategy[tuple[Series, ...]]:
    numbers = st.floats(0, 100).map(lambda number: round(number, 1))
    row = st.lists(numbers, min_size=len(labels), max_size=len(labels)).map(tuple)
    return st.lists(st.builds(Series, words(8), row), min_size=1, max_size=2).map(tuple)


def _fields(name: str) -> SearchStrategy[Field]:
    options = st.lists(st.builds(Option, st.uuids().map(str), words(12)), min_size=1, max_size=4, unique_by=_value)
    choice = options.flatmap(
        lambda drawn: st.builds(
            ChoiceField,
            st.just(name),
            words(20),
            st.just(tuple(drawn)),
            st.booleans(),
            st.booleans(),
            st.just(()) | st.sampled_from([(option.value,) for option in drawn]),
            texts(12),
        )
    )
    text = st.builds(
        TextField, st.just(name), words(20), st.booleans(), st.booleans(), st.just(1000), texts(), texts(12)
    )
    return choice | text


def _value(option: Option) -> str:
    return option.value


@st.composite
def cards(draw: DrawFn) -> Card:
    """Draw a card with blocks, fields and buttons of every sort, in awkward words."""
    actions = draw(st.lists(st.sampled_from(["submit", "snooze", "skip", "open"]), max_size=3, unique=True))
    buttons = st.builds(
        Button,
        st.just(""),
        words(12),
        st.sampled_from(Style),
        st.booleans(),
        st.none() | words(20),
    )
    return Card(
        draw(card_keys()),
        draw(words(12)),
        draw(words(40)),
        draw(st.sampled_from(Tone)),
        draw(texts(6)),
        tuple(draw(st.lists(_blocks(), max_size=4))),
        tuple(draw(_fields(f"field{number}")) for number in range(draw(st.integers(0, 2)))),
        tuple(replace(draw(buttons), action=action) for action in actions),
    )
