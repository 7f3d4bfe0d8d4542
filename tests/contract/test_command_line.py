"""The command line as users have it: processes with exit codes, streams and signals."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from tests.builders import WANG_LEI
from tests.command_line import SECRET, TOP, command, configured, run
from tests.living import REPLY, with_a_week

PATIENCE_SECONDS = 60.0
"""How long a process may take to start or to stop before the test gives up."""


@pytest.fixture
def lived_in(tmp_path: Path) -> Path:
    """A configuration whose store has seen a check-in and its reply."""
    return with_a_week(tmp_path)


def test_a_right_configuration_ends_with_0_and_speaks_on_stdout(tmp_path: Path) -> None:
    ended = run("check", "--config", configured(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "is right" in ended.stdout


def test_a_wrong_configuration_ends_with_2_and_speaks_on_stderr(tmp_path: Path) -> None:
    ended = run("check", "--config", configured(tmp_path, "surprise: 1"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ":6: surprise: unknown key" in ended.stderr


def test_paths_are_told_as_they_were_given(tmp_path: Path) -> None:
    configured(tmp_path / "配置")
    ended = run("check", "--config", "配置", folder=tmp_path)
    assert "配置/acme.yaml" in ended.stdout
    assert str(tmp_path) not in ended.stdout.splitlines()[0]


def test_a_chinese_path_works_in_a_bare_environment(tmp_path: Path) -> None:
    """Containers often have no locale at all; the words come out in UTF-8 all the same."""
    configured(tmp_path / "配置")
    ended = run("check", "--config", "配置", folder=tmp_path, extra={"LC_ALL": "C", "PYTHONUTF8": ""})
    assert ended.returncode == 0, ended.stderr
    assert "示例科技" in ended.stdout


@pytest.mark.parametrize(
    "arguments", [("plan", "--config", "x", "--from", "soon"), ("serve", "--config", "nothing.yaml"), ("nonsense",)]
)
def test_bad_arguments_end_with_2_before_anything_is_done(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments, folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip()
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_documents_are_nothing_but_json() -> None:
    for arguments in (("schema",), ("openapi", "--sandbox")):
        ended = run(*arguments)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert json.loads(ended.stdout)


def test_a_reader_who_has_seen_enough_is_no_reason_to_complain() -> None:
    with subprocess.Popen(command("schema"), cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's stand-in for a full disk")
def test_an_error_that_nobody_foresaw_is_told_once_as_a_line_of_the_log() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command("version"), cwd=TOP, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert json.loads(line)["action"] == "command.failed"
    assert "No space left" in json.loads(line)["exception"]


def test_somebody_is_exported_and_erased_by_two_commands(lived_in: Path, tmp_path: Path) -> None:
    out = tmp_path / "王磊.zip"
    who = ("--config", lived_in, "--org", "acme", "--person", WANG_LEI)
    assert run("export", *who, "--out", out).returncode == 0
    with zipfile.ZipFile(out) as archive:
        assert REPLY in archive.read("record.html").decode()
    ended = run("erase", *who, said="y\n")
    assert ended.returncode == 0, ended.stderr
    assert "checkins: 1" in ended.stdout
    assert "王磊" not in run("export", *who).stdout


def test_the_doctor_ends_with_1_when_something_does_not_work(tmp_path: Path) -> None:
    ended = run("doctor", "--config", configured(tmp_path))
    assert ended.returncode == 1
    assert "feishu.token" in ended.stdout
    assert "probes failed" in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr


@contextmanager
def started(*arguments: object, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command that runs until it is stopped; it is killed at the end if it still runs."""
    environment = {**os.environ, "PYTHONPATH": str(TOP), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command(*arguments), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until_said(stream: Any, words: str) -> list[str]:
    """Read lines up to the one that holds some words."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if words in line:
            return lines
    pytest.fail(f"the process ended without saying {words!r}: {''.join(lines)}")


def fetched(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read()
    except URLError as error:
        return getattr(error, "code", 0), b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_serves_until_it_is_told_to_stop_and_ends_with_0(
    tmp_path: Path, free_port: Callable[[], int], number: signal.Signals
) -> None:
    port = free_port()
    with started("serve", "--config", configured(tmp_path), "--port", port, folder=tmp_path) as process:
        said = until_said(process.stderr, "service.started")
        assert fetched(f"http://127.0.0.1:{port}/healthz")[0] == 200
        assert fetched(f"http://127.0.0.1:{port}/readyz")[0] == 200
        assert b"fupan_events_total" in fetched(f"http://127.0.0.1:{port}/metrics")[1]
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert out == ""
    lines = [json.loads(line) for line in [*said, *err.splitlines()]]
    assert all("action" in line for line in lines)
    assert SECRET not in "".join(said) + err


@pytest.mark.parametrize("what", ["serve", "sandbox"])
def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path, what: str) -> None:
    config = ("--config", configured(tmp_path)) if what == "serve" else ("--folder", tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(what, *config, "--port", port)
    assert ended.returncode == 1
    assert (
        f"cannot listen on 127.0.0.1:{port}: something listens there already; choose another with --port"
        in ended.stderr
    )
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_shows_where_to_look_and_ends_with_0(
    tmp_path: Path, free_port: Callable[[], int], number: signal.Signals
) -> None:
    port = free_port()
    with started("sandbox", "--port", port, "--folder", tmp_path / "数据", folder=tmp_path) as process:
        [line] = until_said(process.stdout, "http://")
        assert f"http://127.0.0.1:{port}" in line
        status, people = fetched(f"http://127.0.0.1:{port}/sandbox/api/people")
        assert status == 200
        assert "王磊" in [person["name"] for person in json.loads(people)["people"]]
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert list((tmp_path / "数据").iterdir())
