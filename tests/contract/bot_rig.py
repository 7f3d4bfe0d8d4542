"""What the contract tests of the bot share: platforms that do as they are told, a clock, and a service around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from time import monotonic

from adapters.webhook import Webhook
from bot.app import Rhythm, Service, Settings
from bot.connections import Connection, Listener
from bot.delivery import Delivery
from bot.directory_sync import ConfiguredPeople
from bot.organisations import Organisations
from bot.writer import Writer
from config.catalogue import read_catalogue
from domain.errors import PlatformError, StoreDown
from domain.ids import OrgId, PersonId
from domain.messages import MAIL_LANE, Draft, Outgoing, Priority
from domain.people import Person
from domain.policy import OrgPolicy
from domain.ports import Abilities, Clock, DirectoryPerson
from storage.database import Database
from storage.transaction import Transaction
from tests.builders import FRIDAY, LI_HUA, ORG, org_policy, staff

LIMIT = 10.0
"""Seconds until a test that waits in vain fails."""

UNPACED = Abilities(calls_per_minute=60_000_000, calls_per_second=1_000_000, per_receiver_per_second=1_000_000)
"""A platform without limits."""

WORKING_HOURS = FRIDAY - timedelta(hours=2)
"""An hour at which anything may be said."""

Verdict = Callable[[Outgoing], Exception | None]


@dataclass(slots=True)
class HandClock:
    """Stands still until it is moved."""

    at: datetime = WORKING_HOURS

    def now(self) -> datetime:
        """Return where it stands."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self.at += by


@dataclass(slots=True)
class RunningClock(HandClock):
    """Runs as real time does, for what has to be waited for."""

    started: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        """Return the instant."""
        return self.at + timedelta(seconds=monotonic() - self.started)


class Breaks(Enum):
    """When an outage of the store is felt."""

    NEVER = "never"
    AT_ONCE = "at once"
    AT_COMMIT = "at commit"
    BY_A_DEFECT = "by a defect"


class FragileDatabase(Database):
    """A database that is down when the test says so.

    Attributes:
        breaks: When it fails.
        transactions: How many were begun.
    """

    breaks = Breaks.NEVER
    transactions = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """See `Database.transaction`."""
        self.transactions += 1
        if self.breaks is Breaks.AT_ONCE:
            raise StoreDown("connection lost")
        if self.breaks is Breaks.BY_A_DEFECT:
            raise RuntimeError("on purpose")
        with super().transaction() as transaction:
            yield transaction
            if self.breaks is Breaks.AT_COMMIT:
                raise StoreDown("disk full")


def fragile(database: Database) -> FragileDatabase:
    """Return a second way to the same store, one that can be broken."""
    opened = FragileDatabase.open(database.url)
    assert isinstance(opened, FragileDatabase)
    return opened


@dataclass(slots=True)
class Call:
    """One call of a platform."""

    message: Outgoing
    began: float
    ended: float = 0.0


@dataclass(slots=True)
class ScriptedPlatform:
    """Takes what it is given, or refuses it as told, and remembers all.

    Attributes:
        abilities: What it says it can do.
        verdict: What a call ends with; `None` is success.
        calls: Every message that it was given, in the order in which the calls began.
        batches: What calls for several receivers at once carried, in order.
        refuses_batches: What such a call ends with as a whole, if not by its members' verdicts.
        gate: Closed, it holds calls up.
        began: Set whenever a call begins.
    """

    abilities: Abilities = UNPACED
    verdict: Verdict = field(default=lambda _message: None)
    calls: list[Call] = field(default_factory=list)
    batches: list[Sequence[Outgoing]] = field(default_factory=list)
    refuses_batches: Exception | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def deliver(self, message: Outgoing) -> str:
        """Make one call."""
        loop = asyncio.get_running_loop()
        call = Call(message, loop.time())
        self.calls.append(call)
        self.began.set()
        await self.gate.wait()
        call.ended = loop.time()
        error = self.verdict(message)
        if error is not None:
            raise error
        return f"om_{message.message_id}"

    async def deliver_batch(self, messages: Sequence[Outgoing]) -> Sequence[str | PlatformError]:
        """Make one call for several; a verdict on one of them is told of that one."""
        self.batches.append(messages)
        if self.refuses_batches is not None:
            raise self.refuses_batches
        return [await self._said(message) for message in messages]

    async def _said(self, message: Outgoing) -> str | PlatformError:
        try:
            return await self.deliver(message)
        except PlatformError as error:
            return error

    @property
    def words(self) -> list[object]:
        """What was said, in order, whatever became of it."""
        return [call.message.body for call in self.calls]

    @property
    def ids(self) -> list[str]:
        """The idempotency keys, in order."""
        return [call.message.message_id for call in self.calls]


def first(times: int, error: PlatformError) -> Verdict:
    """Refuse so many calls, then take everything."""
    left = [times]

    def verdict(_message: Outgoing) -> Exception | None:
        left[0] -= 1
        return error if left[0] >= 0 else None

    return verdict


