"""The folder in which a demo keeps everything: made, emptied, and held by one process at a time."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from bot.commands.outcome import CommandFailed


@contextmanager
def holding(folder: Path, *, fresh: bool) -> Iterator[Path]:
    """Make the demo's home in a folder and keep other demos out of it; a killed process lets go by itself.

    Args:
        folder: Where the home is or will be.
        fresh: Whether to forget an earlier demo first.

    Yields:
        The home.

    Raises:
        CommandFailed: The folder cannot be made or written, or another demo lives there.
    """
    home = folder / "demo"
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _take(stack.enter_context((folder / "demo.lock").open("w")), home)
            _furnish(home, fresh=fresh)
        except OSError as error:
            raise CommandFailed(
                f"the demo cannot be kept in {home}: {error.strerror}; choose another --folder"
            ) from None
        yield home


def _take(lock: TextIO, home: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandFailed(f"another demo already runs in {home}; stop it, or choose another --folder") from None


def _furnish(home: Path, *, fresh: bool) -> None:
    if fresh and home.exists():
        shutil.rmtree(home)
    home.mkdir(exist_ok=True)
    with tempfile.TemporaryFile(dir=home):
        return  # a folder that can be looked at but not written is found out here, and not by a half-built demo
