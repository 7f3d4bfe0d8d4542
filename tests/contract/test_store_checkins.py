"""Check-ins, their versions and replies, on both engines."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.checkin import Checkin, CheckinState, Reaction, skip, submit
from domain.ids import CheckinId, OccurrenceId, PersonId
from domain.people import Person
from domain.repositories import RoundCounts
from storage.database import Database
from tests import builders
from tests.builders import FRIDAY, LI_HUA, WANG_LEI, cadence, person, reply, review_answers
from tests.contract.store_world import OTHER, company, employ

WEEK = timedelta(days=7)
ROUND = OccurrenceId("round-1")


def added(database: Database, checkin: Checkin | None = None) -> Checkin:
    """Store a check-in, by default Wang Lei's of this week, and return it."""
    chosen = checkin or builders.checkin()
    with company(database) as store:
        assert store.checkins.add(chosen)
    return chosen


def week(number: int, person_id: str = WANG_LEI, name: str = "weekly") -> Checkin:
    """Return somebody's check-in of some week."""
    asked_at = FRIDAY + number * WEEK
    checkin = builders.checkin(cadence(name), person_id, asked_at, f"{name}-{person_id}-{number}")
    return replace(checkin, period=f"week {number}", occurrence_id=OccurrenceId(f"{name}-{number}"))


def submitted(checkin: Checkin, now: datetime = FRIDAY, **answers: str) -> Checkin:
    """Return the check-in after complete answers."""
    return submit(checkin, {**review_answers(), **answers}, now).checkin


def test_a_checkin_comes_back_as_it_was_added(database: Database) -> None:
    checkin = added(database)
    with company(database) as store:
        assert store.checkins.get(checkin.checkin_id) == checkin
        assert store.checkins.get(CheckinId("another")) is None


def test_a_checkin_comes_back_as_it_was_saved(database: Database) -> None:
    full = replace(
        submitted(added(database)),
        draft={"result": "半句\0 \U0001f989", "picks": ("a", "b")},
        late=True,
        replied_at=FRIDAY + timedelta(hours=3),
        skip_reason="出差",
    )
    with company(database) as store:
        store.checkins.save(full, keep_version=False)
        assert store.checkins.get(full.checkin_id) == full
    with company(database) as store:
        assert store.checkins.get(full.checkin_id) == full


def test_somebody_has_one_checkin_for_a_family_and_period(database: Database) -> None:
    checkin = added(database)
    variant = replace(cadence(), name="weekly@研发")
    with company(database) as store:
        again = replace(checkin, checkin_id=CheckinId("again"), cadence=variant)
        assert not store.checkins.add(again)
        assert store.checkins.add(replace(again, period="2026-W49"))
        assert store.checkins.get(CheckinId("again")) == replace(again, period="2026-W49")


def test_a_checkin_is_found_by_its_round_and_person(database: Database) -> None:
    checkin = added(database)
    with company(database) as store:
        assert store.checkins.of_round(ROUND, WANG_LEI) == checkin
        assert store.checkins.of_round(ROUND, LI_HUA) is None
        assert store.checkins.of_round(OccurrenceId("round-2"), WANG_LEI) is None


def test_the_latest_checkin_is_the_newest_of_all_or_of_a_family(database: Database) -> None:
    for checkin in (week(0), week(1), week(2, name="monthly"), week(3, LI_HUA)):
        added(database, checkin)
    with company(database) as store:
        assert store.checkins.latest(WANG_LEI) == week(2, name="monthly")
        assert store.checkins.latest(WANG_LEI, "weekly") == week(1)
        assert store.checkins.latest(WANG_LEI, "yearly") is None
        assert store.checkins.latest(PersonId("nobody")) is None


def test_the_states_of_a_family_are_newest_first_from_an_instant_back_and_as_many_as_asked(database: Database) -> None:
    for number in range(5):
        added(database, week(number))
    added(database, week(9, name="monthly"))
    with company(database) as store:
        store.checkins.save(skip(week(3), "出差"), keep_version=False)
        store.checkins.save(submitted(week(1)), keep_version=True)
    with company(database) as store:
        states = store.checkins.states(WANG_LEI, "weekly", week(3).asked_at, 3)
        assert list(states) == [CheckinState.SKIPPED, CheckinState.OPEN, CheckinState.SUBMITTED]


