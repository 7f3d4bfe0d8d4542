"""The databases that tests are given: empty or migrated, alone, and gone afterwards, on both engines."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from tests.postgres_server import Durability, running_postgres
from tests.stores import Databases, Migrate, PostgresDatabases


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """One connection to `url` in one committed transaction; nothing stays open."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


class CountingMigration:
    """Creates a table with one row, and remembers how often it was asked to."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, url: str) -> None:
        self.runs += 1
        with connected(url) as connection:
            connection.execute(text("CREATE TABLE badge (name TEXT)"))
            connection.execute(text("INSERT INTO badge VALUES ('复盘之星')"))


def names_in(url: str) -> list[str]:
    with connected(url) as connection:
        return list(connection.execute(text("SELECT name FROM badge ORDER BY name")).scalars())


def test_a_fresh_store_has_no_tables(store_url: str) -> None:
    with connected(store_url) as connection:
        assert inspect(connection).get_table_names() == []


def test_two_empty_databases_do_not_see_each_other(databases: Databases) -> None:
    first, second = databases.empty(), databases.empty()
    CountingMigration()(first)
    with connected(second) as connection:
        assert inspect(connection).get_table_names() == []
    databases.drop(first)
    databases.drop(second)


def test_a_migration_runs_once_for_many_copies(template_url: Callable[[Migrate], str]) -> None:
    migrate = CountingMigration()
    copies = [template_url(migrate) for _ in range(3)]
    assert [names_in(copy) for copy in copies] == [["复盘之星"]] * 3
    assert migrate.runs == 1


def test_a_change_to_one_copy_reaches_neither_the_others_nor_the_template(
    template_url: Callable[[Migrate], str],
) -> None:
    migrate = CountingMigration()
    changed, older = template_url(migrate), template_url(migrate)
    with connected(changed) as connection:
        connection.execute(text("DELETE FROM badge"))
    newer = template_url(migrate)
    assert [names_in(url) for url in (changed, older, newer)] == [[], ["复盘之星"], ["复盘之星"]]


def test_each_migration_has_a_template_of_its_own(template_url: Callable[[Migrate], str]) -> None:
    with connected(template_url(lambda _url: None)) as connection:
        assert inspect(connection).get_table_names() == []
    assert names_in(template_url(CountingMigration())) == ["复盘之星"]


def test_a_dropped_sqlite_database_leaves_no_file(sqlite_databases: Databases) -> None:
    url = sqlite_databases.clone(CountingMigration())
    file = Path(url.removeprefix("sqlite:///"))
    assert file.exists()
    sqlite_databases.drop(url)
    assert not list(file.parent.glob(f"{file.name}*"))


def test_a_postgresql_database_can_be_dropped_while_somebody_is_connected(postgres_databases: Databases) -> None:
    url = postgres_databases.empty()
    engine = create_engine(url)
    with engine.connect() as connection:
        postgres_databases.drop(url)
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
    engine.dispose()


def test_a_durable_server_writes_through_and_the_other_does_not(durable_postgres_url: str, postgres_url: str) -> None:
    settings = []
    for url in (durable_postgres_url, postgres_url):
        with connected(url) as connection:
            settings.append(connection.execute(text("SHOW fsync")).scalar_one())
    assert settings == ["on", "off"]


def test_a_stopped_server_leaves_no_folder() -> None:
    with running_postgres(Durability.NONE) as url, PostgresDatabases.on(url):
        folder = Path(url.split("host=")[1])
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(folder), user="postgres", dbname="postgres")


def test_a_server_does_not_outlive_a_killed_test_run() -> None:
    program = """
import os, signal
from tests.postgres_server import Durability, running_postgres
with running_postgres(Durability.NONE) as url:
    print(url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    top = Path(__file__).parents[2]
    # Returns when nobody holds its standard error any more, so after the server's keeper, which inherits it, is gone.
    run = subprocess.run([sys.executable, "-c", program], cwd=top, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL
    assert not Path(run.stdout.strip().split("host=")[1]).exists()
