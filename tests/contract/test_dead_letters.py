"""`dead-letters`: what was given up is listed without anybody's words, and goes out once it is sent again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.messages import Fate, Outcome
from storage.database import Database
from tests.builders import CHEN_JING, FRIDAY, LI_HUA, hours
from tests.command_line import Here, configured
from tests.contract.store_world import claim, deliver, employ, message, put, record, reserve
from tests.living import migrated


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    migrated(f"sqlite:///{tmp_path}/fupan.db")
    return configured(tmp_path)


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    """The store of a company to two of whose people a message was given up."""
    database = Database.open(f"sqlite:///{file.parent}/fupan.db")
    employ(database)
    put(database, message(LI_HUA, "first"), message(CHEN_JING, "second"))
    (lane,) = claim(database)
    for found in reserve(database, lane):
        outcome = Outcome(found.outgoing.message_id, Fate.DEAD, error="230013", receiver_lost=True)
        assert record(database, lane, outcome)
    with database.transaction() as transaction:
        transaction.engine.release(lane, FRIDAY + hours(1))
    yield database
    database.dispose()


def test_a_store_without_dead_letters_says_so(here: Here, file: Path) -> None:
    assert here("dead-letters", "--config", file) == 0
    assert here.out == "no message was given up\n"


@pytest.mark.usefixtures("database")
def test_each_is_listed_with_its_reason_and_what_helps_but_without_its_words(here: Here, file: Path) -> None:
    assert here("dead-letters", "--config", file) == 0
    lines = here.out.splitlines()
    assert [line.split()[2:8] for line in lines[1:3]] == [
        ["acme", LI_HUA, "feishu", "text", "230013", lines[1].split()[7]],
        ["acme", CHEN_JING, "feishu", "text", "230013", lines[2].split()[7]],
    ]
    assert lines[1].startswith("2026-11-27 17:00")
    assert "230013: the person is outside the app's range (可用范围), or has left" in lines
    assert "你好" not in here.out


@pytest.mark.usefixtures("database")
def test_programs_get_json(here: Here, file: Path) -> None:
    assert here("dead-letters", "--config", file, "--json") == 0
    letters = json.loads(here.out)
    assert [(each["person"], each["code"], each["for"]) for each in letters] == [
        (LI_HUA, "230013", "first"),
        (CHEN_JING, "230013", "second"),
    ]
    assert all("可用范围" in each["fix"] for each in letters)


def test_all_go_out_again_when_they_are_sent_again(here: Here, file: Path, database: Database) -> None:
    assert here("dead-letters", "--config", file, "--resend", "all") == 0
    assert here.out == "messages to be tried again: 2\n"
    assert sorted(_delivered(database)) == ["first", "second"]
    assert here("dead-letters", "--config", file) == 0
    assert here.out == "no message was given up\n"


def test_one_goes_out_alone(here: Here, file: Path, database: Database) -> None:
    assert here("dead-letters", "--config", file, "--json") == 0
    second = json.loads(here.out)[1]["message"]
    assert here("dead-letters", "--config", file, "--resend", second) == 0
    assert here.out == "messages to be tried again: 1\n"
    assert _delivered(database) == ["second"]


@pytest.mark.usefixtures("database")
def test_an_id_that_is_not_dead_is_a_mistake(here: Here, file: Path) -> None:
    assert here("dead-letters", "--config", file, "--resend", "0" * 32) == 2
    assert "none of these messages is given up" in here.err


@pytest.mark.usefixtures("database")
def test_another_organisation_s_are_neither_listed_nor_sent(here: Here, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    url = f"sqlite:///{file.parent}/fupan.db"
    configured(folder, org="acme", store=url)
    configured(folder, org="other", store=url)
    assert here("dead-letters", "--config", folder, "--org", "other") == 0
    assert here.out == "no message was given up\n"
    assert here("dead-letters", "--config", folder, "--org", "other", "--resend", "all") == 0
    assert here.out == "messages to be tried again: 0\n"
    assert here("dead-letters", "--config", folder, "--org", "nobody") == 2


def test_a_store_of_another_release_is_refused(here: Here, tmp_path: Path) -> None:
    assert here("dead-letters", "--config", configured(tmp_path)) == 1
    assert "run migrate first" in here.err


def _delivered(database: Database) -> list[str]:
    # The command goes by the real clock, which is later than anything the tests have played.
    return deliver(database, FRIDAY + hours(24 * 365 * 50))