@dataclass(slots=True)
class Line:
    """A delivery on a store, for one organisation with chat and mail.

    Attributes:
        database: The store as the test sees it.
        store: The same as the bot sees it; it can be broken.
        clock: The bot's.
        writer: The bot's.
        organisations: Who is served.
        chat: The platform.
        mail: The mail server.
        delivery: Replica 1.
    """

    database: Database
    store: FragileDatabase
    clock: HandClock
    writer: Writer
    organisations: Organisations
    chat: ScriptedPlatform
    mail: ScriptedPlatform
    delivery: Delivery

    def put(self, *drafts: Draft, org_id: OrgId = ORG) -> None:
        """Put messages into the outbox."""
        with self.database.transaction() as transaction:
            transaction.tell(self.clock.now())
            for draft in drafts:
                transaction.store(org_id).outbox.put(draft)

    def another(self, owner: str) -> Delivery:
        """Return a second replica's delivery on the same store."""
        platforms = {(ORG, "feishu"): self.chat, (ORG, MAIL_LANE): self.mail}
        return Delivery(self.writer, self.organisations, platforms, self.clock, owner)

    def states(self) -> Mapping[str, int]:
        """Return how many rows are ready, sending, folded and dead."""
        with self.database.transaction() as transaction:
            counts = transaction.engine.outbox_counts()
        return {state: count for (_, state), count in counts.items() if count}

    def dead(self) -> Sequence[tuple[str, str]]:
        """Return the dead letters: what each was for, and why it died."""
        with self.database.transaction() as transaction:
            letters = transaction.engine.dead_letters(datetime.fromtimestamp(0, self.clock.now().tzinfo))
        return [(letter.dedupe, letter.error) for letter in letters]


@asynccontextmanager
async def open_line(
    database: Database,
    *,
    policy: OrgPolicy | None = None,
    abilities: Abilities = UNPACED,
    clock: HandClock | None = None,
) -> AsyncIterator[Line]:
    """Open a delivery on a migrated store in which the usual cast works."""
    rules = policy or org_policy()
    hire(database, staff(), rules.org_id)
    clock, chat, mail = clock or HandClock(), ScriptedPlatform(abilities), ScriptedPlatform(UNPACED)
    store = fragile(database)
    writer = Writer(store)
    writer.start()
    organisations = Organisations(read_catalogue(), _ids())
    organisations.replace({rules.org_id: rules})
    platforms = {(rules.org_id, "feishu"): chat, (rules.org_id, MAIL_LANE): mail}
    delivery = Delivery(writer, organisations, platforms, clock, "replica-1")
    try:
        yield Line(database, store, clock, writer, organisations, chat, mail, delivery)
    finally:
        await delivery.close()
        await writer.close()
        store.dispose()


def _ids() -> Callable[[], str]:
    numbers = iter(range(1, 1_000_000))
    return lambda: f"{next(numbers):032x}"


def hire(database: Database, people: Iterable[Person], org_id: OrgId = ORG) -> None:
    """Let people work there, reachable on Feishu as "ou_" and their id."""
    with database.transaction() as transaction:
        store = transaction.store(org_id)
        for person in people:
            store.people.save(person)
            store.people.bind("feishu", f"ou_{person.person_id}", person.person_id)


def asked(words: str, to: str = LI_HUA, priority: Priority = Priority.ANSWER) -> Draft:
    """Return an answer to what somebody has just done: no budget, no quiet hours."""
    return Draft(PersonId(to), words, priority, words, asked=True)


def unasked(words: str, to: str = LI_HUA, priority: Priority = Priority.REMINDER) -> Draft:
    """Return something that nobody has asked for."""
    return Draft(PersonId(to), words, priority, words)


@dataclass(slots=True)
class ScriptedDirectory:
    """A directory that shows what it is told to, or fails."""

    people: Sequence[DirectoryPerson] = ()
    error: Exception | None = None
    readings: int = 0
    read_once: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> AsyncIterator[Sequence[DirectoryPerson]]:
        """Yield everybody in pages of three, then fail if told to."""
        self.readings += 1
        self.read_once.set()
        for start in range(0, len(self.people), 3):
            yield self.people[start : start + 3]
        if self.error is not None:
            raise self.error


@dataclass(slots=True)
class ScriptedListener:
    """A way in that is open until it is closed."""

    connected: bool = True
    opened: int = 0
    closed: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen until closed."""
        self.opened += 1
        await self.ended.wait()

    async def close(self) -> None:
        """End `run`."""
        self.closed += 1
        self.ended.set()


def connection(
    way_out: ScriptedPlatform,
    org_id: OrgId = ORG,
    lane: str = "feishu",
    *,
    webhook: Webhook | None = None,
    listener: Listener | None = None,
    directory: ScriptedDirectory | None = None,
    settings: object = "same",
) -> Connection:
    """Return an app's connection."""
    return Connection(org_id, lane, way_out, webhook, listener, directory, settings=settings)


def settings_for(
    *connections: Connection, policies: Sequence[OrgPolicy] = (), people: Sequence[Person] | None = None
) -> Settings:
    """Return what a service is made from; with people, their file is the whole directory."""
    chosen = policies or (org_policy(),)
    listed = people or ()
    identities = {("feishu", f"ou_{person.person_id}"): person.person_id for person in listed}
    configured = ConfiguredPeople(complete=people is not None, people=listed, identities=identities)
    return Settings(
        policies={policy.org_id: policy for policy in chosen},
        people={policy.org_id: configured for policy in chosen},
        connections=connections,
    )


RARELY = Rhythm(tick=timedelta(hours=1), poll=timedelta(hours=1), resync=timedelta(hours=1))
"""Nothing happens by itself: tests say when to look."""


@asynccontextmanager
async def open_service(
    database: Database, settings: Settings, clock: Clock, rhythm: Rhythm = RARELY
) -> AsyncIterator[Service]:
    """Run a service on a migrated store."""
    service = Service(database, read_catalogue(), clock, "replica-1")
    await service.start(settings, rhythm)
    try:
        yield service
    finally:
        await service.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something holds; fail after a while."""
    async with asyncio.timeout(LIMIT):
        while not condition():
            await _turn()


async def _turn() -> None:
    await asyncio.sleep(0)
