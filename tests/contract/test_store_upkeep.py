"""Looking at a store's migrations and giving up the space of what was deleted, on both engines."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import StoreDown
from storage.compaction import compact
from storage.database import Database
from storage.migrating import NEWEST
from storage.revision import revision_of, wanted_revision
from tests.builders import ORG, staff
from tests.living import migrated
from tests.stores import Migrate

NOWHERE = "postgresql://fupan:pa55word@127.0.0.1:9/fupan"


def test_a_store_without_tables_has_no_revision(store_url: str) -> None:
    assert revision_of(store_url) is None


def test_asking_makes_no_file(tmp_path: Path) -> None:
    assert revision_of(f"sqlite:///{tmp_path}/none.db") is None
    assert list(tmp_path.iterdir()) == []


def test_a_migrated_store_is_what_this_release_wants(template_url: Callable[[Migrate], str]) -> None:
    assert revision_of(template_url(migrated)) == wanted_revision()


def test_the_newest_migration_is_known_without_reading_them() -> None:
    """The start of the service compares with this word before it loads what runs migrations."""
    assert wanted_revision() == NEWEST


def test_a_store_that_is_up_to_date_loads_nothing_that_migrates(template_url: Callable[[Migrate], str]) -> None:
    url = template_url(migrated)
    script = f"import sys; from storage.database import Database; Database.open({url!r}).migrate(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "storage.database" in ended.stdout.split()
    assert "alembic" not in ended.stdout.split()


def test_a_server_that_is_down_is_told_without_the_password() -> None:
    for ask in (revision_of, compact):
        with pytest.raises(StoreDown) as down:
            ask(NOWHERE)
        assert "pa55word" not in str(down.value)


def test_another_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite and postgresql"):
        revision_of("mysql://localhost/fupan")


def test_compaction_loses_nothing(template_url: Callable[[Migrate], str]) -> None:
    url = template_url(migrated)
    database = Database.open(url)
    with database.transaction() as transaction:
        for person in staff():
            transaction.store(ORG).people.save(person)
    compact(url)
    with database.reading() as transaction:
        assert {person.name for person in transaction.store(ORG).people.everybody()} == {
            person.name for person in staff()
        }
    database.dispose()


def test_a_file_that_somebody_writes_is_compacted_later(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fupan.db"
    migrated(url)
    database = Database.open(url)
    with database.transaction() as transaction:
        transaction.store(ORG).people.save(staff()[0])
        transaction.flush()
        with pytest.raises(StoreDown):
            compact(url, timedelta(0))
    database.dispose()
    compact(url, timedelta(0))


def test_what_is_no_store_is_not_compacted(tmp_path: Path) -> None:
    (tmp_path / "fupan.db").write_text("no database" * 1000, "utf-8")
    with pytest.raises(StoreDown):
        compact(f"sqlite:///{tmp_path}/fupan.db")
