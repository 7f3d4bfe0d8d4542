"""What operators see: what waits, how late it is, and what could not be sent."""

from dataclasses import replace
from datetime import timedelta

from domain.ids import PersonId
from domain.messages import Fate, Outcome
from storage.database import Database
from storage.watching import DeadLetter, Lag
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, hours, person
from tests.contract.store_world import (
    LATER,
    OTHER,
    claim,
    company,
    deliver,
    employ,
    message,
    pick,
    put,
    record,
    reserve,
)


def test_messages_are_counted_by_organisation_and_state(database: Database) -> None:
    employ(database, [builders.person(LI_HUA), replace(person("x"), platform=None)])
    employ(database, [builders.person(LI_HUA)], OTHER)
    put(database, *(message(dedupe=f"m{number}") for number in range(4)), message("x", "dead"))
    put(database, message(), org_id=OTHER)
    lane = next(lane for lane in claim(database) if lane.org_id == ORG)
    first, second, third = (c.outgoing.message_id for c in reserve(database, lane, limit=3))
    failed = Outcome(first, Fate.RETRY, error="timeout", retry_at=LATER + hours(1))
    assert record(database, lane, failed, Outcome(third, Fate.SENT, "om_3"))
    with database.transaction() as transaction:
        assert second
        assert transaction.engine.outbox_counts() == {
            (ORG, "ready"): 2,
            (ORG, "sending"): 1,
            (ORG, "dead"): 1,
            (OTHER, "ready"): 1,
        }


def test_folded_messages_are_counted_too(database: Database) -> None:
    employ(database)
    put(database, message())
    (lane,) = claim(database)
    with database.transaction() as transaction:
        (found,) = transaction.engine.pick(lane, LATER, 9)
        transaction.engine.fold(lane, [(found.outgoing.message_id, FRIDAY.date())])
        assert transaction.engine.outbox_counts() == {(ORG, "folded"): 1}


def test_dead_letters_say_what_was_lost_and_when(database: Database) -> None:
    employ(database)
    put(database, message("nobody", "early"))
    put(database, message("nobody", "late"), now=LATER)
    with database.transaction() as transaction:
        letters = transaction.engine.dead_letters(FRIDAY + timedelta(microseconds=1))
    (letter,) = letters
    expected = DeadLetter(ORG, letter.message_id, "", PersonId("nobody"), "late", "text", "no_person", LATER)
    assert letter == expected
    with database.transaction() as transaction:
        assert [found.dedupe for found in transaction.engine.dead_letters(FRIDAY)] == ["early", "late"]


def test_nothing_due_is_no_lag(database: Database) -> None:
    employ(database)
    put(database, replace(message(), send_after=FRIDAY + hours(1)))
    with company(database) as store:
        store.duties.open(builders.duty(), FRIDAY + hours(1))
    with database.transaction() as transaction:
        assert transaction.engine.lag(FRIDAY) == Lag(timedelta(0), timedelta(0))


def test_lag_is_the_age_of_the_oldest_due_thing(database: Database) -> None:
    employ(database)
    put(database, message())
    with company(database) as store:
        store.duties.open(builders.duty(), FRIDAY + hours(1))
    with database.transaction() as transaction:
        assert transaction.engine.lag(FRIDAY + hours(3)) == Lag(hours(2), hours(3))
    deliver(database, FRIDAY + hours(3))
    with database.transaction() as transaction:
        assert transaction.engine.lag(FRIDAY + hours(3)).outbox == timedelta(0)


def test_a_message_taken_out_because_nothing_was_left_to_say_is_not_sent(database: Database) -> None:
    employ(database)
    put(database, message())
    (lane,) = claim(database)
    with database.transaction() as transaction:
        (found,) = transaction.engine.pick(lane, LATER, 9)
        transaction.engine.void(lane, [found.outgoing.message_id])
    assert pick(database, lane) == []
