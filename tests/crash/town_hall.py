"""A firm with its Feishu, its mail server and its store, and as many processes of the bot as a test wants to lose.

Feishu and the mail server live in the test's own event loop, on loopback and on real time, so a test sees every
message the very moment it is stored there: early enough to kill its sender before the answer leaves.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.clock import SystemClock
from sandbox.company import User
from sandbox.feishu import CallRecord, ClickResult, FeishuFake, Ingress, State, make_app
from sandbox.mail import MailCatcher
from tests.crash.books import Books
from tests.crash.firm import ORG, QUESTIONS, Firm
from tests.crash.replica import Replica
from tests.living import migrated

PATIENCE_SECONDS = 90.0
"""How long a condition may take: many times what it takes alone, since the machine may do much else."""

_LOOK_SECONDS = 0.05
_MESSAGES = "/open-apis/im/v1/messages"
_APP_TOO_FAST = (99991400, 11232)
_PERSON_TOO_FAST = 230020


class Arrival(Enum):
    """Where something of the bot's arrives."""

    CHAT = "chat"
    MAIL = "mail"


class TenantClock:
    """Feishu's own clock: real time, and ahead of it once somebody would not wait for the next delivery."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Its present instant, UTC."""
        return self._system.now() + self._ahead

    def skip_to(self, instant_ms: int) -> None:
        """Go forward to an instant in milliseconds since 1970; one in the past changes nothing."""
        missing = instant_ms / 1000 - self.now().timestamp()
        self._ahead += timedelta(seconds=max(0.0, missing))


