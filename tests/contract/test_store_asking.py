"""The fan-out of a round: who is asked, what is opened and put for them, and that no slice is done twice."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.cadences import Audience, Round, Scope
from domain.calendar import Leave
from domain.cards import Card
from domain.checkin import Checkin, CheckinState
from domain.ids import CheckinId, DutyId, PersonId
from domain.messages import Call, Priority
from domain.repositories import AskedSlice, AskPlan
from storage.database import Database
from tests import builders, strategies
from tests.builders import FRIDAY, ORG, cadence, occurrence, person
from tests.contract.store_world import begun, claim, company, crowd, employ, pick, plan, prompt

WEEK = timedelta(days=7)


def ask(database: Database, plan_: AskPlan, limit: int = 100) -> AskedSlice:
    with company(database) as store:
        return store.rounds.ask(plan_, limit)


def ask_all(database: Database, round_: Round, limit: int) -> list[AskedSlice]:
    """Ask slice by slice until nobody is left."""
    slices = [ask(database, plan(round_), limit)]
    while not slices[-1].finished:
        round_ = replace(round_, cursor=slices[-1].cursor)
        slices.append(ask(database, plan(round_), limit))
    return slices


def asked(database: Database, round_: Round) -> list[Checkin]:
    with company(database) as store:
        everybody = [known.person_id for known in store.people.everybody()]
        found = store.checkins.of_people([round_.occurrence_id], everybody)
        return sorted(found, key=lambda checkin: checkin.person_id)


def test_everybody_gets_a_checkin_a_duty_and_a_prompt(database: Database) -> None:
    employ(database, [person("a"), person("b")])
    round_ = begun(database)
    assert ask(database, plan(round_)) == AskedSlice("b", 2, finished=True, with_leave=())
    first, second = asked(database, round_)
    with company(database) as store:
        (duty,) = store.duties.find("answer", first.checkin_id)
        assert first == replace(
            builders.checkin(round_.cadence, "a", FRIDAY, first.checkin_id), due_at=FRIDAY + timedelta(hours=48)
        )
        assert (duty.debtor_id, duty.about_id, duty.opened_at) == ("a", "a", FRIDAY)
        assert duty.due_at == FRIDAY + timedelta(hours=48)
        assert duty.ladder == round_.cadence.answer_ladder
    (lane,) = claim(database)
    prompts = pick(database, lane)
    assert [(str(p.outgoing.person_id), p.outgoing.receiver, str(p.duty_id)) for p in prompts] == [
        ("a", "ou_a", first.checkin_id),
        ("b", "ou_b", second.checkin_id),
    ]
    assert prompts[0].outgoing.body == prompt(round_)
    assert (prompts[0].priority, prompts[0].asked) == (Priority.PROMPT, False)
    assert (prompts[0].outgoing.call, prompts[0].dedupe) == (Call.CARD, f"ask:{first.checkin_id}")


def test_the_answer_duty_wants_attention_at_the_planned_moment(database: Database) -> None:
    employ(database, [person("a")])
    ask(database, plan(begun(database)))
    with database.transaction() as transaction:
        assert not transaction.engine.due_duties(FRIDAY + timedelta(hours=24) - timedelta(microseconds=1), 9)
        assert len(transaction.engine.due_duties(FRIDAY + timedelta(hours=24), 9)) == 1


def test_ids_are_unique_and_sort_by_the_moment_of_asking(database: Database) -> None:
    employ(database, crowd(50))
    this_week = begun(database)
    next_week = begun(database, occurrence(fires_at=FRIDAY + WEEK, occurrence_id="round-2"))
    ask(database, plan(this_week))
    ask(database, plan(next_week, FRIDAY + WEEK))
    early = [checkin.checkin_id for checkin in asked(database, this_week)]
    late = [checkin.checkin_id for checkin in asked(database, next_week)]
    assert len({*early, *late}) == 100
    assert {len(checkin_id) for checkin_id in (*early, *late)} == {32}
    assert max(early) < min(late)
    assert sorted(early) == early


def test_slices_together_ask_everybody_once(database: Database) -> None:
    employ(database, crowd(25))
    round_ = begun(database)
    slices = ask_all(database, round_, limit=10)
    assert [(s.cursor, s.asked) for s in slices] == [("p0009", 10), ("p0019", 10), ("p0024", 5)]
    assert [checkin.person_id for checkin in asked(database, round_)] == [known.person_id for known in crowd(25)]


def test_a_full_last_slice_is_followed_by_an_empty_one(database: Database) -> None:
    employ(database, crowd(10))
    assert ask_all(database, begun(database), limit=10)[1:] == [AskedSlice("p0009", 0, finished=True, with_leave=())]


def test_asking_nobody_is_finished_at_once(database: Database) -> None:
    assert ask(database, plan(begun(database))) == AskedSlice("", 0, finished=True, with_leave=())


def test_the_same_slice_twice_adds_nothing(database: Database) -> None:
    employ(database, crowd(10))
    round_ = begun(database)
    ask(database, plan(round_))
    before = asked(database, round_)
    assert ask(database, plan(round_)).asked == 0
    assert ask(database, plan(round_, FRIDAY + timedelta(minutes=5))).asked == 0
    assert asked(database, round_) == before
    (lane,) = claim(database)
    assert len(pick(database, lane)) == 10
    with company(database) as store:
        assert [len(store.duties.find("answer", checkin.checkin_id)) for checkin in before] == [1] * 10


def test_a_slice_that_was_undone_is_asked_again_in_full(database: Database) -> None:
    employ(database, crowd(10))
    round_ = begun(database)
    with database.reading() as transaction:
        assert transaction.store(ORG).rounds.ask(plan(round_), 10).asked == 10
    assert asked(database, round_) == []
    assert ask(database, plan(round_), 10).asked == 10


def test_whoever_was_asked_by_another_variant_in_this_period_is_not_asked_again(database: Database) -> None:
    employ(database, [person("a"), person("b")])
    variant = cadence("weekly@a", audience=Audience(Scope(people=(PersonId("a"),))))
    first = begun(database, occurrence(variant, occurrence_id="variant"))
    assert ask(database, plan(first)).asked == 1
    second = begun(database)
    assert ask(database, plan(second)).asked == 1
    assert [checkin.person_id for checkin in asked(database, second)] == ["b"]
    (lane,) = claim(database)
    assert sorted(found.outgoing.person_id for found in pick(database, lane)) == ["a", "b"]


def test_whoever_is_on_leave_that_day_is_not_asked(database: Database) -> None:
    employ(database, [person(name) for name in "abc"])
    with company(database) as store:
        store.people.add_leave(PersonId("a"), builders.leave("2026-11-27"))
        store.people.add_leave(PersonId("b"), builders.leave("2026-11-20", "2026-11-26"))
    round_ = begun(database)
    slice_ = ask(database, plan(round_))
    assert [checkin.person_id for checkin in asked(database, round_)] == ["b", "c"]
    assert slice_ == AskedSlice("c", 2, finished=True, with_leave=())


def test_duties_of_people_with_leave_ahead_are_named(database: Database) -> None:
    employ(database, [person("a"), person("b")])
    with company(database) as store:
        store.people.add_leave(PersonId("b"), builders.leave("2026-11-30", "2026-12-04"))
    round_ = begun(database)
    slice_ = ask(database, plan(round_))
    _, second = asked(database, round_)
    assert slice_.with_leave == (DutyId(second.checkin_id),)
    with company(database) as store:
        duty = store.duties.get(slice_.with_leave[0])
        assert duty is not None
        assert (duty.debtor_id, duty.subject) == ("b", second.checkin_id)


def test_only_the_rounds_zone_and_audience_are_asked(database: Database) -> None:
    employ(database, [person("a"), person("b", zone="UTC"), replace(person("c"), department="人力资源")])
    round_ = begun(database, occurrence(cadence(audience=Audience(Scope(departments=("研发",))))))
    ask(database, replace(plan(round_), person_zone="UTC"))
    assert [checkin.person_id for checkin in asked(database, round_)] == ["b"]


def test_everybody_is_asked_in_their_own_language(database: Database) -> None:
    languages = {"a": None, "b": "en", "c": "zh-CN", "d": "fr"}
    employ(database, [replace(person(name), locale=locale) for name, locale in languages.items()])
    ask(database, plan(begun(database)))
    (lane,) = claim(database)
    cards = {found.outgoing.person_id: found.outgoing.body for found in pick(database, lane)}
    titles = {name: card.title for name, card in cards.items() if isinstance(card, Card)}
    assert titles == {"a": "本周复盘", "b": "Weekly review", "c": "本周复盘", "d": "本周复盘"}


def test_a_round_without_a_ladder_opens_no_duties(database: Database) -> None:
    employ(database, [person("a")])
    round_ = begun(database, occurrence(replace(cadence(), answer_ladder=None)))
    ask(database, replace(plan(round_), due_at=None, next_at=None))
    (checkin,) = asked(database, round_)
    assert (checkin.due_at, checkin.state) == (None, CheckinState.OPEN)
    with company(database) as store:
        assert not store.duties.find("answer", checkin.checkin_id)
    (lane,) = claim(database)
    assert [found.duty_id for found in pick(database, lane)] == [None]


def test_a_prompt_without_a_way_out_is_a_dead_letter(database: Database) -> None:
    employ(database, [person("a"), replace(person("b"), platform=None)])
    round_ = begun(database)
    assert ask(database, plan(round_)).asked == 2
    with database.transaction() as transaction:
        (dead,) = transaction.engine.dead_letters(FRIDAY)
        assert (dead.person_id, dead.error, dead.lane, dead.died_at) == ("b", "no_platform", "", FRIDAY)
    (lane,) = claim(database)
    assert [found.outgoing.person_id for found in pick(database, lane)] == ["a"]


def test_each_platform_of_a_slice_has_its_lane_made_ready(database: Database) -> None:
    employ(database, [replace(person(name), platform=platform) for name, platform in (("a", "feishu"), ("b", "wecom"))])
    ask(database, plan(begun(database)))
    assert sorted(lane.name for lane in claim(database)) == ["feishu", "wecom"]


def test_answering_before_the_prompt_went_out_withdraws_it(database: Database) -> None:
    employ(database, [person("a")])
    round_ = begun(database)
    ask(database, plan(round_))
    (checkin,) = asked(database, round_)
    with company(database) as store:
        (duty,) = store.duties.find("answer", checkin.checkin_id)
        assert store.outbox.withdraw(duty.duty_id) == 1
    (lane,) = claim(database)
    assert pick(database, lane) == []


def test_answering_again_after_a_repeated_slice_finds_one_duty(database: Database) -> None:
    employ(database, [person("a")])
    round_ = begun(database)
    ask(database, plan(round_))
    (checkin,) = asked(database, round_)
    with company(database) as store:
        store.checkins.save(replace(checkin, state=CheckinState.SUBMITTED, version=1), keep_version=True)
    assert ask(database, plan(round_)).asked == 0
    with company(database) as store:
        assert len(store.duties.find("answer", checkin.checkin_id)) == 1
        again = store.checkins.get(CheckinId(checkin.checkin_id))
        assert again is not None
        assert again.version == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.audiences(), st.integers(1, 9), st.sets(strategies.person_ids()), st.integers(-2, 2))
def test_slices_of_any_size_ask_exactly_the_present_members_of_the_audience(
    sqlite_store: Database, audience: Audience, limit: int, away: set[PersonId], offset: int
) -> None:
    staff = [replace(person(f"p{n}", manager=f"p{n // 2}"), department=f"研发/{n % 3}") for n in range(8)]
    first_day = date(2026, 11, 27) + timedelta(days=offset)
    with sqlite_store.reading() as transaction:
        store = transaction.store(ORG)
        for known in staff:
            store.people.save(known)
        for person_id in sorted(away):
            store.people.add_leave(person_id, Leave(first_day, first_day))
        round_ = occurrence(cadence(audience=audience))
        assert store.rounds.begin(round_)
        finished, total = False, 0
        while not finished:
            slice_ = store.rounds.ask(plan(round_), limit)
            finished, total = slice_.finished, total + slice_.asked
            round_ = replace(round_, cursor=slice_.cursor)
        meant = {k.person_id for k in staff if audience.holds(k) and not (offset == 0 and k.person_id in away)}
        found = store.checkins.of_people([round_.occurrence_id], [known.person_id for known in staff])
        assert ({checkin.person_id for checkin in found}, total) == (meant, len(meant))
