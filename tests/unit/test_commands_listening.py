"""Addresses that cannot be listened on, and signals that end what runs long."""

import asyncio
import errno
import os
import signal
import socket

import pytest

from bot.commands.interruption import STOPPING, run_until_stopped
from bot.commands.listening import or_port_taken
from bot.commands.outcome import CommandFailed, ExitCode


def test_a_port_that_is_taken_is_told_with_the_option_to_change() -> None:
    with pytest.raises(CommandFailed, match=r"cannot listen on 127\.0\.0\.1:80: .*--port") as failed:
        with or_port_taken("127.0.0.1", 80):
            raise OSError(errno.EADDRINUSE, "in use")
    assert failed.value.code is ExitCode.FAILED


@pytest.mark.parametrize(("number", "option"), [(errno.EACCES, "--port"), (errno.EADDRNOTAVAIL, "--host")])
def test_other_refusals_name_their_option_too(number: int, option: str) -> None:
    with pytest.raises(CommandFailed, match=option), or_port_taken("10.9.8.7", 80):
        raise OSError(number, "no")


def test_a_name_that_is_no_address_is_told() -> None:
    with pytest.raises(CommandFailed, match="nowhere is no address"), or_port_taken("nowhere", 80):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(OSError, match="disk"), or_port_taken("127.0.0.1", 80):
        raise OSError(errno.ENOSPC, "disk full")


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_ends_the_work_well(number: signal.Signals) -> None:
    steps: list[str] = []

    async def work() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            steps.append("cleaned up")

    run_until_stopped(work())
    assert steps == ["cleaned up"]


def test_work_that_ends_by_itself_is_not_disturbed() -> None:
    async def work() -> None:
        return None

    run_until_stopped(work())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_work_raises_comes_out() -> None:
    async def work() -> None:
        raise CommandFailed("no store")

    with pytest.raises(CommandFailed, match="no store"):
        run_until_stopped(work())


def test_work_that_cancels_itself_is_no_stop() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_until_stopped(work())
