"""Delivery: drains the outbox, lane by lane, at each platform's pace.

Rule: a row is reserved under the lane's epoch before it is sent and recorded after it; a row that was reserved but
never recorded is sent again by the next owner with the same idempotency key. Where a platform takes no such key, calls
are reserved one by one, so that a crash leaves one in doubt at most. What was sent is recorded as soon as it can be:
while the store is down, whoever knows it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from bot.organisations import Organisations
from bot.outages import Outages, Way
from bot.pace import LanePace, ReceiverPace
from bot.parcels import Parcel, packed, receivers_of
from bot.renewal import renew
from bot.sending import Result, Sender
from bot.writer import Writer
from domain.errors import StoreDown
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Call, Fate, Outgoing
from domain.ports import Abilities, Clock, Platform
from handlers.release import Gate, local_days
from storage.lanes import Lane
from storage.picking import Candidate
from storage.transaction import Transaction

T = TypeVar("T")

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
"""How long a lane belongs to its owner without a sign of life; calls time out well below it."""

WINDOW = 64
"""Calls reserved at once: at most this many are made again after a crash."""

WINDOW_LASTS = timedelta(seconds=1)
"""And no more than go out in this time, since what became of them is known only then."""

LANES_AT_ONCE = 64
"""Lanes one process drains at the same time."""

STORE_WAIT_SECONDS = 1.0
"""Between tries to write something about a claimed lane while the store is down."""


@dataclass(frozen=True, slots=True)
class _Road:
    lane: Lane
    abilities: Abilities
    pace: LanePace
    receivers: ReceiverPace
    most: int


@dataclass(frozen=True, slots=True)
class _Reserved:
    parcels: Sequence[Parcel]
    counted: Mapping[MessageId, tuple[PersonId, date]]
    free_at: datetime


class Delivery:
    """Drains lanes.

    Args:
        writer: Where state changes go.
        organisations: Who is served.
        platforms: The way out of each lane: (organisation, lane name).
        clock: The time.
        owner: This process; unique among replicas.
    """

    def __init__(
        self,
        writer: Writer,
        organisations: Organisations,
        platforms: Mapping[tuple[OrgId, str], Platform],
        clock: Clock,
        owner: str,
    ) -> None:
        self._writer = writer
        self._organisations = organisations
        self._platforms = platforms
        self._clock = clock
        self._owner = owner
        self._wake = asyncio.Event()
        self._draining: set[asyncio.Task[None]] = set()
        self._claiming = asyncio.Lock()
        self._unwritten: set[object] = set()
        self._receivers: dict[tuple[OrgId, str], tuple[Abilities, ReceiverPace]] = {}
        self._stopping = asyncio.Event()
        self.failures = 0
        self.outages = Outages()

    def replace_platforms(self, platforms: Mapping[tuple[OrgId, str], Platform]) -> None:
        """Use new ways out, after a change of configuration."""
        self._platforms = platforms
        self.outages.forget(platforms)

    def wake(self) -> None:
        """Look for due rows now instead of at the next poll."""
        self._wake.set()

    async def run(self, poll_seconds: float) -> None:
        """Drain until `close`; looks at least every `poll_seconds`."""
        while not self._stopping.is_set():
            await self._claim_safely()
            self._wake.clear()
            try:
                async with asyncio.timeout(poll_seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Finish the calls that are under way, leave the rest to whoever comes next, and give the lanes back."""
        self._stopping.set()
        self._wake.set()
        if self._draining:
            await asyncio.gather(*self._draining, return_exceptions=True)

    async def settle(self) -> None:
        """Drain until nothing is due any more; for tests and the demo clock."""
        while await self._claim() or self._draining:
            if self._draining:
                await asyncio.gather(*self._draining)

    async def _claim_safely(self) -> None:
        try:
            await self._claim()
        except StoreDown as error:
            log.warning("the store is down; nothing is sent", action="delivery.store_down", error=type(error).__name__)

    async def _claim(self) -> int:
        free = LANES_AT_ONCE - len(self._draining)
        if free <= 0 or self._unwritten:
            return 0  # what became of the last calls is to be written first: after a long outage their leases are over
        async with self._claiming:  # whoever looks next sees what this look has begun to drain
            now = self._clock.now()
            served = self._organisations.ids()
            lanes = await self._writer.run(lambda tx: tx.engine.claim_lanes(self._owner, now, LEASE, free, served))
            for lane in lanes:
                task = asyncio.create_task(self._drain(lane), name=f"drain {lane.org_id}/{lane.name}")
                self._draining.add(task)
                task.add_done_callback(self._finished)
            return len(lanes)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._draining.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures += 1
            log.error("a lane could not be drained", action="delivery.failed", error=type(error).__name__)

    async def _drain(self, lane: Lane) -> None:
        platform = self._platforms.get((lane.org_id, lane.name))
        if platform is None or self._organisations.policy(lane.org_id) is None:
            return  # the lease holds the lane for a while; nothing could be sent for it here
        road, free_at = self._road(lane, platform.abilities), lane.next_at
        sender = Sender(platform, road.receivers, self._clock, self._stopping)
        while not self._stopping.is_set():
            reserved = await self._write(partial(self._reserve, road=road, free_at=free_at))
            if reserved is None:
                return
            free_at = reserved.free_at
            results = await sender.send(reserved.parcels)
            self.outages.note(Way(lane.org_id, lane.name), (each.error for each in results if each.tried))
            if not await self._write(partial(self._record, lane=lane, counted=reserved.counted, results=results)):
                return
        await self._write(lambda tx: tx.engine.release(lane, self._clock.now()))

    def _road(self, lane: Lane, abilities: Abilities) -> _Road:
        key = (lane.org_id, lane.name)
        limits, receivers = self._receivers.get(key, (None, None))
        if receivers is None or limits != abilities:
            receivers = ReceiverPace(abilities, self._clock.now())
            self._receivers[key] = (abilities, receivers)
        pace = LanePace.of(abilities)
        most = min(WINDOW, pace.calls_in(WINDOW_LASTS)) if abilities.idempotent_seconds else 1
        return _Road(lane, abilities, pace, receivers, most)

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work about a claimed lane as soon as the store can be written.

        Raises:
            StoreDown: It could not be written any more before the end.
        """
        this = object()
        try:
            while True:
                try:
                    return await self._writer.run(work)
                except StoreDown as error:
                    if self._stopping.is_set():
                        raise
                    action = "delivery.store_down"
                    log.warning("the store is down; a lane waits", action=action, error=type(error).__name__)
                self._unwritten.add(this)
                await asyncio.sleep(STORE_WAIT_SECONDS)
        finally:
            self._unwritten.discard(this)

    def _record(
        self,
        transaction: Transaction,
        lane: Lane,
        counted: Mapping[MessageId, tuple[PersonId, date]],
        results: Sequence[Result],
    ) -> bool:
        now = self._clock.now()
        failed = (each.outcome.message_id for each in results if each.outcome.fate is not Fate.SENT)
        # Nobody has heard what failed: an hour of outage must not use up the words of a day.
        transaction.engine.take_back(lane, [counted[message_id] for message_id in failed if message_id in counted])
        outcomes = [
            each.outcome
            for each in results
            if not (each.outdated and self._renewed(transaction, lane, each.message, now))
        ]
        return transaction.engine.record(lane, outcomes, now, LEASE)

    def _renewed(self, transaction: Transaction, lane: Lane, change: Outgoing, now: datetime) -> bool:
        """Drop a change that came too late, for a fresh card if need be; `False` if it was withdrawn before."""
        if not transaction.engine.drop(lane, change.message_id, now):
            return False
        renew(transaction, self._organisations.context(transaction, lane.org_id, now), change)
        return True

    def _reserve(self, transaction: Transaction, road: _Road, free_at: datetime) -> _Reserved | None:
        """Judge due rows and reserve the next window; `None` when nothing is due, and the lane is given back."""
        now, lane, engine = self._clock.now(), road.lane, transaction.engine
        together = receivers_of(road.abilities)
        candidates = engine.pick(lane, now, max(road.most, *together.values()))
        if not candidates:
            engine.release(lane, now)
            return None
        candidates = _showable(transaction, road, candidates)
        ctx = self._organisations.context(transaction, lane.org_id, now)
        said = engine.said_today([(lane.org_id, *pair) for pair in local_days(ctx, candidates)])
        known = {(person_id, day): count for (_, person_id, day), count in said.items()}
        released = Gate(ctx, known).judge(candidates)
        engine.postpone(lane, released.waits)
        engine.fold(lane, released.folds)
        engine.void(lane, released.voids)
        interrupted = {each.outgoing.message_id for each in candidates if each.interrupted}
        parcels = packed(_with_room(transaction, road, released.sends, now), interrupted, together)[: road.most]
        slots, free_at = road.pace.slots(free_at, now, len(parcels))
        ids = [message.message_id for parcel in parcels for message in parcel]
        counted = {message_id: released.said[message_id] for message_id in ids if message_id in released.said}
        if not engine.reserve(lane, ids, list(counted.values()), free_at, now):
            return None
        return _Reserved(list(map(Parcel, parcels, slots)), counted, free_at)


def _showable(transaction: Transaction, road: _Road, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return what the platform can show; changes of cards that it cannot change are dropped."""
    if road.abilities.updates:
        return candidates
    changes = [each.outgoing.message_id for each in candidates if each.outgoing.call is Call.UPDATE]
    transaction.engine.void(road.lane, changes)
    return [each for each in candidates if each.outgoing.call is not Call.UPDATE]


def _with_room(transaction: Transaction, road: _Road, sends: Sequence[Outgoing], now: datetime) -> Sequence[Outgoing]:
    """Return the messages to people who may be called within this window; the others wait, and hold up nobody else."""
    rooms = road.receivers.rooms([message.receiver for message in sends], now)
    full = [(each.message_id, at) for each, at in zip(sends, rooms, strict=True) if at > now + WINDOW_LASTS]
    if not full:
        return sends
    transaction.engine.postpone(road.lane, full)
    waiting = {message_id for message_id, _ in full}
    return [message for message in sends if message.message_id not in waiting]
