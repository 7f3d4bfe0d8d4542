"""The load: sends requests over kept connections and takes down how long each answer took.

Plain sockets and one epoll, because a client library would cost more than the server that is measured.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_OK = b"HTTP/1.1 200"
_SPIN_SECONDS = 0.002
"""When the next request is nearer than this, the kernel's clock is too coarse to sleep until then."""


@dataclass(slots=True)
class Measured:
    """What came of a load.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: Of each answer in seconds; under an open load counted from when the request was due.
        refused: Answers other than the wanted one.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Return the latency, in seconds, that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(slots=True)
class _Line:
    """A connection with at most one request under way."""

    socket: socket.socket
    due: float = 0.0
    received: bytes = b""


class Load:
    """Connections to a server on loopback.

    Args:
        port: The server's.
        connections: How many requests may be under way at once.
        wanted: What the body of every answer must hold.
    """

    def __init__(self, port: int, connections: int, wanted: bytes) -> None:
        self._wanted = wanted
        self._poll = select.epoll()
        self._lines: dict[int, _Line] = {}
        for _ in range(connections):
            line = _Line(socket.create_connection(("127.0.0.1", port)))
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._lines[line.socket.fileno()] = line
            self._poll.register(line.socket, select.EPOLLIN)
        self._idle = list(self._lines.values())

    def close(self) -> None:
        """Close all connections."""
        self._poll.close()
        for line in self._lines.values():
            line.socket.close()

    def saturate(self, requests: Sequence[bytes]) -> Measured:
        """Send all requests, the next on each connection as soon as the one before is answered."""
        began = time.perf_counter()
        return self._run(requests, [began] * len(requests), began, paced=False)

    def pace(self, requests: Sequence[bytes], offsets: Sequence[float]) -> Measured:
        """Send each request at its offset in seconds, whether or not those before it are answered."""
        began = time.perf_counter()
        return self._run(requests, [began + offset for offset in offsets], began, paced=True)

    def _run(self, requests: Sequence[bytes], due: Sequence[float], began: float, *, paced: bool) -> Measured:
        measured, sent = Measured(), 0
        while len(measured.latencies) < len(requests):
            now = time.perf_counter()
            while sent < len(requests) and self._idle and due[sent] <= now:
                line = self._idle.pop()
                line.due = due[sent] if paced else time.perf_counter()
                line.socket.sendall(requests[sent])
                sent += 1
            wait = due[sent] - now if sent < len(requests) and self._idle else 1.0
            for number, _ in self._poll.poll(0 if wait < _SPIN_SECONDS else wait - _SPIN_SECONDS):
                self._hear(self._lines[number], measured)
        measured.seconds = time.perf_counter() - began
        return measured

    def _hear(self, line: _Line, measured: Measured) -> None:
        line.received += line.socket.recv(65536)
        body = _body_of(line.received)
        if body is None:
            return
        measured.latencies.append(time.perf_counter() - line.due)
        if not line.received.startswith(_OK) or self._wanted not in body:
            measured.refused += 1
        line.received = b""
        self._idle.append(line)


def _body_of(received: bytes) -> bytes | None:
    head, end, body = received.partition(_HEAD_END)
    if not end:
        if not received:
            raise ConnectionError("the server closed the connection")
        return None
    lower = head.lower()
    at = lower.index(_LENGTH) + len(_LENGTH)
    length = int(lower[at:].split(b"\r\n", 1)[0])
    return body if len(body) >= length else None
