"""The composition root: puts store, writer, ticker, delivery, connections and web together, and takes them down again.

Order at the end: nothing new is taken in, what was taken in is finished and acknowledged, calls under way are ended,
the writer commits the rest, the store is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from aiohttp import web

from bot.clock import id_maker
from bot.connections import Connection, Connections
from bot.delivery import Delivery
from bot.directory_sync import ConfiguredPeople, DirectorySync
from bot.meter import Meter
from bot.organisations import Organisations
from bot.quota import Allowance, QuotaBook
from bot.strangers import Strangers
from bot.ticker import Ticker
from bot.web import callbacks, probes
from bot.writer import MOST_AT_ONCE, Writer
from domain.cards import Answer
from domain.errors import PlatformError, StoreDown
from domain.events import DirectoryChanged, Inbound, Origin, TextSaid
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Call, Outgoing
from domain.policy import OrgPolicy
from domain.ports import Catalogue, Clock
from handlers import dispatch
from storage.database import Database
from storage.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service is made from, already checked.

    Attributes:
        policies: By organisation.
        people: What files say about people, by organisation.
        connections: Ways in and out.
        allowances: Calls that may be made in a month; what is not named has no limit.
    """

    policies: Mapping[OrgId, OrgPolicy]
    people: Mapping[OrgId, ConfiguredPeople]
    connections: Sequence[Connection]
    allowances: Mapping[Allowance, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often things are looked at.

    Attributes:
        tick: Between two looks for due work.
        poll: Between two looks at the outbox when nobody says that there is something.
        resync: Between two readings of the directories.
    """

    tick: timedelta = timedelta(milliseconds=500)
    poll: timedelta = timedelta(milliseconds=500)
    resync: timedelta = timedelta(hours=12)


GATHER_SECONDS = 2.0
"""How long changes of a directory are gathered before it is read again: they come in swarms."""


class Service:
    """The running bot.

    Args:
        database: Already migrated.
        words: The sentences.
        clock: The time.
        owner: This process; unique among replicas.
        most: Events that share a commit.
    """

    def __init__(
        self, database: Database, words: Catalogue, clock: Clock, owner: str, *, most: int = MOST_AT_ONCE
    ) -> None:
        self.clock = clock
        self.meter = Meter()
        self._database = database
        self.writer = Writer(database, most=most)
        self._new_id = id_maker(clock)
        self.organisations = Organisations(words, self._new_id)
        self.delivery = Delivery(self.writer, self.organisations, {}, clock, owner)
        self.ticker = Ticker(self.writer, self.organisations, clock, self.delivery.wake)
        self.quotas = QuotaBook(self.writer, self.organisations, clock, self.meter)
        self.connections = Connections()
        self.directory = DirectorySync(self.writer, self.organisations, clock, self.ticker.forget_openings)
        self._tasks: set[asyncio.Task[None]] = set()
        self._asides: set[asyncio.Task[None]] = set()
        self._strangers = Strangers()
        self._resync = asyncio.Event()
        self._started = False

    async def start(self, settings: Settings, rhythm: Rhythm) -> None:
        """Begin to work; returns when people are known as far as files go and everything listens."""
        self.writer.start()
        await self.apply(settings)
        await self.ticker.tick()
        self._keep(self.delivery.run(rhythm.poll.total_seconds()), "delivery")
        self._keep(self._resync_loop(rhythm.resync), "directory")
        self._keep(self.quotas.run(), "quota")
        self.ticker.start(rhythm.tick)
        self._started = True

    async def apply(self, settings: Settings) -> None:
        """Take over new settings while running."""
        self.organisations.replace(settings.policies)
        self.quotas.allow(settings.allowances)
        self.directory.replace(settings.people)
        await self.directory.from_files()
        await self.connections.replace(settings.connections)
        self.delivery.replace_platforms(self.connections.ways_out())
        self.ticker.forget_openings()
        self._resync.set()

    async def close(self) -> None:
        """Stop cleanly; work already acknowledged is durable."""
        self._started = False
        await self.connections.close_listeners()
        await self.ticker.close()
        await self.delivery.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._asides, return_exceptions=True)
        await self.connections.close()
        await self.quotas.flush()
        await self.writer.close()
        self._database.dispose()

    async def handle(self, event: Inbound) -> Answer:
        """Handle one event durably.

        Raises:
            StoreDown: Nothing was stored; the platform shall repeat it.
        """
        began = time.monotonic()
        kind = type(event).__name__
        try:
            answer = await self.writer.run(lambda tx: self._dispatch(tx, event))
        except Exception:
            self.meter.events.labels(event.origin.platform, kind, "failed").inc()
            raise
        self.meter.events.labels(event.origin.platform, kind, "handled").inc()
        self.meter.event_seconds.observe(time.monotonic() - began)
        self.delivery.wake()
        if isinstance(event, DirectoryChanged):
            self._resync.set()
        if isinstance(event, TextSaid) and answer.toast is not None:
            self._keep_till_done(self._tell_stranger(event.origin, answer.toast.text))
        return answer

    def _dispatch(self, transaction: Transaction, event: Inbound) -> Answer:
        ctx = self.organisations.context(transaction, event.origin.org_id, self.clock.now())
        return dispatch.handle(ctx, event)

    async def _tell_stranger(self, origin: Origin, words: str) -> None:
        """Say a sentence to somebody whom nobody knows, at most once a day; if it is lost, nothing is."""
        platform = self.connections.ways_out().get((origin.org_id, origin.platform))
        today = self.clock.now().date()
        if platform is None or not self._strangers.meet(origin, today):
            return
        message_id = MessageId(self._new_id())
        text = Outgoing(origin.org_id, message_id, origin.platform, Call.TEXT, PersonId(""), origin.actor, words)
        try:
            await platform.deliver(text)
        except PlatformError as error:
            log.warning("a stranger could not be answered", action="stranger.unanswered", code=error.code)

    def _keep_till_done(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def sync_directories(self) -> None:
        """Read every directory now."""
        await self.directory.from_platforms(self.connections.directories())

    async def _resync_loop(self, every: timedelta) -> None:
        while True:
            self._resync.clear()
            try:
                await self.sync_directories()
            except StoreDown as error:
                log.warning("the store is down; reading again later", action="directory.store_down", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every.total_seconds()):
                    await self._resync.wait()
                    await asyncio.sleep(GATHER_SECONDS)

    def _keep(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(_report_death)

    def routes(self, app: web.Application) -> None:
        """Put the service's routes into an application made with `client_max_size=callbacks.MAX_BODY_BYTES`."""
        receiver = callbacks.Callbacks(self.connections.webhook, self.handle, self.clock, self.meter)
        callbacks.add_routes(app, receiver)
        probes.add_routes(app, probes.Probes(self.why_not_ready, self.measure, self.meter))

    async def why_not_ready(self) -> str:
        """Return why events cannot be handled now, or an empty string."""
        if not self._started:
            return "starting or stopping"
        ended = sorted(task.get_name() for task in self._tasks if task.done())
        if ended:
            return f"a part of the service has ended: {', '.join(ended)}"
        try:
            await asyncio.to_thread(self._database.check)
        except StoreDown as error:
            return f"the store cannot be written ({type(error.__cause__ or error).__name__})"
        return ""

    async def measure(self) -> None:
        """Bring the gauges up to date, as far as the store lets itself be asked."""
        self.meter.waiting.set(self.writer.waiting)
        self.meter.deaf.set(len(self.connections.deaf()))
        self.meter.ways_down.set(self.delivery.outages.count)
        try:
            counts, lags = await self.writer.run(
                lambda tx: (tx.engine.outbox_counts(), tx.engine.lag(self.clock.now(), self.organisations.ids()))
            )
        except StoreDown:
            return  # the store's own figures stay as they were; `/readyz` says why
        self.meter.outbox.clear()  # of what there is none any more, nothing is told
        for (org_id, state), count in counts.items():
            self.meter.outbox.labels(org_id, state).set(count)
        self.meter.lag.labels("duties").set(lags.duties.total_seconds())
        self.meter.lag.labels("outbox").set(lags.outbox.total_seconds())


def _report_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a part of the service died", action="service.part_died", part=task.get_name(), exc_info=error)
