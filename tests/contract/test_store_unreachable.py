"""Whom platforms cannot reach, since when, and how an operator lets what was given up be tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.ids import MessageId, PersonId
from domain.messages import Fate, Outcome
from storage.database import Database
from storage.unreachable import (
    UnreachablePerson,
    last_told,
    note_told,
    revive,
    unreachable_people,
)
from tests.builders import ADMIN, CHEN_JING, FRIDAY, LI_HUA, ORG, WANG_LEI, hours, person
from tests.contract.store_world import LATER, OTHER, claim, company, deliver, employ, message, put, record, reserve


@pytest.fixture(autouse=True)
def _staff(database: Database) -> None:
    employ(database)


def lose(database: Database, *people: str, dedupe: str = "lost", at_hour: int = 1) -> None:
    """Let the platform refuse to reach people, so many hours after Friday's card."""
    now = FRIDAY + hours(at_hour)
    put(database, *(message(who, f"{dedupe} {who}") for who in people), now=now)
    (lane,) = claim(database, now=now)
    for found in reserve(database, lane, now):
        refused = Outcome(found.outgoing.message_id, Fate.DEAD, error="230013", receiver_lost=True)
        assert record(database, lane, refused, now=now)
    with database.transaction() as transaction:
        transaction.engine.release(lane, now)


def lost(database: Database, since_hour: int | None = None) -> list[str]:
    since = None if since_hour is None else FRIDAY + hours(since_hour)
    with database.transaction() as transaction:
        return [each.person_id for each in unreachable_people(transaction, ORG, since)]


def test_whoever_was_refused_is_listed_with_platform_and_time(database: Database) -> None:
    lose(database, LI_HUA)
    with database.transaction() as transaction:
        assert unreachable_people(transaction, ORG) == [
            UnreachablePerson(PersonId(LI_HUA), "feishu", FRIDAY + hours(1))
        ]
        assert unreachable_people(transaction, OTHER) == []


def test_those_who_could_be_reached_until_an_instant_are_told_apart(database: Database) -> None:
    lose(database, LI_HUA, at_hour=1)
    lose(database, WANG_LEI, at_hour=5)
    assert lost(database) == [LI_HUA, WANG_LEI]
    assert lost(database, since_hour=2) == [WANG_LEI]
    assert lost(database, since_hour=5) == [WANG_LEI]
    assert lost(database, since_hour=6) == []


def test_whoever_the_directory_shows_again_is_reachable(database: Database) -> None:
    lose(database, LI_HUA)
    with company(database) as store:
        store.people.bind("feishu", f"ou_{LI_HUA}", LI_HUA)
    assert lost(database) == []


def test_when_admins_were_told_is_remembered_by_organisation(database: Database) -> None:
    with database.transaction() as transaction:
        assert last_told(transaction, ORG) is None
        note_told(transaction, ORG, 3, FRIDAY)
        note_told(transaction, ORG, 1, LATER)
    with database.transaction() as transaction:
        assert last_told(transaction, ORG) == LATER
        assert last_told(transaction, OTHER) is None


class TestReviving:
    def test_everything_that_was_given_up_goes_out_as_if_it_were_new(self, database: Database) -> None:
        lose(database, LI_HUA, WANG_LEI)
        with database.transaction() as transaction:
            assert revive(transaction, ORG, FRIDAY + hours(9)) == 2
        assert sorted(deliver(database, FRIDAY + hours(9))) == [f"lost {LI_HUA}", f"lost {WANG_LEI}"]
        assert lost(database) == []

    def test_it_goes_out_under_its_old_key(self, database: Database) -> None:
        """A platform that had taken it after all recognises it."""
        lose(database, LI_HUA)
        with database.transaction() as transaction:
            (letter,) = transaction.engine.dead_letters(FRIDAY)
            revive(transaction, ORG, LATER)
        (lane,) = claim(database)
        (again,) = reserve(database, lane)
        assert again.outgoing.message_id == letter.message_id
        assert again.first_try

    def test_only_what_is_named_is_revived(self, database: Database) -> None:
        lose(database, LI_HUA, WANG_LEI)
        with database.transaction() as transaction:
            letter = next(each for each in transaction.engine.dead_letters(FRIDAY) if each.person_id == LI_HUA)
            named = [letter.message_id, MessageId("unknown")]
            assert revive(transaction, ORG, LATER, named) == 1
            assert revive(transaction, ORG, LATER, named) == 0
        assert deliver(database) == [f"lost {LI_HUA}"]
        assert lost(database) == [WANG_LEI]

    def test_what_was_sent_or_waits_is_left_alone(self, database: Database) -> None:
        put(database, message(LI_HUA, "sent"))
        deliver(database)
        put(database, message(LI_HUA, "waits"), now=LATER)
        with database.transaction() as transaction:
            assert revive(transaction, ORG, LATER) == 0
        assert deliver(database, LATER) == ["waits"]

    def test_another_organisations_messages_are_left_alone(self, database: Database) -> None:
        lose(database, LI_HUA)
        with database.transaction() as transaction:
            assert revive(transaction, OTHER, LATER) == 0

    def test_somebody_who_had_no_platform_gets_it_on_the_one_they_have_now(self, database: Database) -> None:
        employ(database, [replace(person(CHEN_JING), platform=None), replace(person(ADMIN), platform=None)])
        put(database, message(CHEN_JING, "a"), message(ADMIN, "b"))
        with company(database) as store:
            store.people.save(person(CHEN_JING))
            store.people.bind("feishu", f"ou_{CHEN_JING}", CHEN_JING)
        with database.transaction() as transaction:
            assert revive(transaction, ORG, LATER) == 1
            assert [each.dedupe for each in transaction.engine.dead_letters(FRIDAY)] == ["b"]
        assert deliver(database) == ["a"]
