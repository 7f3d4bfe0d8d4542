"""Transactions and savepoints: all or nothing, in the database and in memory alike."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.checkin import skip
from domain.duties import fulfil
from domain.ids import PersonId
from domain.people import Person
from storage.database import Database
from storage.flavour import Flavour
from storage.journal import Journal
from storage.prepared import Prepared
from storage.savepoints import Savepoints
from storage.select_by import equal, select_by
from storage.tables import scratch
from storage.transaction import Transaction
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, duty, person
from tests.contract.store_world import OTHER, company, deliver, employ, message, put

LONG_AGO = FRIDAY.replace(year=2000)


class Failed(Exception):
    """What a handler raises."""


def fail_after(work: Callable[[], object]) -> None:
    """Do something, then fail."""
    work()
    raise Failed


def attempt(transaction: Transaction, work: Callable[[], object]) -> None:
    """Do something in a savepoint, and fail."""
    with pytest.raises(Failed), transaction.savepoint():
        fail_after(work)


def test_what_a_transaction_did_is_there_afterwards(database: Database) -> None:
    employ(database, [person()])
    with company(database) as store:
        assert store.people.person(WANG_LEI) == person()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(Failed):
        begin_and_fail(database)
    with database.transaction() as transaction:
        store = transaction.store(ORG)
        assert store.people.person(WANG_LEI) is None
        assert store.duties.get(duty().duty_id) is None
        assert transaction.engine.outbox_counts() == {}
        assert list(transaction.engine.history_after(ORG, LONG_AGO)) == []


def begin_and_fail(database: Database) -> None:
    with company(database) as store:
        store.people.save(person())
        store.duties.open(duty(), FRIDAY)
        store.outbox.put(message())
        store.history.note("kind", "subject", None, FRIDAY, {})
        raise Failed


def test_what_is_done_while_only_reading_is_forgotten(database: Database) -> None:
    with database.reading() as transaction:
        transaction.store(ORG).people.save(person())
        transaction.flush()
        assert transaction.store(ORG).people.by_identity("feishu", "x") is None
    with company(database) as store:
        assert store.people.person(WANG_LEI) is None


def test_a_failed_savepoint_takes_back_what_was_stored_and_what_only_waited(database: Database) -> None:
    with database.transaction() as transaction:
        store = transaction.store(ORG)

        def work() -> None:
            store.duties.open(duty(), FRIDAY)
            store.people.save(person())
            store.people.bind("feishu", "ou_1", WANG_LEI)
            store.outbox.put(message())
            store.history.note("kind", "subject", None, FRIDAY, {})

        attempt(transaction, work)
        assert store.people.person(WANG_LEI) is None
    with database.transaction() as transaction:
        store = transaction.store(ORG)
        assert store.duties.get(duty().duty_id) is None
        assert store.people.person(WANG_LEI) is None
        assert store.people.identities("feishu") == {}
        assert transaction.engine.outbox_counts() == {}
        assert list(transaction.engine.history_after(ORG, LONG_AGO)) == []


def test_what_waited_before_a_savepoint_survives_its_failure_even_if_it_was_written_inside(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.tell(FRIDAY)
        store = transaction.store(ORG)
        store.people.save(person(LI_HUA))
        store.people.bind("feishu", "ou_lihua", LI_HUA)
        store.outbox.put(message())
        attempt(transaction, transaction.flush)
        attempt(transaction, lambda: store.people.by_identity("feishu", "ou_lihua"))
    assert deliver(database) == ["m1"]


def test_events_before_and_after_a_failed_one_are_kept(database: Database) -> None:
    employ(database)
    with database.transaction() as transaction:
        transaction.tell(FRIDAY)
        store = transaction.store(ORG)
        for number in range(5):
            if number == 2:
                attempt(transaction, lambda: store.outbox.put(message(dedupe="bad")))
                continue
            with transaction.savepoint():
                store.outbox.put(message(dedupe=f"m{number}"))
                store.duties.open(duty(subject=f"s{number}", duty_id=f"d{number}"), FRIDAY)
    assert deliver(database) == ["m0", "m1", "m3", "m4"]
    with company(database) as store:
        assert len(store.duties.owed_by(LI_HUA)) == 4


def test_a_value_changed_in_a_failed_savepoint_is_again_what_it_was_before(database: Database) -> None:
    employ(database)
    with database.transaction() as transaction:
        store = transaction.store(ORG)
        store.duties.open(duty(), FRIDAY)
        snoozed = replace(duty(), snoozed_until=FRIDAY)
        store.duties.save(snoozed, FRIDAY)
        attempt(transaction, lambda: store.duties.save(fulfil(duty(), FRIDAY, LI_HUA), None))
        assert store.duties.get(duty().duty_id) == snoozed
    with company(database) as store:
        assert store.duties.get(duty().duty_id) == snoozed


def test_memory_of_what_was_read_is_not_trusted_after_a_failed_savepoint(database: Database) -> None:
    employ(database)
    with database.transaction() as transaction:
        people = transaction.store(ORG).people
        known = people.person(WANG_LEI)
        attempt(transaction, lambda: people.save(person(WANG_LEI, "改名")))
        assert people.person(WANG_LEI) == known
        attempt(transaction, lambda: people.add_leave(WANG_LEI, builders.leave("2026-11-27")))
        assert not people.leave_of(WANG_LEI)
        checkins = transaction.store(ORG).checkins
        checkins.add(builders.checkin())
        attempt(transaction, lambda: _skip(transaction))
        assert checkins.get(builders.checkin().checkin_id) == builders.checkin()


def _skip(transaction: Transaction) -> None:
    checkins = transaction.store(ORG).checkins
    found = checkins.get(builders.checkin().checkin_id)
    assert found is not None
    checkins.save(skip(found, ""), keep_version=False)


def save_and_write(transaction: Transaction, known: Person) -> None:
    transaction.store(ORG).people.save(known)
    transaction.flush()


def test_savepoints_lie_within_each_other(database: Database) -> None:
    with database.transaction() as transaction:
        people = transaction.store(ORG).people

        def outer() -> None:
            people.save(person("outer"))
            with transaction.savepoint():
                people.save(person("inner"))
                transaction.flush()
            attempt(transaction, lambda: people.save(person("innermost")))

        attempt(transaction, outer)
        with transaction.savepoint():
            people.save(person("kept"))
            transaction.flush()
            attempt(transaction, lambda: save_and_write(transaction, person("lost")))
            people.save(person("kept too"))
    with company(database) as store:
        assert [known.person_id for known in store.people.everybody()] == ["kept", "kept too"]


def test_a_statement_the_engine_refuses_fails_its_savepoint_only(database: Database) -> None:
    with database.transaction() as transaction:
        store = transaction.store(ORG)
        store.people.save(person("before"))
        with pytest.raises(Exception, match=r"(?i)foreign key"), transaction.savepoint():
            store.checkins.add_reply(builders.reply())
        store.people.save(person("after"))
    with company(database) as store:
        assert [known.person_id for known in store.people.everybody()] == ["after", "before"]


def test_one_transaction_serves_many_organisations(database: Database) -> None:
    with database.transaction() as transaction:
        assert transaction.store(ORG) is transaction.store(ORG)
        transaction.store(ORG).people.save(person())
        transaction.store(OTHER).people.save(Person(OTHER, WANG_LEI, "别人"))
    with database.transaction() as transaction:
        assert transaction.store(ORG).people.person(WANG_LEI) == person()
        assert transaction.store(OTHER).people.person(WANG_LEI) == Person(OTHER, WANG_LEI, "别人")


def test_rows_that_wait_are_written_when_asked(database: Database) -> None:
    employ(database)
    put(database, message())
    with database.transaction() as transaction:
        transaction.store(ORG).outbox.put(message(dedupe="m2"))
        assert transaction.engine.outbox_counts() == {(ORG, "ready"): 2}


def test_nothing_is_written_twice(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.store(ORG).history.note("kind", "subject", None, FRIDAY, {"a": "b"})
        transaction.flush()
        transaction.flush()
    with database.transaction() as transaction:
        assert len(transaction.engine.history_after(ORG, LONG_AGO)) == 1


# The parts.

KEYS = st.sampled_from("abc")
CHANGES = st.lists(
    st.tuples(st.just("put"), KEYS, st.integers())
    | st.tuples(st.just("drop"), KEYS, st.just(0))
    | st.tuples(st.just("empty"), KEYS, st.just(0))
)


def apply(journal: Journal, target: dict[str, int], changes: list[tuple[str, str, int]]) -> None:
    for kind, key, value in changes:
        if kind == "put":
            journal.put(target, key, value)
        elif kind == "empty":
            journal.empty(target)
        elif key in target:
            journal.drop(target, key)


@given(CHANGES, CHANGES, CHANGES)
def test_undoing_restores_exactly_what_was_there_and_in_order(
    before: list[tuple[str, str, int]], inside: list[tuple[str, str, int]], deeper: list[tuple[str, str, int]]
) -> None:
    journal = Journal()
    target: dict[str, int] = {}
    apply(journal, target, before)
    start = list(target.items())
    outer = journal.watch()
    apply(journal, target, inside)
    middle = dict(target)
    inner = journal.watch()
    apply(journal, target, deeper)
    journal.undo(inner)
    assert target == middle
    journal.undo(outer)
    assert dict(start) == target


def test_waiting_rows_emptied_inside_come_back_in_their_order() -> None:
    journal, target = Journal(), {"a": 1, "b": 2, "c": 3}
    mark = journal.watch()
    journal.empty(target)
    journal.undo(mark)
    assert list(target.items()) == [("a", 1), ("b", 2), ("c", 3)]


def test_changes_that_were_kept_are_not_undone_by_a_later_failure() -> None:
    journal = Journal()
    target: dict[str, int] = {}
    journal.watch()
    journal.put(target, "a", 1)
    journal.keep()
    mark = journal.watch()
    journal.undo(mark)
    assert target == {"a": 1}


class _Cursor:
    """Notes what it is told to execute."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def execute(self, text: str, *, prepare: bool | None = None) -> None:
        """Note a statement."""
        assert prepare in (None, False)
        self.said.append(text)


