"""A mail server of the demo: it catches every letter, keeps it, and can be told to refuse the next ones.

Speaks SMTP (RFC 5321) through `aiosmtpd`, in the event loop of its caller. A letter is on disk before its sender hears
"250", so a killed demo still shows it. Nothing is ever forwarded.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from pathlib import Path
from typing import Protocol

from aiosmtpd.smtp import SMTP

REFUSALS = {
    451: "451 4.3.0 The mailbox is busy, try again later",
    550: "550 5.1.1 No such mailbox here",
}
"""What a refusing server says; RFC 5321 section 4.2.3 and RFC 3463 section 3, read 2026-11-22."""

_ACCEPTED = "250 2.0.0 Message accepted for delivery"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, raw BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One caught mail, decoded for reading.

    Attributes:
        id: Number in order of arrival, from 1; kept over a restart when the catcher has a path.
        received_at: When it arrived, UTC, by the clock handed to the catcher.
        sender: The `From` header, else the envelope's sender.
        recipients: The envelope's recipients: who would really have got it, whatever the headers say.
        subject: The decoded subject; empty where there is none.
        text: The plain text part; empty where there is none.
        html: The HTML part as sent, not sanitised; None where there is none.
    """

    id: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str | None


class _Envelope(Protocol):
    """The part of aiosmtpd's envelope that we read."""

    mail_from: str
    rcpt_tos: list[str]
    content: bytes


class MailCatcher:
    """Catches mail on a loopback port.

    Args:
        path: SQLite file that keeps the letters; None keeps them in memory only.
        now: Gives the present instant, UTC; stamps each letter.
    """

    def __init__(self, path: Path | None, now: Callable[[], datetime]) -> None:
        self._now = now
        self._store = sqlite3.connect(":memory:" if path is None else path)
        self._store.execute(_SCHEMA)
        self._refusals: deque[int] = deque()
        self._listeners: list[Callable[[], None]] = []
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Begin to listen.

        Args:
            host: Address to listen on; loopback, since nobody has to log in.
            port: Port to listen on; 0 takes a free one.

        Returns:
            The port in use.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, loop), host, port)
        return self.port

    @property
    def port(self) -> int:
        """The port in use.

        Raises:
            RuntimeError: The catcher has not been started.
        """
        if self._server is None or not self._server.sockets:
            raise RuntimeError("The mail catcher does not listen; await start() first")
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Hang up on everybody, stop listening and close the store; letters on disk stay there."""
        if self._server is not None:
            self._server.close()
            for connection in tuple(self._connections):
                await connection.hang_up()
            await self._server.wait_closed()
        self._store.close()

    def letters(self) -> tuple[Letter, ...]:
        """Everything caught so far, oldest first."""
        rows = self._store.execute("SELECT id, received_at, sender, recipients, raw FROM letter ORDER BY id")
        return tuple(_read(*row) for row in rows)

    def letter(self, number: int) -> Letter | None:
        """One letter by its number, or None where there is no such letter."""
        found = self._store.execute(
            "SELECT id, received_at, sender, recipients, raw FROM letter WHERE id = ?", (number,)
        ).fetchone()
        return None if found is None else _read(*found)

    def refuse_next(self, code: int, times: int) -> None:
        """Refuse the next letters, after those that are to be refused already.

        Args:
            code: 451 (come back later) or 550 (never).
            times: How many letters, at least one.

        Raises:
            ValueError: An unknown code, or `times` below one.
        """
        if code not in REFUSALS or times < 1:
            raise ValueError(f"code must be one of {sorted(REFUSALS)} and times at least 1, not {code} and {times}")
        self._refusals.extend([code] * times)

    def refusals(self) -> tuple[int, ...]:
        """The codes that the next letters will be refused with, soonest first."""
        return tuple(self._refusals)

    def accept_again(self) -> None:
        """Forget every refusal that has not happened yet."""
        self._refusals.clear()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each caught letter, in the event loop."""
        self._listeners.append(callback)

    def take(self, envelope: _Envelope) -> str:
        """Keep or refuse one letter.

        Returns:
            The SMTP answer to its sender.
        """
        if self._refusals:
            return REFUSALS[self._refusals.popleft()]
        kept = (self._now().isoformat(), envelope.mail_from, json.dumps(envelope.rcpt_tos), envelope.content)
        with self._store:
            self._store.execute("INSERT INTO letter (received_at, sender, recipients, raw) VALUES (?, ?, ?, ?)", kept)
        for callback in self._listeners:
            callback()
        return _ACCEPTED


class _Connection(SMTP):
    """One sender's connection; the catcher knows it as long as it lives, so that closing can hang up on it."""

    def __init__(self, catcher: MailCatcher, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_Reception(catcher), hostname="localhost", ident="mail catcher", loop=loop)
        self.enable_SMTPUTF8 = True
        self._catcher = catcher
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        super().connection_made(transport)
        self._catcher._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._catcher._connections.discard(self)
        super().connection_lost(error)
        self._gone.set()

    async def hang_up(self) -> None:
        """Drop the sender and wait until the connection is gone."""
        if self.transport is not None:
            self.transport.close()
            await self._gone.wait()


class _Reception:
    """aiosmtpd's handler: hands every letter to the catcher."""

    def __init__(self, catcher: MailCatcher) -> None:
        self._catcher = catcher

    async def handle_DATA(self, _server: object, _session: object, envelope: _Envelope) -> str:  # noqa: N802 # aiosmtpd's name
        return self._catcher.take(envelope)


def _read(number: int, received_at: str, sender: str, recipients: str, raw: bytes) -> Letter:
    message = message_from_bytes(raw)
    return Letter(
        id=number,
        received_at=datetime.fromisoformat(received_at).astimezone(UTC),
        sender=_header(message, "from") or sender,
        recipients=tuple(json.loads(recipients)),
        subject=_header(message, "subject"),
        text=_part(message, "text/plain") or "",
        html=_part(message, "text/html"),
    )


def _header(message: Message, name: str) -> str:
    raw = message.get(name, "")
    try:
        pieces = decode_header(raw)
    except HeaderParseError:
        return str(raw)
    # A header may be folded over lines; the fold is no part of what its sender wrote (RFC 5322 section 2.2.3).
    whole = "".join(piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces)
    return "".join(whole.splitlines()).strip()


def _part(message: Message, content_type: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() == content_type and part.get_content_disposition() != "attachment":
            payload = part.get_payload(decode=True)
            return _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    return None


def _decoded(octets: bytes, charset: str | None) -> str:
    try:
        return octets.decode(charset or "utf-8", "replace")
    except LookupError:
        # A sender may name a charset that nobody knows; UTF-8 is what all others write.
        return octets.decode("utf-8", "replace")