def test_what_was_saved_is_seen_by_every_question_of_the_same_transaction(database: Database) -> None:
    employ(database, [person(WANG_LEI, manager=LI_HUA), person(LI_HUA)])
    checkin = submitted(added(database))
    with company(database) as store:
        store.checkins.save(checkin, keep_version=True)
        assert store.checkins.get(checkin.checkin_id) == checkin
        assert store.checkins.of_round(ROUND, WANG_LEI) == checkin
        assert store.checkins.latest(WANG_LEI) == checkin
        assert list(store.checkins.states(WANG_LEI, "weekly", checkin.asked_at, 9)) == [checkin.state]
        assert list(store.checkins.of_people([ROUND], [WANG_LEI])) == [checkin]
        assert store.checkins.counts([ROUND]).submitted == 1
        assert list(store.checkins.versions(checkin.checkin_id)) == [checkin.answers]


def test_a_checkin_saved_twice_is_stored_as_it_was_last(database: Database) -> None:
    checkin = added(database)
    with company(database) as store:
        store.checkins.save(skip(checkin, "出差"), keep_version=False)
        store.checkins.save(submitted(checkin), keep_version=True)
    with company(database) as store:
        assert store.checkins.get(checkin.checkin_id) == submitted(checkin)


def test_versions_are_kept_beside_each_other_oldest_first(database: Database) -> None:
    first = submitted(added(database))
    edited = submitted(replace(first, replied_at=FRIDAY), result="第二版")
    corrected = submitted(edited, result="第二版,改过")
    with company(database) as store:
        for version in (first, edited, corrected):
            store.checkins.save(version, keep_version=True)
    with company(database) as store:
        assert list(store.checkins.versions(first.checkin_id)) == [first.answers, corrected.answers]
        assert not store.checkins.versions(CheckinId("another"))


def test_a_draft_files_no_version(database: Database) -> None:
    checkin = added(database)
    with company(database) as store:
        store.checkins.save(replace(checkin, draft={"result": "半句"}), keep_version=False)
        assert not store.checkins.versions(checkin.checkin_id)


def test_rounds_are_counted(database: Database) -> None:
    people = [PersonId(f"p{number}") for number in range(5)]
    done, late, skipped, missed, _ = (week(0, person_id) for person_id in people)
    for person_id in people:
        added(database, week(0, person_id))
    added(database, week(1))
    with company(database) as store:
        store.checkins.save(replace(submitted(done), replied_at=FRIDAY), keep_version=True)
        store.checkins.save(replace(submitted(late), late=True), keep_version=True)
        store.checkins.save(skip(skipped, ""), keep_version=False)
        store.checkins.save(replace(missed, state=CheckinState.MISSED), keep_version=False)
    with company(database) as store:
        first, both = [done.occurrence_id], [done.occurrence_id, week(1).occurrence_id]
        assert store.checkins.counts(first) == RoundCounts(asked=5, submitted=2, late=1, skipped=1, replied=1)
        assert store.checkins.counts(both).asked == 6
        assert store.checkins.counts([*both, *both]).asked == 6
        assert store.checkins.counts([]) == RoundCounts(0, 0, 0, 0, 0)


CHOICES = ["pace", "support"]


def chosen(number: int, pace: str = "v1") -> Checkin:
    """Return what the report with that number has chosen."""
    picked = {"pace": pace, "result": f"only {number} would say this"}
    answered = replace(week(0, f"p{number}"), state=CheckinState.SUBMITTED, version=1, answers=picked)
    return replace(answered, submitted_at=FRIDAY + timedelta(minutes=number))


def choose(database: Database, *checkins: Checkin) -> None:
    with company(database) as store:
        for checkin in checkins:
            assert store.checkins.add(replace(checkin, state=CheckinState.OPEN, version=0))
            store.checkins.save(checkin, keep_version=True)


def published(database: Database, manager_id: PersonId = LI_HUA) -> list[str]:
    """Return the pace of everybody published, three people to a block."""
    with company(database) as store:
        found = store.checkins.published_choices(week(0).occurrence_id, manager_id, CHOICES, 3)
        assert all(set(answers) <= {"pace"} for answers in found)
        return [str(answers["pace"]) for answers in found]


