"""Opening a store: which addresses are taken, what is hidden, and what is said when it cannot be written."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from domain.errors import StoreDown
from storage.database import Database
from storage.failures import as_store_down
from storage.flavour import Flavour
from storage.transaction import Row, Transaction
from tests.builders import ORG, WANG_LEI, leave, person
from tests.contract.store_world import company, crowd, employ, migrated, opened
from tests.stores import Databases


def ask(transaction: Transaction, statement: str) -> Sequence[Row]:
    """Run a statement of this engine alone, on the transaction's own connection."""
    result = transaction._connection.exec_driver_sql(statement)
    return [tuple(row) for row in result] if result.returns_rows else []


def file_of(database: Database) -> str:
    return make_url(database.url).database or ""


def test_a_sqlite_url_makes_the_folder_but_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "down" / "fupan.db"
    with opened(f"sqlite:///{file}") as database:
        assert database.flavour is Flavour.SQLITE
        assert file.parent.is_dir()
        assert not file.exists()


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_every_usual_spelling_of_a_postgresql_url_is_taken(scheme: str) -> None:
    with opened(f"{scheme}://bot:hunter2@db.example.com:5433/fupan") as database:
        assert database.flavour is Flavour.POSTGRESQL
        assert database.url == "postgresql+psycopg://bot:hunter2@db.example.com:5433/fupan"


def test_a_password_is_not_shown() -> None:
    with opened("postgresql://bot:hunter2@db.example.com/fupan") as database:
        assert "hunter2" not in repr(database)
        assert "db.example.com" in repr(database)


@pytest.mark.parametrize("url", ["mysql://localhost/fupan", "sqlite://", "sqlite:///:memory:"])
def test_an_address_where_nothing_would_be_kept_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"storage\.url"):
        Database.open(url)


def test_a_probe_writes_and_can_be_repeated(database: Database) -> None:
    database.check()
    database.check()
    with database.transaction() as transaction:
        assert ask(transaction, "SELECT tried FROM scratch") == [(2,)]


def test_sqlite_stores_safely(sqlite_store: Database) -> None:
    with sqlite_store.transaction() as transaction:
        settings = {
            pragma: ask(transaction, f"PRAGMA {pragma}")[0][0]
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_whoever_only_reads_does_not_wait_for_the_writer_on_sqlite(sqlite_store: Database) -> None:
    with sqlite_store.transaction() as writing:
        writing.store(ORG).people.save(person())
        writing.flush()
        with sqlite_store.reading() as reading:
            assert reading.store(ORG).people.person(WANG_LEI) is None


def test_a_store_without_tables_cannot_be_written(store_url: str) -> None:
    with opened(store_url) as database, pytest.raises((StoreDown, psycopg.ProgrammingError)):
        database.check()


def test_a_server_that_is_not_there_is_a_store_that_is_down(tmp_path: Path) -> None:
    with opened(f"postgresql://postgres@/fupan?host={tmp_path}") as database:
        for use in (database.check, database.migrate):
            with pytest.raises(StoreDown, match="OperationalError"):
                use()


def test_a_file_that_is_no_database_is_a_store_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "fupan.db").write_bytes(b"this is not a database" * 100)
    with opened(f"sqlite:///{tmp_path / 'fupan.db'}") as database, pytest.raises(StoreDown, match="not a database"):
        database.check()


def test_a_folder_in_place_of_the_file_is_a_store_that_is_down(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}") as database, pytest.raises(StoreDown, match="unable to open"):
        database.check()


def fill_disk(database: Database) -> None:
    """Let the file of a SQLite store grow no more, for as long as its connection lasts."""
    with database.transaction() as transaction:
        ask(transaction, "PRAGMA max_page_count = 1")


def test_a_full_disk_is_said_and_leaves_nothing_behind(sqlite_store: Database) -> None:
    employ(sqlite_store, [person()])
    fill_disk(sqlite_store)
    with pytest.raises(StoreDown, match="full"):
        employ(sqlite_store, crowd(2000))
    with company(sqlite_store) as store:
        assert store.people.everybody() == [person()]
    employ(sqlite_store, crowd(1))


def test_after_a_full_disk_nothing_else_of_the_transaction_is_stored(sqlite_store: Database) -> None:
    """SQLite may have rolled back on its own; what followed would otherwise be stored alone."""
    fill_disk(sqlite_store)

    def pass_over_it() -> None:
        with sqlite_store.transaction() as transaction:
            people = transaction.store(ORG).people
            for known in crowd(2000):
                people.save(known)
            with pytest.raises(StoreDown), transaction.savepoint():
                transaction.flush()
            with pytest.raises(StoreDown):
                people.by_identity("feishu", "ou_1")
            with pytest.raises(StoreDown), transaction.savepoint():
                people.add_leave(WANG_LEI, leave("2026-11-27"))

    with pytest.raises(StoreDown):
        pass_over_it()
    with company(sqlite_store) as store:
        assert store.people.everybody() == []


def test_a_writer_that_never_lets_go_is_a_store_that_is_down(sqlite_store: Database) -> None:
    with sqlite_store.transaction() as transaction:
        ask(transaction, "PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(file_of(sqlite_store), isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreDown, match="locked"):
            sqlite_store.check()
        another.execute("ROLLBACK")
    sqlite_store.check()


def attempt(database: Database, work: Callable[[Transaction], object]) -> None:
    """Do something in a transaction of its own."""
    with database.transaction() as transaction:
        work(transaction)


def test_a_lost_connection_is_said_and_the_next_transaction_has_a_new_one(postgres_store: Database) -> None:
    def lose_it(transaction: Transaction) -> None:
        ((backend,),) = ask(transaction, "SELECT pg_backend_pid()")
        attempt(postgres_store, lambda another: ask(another, f"SELECT pg_terminate_backend({backend})"))
        transaction.store(ORG).people.save(person())

    with pytest.raises(StoreDown):
        attempt(postgres_store, lose_it)
    with company(postgres_store) as store:
        assert store.people.everybody() == []


def test_a_server_that_only_reads_is_a_store_that_is_down(postgres_store: Database) -> None:
    def write_all_the_same(transaction: Transaction) -> None:
        ask(transaction, "SET TRANSACTION READ ONLY")
        transaction.store(ORG).people.save(person())

    with pytest.raises(StoreDown, match="ReadOnly"):
        attempt(postgres_store, write_all_the_same)


def test_a_lock_that_is_not_given_in_time_is_a_store_that_is_down(postgres_store: Database) -> None:
    def change(transaction: Transaction) -> None:
        ask(transaction, "SET LOCAL lock_timeout = '1ms'")
        transaction.store(ORG).people.save(person(name="又改名"))

    employ(postgres_store, [person()])
    with postgres_store.transaction() as holder:
        holder.store(ORG).people.save(person(name="改名"))
        holder.flush()
        with pytest.raises(StoreDown, match="LockNotAvailable"):
            attempt(postgres_store, change)


def test_our_own_faults_are_not_taken_for_a_store_that_is_down() -> None:
    for fault in (sqlite3.IntegrityError("x"), psycopg.DataError("x"), psycopg.ProgrammingError("x"), KeyError("x")):
        assert as_store_down(fault) is None


def test_all_connections_in_use_is_a_store_that_is_down(sqlite_databases: Databases) -> None:
    url = sqlite_databases.clone(migrated)
    with opened(url) as database:
        database._writing.pool._timeout = 0  # type: ignore[attr-defined]
        with database.transaction(), pytest.raises(StoreDown, match="in use"), database.transaction():
            pytest.fail("SQLite has one writer")
    sqlite_databases.drop(url)
