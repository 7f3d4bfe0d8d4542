"""Duties: opened once, found by what they are about and by who owes them, on both engines."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.duties import Duty, DutyState, follow, fulfil, hand_over, next_at, snooze, waive
from domain.ids import DutyId, PersonId
from storage.database import Database
from tests import builders, strategies
from tests.builders import CHEN_JING, FRIDAY, LI_HUA, ORG, WANG_LEI, ZHAO_MIN, duty, hours
from tests.contract.store_world import OTHER, company

SOON = FRIDAY + hours(24)


def opened(database: Database, *duties: Duty) -> None:
    """Store open duties that want attention tomorrow."""
    with company(database) as store:
        for one in duties:
            assert store.duties.open(one, SOON)


def numbered(number: int, debtor: str = LI_HUA, about: str = WANG_LEI) -> Duty:
    """Return one of many duties; those with greater numbers are due later."""
    one = duty(debtor=debtor, about=about, subject=f"checkin-{number}", duty_id=f"duty-{number}")
    return replace(one, due_at=FRIDAY + hours(number))


def test_a_duty_comes_back_as_it_was_opened(database: Database) -> None:
    opened(database, duty())
    with company(database) as store:
        assert store.duties.get(DutyId("duty-1")) == duty()
        assert store.duties.get(DutyId("duty-2")) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_duty_comes_back_as_it_was_saved(sqlite_store: Database, data: st.DataObject) -> None:
    pace = data.draw(strategies.paces())
    drawn = data.draw(strategies.duties(pace))
    with sqlite_store.reading() as transaction:
        duties = transaction.store(ORG).duties
        assert duties.open(replace(drawn, state=DutyState.OPEN, closed_at=None, closed_by=None), None)
        duties.save(drawn, next_at(drawn, pace))
        assert duties.get(drawn.duty_id) == drawn
        transaction.flush()
        assert duties.get(drawn.duty_id) == drawn


def test_the_same_thing_is_owed_once_by_the_same_person(database: Database) -> None:
    opened(database, duty())
    with company(database) as store:
        assert not store.duties.open(replace(duty(), duty_id=DutyId("again")), SOON)
        assert store.duties.open(replace(duty(), duty_id=DutyId("by-another"), debtor_id=CHEN_JING), SOON)
        assert store.duties.open(replace(duty(), duty_id=DutyId("of-another-kind"), kind="answer"), SOON)
        assert store.duties.get(DutyId("again")) is None


def test_a_subjects_duties_are_found_open_ones_first(database: Database) -> None:
    first, second = duty(duty_id="d1"), duty(duty_id="d2", debtor=CHEN_JING)
    opened(database, first, second)
    closed = fulfil(first, FRIDAY, LI_HUA)
    with company(database) as store:
        store.duties.save(closed, None)
        assert list(store.duties.find("reply", "checkin-1")) == [second, closed]
    with company(database) as store:
        assert list(store.duties.find("reply", "checkin-1")) == [second, closed]
        assert not store.duties.find("answer", "checkin-1")
        assert not store.duties.find("reply", "checkin-2")


def test_open_duties_are_found_by_who_owes_them_the_soonest_due_first(database: Database) -> None:
    opened(database, numbered(3), numbered(1), numbered(2), numbered(4, debtor=CHEN_JING))
    with company(database) as store:
        store.duties.save(waive(numbered(2), FRIDAY, None, "left"), None)
        assert list(store.duties.owed_by(LI_HUA)) == [numbered(1), numbered(3)]
    with company(database) as store:
        assert list(store.duties.owed_by(LI_HUA)) == [numbered(1), numbered(3)]
        assert not store.duties.owed_by(WANG_LEI)


def test_open_duties_are_found_by_whom_they_are_about(database: Database) -> None:
    opened(database, numbered(1), numbered(2, about=CHEN_JING))
    with company(database) as store:
        assert list(store.duties.about(WANG_LEI)) == [numbered(1)]
        store.duties.save(fulfil(numbered(1), FRIDAY, LI_HUA), None)
        assert not store.duties.about(WANG_LEI)


def test_open_duties_of_many_people_come_soonest_first_and_no_more_than_asked(database: Database) -> None:
    opened(database, numbered(3), numbered(1, debtor=CHEN_JING), numbered(2), numbered(0, debtor=ZHAO_MIN))
    with company(database) as store:
        people = [LI_HUA, CHEN_JING]
        assert list(store.duties.open_of_people(people, 2)) == [numbered(1, debtor=CHEN_JING), numbered(2)]
        assert not store.duties.open_of_people([], 2)


def test_a_closed_duty_never_wants_attention_again(database: Database) -> None:
    opened(database, duty())
    with company(database) as store:
        store.duties.save(fulfil(duty(), FRIDAY, LI_HUA), SOON)
    with database.transaction() as transaction:
        assert not transaction.engine.due_duties(SOON, 9)
        assert transaction.engine.next_moment(FRIDAY) is None


def test_a_snoozed_duty_wants_attention_when_its_owner_asked_for_it(database: Database) -> None:
    opened(database, duty())
    evening = FRIDAY + hours(2)
    with company(database) as store:
        store.duties.save(snooze(duty(), evening), evening)
    with database.transaction() as transaction:
        assert list(transaction.engine.due_duties(evening, 9)) == [snooze(duty(), evening)]


def test_who_looks_after_a_duty_since_when_is_kept_while_it_climbs_and_when_it_closes(database: Database) -> None:
    opened(database, duty())
    followed = follow(duty(), FRIDAY + hours(1), CHEN_JING)
    with company(database) as store:
        store.duties.get(duty().duty_id)
        store.duties.save(followed, SOON)
        assert list(store.duties.owed_by(LI_HUA)) == [followed]
    with company(database) as store:
        store.duties.get(duty().duty_id)
        store.duties.save(replace(followed, step=1), SOON)
    with company(database) as store:
        assert store.duties.get(duty().duty_id) == replace(followed, step=1)
        store.duties.save(fulfil(replace(followed, step=1), SOON, LI_HUA), None)
    with company(database) as store:
        assert store.duties.get(duty().duty_id) == fulfil(replace(followed, step=1), SOON, LI_HUA)


def test_a_duty_whose_debtor_is_still_to_be_told_wants_attention_then(database: Database) -> None:
    opened(database, duty())
    untold = replace(duty(), tell_at=FRIDAY + hours(3))
    with company(database) as store:
        store.duties.get(duty().duty_id)
        store.duties.save(untold, next_at(untold, builders.pace()))
    with database.transaction() as transaction:
        assert not transaction.engine.due_duties(FRIDAY + hours(2), 9)
        assert list(transaction.engine.due_duties(FRIDAY + hours(3), 9)) == [untold]


def test_a_duty_that_changes_hands_is_owed_by_the_new_debtor(database: Database) -> None:
    opened(database, duty())
    with company(database) as store:
        store.duties.save(hand_over(duty(), CHEN_JING), SOON)
        assert [found.duty_id for found in store.duties.owed_by(CHEN_JING)] == ["duty-1"]
        assert not store.duties.owed_by(LI_HUA)


def test_handing_over_to_somebody_who_owes_the_same_fails_alone(database: Database) -> None:
    opened(database, duty(duty_id="d1"), duty(duty_id="d2", debtor=CHEN_JING))
    with database.transaction() as transaction:
        duties = transaction.store(ORG).duties
        duties.save(snooze(duty(duty_id="d2", debtor=CHEN_JING), SOON), SOON)
        clash = hand_over(duty(duty_id="d1"), CHEN_JING)
        with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)), transaction.savepoint():
            duties.save(clash, SOON)
    with company(database) as store:
        found = {one.duty_id: one for one in store.duties.find("reply", "checkin-1")}
        assert found[DutyId("d1")].debtor_id == LI_HUA
        assert found[DutyId("d2")].snoozed_until == SOON


def test_duties_keep_the_ladder_they_were_opened_with(database: Database) -> None:
    strict = builders.ladder(builders.remind(1), builders.escalate(2))
    opened(database, duty(strict, duty_id="d1"), numbered(2))
    with company(database) as store:
        assert [found.ladder for found in store.duties.owed_by(LI_HUA)] == [strict, builders.ladder()]


def test_a_duty_that_only_climbed_is_stored_as_far_as_it_came(database: Database) -> None:
    opened(database, duty())
    climbed = replace(duty(), step=1, snoozed_until=SOON)
    with company(database) as store:
        store.duties.get(duty().duty_id)
        store.duties.save(climbed, SOON + hours(1))
        assert store.duties.get(duty().duty_id) == climbed
        assert list(store.duties.find("reply", "checkin-1")) == [climbed]
        assert list(store.duties.owed_by(LI_HUA)) == [climbed]
    with database.transaction() as transaction:
        assert not transaction.engine.due_duties(SOON, 9)
        assert list(transaction.engine.due_duties(SOON + hours(1), 9)) == [climbed]


def test_a_duty_that_climbed_and_then_was_closed_is_closed_whatever_the_order(database: Database) -> None:
    opened(database, duty(), numbered(2))
    with company(database) as store:
        store.duties.owed_by(LI_HUA)
        store.duties.save(replace(duty(), step=1), SOON)
        store.duties.save(fulfil(replace(duty(), step=1), FRIDAY, LI_HUA), None)
        store.duties.save(replace(numbered(2), due_at=SOON), SOON)
        store.duties.save(replace(numbered(2), due_at=SOON, step=1), SOON + hours(1))
    with company(database) as store:
        assert store.duties.get(duty().duty_id) == fulfil(replace(duty(), step=1), FRIDAY, LI_HUA)
        assert store.duties.get(numbered(2).duty_id) == replace(numbered(2), due_at=SOON, step=1)
    with database.transaction() as transaction:
        assert [found.duty_id for found in transaction.engine.due_duties(SOON + hours(1), 9)] == ["duty-2"]


def test_a_duty_of_another_organisation_is_refused(database: Database) -> None:
    with company(database, OTHER) as store:
        with pytest.raises(ValueError, match="belongs to acme"):
            store.duties.open(duty(), SOON)
        with pytest.raises(ValueError, match="belongs to acme"):
            store.duties.save(duty(), SOON)


def test_a_duty_without_a_next_moment_waits_for_ever(database: Database) -> None:
    with company(database) as store:
        assert store.duties.open(duty(), None)
        assert list(store.duties.owed_by(PersonId(LI_HUA))) == [duty()]
    with database.transaction() as transaction:
        assert not transaction.engine.due_duties(FRIDAY + timedelta(days=3650), 9)
