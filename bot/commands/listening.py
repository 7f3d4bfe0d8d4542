"""Says in a sentence why we cannot listen where we were told to."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from bot.commands.outcome import CommandFailed

_REASONS = {
    errno.EADDRINUSE: "something listens there already; choose another with --port",
    errno.EACCES: "this user may not listen there; choose a port above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine does not have that address; choose another with --host",
}


@contextmanager
def or_port_taken(host: str, port: int) -> Iterator[None]:
    """Turn what the system says about an address that cannot be listened on into `CommandFailed`."""
    try:
        yield
    except socket.gaierror:
        raise CommandFailed(f"{host} is no address of this machine; choose another with --host") from None
    except OSError as error:
        if error.errno not in _REASONS:
            raise
        raise CommandFailed(f"cannot listen on {host}:{port}: {_REASONS[error.errno]}") from None
