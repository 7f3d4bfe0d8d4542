"""Making the calls of one window: when each may start, what follows from a refusal, and in which order people hear."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.outages import concerns_all
from bot.pace import ReceiverPace
from bot.parcels import Parcel
from bot.retry import outcome_of
from domain.errors import PlatformDown, PlatformError, TargetGone
from domain.messages import Call, Fate, Outcome, Outgoing
from domain.ports import Clock, Platform

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one message of a window.

    Attributes:
        message: Which.
        outcome: Its fate.
        outdated: It was to change a card that cannot be changed any more.
        tried: Whether the call was made.
        error: Why it failed, or `None`.
    """

    message: Outgoing
    outcome: Outcome
    outdated: bool = False
    tried: bool = True
    error: PlatformError | None = None


class Sender:
    """Sends through one lane.

    Args:
        platform: The way out.
        receivers: The pace of each person.
        clock: The time.
        stopping: Set when no more calls are to begin.
    """

    def __init__(self, platform: Platform, receivers: ReceiverPace, clock: Clock, stopping: asyncio.Event) -> None:
        self._platform = platform
        self._receivers = receivers
        self._clock = clock
        self._stopping = stopping

    async def send(self, parcels: Sequence[Parcel]) -> Sequence[Result]:
        """Make the calls, each at its time.

        To one person they go in order, and after one that is to be repeated, what comes behind it waits as well. People
        do not wait for one another, but for those with whom they share a call.
        """
        self._receivers.forget_before(self._clock.now())
        waiting: dict[str, datetime] = {}
        latest: dict[str, asyncio.Task[Sequence[Result]]] = {}
        tasks: list[asyncio.Task[Sequence[Result]]] = []
        async with asyncio.TaskGroup() as group:
            for parcel in parcels:
                receivers = [message.receiver for message in parcel.messages]
                before = {latest[receiver] for receiver in receivers if receiver in latest}
                task = group.create_task(self._send_in_turn(parcel, before, waiting))
                latest.update(dict.fromkeys(receivers, task))
                tasks.append(task)
        return [result for task in tasks for result in task.result()]

    async def _send_in_turn(
        self, parcel: Parcel, before: set[asyncio.Task[Sequence[Result]]], waiting: dict[str, datetime]
    ) -> Sequence[Result]:
        if before:
            await asyncio.wait(before)
        free = [message for message in parcel.messages if message.receiver not in waiting]
        if free:
            await self._wait_until(max(self._receivers.ready_at(message.receiver, parcel.at) for message in free))
            if self._stopping.is_set():
                waiting.update(dict.fromkeys((message.receiver for message in free), self._clock.now()))
        held = [message for message in parcel.messages if message.receiver in waiting]
        later = [
            Result(each, Outcome(each.message_id, Fate.RETRY, retry_at=waiting[each.receiver]), tried=False)
            for each in held
        ]
        results = await self._call(free) if free and not self._stopping.is_set() else ()
        for result in results:
            if result.outcome.retry_at is not None:
                waiting[result.message.receiver] = result.outcome.retry_at
        return [*results, *later]

    async def _wait_until(self, instant: datetime) -> None:
        """Wait for an instant or the end, whichever comes first."""
        wait = (instant - self._clock.now()).total_seconds()
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()

    async def _call(self, messages: Sequence[Outgoing]) -> Sequence[Result]:
        now = self._clock.now()
        for message in messages:
            self._receivers.called(message.receiver, now)
        try:
            answers = await self._deliver(messages)
        except Exception as failure:  # noqa: BLE001 - edge: a defect of an adapter must not hold up its lane
            error = failure if isinstance(failure, PlatformError) else PlatformDown(type(failure).__name__)
            return self._refused(messages, error)
        results: list[Result] = []
        for message, answer in zip(messages, answers, strict=True):
            if isinstance(answer, PlatformError):
                results += self._refused((message,), answer)
            else:
                results.append(Result(message, Outcome(message.message_id, Fate.SENT, external_id=answer)))
        return results

    async def _deliver(self, messages: Sequence[Outgoing]) -> Sequence[str | PlatformError]:
        if len(messages) == 1:
            return (await self._platform.deliver(messages[0]),)
        answers = await self._platform.deliver_batch(messages)
        if len(answers) != len(messages):
            raise PlatformDown("batch_answer", f"{len(messages)} were to be told, and {len(answers)} answers came")
        return answers

    def _refused(self, messages: Sequence[Outgoing], error: PlatformError) -> Sequence[Result]:
        now, first = self._clock.now(), messages[0]
        outcomes = [outcome_of(message, error, now) for message in messages]
        # What concerns the whole way out is said once, see `bot.outages`.
        log.log(
            logging.INFO if concerns_all(error) else logging.WARNING,
            "a message was not delivered",
            action="delivery.refused",
            org=first.org_id,
            lane=first.lane,
            message=first.message_id,
            messages=len(messages),
            code=error.code,
            fate=outcomes[0].fate.value,
        )
        gone = isinstance(error, TargetGone)
        return [
            Result(message, outcome, outdated=gone and message.call is Call.UPDATE, error=error)
            for message, outcome in zip(messages, outcomes, strict=True)
        ]
