"""Telling open pages what has changed, as server-sent events.

A change is a topic: `mail`, `clock`, `faults` or `person:` and an id. Topics gather while a page is slow, so a page
that falls behind gets one notice, not a queue; what the news is, it asks for itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from aiohttp import web

from sandbox.control_stage import Stage

KEEP_ALIVE_SECONDS = 15.0
"""Silence after which a comment is sent: it finds out pages that went away without a word."""

_PERSON = "person:"


class Changes:
    """Spreads topics to every open page.

    Args:
        keep_alive_seconds: Silence after which a page gets a comment, in real time.
    """

    def __init__(self, keep_alive_seconds: float = KEEP_ALIVE_SECONDS) -> None:
        self._keep_alive_seconds = keep_alive_seconds
        self._listeners: set[_Listener] = set()
        self._closed = False

    def publish(self, topic: str) -> None:
        """Tell every open page that `topic` is no longer what it was."""
        for listener in self._listeners:
            listener.hear(topic)

    def close(self) -> None:
        """End every open stream; later ones end at once."""
        self._closed = True
        for listener in self._listeners:
            listener.wake.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`GET /sandbox/api/stream`: events named `change` until the page goes or the server closes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        # A page that went away shows as a failing write, which ends the stream as well as anything.
        with self._listening() as listener, suppress(ConnectionResetError):
            await response.write(b"retry: 1000\n\n")
            while not self._closed:
                await response.write(await listener.news(self._keep_alive_seconds))
        return response

    @contextmanager
    def _listening(self) -> Iterator[_Listener]:
        listener = _Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


class _Listener:
    """What one page has not been told yet."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self._topics: set[str] = set()

    def hear(self, topic: str) -> None:
        self._topics.add(topic)
        self.wake.set()

    async def news(self, patience_seconds: float) -> bytes:
        """Waits for topics; returns them as one event, or a comment after a long silence."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                await self.wake.wait()
        self.wake.clear()
        topics, self._topics = self._topics, set()
        return _event(topics) if topics else b": still here\n\n"


def _event(topics: set[str]) -> bytes:
    people = sorted(topic.removeprefix(_PERSON) for topic in topics if topic.startswith(_PERSON))
    flags = {name: name in topics for name in ("mail", "clock", "faults")}
    return f"event: change\ndata: {json.dumps({'people': people, **flags})}\n\n".encode()


def listen_to(stage: Stage, changes: Changes) -> None:
    """Publish what the fakes, the mail catcher and the configuration report."""
    stage.mail.on_change(lambda: changes.publish("mail"))
    if stage.notices is not None:
        # Another configuration plans other events: whoever reads the clock anew sees both.
        stage.notices.on_change(lambda: changes.publish("clock"))
    for name, platform in stage.platforms.items():
        platform.on_change(_teller(stage, name, changes))


def _teller(stage: Stage, platform: str, changes: Changes) -> Callable[[str], None]:
    def tell(external_id: str) -> None:
        for person in stage.people:
            if person["ids"].get(platform) == external_id:
                changes.publish(_PERSON + person["id"])

    return tell
