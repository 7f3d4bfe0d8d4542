"""The command line as a whole: what there is, what help costs, and what a mistyped name gets."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bot.commands.group import COMMANDS, module_of
from tests.command_line import TOP, Here

HEAVY = ("aiohttp", "sqlalchemy", "pydantic", "rich", "structlog", "yaml", "jinja2", "alembic")
"""Packages that take long to load."""


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module(name: str) -> None:
    assert callable(import_module(module_of(name)).command)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(here: Here, name: str) -> None:
    assert here(name, "--help") == 0
    assert COMMANDS[name] in " ".join(here.out.split())


def test_help_lists_every_command(here: Here) -> None:
    assert here("--help") == 0
    for name, words in COMMANDS.items():
        assert name in here.out
        assert words.split()[0] in here.out


def test_no_arguments_at_all_show_the_help_and_are_an_error(here: Here) -> None:
    assert here() == 2
    assert "check" in here.out + here.err


def test_a_mistyped_name_gets_the_nearest(here: Here) -> None:
    assert here("chek") == 2
    assert "Did you mean 'check'" in here.err
    assert here.out == ""


def test_a_name_like_nothing_is_refused_all_the_same(here: Here) -> None:
    assert here("qqq") == 2
    assert "No such command 'qqq'" in here.err


def test_an_unknown_option_is_refused(here: Here) -> None:
    assert here("check", "--confg", "x") == 2
    assert "No such option" in here.err


def test_a_missing_option_is_named(here: Here) -> None:
    assert here("check") == 2
    assert "--config" in here.err


def test_the_version_names_the_release(here: Here) -> None:
    assert here("version") == 0
    assert here.out.startswith("fupan 0.")


def test_help_loads_no_command_and_nothing_heavy() -> None:
    """So that a command's start pays for that command alone; measured in a fresh process."""
    program = "import sys; from bot.__main__ import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    loaded = run.stderr.split()
    assert "bot.commands.group" in loaded
    assert not [name for name in loaded if name.split(".")[0] in HEAVY]
    assert not [name for name in loaded if name in set(map(module_of, COMMANDS))]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "--config"),
        ("plan", "--config", "x", "--from", "soon"),
        ("plan", "--config", "nothing.yaml"),
        ("serve", "--config", "x", "--port", "70000"),
        ("serve", "--config", "x", "--log-level", "loud"),
        ("sandbox", "--port", "eighty"),
        ("doctor", "--config", "nothing.yaml"),
        ("dead-letters", "--config", "nothing.yaml"),
        ("dead-letters", "--config", "nothing.yaml", "--resend", "all"),
        ("migrate", "--config", "nothing.yaml"),
        ("export", "--config", "nothing.yaml", "--org", "acme", "--person", "x"),
        ("erase", "--config", "nothing.yaml", "--org", "acme", "--person", "x", "--yes"),
        ("backup", "--config", "nothing.yaml"),
        ("nonsense",),
        ("version", "surplus"),
    ],
    ids=" ".join,
)
def test_bad_arguments_end_with_2_before_anything_is_done(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here(*arguments) == 2
    assert here.out == ""
    assert here.err.strip()
    assert "Traceback" not in here.err
    assert list(tmp_path.iterdir()) == []
