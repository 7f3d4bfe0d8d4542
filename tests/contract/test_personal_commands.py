"""`export` and `erase` as commands: what they print and write, what they ask, and when they refuse."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands.erase import compact_and_tell
from storage.database import Database
from tests.builders import ORG, WANG_LEI, review_answers
from tests.command_line import PEOPLE, Here, configured
from tests.living import REPLY, with_a_week


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


@pytest.fixture
def lived_in(tmp_path: Path) -> Path:
    """A configuration whose store has seen a check-in and its reply."""
    return with_a_week(tmp_path)


def who(file: Path, person: str = WANG_LEI, org: str = "acme") -> tuple[object, ...]:
    return ("--config", file, "--org", org, "--person", person)


def test_a_record_is_printed_as_json(here: Here, lived_in: Path) -> None:
    assert here("export", *who(lived_in)) == 0
    assert json.loads(here.out)["checkins"][0]["answers"] == review_answers()


def test_a_record_is_written_as_data_and_as_a_page(here: Here, lived_in: Path, tmp_path: Path) -> None:
    out = tmp_path / "导出" / "王磊.zip"
    assert here("export", *who(lived_in), "--out", out) == 0
    with zipfile.ZipFile(out) as archive:
        assert json.loads(archive.read("record.json"))["person"]["name"] == "王磊"
        assert REPLY in archive.read("record.html").decode()
    assert out.stat().st_mode & 0o077 == 0
    assert "hand it to 王磊 only" in here.out


def test_a_record_does_not_overwrite_a_file(here: Here, lived_in: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("precious", "utf-8")
    assert here("export", *who(lived_in), "--out", tmp_path / "there.zip") == 2
    assert "is there already" in here.err
    assert (tmp_path / "there.zip").read_text("utf-8") == "precious"


def test_a_place_that_cannot_be_written_is_told(here: Here, lived_in: Path) -> None:
    assert here("export", *who(lived_in), "--out", lived_in / "record.zip") == 1
    assert "cannot be written" in here.err


@pytest.mark.parametrize(("org", "person", "words"), [("acm", WANG_LEI, "there is acme"), ("acme", "x", "nobody of")])
@pytest.mark.parametrize("arguments", [("export",), ("erase", "--yes")])
def test_somebody_who_is_not_there_can_be_neither_exported_nor_erased(
    here: Here, lived_in: Path, arguments: tuple[str, ...], org: str, person: str, words: str
) -> None:
    assert here(*arguments, *who(lived_in, person, org)) == 2
    assert here.out == ""
    assert words in here.err


@pytest.mark.parametrize("arguments", [("export",), ("erase", "--yes")])
def test_a_store_that_was_never_migrated_is_told(here: Here, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert here(*arguments, *who(configured(tmp_path, people=PEOPLE.replace("wanglei", "wang")))) == 1
    assert "run migrate first" in here.err
    assert not (tmp_path / "fupan.db").exists()


@pytest.mark.parametrize(("typed", "words"), [("n\n", "nothing was erased"), ("", "Aborted")])
def test_erasing_asks_first_and_without_a_yes_nothing_is_erased(
    here: Here, lived_in: Path, monkeypatch: pytest.MonkeyPatch, typed: str, words: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert here("erase", *who(lived_in)) == 1
    assert "Erase 王磊 (wanglei)? This cannot be undone" in here.err
    assert words in here.err
    assert here("export", *who(lived_in)) == 0
    assert REPLY in here.out


def test_a_yes_erases(here: Here, lived_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert here("erase", *who(lived_in)) == 0
    assert here("export", *who(lived_in)) == 0
    assert REPLY not in here.out


def test_erasing_says_what_it_did_and_leaves_no_byte(here: Here, lived_in: Path, tmp_path: Path) -> None:
    assert here("erase", *who(lived_in), "--yes") == 0
    assert "people: 1\n" in here.out
    assert "checkins: 1\n" in here.out
    assert "compacted" in here.out
    assert "backups" in here.err
    left = b"".join(each.read_bytes() for each in tmp_path.glob("fupan.db*"))
    for words in ("王磊", REPLY, *review_answers().values(), "ou_wanglei"):
        assert str(words).encode() not in left


def test_erasing_twice_is_no_mistake(here: Here, lived_in: Path) -> None:
    assert here("erase", *who(lived_in), "--yes") == 0
    assert here("erase", *who(lived_in), "--yes") == 0
    assert "people: 0\n" in here.out


def test_a_store_that_somebody_reads_is_compacted_later(
    lived_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A long look at the store keeps its log from being emptied; the words are out of the tables all the same."""
    url = f"sqlite:///{tmp_path}/fupan.db"
    database = Database.open(url)
    with database.reading() as looking:
        looking.store(ORG).people.everybody()
        compact_and_tell(url, timedelta(0))
    database.dispose()
    assert "Run the command again when it is quiet" in capsys.readouterr().err
    compact_and_tell(url, timedelta(0))
    assert "compacted" in capsys.readouterr().out


def test_somebody_whom_the_file_still_names_would_come_back_and_is_not_erased(here: Here, lived_in: Path) -> None:
    (lived_in.parent / "people.yaml").write_text(PEOPLE, "utf-8")
    assert here("erase", *who(lived_in), "--yes") == 2
    assert "still in the people file" in here.err
