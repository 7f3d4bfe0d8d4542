"""Two ways in which a store is down for a while, each begun and ended in one call.

A disk cannot be filled without rights on the machine, but a process can be denied every write to any file, which to
SQLite is the same: `pwrite` fails. PostgreSQL is stopped without a word, as when its machine loses power, and started
again with the command that it was started with.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import make_url

from tests.crash.replica import Replica
from tests.postgres_server import Durability, running_postgres


class Outage(Protocol):
    """A store that can be taken away from a process and be given back."""

    url: str
    """The store."""

    def begin(self, replica: Replica) -> None:
        """Take it away, this very moment."""

    def is_gone(self) -> bool:
        """Whether it can be given back."""

    def end(self, replica: Replica) -> None:
        """Give it back."""

    def is_back(self) -> bool:
        """Whether it can be used."""


class FullDisk:
    """SQLite on a disk without room.

    Args:
        url: The store.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def begin(self, replica: Replica) -> None:
        """See `Outage`."""
        replica.limit_files_to(0)

    def is_gone(self) -> bool:
        """See `Outage`."""
        return True

    def end(self, replica: Replica) -> None:
        """See `Outage`."""
        replica.limit_files_to(resource.RLIM_INFINITY)

    def is_back(self) -> bool:
        """See `Outage`."""
        return True


class LostServer:
    """PostgreSQL on a server that goes down.

    Args:
        url: The store.
        folder: Where its socket and its data lie.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._data = folder / "data"
        self._pid = int((self._data / "postmaster.pid").read_text().split()[0])
        self._command = Path(f"/proc/{self._pid}/cmdline").read_text().rstrip("\0").split("\0")
        self._second: subprocess.Popen[bytes] | None = None

    def begin(self, replica: Replica) -> None:
        """See `Outage`; nothing is written down any more, so the next start recovers as after a crash."""
        os.kill(self._pid, signal.SIGQUIT)

    def is_gone(self) -> bool:
        """See `Outage`."""
        # Empty once it has ended; its parent looks after the dead one at the very end only.
        return not Path(f"/proc/{self._pid}/cmdline").read_bytes()

    def end(self, replica: Replica) -> None:
        """See `Outage`."""
        owner, is_root = self._data.stat(), os.geteuid() == 0
        self._second = subprocess.Popen(
            self._command,
            # PostgreSQL refuses to run as root; its files tell whom it ran as.
            user=owner.st_uid if is_root else None,
            group=owner.st_gid if is_root else None,
            extra_groups=() if is_root else None,
            cwd=self._data.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def is_back(self) -> bool:
        """See `Outage`."""
        try:
            psycopg.connect(make_url(self.url).set(drivername="postgresql").render_as_string()).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End the server that was started anew."""
        if self._second is not None:
            self._second.send_signal(signal.SIGINT)
            self._second.wait()


@contextmanager
def doomed_server() -> Iterator[LostServer]:
    """A PostgreSQL server of the test's own, durable, to be lost and started again."""
    with running_postgres(Durability.FULL) as url:
        server = LostServer(url, Path(str(make_url(url).query["host"])))
        try:
            yield server
        finally:
            server.stop()
