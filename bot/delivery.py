"""Delivery: drains the outbox, lane by lane, at each platform's pace.

Rule: a row is reserved under the lane's epoch before it is sent and recorded after it; a row that was reserved but
never recorded is sent again by the next owner with the same idempotency key. Where a platform takes no such key, rows
are reserved one by one, so that a crash leaves one in doubt at most. What was sent is recorded as soon as it can be:
while the store is down, whoever knows it waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from bot.organisations import Organisations
from bot.pace import LanePace, ReceiverPace
from bot.retry import outcome_of
from bot.writer import Writer
from domain.errors import PlatformDown, PlatformError, StoreDown
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Fate, Outcome, Outgoing
from domain.ports import Clock, Platform
from handlers.release import Gate, local_days
from storage.lanes import Lane
from storage.transaction import Transaction

T = TypeVar("T")

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
"""How long a lane belongs to its owner without a sign of life; calls time out well below it."""

WINDOW = 64
"""Rows reserved at once: at most this many are sent again after a crash."""

WINDOW_LASTS = timedelta(seconds=1)
"""And no more than go out in this time, since what became of them is known only then."""

LANES_AT_ONCE = 64
"""Lanes one process drains at the same time."""

STORE_WAIT_SECONDS = 1.0
"""Between tries to write something about a claimed lane while the store is down."""


@dataclass(frozen=True, slots=True)
class _Sending:
    message: Outgoing
    at: datetime


@dataclass(frozen=True, slots=True)
class _Reserved:
    window: Sequence[_Sending]
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
        self._receivers: dict[tuple[OrgId, str], ReceiverPace] = {}
        self._stopping = asyncio.Event()
        self.failures = 0

    def replace_platforms(self, platforms: Mapping[tuple[OrgId, str], Platform]) -> None:
        """Use new ways out, after a change of configuration."""
        self._platforms = platforms
        self._receivers = {}

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
            lanes = await self._writer.run(lambda tx: tx.engine.claim_lanes(self._owner, now, LEASE, free))
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
        pace, free_at = LanePace.of(platform.abilities), lane.next_at
        receivers = self._receivers.setdefault(
            (lane.org_id, lane.name), ReceiverPace(platform.abilities.per_receiver_per_second)
        )
        most = min(WINDOW, pace.calls_in(WINDOW_LASTS)) if platform.abilities.idempotent_seconds else 1
        while not self._stopping.is_set():
            reserve = partial(self._reserve, lane=lane, pace=pace, free_at=free_at, most=most)
            reserved = await self._write(reserve)
            if reserved is None:
                return
            free_at = reserved.free_at
            outcomes = await self._send_all(platform, reserved.window, receivers)
            if not await self._write(partial(self._record, lane=lane, counted=reserved.counted, outcomes=outcomes)):
                return
        await self._write(lambda tx: tx.engine.release(lane, self._clock.now()))

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
        outcomes: Sequence[Outcome],
    ) -> bool:
        failed = (each.message_id for each in outcomes if each.fate is not Fate.SENT)
        # Nobody has heard what failed: an hour of outage must not use up the words of a day.
        transaction.engine.take_back(lane, [counted[message_id] for message_id in failed if message_id in counted])
        return transaction.engine.record(lane, outcomes, self._clock.now(), LEASE)

    def _reserve(
        self, transaction: Transaction, lane: Lane, pace: LanePace, free_at: datetime, most: int
    ) -> _Reserved | None:
        """Judge due rows and reserve the next window; `None` when nothing is due, and the lane is given back."""
        now = self._clock.now()
        engine = transaction.engine
        candidates = engine.pick(lane, now, most)
        if not candidates:
            engine.release(lane, now)
            return None
        ctx = self._organisations.context(transaction, lane.org_id, now)
        said = engine.said_today([(lane.org_id, *pair) for pair in local_days(ctx, candidates)])
        known = {(person_id, day): count for (_, person_id, day), count in said.items()}
        released = Gate(ctx, known).judge(candidates)
        engine.postpone(lane, released.waits)
        engine.fold(lane, released.folds)
        engine.void(lane, released.voids)
        slots, free_at = pace.slots(free_at, now, len(released.sends))
        ids = [message.message_id for message in released.sends]
        if not engine.reserve(lane, ids, list(released.said.values()), free_at, now):
            return None
        return _Reserved(list(map(_Sending, released.sends, slots)), released.said, free_at)

    async def _send_all(
        self, platform: Platform, window: Sequence[_Sending], receivers: ReceiverPace
    ) -> Sequence[Outcome]:
        receivers.forget_before(self._clock.now())
        async with asyncio.TaskGroup() as group:
            queues: dict[str, list[_Sending]] = {}
            for sending in window:
                queues.setdefault(sending.message.receiver, []).append(sending)
            tasks = [group.create_task(self._send_in_turn(platform, queue, receivers)) for queue in queues.values()]
        return [outcome for task in tasks for outcome in task.result()]

    async def _send_in_turn(
        self, platform: Platform, queue: Sequence[_Sending], receivers: ReceiverPace
    ) -> Sequence[Outcome]:
        """Send to one person, in order: after a call that is to be repeated, what comes behind it waits as well."""
        outcomes: list[Outcome] = []
        waits_until: datetime | None = None
        for sending in queue:
            message = sending.message
            if waits_until is None:
                await self._wait_until(receivers.ready_at(message.receiver, sending.at))
                waits_until = self._clock.now() if self._stopping.is_set() else None
            if waits_until is not None:
                outcomes.append(Outcome(message.message_id, Fate.RETRY, retry_at=waits_until))
                continue
            receivers.called(message.receiver, self._clock.now())
            outcomes.append(await self._send(platform, message))
            waits_until = outcomes[-1].retry_at
        return outcomes

    async def _wait_until(self, instant: datetime) -> None:
        """Wait for an instant or the end, whichever comes first."""
        wait = (instant - self._clock.now()).total_seconds()
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()

    async def _send(self, platform: Platform, message: Outgoing) -> Outcome:
        try:
            external_id = await platform.deliver(message)
        except Exception as failure:  # noqa: BLE001 - edge: a defect of an adapter must not hold up its lane
            error = failure if isinstance(failure, PlatformError) else PlatformDown(type(failure).__name__)
            outcome = outcome_of(message, error, self._clock.now())
            log.warning(
                "a message was not delivered",
                action="delivery.refused",
                org=message.org_id,
                lane=message.lane,
                message=message.message_id,
                code=error.code,
                fate=outcome.fate.value,
            )
            return outcome
        return Outcome(message.message_id, Fate.SENT, external_id=external_id)
