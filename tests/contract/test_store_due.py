"""What is due over all organisations: found in order, in batches, and by one process at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.cadences import Stage
from domain.duties import Duty, fulfil
from domain.ids import CheckinId, DutyId, OccurrenceId, OrgId, PersonId
from storage.database import Database
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, hours, occurrence, person
from tests.contract.store_world import LATER, OTHER, begun, company, employ, message, put

MOMENT = FRIDAY + hours(24)


def owed(number: int, org_id: str = ORG) -> Duty:
    """Return one of many open duties."""
    one = builders.duty(subject=f"checkin-{number}", duty_id=f"duty-{number:03}")
    return replace(one, org_id=OrgId(org_id))


def opened(database: Database, *duties: Duty, minutes_apart: int = 0) -> None:
    """Store duties that want attention at the moment, or minutes apart from then on."""
    with database.transaction() as transaction:
        for number, duty in enumerate(duties):
            next_at = MOMENT + timedelta(minutes=number * minutes_apart)
            assert transaction.store(duty.org_id).duties.open(duty, next_at)


def due(database: Database, limit: int = 100, minutes: int = 0) -> list[str]:
    """Look at what is due; nothing is done about it."""
    with database.transaction() as transaction:
        return [duty.duty_id for duty in transaction.engine.due_duties(MOMENT + timedelta(minutes=minutes), limit)]


def drain(database: Database, limit: int, minutes: int = 0) -> list[str]:
    """Take what is due batch by batch and close it, until nothing is left."""
    done: list[str] = []
    while True:
        with database.transaction() as transaction:
            batch = transaction.engine.due_duties(MOMENT + timedelta(minutes=minutes), limit)
            for duty in batch:
                transaction.store(duty.org_id).duties.save(fulfil(duty, MOMENT, LI_HUA), None)
        done += [duty.duty_id for duty in batch]
        if not batch:
            return done


def test_a_duty_is_due_from_its_moment_on(database: Database) -> None:
    opened(database, owed(1))
    with database.transaction() as transaction:
        assert transaction.engine.due_duties(MOMENT - timedelta(microseconds=1), 9) == []
        assert transaction.engine.due_duties(MOMENT, 9) == [owed(1)]


def test_due_duties_of_all_organisations_come_oldest_first(database: Database) -> None:
    opened(database, owed(3), owed(1, OTHER), owed(2), minutes_apart=1)
    assert due(database, minutes=9) == ["duty-003", "duty-001", "duty-002"]
    assert due(database, minutes=1) == ["duty-003", "duty-001"]


def test_batches_together_bring_everything_once_also_what_shares_a_moment(database: Database) -> None:
    duties = [owed(number) for number in range(25)]
    opened(database, *duties)
    assert drain(database, limit=10) == [duty.duty_id for duty in duties]
    assert due(database) == []


def test_a_duty_opened_behind_the_drain_is_found_when_the_drain_ends(database: Database) -> None:
    opened(database, *(owed(number) for number in range(10, 20)), minutes_apart=1)
    assert len(due(database, limit=5, minutes=99)) == 5
    with company(database) as store:
        store.duties.open(owed(1), FRIDAY)
    assert "duty-001" in drain(database, limit=5, minutes=99)


def test_a_batch_that_was_undone_is_found_again(database: Database) -> None:
    opened(database, *(owed(number) for number in range(10)), minutes_apart=1)
    with database.reading() as transaction:
        assert len(transaction.engine.due_duties(MOMENT + hours(1), 5)) == 5
    assert sorted(drain(database, limit=5, minutes=60)) == [f"duty-{number:03}" for number in range(10)]


def test_a_duty_with_several_rungs_overdue_comes_again_and_again(database: Database) -> None:
    opened(database, owed(1), owed(2))
    fired = []
    for step in range(1, 4):
        with database.transaction() as transaction:
            for duty in transaction.engine.due_duties(MOMENT + hours(9), 2):
                fired.append((duty.duty_id, duty.step))
                transaction.store(ORG).duties.save(replace(duty, step=step), MOMENT - hours(step))
    assert sorted(fired) == [(duty_id(number), step) for number in (1, 2) for step in range(3)]


def test_whoever_is_concerned_is_read_along(database: Database) -> None:
    employ(database)
    opened(database, replace(owed(1), debtor_id=WANG_LEI, about_id=WANG_LEI))
    checkin = builders.checkin()
    with company(database) as store:
        store.checkins.add(checkin)
    with database.transaction() as transaction:
        transaction.engine.due_duties(MOMENT, 9)
        store = transaction.store(ORG)
        assert store.checkins.get(checkin.checkin_id) == checkin
        assert store.people.person(WANG_LEI) == person(WANG_LEI, "王磊", manager=LI_HUA, hrbp=builders.CHEN_JING)
        assert store.people.person(LI_HUA) is not None


def test_a_duty_about_nothing_known_is_due_all_the_same(database: Database) -> None:
    opened(database, replace(owed(1), debtor_id=PersonId("nobody"), subject="no checkin"))
    assert due(database) == ["duty-001"]


def test_a_duty_saved_in_the_same_transaction_is_seen_as_saved(database: Database) -> None:
    opened(database, owed(1))
    with database.transaction() as transaction:
        transaction.store(ORG).duties.save(fulfil(owed(1), FRIDAY, LI_HUA), None)
        assert transaction.engine.due_duties(MOMENT, 9) == []


def test_rounds_are_due_from_their_next_moment_on_oldest_first(database: Database) -> None:
    first = begun(database)
    second = begun(database, occurrence(fires_at=FRIDAY + hours(1), occurrence_id="round-2"))
    done = replace(occurrence(fires_at=FRIDAY - hours(1), occurrence_id="done"), stage=Stage.DONE, next_at=None)
    begun(database, done)
    with database.transaction() as transaction:
        assert transaction.engine.due_rounds(FRIDAY - timedelta(microseconds=1), 9) == []
        assert transaction.engine.due_rounds(FRIDAY, 9) == [first]
        assert transaction.engine.due_rounds(FRIDAY + hours(1), 9) == [first, second]
        assert transaction.engine.due_rounds(FRIDAY + hours(1), 1) == [first]


def test_a_round_that_was_parked_is_due_later(database: Database) -> None:
    round_ = begun(database)
    with database.transaction() as transaction:
        transaction.engine.park_round(round_, LATER)
        assert transaction.engine.due_rounds(FRIDAY, 9) == []
        assert [found.occurrence_id for found in transaction.engine.due_rounds(LATER, 9)] == [OccurrenceId("round-1")]


def test_the_next_moment_is_the_earliest_of_duties_rounds_and_messages(database: Database) -> None:
    employ(database)
    with database.transaction() as transaction:
        assert transaction.engine.next_moment(FRIDAY) is None
    opened(database, owed(1))
    moments = []
    for change in (
        lambda: begun(database, occurrence(fires_at=FRIDAY + hours(3))),
        lambda: put(database, replace(message(), send_after=FRIDAY + hours(2))),
        lambda: put(database, message(dedupe="m2")),
    ):
        with database.transaction() as transaction:
            moments.append(transaction.engine.next_moment(FRIDAY))
        change()
    with database.transaction() as transaction:
        moments.append(transaction.engine.next_moment(FRIDAY + hours(1)))
    assert moments == [MOMENT, FRIDAY + hours(3), FRIDAY + hours(2), FRIDAY + hours(1)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 5), st.data())
def test_a_drain_ends_only_when_nothing_is_due_any_more(
    sqlite_store: Database, minutes: list[int], limit: int, data: st.DataObject
) -> None:
    """Also where duties come back behind it: rungs overdue fire one a call."""
    with sqlite_store.reading() as transaction:
        duties = transaction.store(ORG).duties
        rungs_left = {duty_id(number): data.draw(st.integers(1, 3)) for number in range(len(minutes))}
        for number, minute in enumerate(minutes):
            assert duties.open(owed(number), MOMENT + timedelta(minutes=minute))
        while batch := transaction.engine.due_duties(MOMENT + hours(1), limit):
            for duty in batch:
                rungs_left[duty.duty_id] -= 1
                over = not rungs_left[duty.duty_id]
                again = MOMENT + timedelta(minutes=data.draw(st.integers(-5, 5)))
                duties.save(fulfil(duty, MOMENT, LI_HUA) if over else duty, None if over else again)
    assert set(rungs_left.values()) == {0}


def duty_id(number: int) -> DutyId:
    return DutyId(f"duty-{number:03}")


def test_a_parked_duty_is_due_later(database: Database) -> None:
    opened(database, owed(1))
    with database.transaction() as transaction:
        transaction.engine.park_duty(owed(1), MOMENT + hours(1))
    assert due(database) == []
    assert due(database, minutes=60) == ["duty-001"]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_duty_whose_checkin_is_known_is_due_in_batches_of_any_size(database: Database, limit: int) -> None:
    with company(database) as store:
        for number in range(3):
            checkin = builders.checkin(checkin_id=f"checkin-{number}", person_id=f"p{number}")
            assert store.checkins.add(checkin)
    opened(database, *(owed(number) for number in range(3)))
    assert drain(database, limit) == [duty_id(number) for number in range(3)]
    with company(database) as store:
        assert store.checkins.get(CheckinId("checkin-2")) is not None
