"""Several processes on one PostgreSQL: each thing is done by one of them, and nobody waits for ever or in vain."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from domain.cards import Answer, Toast, ToastKind
from domain.checkin import CheckinState
from domain.duties import fulfil
from domain.events import Origin
from domain.ids import OccurrenceId, OrgId, PersonId
from storage.database import Database
from storage.transaction import Transaction
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, hours, occurrence
from tests.contract.store_world import (
    LATER,
    LEASE,
    OTHER,
    begun,
    claim,
    company,
    crowd,
    employ,
    message,
    opened,
    pick,
    plan,
    put,
    record,
    reserve,
    sent,
)

T = TypeVar("T")
MOMENT = FRIDAY + hours(24)
EVENT = Origin(ORG, "feishu", "event-1", "ou_1", FRIDAY)
TOLD = Answer(Toast(ToastKind.SUCCESS, "已提交"))


@pytest.fixture
def replica(postgres_store: Database) -> Iterator[Database]:
    """A second process on the same database: connections, and memory, of its own."""
    with opened(postgres_store.url) as database:
        yield database


@contextmanager
def meanwhile(holder: Transaction, database: Database, work: Callable[[Transaction], T]) -> Iterator[Future[T]]:
    """Start work in a transaction of another thread, and go on once it waits for a lock of the holder's."""

    def run() -> T:
        with database.transaction() as transaction:
            return work(transaction)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run)
        while not waiting.done() and not _somebody_waits(holder):
            continue
        assert not waiting.done(), "it did not wait"
        yield waiting


