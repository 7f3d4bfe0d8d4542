"""What tests of the command line need: a configuration in a folder, and ways to run a command on it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.__main__ import main

TOP = Path(__file__).parents[1]

PEOPLE = """\
people:
  - {id: wanglei, name: 王磊, department: 研发/平台, manager: lihua, hrbp: chenjing, mail: wl@x.cn, ids: {feishu: ou_1}}
  - {id: lihua, name: 李华, department: 研发, manager: zhaomin, deputy: zhaomin, mail: lh@x.cn, ids: {feishu: ou_2}}
  - {id: chenjing, name: 陈静, department: 人力, manager: zhaomin, zone: Europe/Berlin, ids: {feishu: ou_3}}
  - {id: zhaomin, name: 赵敏, hrbp: chenjing, ids: {feishu: ou_4}}
"""

SECRET = "s3cret-of-the-test"


def configured(folder: Path, more: str = "", *, people: str = PEOPLE, org: str = "acme", store: str = "") -> Path:
    """Write a configuration that is right, and return its file.

    Args:
        folder: Where to; made if it is not there.
        more: YAML to add at the end.
        people: The file of people.
        org: The organisation's id, also the file's name.
        store: The store's URL; left out, a SQLite file in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "people.yaml").write_text(people, "utf-8")
    file = folder / f"{org}.yaml"
    file.write_text(
        f"""\
org: {{id: {org}, name: 示例科技, admins: [zhaomin]}}
storage: {{url: "{store or f"sqlite:///{folder}/fupan.db"}"}}
people: {{file: people.yaml}}
platforms:
  feishu: {{app_id: cli_x, app_secret: "{SECRET}", base_url: "http://127.0.0.1:9"}}
{more}""",
        "utf-8",
    )
    return file


class Here:
    """Runs commands in this very process, which is a hundred times faster than starting one."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: object) -> int:
        """Run a command and return its exit code; what it wrote is in `out` and `err`."""
        self._captured.readouterr()
        code = main([str(argument) for argument in arguments])
        self.out, self.err = self._captured.readouterr()
        return code


def run(
    *arguments: object, folder: Path = TOP, said: str = "", extra: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as a user does, and return what came of it.

    Args:
        arguments: What stands after `python -m bot`.
        folder: The working folder.
        said: What is typed.
        extra: Added to the environment.
    """
    environment = {**os.environ, "PYTHONPATH": str(TOP), "PYTHONUTF8": "1", "COLUMNS": "300", **(extra or {})}
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment, input=said, capture_output=True, text=True, check=False
    )


def command(*arguments: object) -> Sequence[str]:
    """Return how a user's shell would start a command; a warning in it is an error, as in all tests."""
    return [sys.executable, "-W", "error", "-m", "bot", *map(str, arguments)]