def test_a_savepoint_in_which_nothing_happens_costs_nothing() -> None:
    cursor = _Cursor()
    savepoints = Savepoints(Flavour.POSTGRESQL, cursor)
    for end in (savepoints.leave, savepoints.undo, savepoints.leave):
        savepoints.enter()
        end()
    assert cursor.said == []


def test_a_savepoint_is_released_together_with_the_setting_of_the_next() -> None:
    cursor = _Cursor()
    savepoints = Savepoints(Flavour.POSTGRESQL, cursor)
    for _ in range(3):
        savepoints.enter()
        assert savepoints.unset
        savepoints.set()
        assert not savepoints.unset
        savepoints.leave()
    again = "RELEASE SAVEPOINT event_1; SAVEPOINT event_1"
    assert cursor.said == ["SAVEPOINT event_1", again, again]


def test_a_statement_is_spelled_once_for_each_engine_with_its_own_parameters() -> None:
    statement = Prepared("org_id", lambda _: select_by(scratch, "org_id", scratch.c.tried + 41))
    assert statement.text(Flavour.SQLITE).endswith("scratch.org_id = ?")
    assert statement.bound(Flavour.SQLITE, ("acme",)) == (statement.text(Flavour.SQLITE), [41, "acme"])
    assert statement.bound_many(Flavour.POSTGRESQL, [("a",), ("b",)])[1] == [[41, "a"], [41, "b"]]


def test_a_parameter_that_is_forgotten_or_unknown_is_found_when_the_statement_is_spelled() -> None:
    with pytest.raises(ValueError, match="unused"):
        Prepared("org_id more", lambda _: select_by(scratch, "org_id", scratch.c.tried)).text(Flavour.SQLITE)
    with pytest.raises(ValueError, match="without a value"):
        Prepared("", lambda _: select_by(scratch, "org_id", scratch.c.tried)).text(Flavour.SQLITE)


def test_conditions_bear_the_names_of_their_columns() -> None:
    assert [str(condition) for condition in equal(scratch, "org_id tried")] == [
        "scratch.org_id = :org_id",
        "scratch.tried = :tried",
    ]


def test_a_person_id_is_a_plain_text(database: Database) -> None:
    odd = "'; DROP TABLE person; --%s %% ? :name"
    employ(database, [person(odd, odd)])
    with company(database) as store:
        assert store.people.person(PersonId(odd)) == person(odd, odd)
        assert [known.person_id for known in store.people.called(odd)] == [odd]