def _somebody_waits(holder: Transaction) -> bool:
    result = holder._connection.exec_driver_sql(
        # Not pg_stat_activity, of which a transaction sees only how it was at first.
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    return bool(result.scalar_one())


def owe(database: Database, count: int) -> None:
    with company(database) as store:
        for number in range(count):
            duty = builders.duty(subject=f"checkin-{number}", duty_id=f"duty-{number}")
            assert store.duties.open(duty, MOMENT)


def test_two_replicas_never_claim_the_same_lane(postgres_store: Database, replica: Database) -> None:
    for org_id in (ORG, OTHER):
        employ(postgres_store, org_id=org_id)
        put(postgres_store, message(), org_id=org_id)
    with postgres_store.transaction() as first, replica.transaction() as second:
        mine = first.engine.claim_lanes("first", LATER, LEASE, 1)
        others = second.engine.claim_lanes("second", LATER, LEASE, 9)
    assert [lane.org_id for lane in (*mine, *others)] == [ORG, OTHER]
    assert claim(replica) == []


def test_two_replicas_never_take_the_same_duty(postgres_store: Database, replica: Database) -> None:
    owe(postgres_store, 10)
    with postgres_store.transaction() as first, replica.transaction() as second:
        mine = {duty.duty_id for duty in first.engine.due_duties(MOMENT, 4)}
        others = {duty.duty_id for duty in second.engine.due_duties(MOMENT, 9)}
    assert (len(mine), len(others)) == (4, 6)
    assert not mine & others


def test_two_replicas_never_walk_the_same_round(postgres_store: Database, replica: Database) -> None:
    begun(postgres_store)
    with postgres_store.transaction() as first, replica.transaction() as second:
        assert len(first.engine.due_rounds(FRIDAY, 9)) == 1
        assert second.engine.due_rounds(FRIDAY, 9) == []


def test_the_same_occurrence_is_begun_by_one_of_two(postgres_store: Database, replica: Database) -> None:
    round_ = occurrence()
    again = replace(round_, occurrence_id=OccurrenceId("again"))
    with postgres_store.transaction() as first:
        assert first.store(ORG).rounds.begin(round_)
        with meanwhile(first, replica, lambda second: second.store(ORG).rounds.begin(again)) as waiting:
            first._connection.commit()
            assert waiting.result() is False


def test_an_occurrence_whose_beginning_was_undone_is_begun_by_the_other(
    postgres_store: Database, replica: Database
) -> None:
    with postgres_store.transaction() as first:
        assert first.store(ORG).rounds.begin(occurrence())
        with meanwhile(first, replica, lambda second: second.store(ORG).rounds.begin(occurrence())) as waiting:
            first._connection.rollback()
            assert waiting.result() is True


def test_a_repetition_at_another_replica_waits_and_gets_the_first_answer(
    postgres_store: Database, replica: Database
) -> None:
    with postgres_store.transaction() as first:
        assert first.store(ORG).inbox.receive(EVENT, FRIDAY) is None
        first.store(ORG).inbox.answered(EVENT, TOLD)
        first.flush()
        with meanwhile(first, replica, lambda second: second.store(ORG).inbox.receive(EVENT, FRIDAY)) as waiting:
            first._connection.commit()
            assert waiting.result() == TOLD


def test_a_checkin_read_for_change_is_seen_by_others_as_it_was_changed(
    postgres_store: Database, replica: Database
) -> None:
    checkin = builders.checkin()
    with company(postgres_store) as store:
        store.checkins.add(checkin)
    with postgres_store.transaction() as first:
        checkins = first.store(ORG).checkins
        assert checkins.of_round(checkin.occurrence_id, WANG_LEI) == checkin
        checkins.save(replace(checkin, state=CheckinState.SKIPPED), keep_version=False)
        first.flush()
        with meanwhile(first, replica, lambda second: second.store(ORG).checkins.get(checkin.checkin_id)) as waiting:
            first._connection.commit()
            seen = waiting.result()
    assert seen is not None
    assert seen.state is CheckinState.SKIPPED


def test_a_duty_that_is_being_closed_is_not_moved_by_somebody_who_saw_it_open(
    postgres_store: Database, replica: Database
) -> None:
    owe(postgres_store, 1)
    with postgres_store.transaction() as first:
        (duty,) = first.store(ORG).duties.find("reply", "checkin-0")
        first.store(ORG).duties.save(fulfil(duty, FRIDAY, LI_HUA), None)
        first.flush()
        with meanwhile(first, replica, lambda second: second.store(ORG).duties.owed_by(LI_HUA)) as waiting:
            first._connection.commit()
            assert list(waiting.result()) == []


def test_a_duty_whose_checkin_is_being_answered_is_left_for_the_next_tick(
    postgres_store: Database, replica: Database
) -> None:
    """Waiting for the check-in while its answer waits for the duty would be a deadlock."""
    owe(postgres_store, 2)
    with company(postgres_store) as store:
        for number in range(2):
            store.checkins.add(builders.checkin(checkin_id=f"checkin-{number}", person_id=f"p{number}"))
    with postgres_store.transaction() as answering:
        answering.store(ORG).checkins.of_round(OccurrenceId("round-1"), PersonId("p0"))
        with replica.transaction() as ticking:
            assert [duty.duty_id for duty in ticking.engine.due_duties(MOMENT, 9)] == ["duty-1"]
        with replica.transaction() as ticking:
            (duty,) = answering.store(ORG).duties.find("reply", "checkin-0")
            assert [found.duty_id for found in ticking.engine.due_duties(MOMENT, 9)] == ["duty-1"]
            answering.store(ORG).duties.save(fulfil(duty, FRIDAY, LI_HUA), None)
    with replica.transaction() as ticking:
        assert [duty.duty_id for duty in ticking.engine.due_duties(MOMENT, 9)] == ["duty-1"]


def test_a_message_put_while_its_lane_is_being_released_is_not_forgotten(
    postgres_store: Database, replica: Database
) -> None:
    employ(postgres_store)
    put(postgres_store, message(dedupe="m1"))
    (lane,) = claim(postgres_store)
    (first_message,) = reserve(postgres_store, lane)
    record(postgres_store, lane, sent(first_message))
    with postgres_store.transaction() as writing:
        writing.tell(FRIDAY)
        writing.store(ORG).outbox.put(message(dedupe="m2"))
        writing.flush()
        with meanwhile(writing, replica, lambda leaving: leaving.engine.release(lane, LATER)) as waiting:
            writing._connection.commit()
            waiting.result()
    (again,) = claim(replica)
    assert [found.dedupe for found in pick(replica, again)] == ["m2"]


def test_a_message_being_withdrawn_is_passed_over_and_not_waited_for(
    postgres_store: Database, replica: Database
) -> None:
    employ(postgres_store)
    put(postgres_store, builders.draft(dedupe="m1"), message(dedupe="m2"))
    (lane,) = claim(postgres_store)
    with postgres_store.transaction() as writing:
        assert writing.store(ORG).outbox.withdraw(builders.duty().duty_id) == 1
        assert [found.dedupe for found in pick(replica, lane)] == ["m2"]


def test_recording_waits_for_a_withdrawal_and_not_the_other_way_round(
    postgres_store: Database, replica: Database
) -> None:
    """A handler locks a message first and its lane at the end; whoever records does the same, or both would wait."""
    employ(postgres_store)
    put(postgres_store, builders.draft(dedupe="m1"))
    (lane,) = claim(postgres_store)
    (flying,) = reserve(postgres_store, lane)
    with postgres_store.transaction() as writing:
        writing.tell(LATER)
        writing.store(ORG).outbox.withdraw(builders.duty().duty_id)
        recording = meanwhile(writing, replica, lambda other: other.engine.record(lane, [sent(flying)], LATER, LEASE))
        with recording as waiting:
            writing.store(ORG).outbox.put(message(dedupe="m2"))
            writing.flush()
            writing._connection.commit()
            assert waiting.result() is True


def test_a_fan_out_that_two_replicas_repeat_asks_everybody_once(postgres_store: Database, replica: Database) -> None:
    employ(postgres_store, crowd(20))
    round_ = begun(postgres_store)
    with postgres_store.transaction() as first:
        assert first.store(ORG).rounds.ask(plan(round_), 50).asked == 20
        with meanwhile(first, replica, lambda second: second.store(ORG).rounds.ask(plan(round_), 50)) as waiting:
            first.flush()
            first._connection.commit()
            assert waiting.result().asked == 0
    (lane,) = claim(replica)
    assert len(pick(replica, lane)) == 20


def work_through(database: Database, owner: str) -> Sequence[str]:
    """Send whatever lanes can be had until no lane is ready; return what was sent."""
    gone: list[str] = []
    while True:
        with database.transaction() as transaction:
            lanes = transaction.engine.claim_lanes(owner, LATER, LEASE, 1)
        if not lanes:
            return gone
        (lane,) = lanes
        while candidates := reserve(database, lane, limit=7):
            assert record(database, lane, *map(sent, candidates))
            gone += [f"{lane.org_id}:{candidate.dedupe}" for candidate in candidates]
        with database.transaction() as transaction:
            transaction.engine.release(lane, LATER)


def test_several_replicas_together_send_everything_once(postgres_store: Database) -> None:
    expected = []
    for number in range(6):
        org_id = OrgId(f"org-{number}")
        employ(postgres_store, org_id=org_id)
        put(postgres_store, *(message(dedupe=f"m{n}") for n in range(25)), org_id=org_id)
        expected += [f"{org_id}:m{n}" for n in range(25)]
    with ThreadPoolExecutor(3) as pool:
        sent_by = list(pool.map(lambda owner: work_through(postgres_store, owner), ("a", "b", "c")))
    assert sorted(dedupe for gone in sent_by for dedupe in gone) == sorted(expected)


def test_several_replicas_together_fire_every_duty_once(postgres_store: Database) -> None:
    owe(postgres_store, 60)

    def fire(_: int) -> list[str]:
        fired: list[str] = []
        with opened(postgres_store.url) as database:
            while True:
                with database.transaction() as transaction:
                    due = transaction.engine.due_duties(MOMENT, 7)
                    for duty in due:
                        transaction.store(ORG).duties.save(fulfil(duty, MOMENT, LI_HUA), None)
                fired += [duty.duty_id for duty in due]
                if not due:
                    return fired

    with ThreadPoolExecutor(3) as pool:
        fired = [duty_id for one in pool.map(fire, range(3)) for duty_id in one]
    assert sorted(fired) == sorted(f"duty-{number}" for number in range(60))


def test_two_processes_on_one_sqlite_file_take_turns(sqlite_store: Database) -> None:
    employ(sqlite_store)
    put(sqlite_store, *(message(dedupe=f"m{number}") for number in range(40)))

    def send(owner: str) -> Sequence[str]:
        with opened(sqlite_store.url) as database:
            return work_through(database, owner)

    with ThreadPoolExecutor(2) as pool:
        gone = [dedupe for one in pool.map(send, ("a", "b")) for dedupe in one]
    assert sorted(gone) == sorted(f"{ORG}:m{number}" for number in range(40))


def test_what_a_dead_owner_left_goes_out_once_its_lease_is_over(postgres_store: Database, replica: Database) -> None:
    employ(postgres_store)
    put(postgres_store, *(message(dedupe=f"m{number}") for number in range(5)))
    (lane,) = claim(postgres_store)
    (went, *unsent) = reserve(postgres_store, lane)
    postgres_store.dispose()
    assert claim(replica, now=LATER + LEASE - timedelta(seconds=1)) == []
    (successor,) = claim(replica, now=LATER + LEASE)
    again = reserve(replica, successor, LATER + LEASE)
    assert [found.outgoing.message_id for found in again] == [found.outgoing.message_id for found in (went, *unsent)]
