"""The demo's folder: made where it can be, held by one demo at a time, forgotten on request."""

from pathlib import Path

import pytest

from bot.commands.outcome import CommandFailed
from bot.demo_home import holding


def test_the_home_is_made_with_all_folders_above_it(tmp_path: Path) -> None:
    with holding(tmp_path / "a" / "b", fresh=False) as home:
        assert home == tmp_path / "a" / "b" / "demo"
        assert home.is_dir()
        assert list(home.iterdir()) == []


@pytest.mark.parametrize(("fresh", "left"), [(False, ["fupan.db"]), (True, [])])
def test_an_earlier_demo_is_kept_unless_a_fresh_one_is_asked_for(tmp_path: Path, fresh: bool, left: list[str]) -> None:
    with holding(tmp_path, fresh=False) as home:
        (home / "fupan.db").touch()
    with holding(tmp_path, fresh=fresh) as home:
        assert [file.name for file in home.iterdir()] == left


def test_a_second_demo_in_the_same_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with holding(tmp_path, fresh=False) as home:
        (home / "fupan.db").touch()
        with (
            pytest.raises(CommandFailed, match=r"another demo already runs in .*; stop it, or .*--folder"),
            holding(tmp_path, fresh=True),
        ):
            pytest.fail("two demos in one folder")
        assert (home / "fupan.db").exists()
    with holding(tmp_path, fresh=False):
        assert home.is_dir()


@pytest.mark.parametrize("taken", ["var", "var/demo"])
def test_a_file_where_the_folder_should_be_is_told_in_a_sentence(tmp_path: Path, taken: str) -> None:
    file = tmp_path / taken
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine", "utf-8")
    with (
        pytest.raises(CommandFailed, match=r"the demo cannot be kept in .*demo: .*; choose another --folder"),
        holding(tmp_path / "var", fresh=False),
    ):
        pytest.fail("a file was taken for a folder")
    assert file.read_text("utf-8") == "mine"


def test_what_goes_wrong_inside_is_nobody_elses_sentence(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="inside"), holding(tmp_path, fresh=False):
        raise PermissionError("inside")
