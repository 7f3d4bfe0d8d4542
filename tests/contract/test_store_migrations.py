"""Migrations build exactly the tables that the code names, and may be run by several processes at once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, PrimaryKeyConstraint, UniqueConstraint, create_engine, inspect, text

from storage.columns import metadata
from storage.database import Database
from storage.migrating import config_for
from storage.revision import revision_of, wanted_revision
from tests.builders import WANG_LEI, person
from tests.contract.store_world import company, employ, migrated, opened
from tests.stores import Databases

_POSTGRES_CATALOGUE = """
    SELECT tablename AS name, indexdef AS detail FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT table_name, concat_ws(' ', column_name, data_type, is_nullable, column_default, collation_name)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""
_SQLITE_CATALOGUE = "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"


def catalogue(engine: Engine) -> set[tuple[str, str]]:
    """Return everything the database knows of its tables, in its own words."""
    statement = _SQLITE_CATALOGUE if engine.dialect.name == "sqlite" else _POSTGRES_CATALOGUE
    with engine.connect() as connection:
        rows = connection.execute(text(statement)).all()
    return {(name, _plain(detail)) for name, detail in rows if name != "alembic_version"}


def _plain(detail: str) -> str:
    """Return DDL without what is a matter of taste: blanks and the order of a table's parts."""
    words = detail.replace("(", " ( ").replace(")", " ) ").replace("\n", " ").split()
    joined = " ".join(words)
    head, bracket, body = joined.partition(" ( ")
    if not head.startswith("CREATE TABLE"):
        return joined
    return head + bracket + " | ".join(sorted(part.strip() for part in body.rstrip(" )").split(" , ")))


@pytest.fixture
def engine(store_url: str) -> Engine:
    """An engine on an empty database."""
    return create_engine(store_url)


def test_migrations_leave_nothing_for_autogeneration(store_url: str, engine: Engine) -> None:
    migrated(store_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrations_and_code_build_the_same_down_to_every_index(databases: Databases) -> None:
    by_migration, by_code = databases.empty(), databases.empty()
    migrated(by_migration)
    first, second = create_engine(by_migration), create_engine(by_code)
    metadata.create_all(second)
    assert catalogue(first) == catalogue(second)
    assert len(catalogue(first)) > 35
    for engine, url in ((first, by_migration), (second, by_code)):
        engine.dispose()
        databases.drop(url)


def test_a_migration_can_be_taken_back_and_made_again(store_url: str, engine: Engine) -> None:
    migrated(store_url)
    before = catalogue(engine)
    with engine.begin() as connection:
        command.downgrade(config_for(connection), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrated(store_url)
    assert catalogue(engine) == before
    engine.dispose()


def test_migrating_again_changes_nothing_and_keeps_what_is_stored(store_url: str) -> None:
    migrated(store_url)
    with opened(store_url) as database:
        employ(database, [person()])
        database.migrate()
        with company(database) as store:
            assert store.people.person(WANG_LEI) == person()


def test_a_migrated_store_says_which_migration_it_has_come_to(store_url: str) -> None:
    migrated(store_url)
    assert revision_of(store_url) == wanted_revision() == "0001"


def test_replicas_that_start_at_once_all_find_the_tables(store_url: str) -> None:
    replicas = 4
    start = Barrier(replicas)

    def begin(_: int) -> None:
        database = Database.open(store_url)
        start.wait()
        database.migrate()
        database.check()
        database.dispose()

    with ThreadPoolExecutor(replicas) as pool:
        assert list(pool.map(begin, range(replicas))) == [None] * replicas


def test_every_table_belongs_to_organisations_and_every_key_begins_with_them() -> None:
    keys = [
        (table.name, [column.name for column in constraint.columns])
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint) and len(constraint.columns)
    ]
    assert {table.name for table in metadata.sorted_tables if "org_id" not in table.c} == set()
    assert [(name, columns) for name, columns in keys if columns[0] != "org_id"] == []
    unique = [index.name for table in metadata.sorted_tables for index in table.indexes if index.unique]
    assert unique == []


def test_a_migration_that_fails_leaves_the_store_as_it_was(sqlite_databases: Databases) -> None:
    url = sqlite_databases.empty()
    file = url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE outbox (mine TEXT)")
    connection.close()
    with pytest.raises(Exception, match="outbox already exists"):
        migrated(url)
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == ["outbox"]
    engine.dispose()
    sqlite_databases.drop(url)
