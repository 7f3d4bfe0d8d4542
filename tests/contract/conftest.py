"""Migrated stores for the contract tests of the store."""

from collections.abc import Callable, Iterator

import pytest

from storage.database import Database
from tests.contract.store_world import migrated, opened
from tests.stores import Databases, Migrate


@pytest.fixture
def database(template_url: Callable[[Migrate], str]) -> Iterator[Database]:
    """A migrated store of this test's own; whoever asks for it runs once on each engine."""
    with opened(template_url(migrated)) as database:
        yield database


@pytest.fixture
def sqlite_store(sqlite_databases: Databases) -> Iterator[Database]:
    """A migrated store on SQLite, for what only SQLite does."""
    url = sqlite_databases.clone(migrated)
    with opened(url) as database:
        yield database
    sqlite_databases.drop(url)


@pytest.fixture
def postgres_store(postgres_databases: Databases) -> Iterator[Database]:
    """A migrated store on PostgreSQL, for what needs several writers at once."""
    url = postgres_databases.clone(migrated)
    with opened(url) as database:
        yield database
    postgres_databases.drop(url)