class TownHall:
    """Where a test stands. Made by `town_hall`.

    Attributes:
        firm: Who works here.
        fake: Their Feishu.
        mail: Their mail server.
        books: The bot's store.
        chance: The seeded dice of the test.
    """

    def __init__(
        self, firm: Firm, fake: FeishuFake, clock: TenantClock, mail: MailCatcher, books: Books, chance: random.Random
    ) -> None:
        self.firm = firm
        self.fake = fake
        self.mail = mail
        self.books = books
        self.chance = chance
        self._clock = clock
        self._configuration = Path()
        self._addresses = (Path(), "", "", 0)
        self._port = 0
        self._replicas: list[Replica] = []
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[Arrival], None]] = []
        self._seen: set[str] = set()
        fake.on_change(self._chat_changed)
        mail.on_change(lambda: self._arrived(Arrival.MAIL))

    # Processes

    def settle_at(self, folder: Path, store_url: str, feishu_url: str, port: int) -> None:
        """Say where everything is: what processes are started with. The only one alive listens on that port."""
        self._addresses = (folder, store_url, feishu_url, self.mail.port)
        self._port = port
        self._configuration = self.firm.write(*self._addresses)

    def edit(self, firm: Firm) -> None:
        """Change the files of the configuration, under the eyes of whoever runs, to those of another firm."""
        firm.write(*self._addresses)

    async def start(self) -> Replica:
        """Start a process, and do not wait for it."""
        taken = any(each.alive for each in self._replicas)
        replica = await Replica.start(self._configuration, free_port() if taken else self._port)
        self._replicas.append(replica)
        return replica

    async def open(self) -> Replica:
        """Start a process and wait until it serves, and hears its events."""
        replica = await self.start()
        await replica.serving()
        if self.firm.ingress is Ingress.WEBSOCKET:
            await self.until(lambda: self.fake.connections() >= len(self.alive()), "all processes hear events")
        return replica

    async def bury(self, replica: Replica) -> None:
        """Wait until a killed process is gone, and spare everybody the rest of its leases."""
        await self.mourn(replica)
        self.books.end_leases_of(replica.pid)

    async def mourn(self, replica: Replica) -> None:
        """Wait until a killed process is gone; its leases last as long as they last."""
        assert await replica.gone() == -signal.SIGKILL, f"the process ended otherwise:\n{replica.tail()}"

    def hears(self) -> bool:
        """Whether a process serves that can hear events."""
        connected = self.firm.ingress is Ingress.WEBHOOK or self.fake.connections() > 0
        return connected and any(each.is_serving for each in self._replicas)

    def alive(self) -> list[Replica]:
        """The processes that run, oldest first."""
        return [each for each in self._replicas if each.alive]

    async def close(self) -> None:
        """End whatever still runs."""
        for replica in self.alive():
            replica.kill()
        for replica in self._replicas:
            await replica.gone()

    # Waiting

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Return as soon as something is so: looked at after every change in a chat and twenty times a second.

        Raises:
            AssertionError: It has not become so in time; holds the last lines of the processes' logs.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                tails = "\n--\n".join(replica.tail() for replica in self._replicas[-2:])
                raise AssertionError(f"not so after {seconds:g} s: {what}\n{tails}")
            self._changed.clear()
            await self._change(_LOOK_SECONDS)

    async def moment(self, seconds: float) -> None:
        """Let a drawn length of time pass: how the point of a kill is chosen, never how a result is awaited."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            await self._change(left)
            self._changed.clear()

    @contextmanager
    def at_each_arrival(self, told: Callable[[Arrival], None]) -> Iterator[None]:
        """Call back for each message and letter of the bot, after it is stored where it arrived and before the answer.

        Whoever sent it cannot know yet that it arrived; killed by the callback, it never will.
        """
        self._listeners.append(told)
        try:
            yield
        finally:
            self._listeners.remove(told)

    async def _change(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _chat_changed(self, open_id: str) -> None:
        self._changed.set()
        last = self.fake.messages_of(open_id)[-1]
        if last["from"] == "bot" and last["id"] not in self._seen:
            self._seen.add(last["id"])
            self._arrived(Arrival.CHAT)

    def _arrived(self, where: Arrival) -> None:
        self._changed.set()
        for told in list(self._listeners):
            told(where)

    # What people see and do

    def chat(self, person: str) -> list[dict[str, Any]]:
        """What the bot has said to somebody, oldest first."""
        return [each for each in self.fake.messages_of(open_id(person)) if each["from"] == "bot"]

    def chats(self) -> Mapping[str, list[dict[str, Any]]]:
        """The same of everybody below managers."""
        return {person: self.chat(person) for person in self.firm.people}

    async def type_answer(self, person: str, words: str) -> None:
        """Quote the newest form and answer all its questions alike; returns after the first try to tell the bot."""
        text = "\n".join(f"{number}. {words}" for number, _ in enumerate(QUESTIONS, start=1))
        await self.fake.say(open_id(person), text, self._form(person)["id"])

    async def press_submit(self, person: str, words: str) -> ClickResult:
        """Fill in the newest form with the same and press its button, once."""
        form = self._form(person)
        action = next(button["action"] for button in form["buttons"] if button["action"].startswith("submit"))
        return await self.fake.click(open_id(person), form["id"], action, dict.fromkeys(QUESTIONS, words))

    def _form(self, person: str) -> dict[str, Any]:
        return next(message for message in reversed(self.chat(person)) if message["inputs"])

    # What the bot and Feishu have noted

    def something_is_to_come(self) -> bool:
        """Whether the bot has still to say something: it has not begun, a message waits, or a ladder climbs."""
        if self.books.count("outbox") == 0:
            return True
        waits = self.books.count("outbox AND state IN ('ready', 'sending')")
        return waits + self.books.count("duty AND next_at IS NOT NULL") > 0

    def sends(self) -> list[CallRecord]:
        """The calls that asked for a message, refused ones too, oldest first."""
        return [call for call in self.fake.calls if (call.method, call.path) == ("POST", _MESSAGES)]

    def refused_as_too_fast(self) -> list[CallRecord]:
        """The calls that came faster than the app may call."""
        return [call for call in self.fake.calls if call.status == 429 or call.code in _APP_TOO_FAST]

    def refused_to_one_person(self) -> list[CallRecord]:
        """The calls that came faster than one person may be written to."""
        return [call for call in self.fake.calls if call.code == _PERSON_TOO_FAST]

    def complaints(self) -> list[str]:
        """What the bot did against the protocol; answers that only came late are the machine's fault."""
        return [each for each in self.fake.complaints if "too late" not in each]

    async def deliver_the_rest(self) -> None:
        """Let Feishu deliver again at once, as often as it would, what was not acknowledged or is held back.

        Raises:
            AssertionError: Feishu gave up, or something is not acknowledged in time.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.unacknowledged():
            assert time.monotonic() < deadline, self._undelivered()
            waiting = [each.next_ms for each in self.fake.deliveries() if each.state in (State.RETRY, State.HELD)]
            self._clock.skip_to(max(waiting, default=0))
            await self.fake.run_due_retries()
            assert all(each.state is not State.DEAD for each in self.fake.deliveries()), self._undelivered()
            self._changed.clear()
            await self._change(_LOOK_SECONDS)

    def unacknowledged(self) -> list[str]:
        """Ids of the events that Feishu will send again."""
        return [each.event_id for each in self.fake.deliveries() if each.state is not State.DONE]

    def _undelivered(self) -> str:
        left = [each for each in self.fake.deliveries() if each.state is not State.DONE]
        lines = [f"{each.event_type}: {each.state}, {each.failures} failures, {each.last_outcome}" for each in left]
        return "\n".join([*lines, *(replica.tail() for replica in self.alive())])


def open_id(person: str) -> str:
    """Under which Feishu knows somebody."""
    return User(person, "").open_id


def words_of(message: Mapping[str, Any]) -> str:
    """All that a message shows, good for looking a text up in it."""
    return json.dumps(message["card"], ensure_ascii=False) if message["card"] else str(message["text"])


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until_status(url: str, status: int) -> None:
    """Return as soon as a page of a process answers so.

    Raises:
        AssertionError: It has not in time.
    """
    deadline, said = time.monotonic() + PATIENCE_SECONDS, 0
    async with aiohttp.ClientSession() as session:
        while said != status:
            assert time.monotonic() < deadline, f"{url} answers {said}, not {status}"
            async with session.get(url) as response:
                said = response.status


@asynccontextmanager
async def town_hall(folder: Path, store_url: str, firm: Firm, chance: random.Random) -> AsyncIterator[TownHall]:
    """Found the firm, with a migrated store and without any process; end everything afterwards.

    Args:
        folder: For the configuration.
        store_url: Of an empty database.
        firm: Who works there.
        chance: Seeded.
    """
    await asyncio.to_thread(migrated, store_url)
    clock, port = TenantClock(), free_port()
    mail = MailCatcher(None, clock.now)
    await mail.start()
    app = firm.app(f"http://127.0.0.1:{port}/callback/feishu/{ORG}")
    fake = FeishuFake(None, clock.now, time.monotonic, chance, (app,))
    fake.load_company(firm.company())
    runner = web.AppRunner(make_app(fake), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hall = TownHall(firm, fake, clock, mail, Books(store_url, ORG), chance)
    hall.settle_at(folder, store_url, f"http://127.0.0.1:{runner.addresses[0][1]}", port)
    try:
        yield hall
    finally:
        await hall.close()
        await runner.cleanup()
        await fake.close()
        await mail.close()
        hall.books.close()