def reports(count: int) -> list[Person]:
    return [person(f"p{number}", manager=LI_HUA) for number in range(count)]


def test_choices_are_published_by_whole_blocks_of_people(database: Database) -> None:
    employ(database, reports(8))
    counts = []
    for number in range(8):
        choose(database, chosen(number))
        counts.append(len(published(database)))
    assert counts == [0, 0, 3, 3, 3, 6, 6, 6]


def test_what_was_published_stays_as_it_was(database: Database) -> None:
    employ(database, reports(4))
    choose(database, *(chosen(number) for number in range(3)))
    assert published(database) == ["v1"] * 3
    with company(database) as store:
        store.checkins.save(chosen(0, "v3"), keep_version=True)
        store.people.save(person("p1", manager=LI_HUA, active=False))
    choose(database, chosen(3))
    assert published(database) == ["v1"] * 3


def test_who_is_first_in_a_block_does_not_show(database: Database) -> None:
    employ(database, reports(3))
    choose(database, chosen(0, "v3"), chosen(1, "v1"), chosen(2, "v2"))
    assert published(database) == ["v1", "v2", "v3"]


def test_only_submitted_choices_of_active_reports_are_published(database: Database) -> None:
    strangers = [person("p5", manager="another"), person("p6", manager=LI_HUA, active=False)]
    employ(database, [*reports(4), *strangers])
    choose(database, *(chosen(number) for number in (0, 1, 5, 6)))
    choose(database, replace(chosen(2), state=CheckinState.OPEN))
    assert published(database) == []
    choose(database, chosen(3))
    assert len(published(database)) == 3
    assert published(database, WANG_LEI) == []


def test_checkins_of_people_are_those_of_the_rounds_named(database: Database) -> None:
    for checkin in (week(0), week(1), week(2), week(0, LI_HUA)):
        added(database, checkin)
    with company(database) as store:
        found = store.checkins.of_people([week(0).occurrence_id, week(1).occurrence_id], [WANG_LEI])
        assert sorted(checkin.period for checkin in found) == ["week 0", "week 1"]
        assert not store.checkins.of_people([], [WANG_LEI])
        assert not store.checkins.of_people([ROUND], [])


def test_replies_come_oldest_first_with_their_reactions(database: Database) -> None:
    added(database)
    second = replace(reply(2), reply_id="reply-2", written_at=reply().written_at + WEEK)
    with company(database) as store:
        store.checkins.add_reply(second)
        store.checkins.add_reply(reply())
        assert list(store.checkins.replies(CheckinId("checkin-1"))) == [reply(), second]
        store.checkins.save_reply(second.react(Reaction.HELPFUL).react(Reaction.WILL_ACT))
    with company(database) as store:
        assert store.checkins.reply("reply-1") == reply()
        assert store.checkins.reply("reply-2") == second.react(Reaction.HELPFUL).react(Reaction.WILL_ACT)
        assert store.checkins.reply("reply-3") is None


def test_what_belongs_to_another_organisation_is_refused(database: Database) -> None:
    with company(database, OTHER) as store:
        with pytest.raises(ValueError, match="belongs to acme"):
            store.checkins.add(builders.checkin())
        with pytest.raises(ValueError, match="belongs to acme"):
            store.checkins.save(builders.checkin(), keep_version=False)
        with pytest.raises(ValueError, match="belongs to acme"):
            store.checkins.add_reply(reply())


def test_a_reason_that_cannot_be_stored_fails_who_gave_it_and_nobody_else(database: Database) -> None:
    checkin = added(database)
    with database.transaction() as transaction:
        checkins = transaction.store(builders.ORG).checkins
        for unstorable in ("NUL \0", "half a pair \ud83e"):
            with pytest.raises(ValueError, match=r"NUL|surrogates"), transaction.savepoint():
                checkins.save(skip(checkin, unstorable), keep_version=False)
        checkins.save(skip(checkin, "出差"), keep_version=False)
    with company(database) as store:
        assert store.checkins.get(checkin.checkin_id) == skip(checkin, "出差")
