"""The world of a plan: its clock, its processes, its phones; and how time passes in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import TypeVar

from bot.organisations import Organisations
from config.catalogue import read_catalogue
from domain.cards import Answer
from domain.events import Inbound
from domain.ids import OrgId, uuid7
from domain.messages import MAIL_LANE
from domain.policy import OrgPolicy
from domain.ports import Catalogue, Platform
from handlers import rounds
from storage.database import Database
from storage.transaction import Transaction
from tests.builders import ORG
from tests.simulation.books import on_their_way
from tests.simulation.phones import Phones
from tests.simulation.plans import Plan
from tests.simulation.power import Power, is_power_cut
from tests.simulation.process import Process, VirtualClock
from tests.simulation.record import Circumstances, Record
from tests.simulation.watcher import Watcher

T = TypeVar("T")

CHAT_LANE = "feishu"

_LEASE = timedelta(seconds=31)
"""After so long a lane whose owner died is free again."""

_NEVER = datetime(9000, 1, 1, tzinfo=UTC)

_MOST_MOMENTS = 20_000
"""Due moments of one run; more would mean that something feeds itself for ever."""

_MOST_TURNS = 50
"""Turns in which everything due at one moment must get done."""


class World:
    """A firm, and the bot that serves it.

    Args:
        url: A migrated store of its own.
        plan: Who works there and under which settings; its acts are done by others.
    """

    def __init__(self, url: str, plan: Plan) -> None:
        self.plan = plan
        self.clock = VirtualClock(plan.start)
        self.record = Record()
        self.power = Power()
        self._url = url
        self._ids = count(plan.seed << 16)
        self._numbers = count(1)
        self._owners = count(1)
        self._opening = plan.start
        self.organisations = Organisations(_words(), self._new_id)
        self.organisations.replace({ORG: plan.settings[0]})
        self._reader = Database.open(url)
        self._watcher = Watcher(self.record, plan.start)
        self.phones = Phones(self.clock, self.record, self.power, lambda: self.present)
        self._employ()
        self.turn()
        self.processes = self._boot()

    @property
    def now(self) -> datetime:
        """The present instant, UTC."""
        return self.clock.now()

    @property
    def policy(self) -> OrgPolicy:
        """The settings in force."""
        return self.present.policy

    def tell_story(self, words: str) -> None:
        """Keep a line of the story."""
        self.record.story.append((self.now, words))

    # Time

    async def until(self, instant: datetime) -> None:
        """Let time pass: everything that falls due on the way is done at its moment, or the processes' lag later."""
        for _ in range(_MOST_MOMENTS):
            await self.settle()
            moment = self.next_moment()
            if moment > instant:
                self.clock.go_to(instant)
                await self.settle()
                return
            self.clock.go_to(moment + self.plan.lag)
        raise AssertionError(f"something feeds itself for ever at {self.now}")

    def next_moment(self) -> datetime:
        """Return when something falls due next; far away if never."""
        with self._reader.reading() as transaction:
            moments = list(transaction.engine.next_moments(self.now).values())
            if self._opening <= self.now:
                opening = rounds.next_opening(self.organisations.context(transaction, ORG, self.now))
                self._opening = opening or _NEVER
        return min([*moments, self._opening])

    async def settle(self) -> None:
        """Let all processes do everything that is due now."""
        for _ in range(_MOST_TURNS):
            try:
                done = await asyncio.gather(*(process.work() for process in self.processes))
            except BaseException as error:
                if not is_power_cut(error):
                    raise
                await self.restart(_LEASE, "the power failed")
                continue
            if not any(done):
                self._look()
                return
        raise AssertionError(f"something goes on for ever at {self.now}")

    async def restart(self, down: timedelta, why: str) -> None:
        """Kill all processes, let time pass without them, and start new ones."""
        self.tell_story(f"{why}; nothing runs for {down}")
        await _kill_tasks()
        for process in self.processes:
            process.end()
        self.record.cut_off.update(self.look_up(on_their_way))
        began = self.now
        self.clock.go_to(began + down)
        self.record.outages.append((began, self.now))
        self.record.turns.append((self.now, self.present))
        self.processes = self._boot()

    # What happens

    async def tell(self, event: Inbound) -> Answer:
        """Send an event; if the power fails meanwhile, send it again as platforms do. Return its answer."""
        while True:
            try:
                return await self.processes[0].handle(event)
            except BaseException as error:
                if not is_power_cut(error):
                    raise
                await self.restart(_LEASE, "the power failed while an event was handled")

    async def change(self, work: Callable[[Transaction], object]) -> None:
        """Change people as a reading of the directory does, again if the power fails; time then changes for them."""
        while True:
            try:
                await self.processes[0].writer.run(work)
                break
            except BaseException as error:
                if not is_power_cut(error):
                    raise
                await self.restart(_LEASE, "the power failed while the directory was read")
        self.turn()
        for process in self.processes:
            process.ticker.forget_openings()

    def configure(self, policy: OrgPolicy) -> None:
        """Take over other settings, as an edit of the file does."""
        self.organisations.replace({ORG: policy})
        self.turn()
        for process in self.processes:
            process.ticker.forget_openings()

    def turn(self) -> None:
        """Note that time may pass differently for people from now on."""
        self.present: Circumstances = self._look_around()
        self.record.turns.append((self.now, self.present))
        self._opening = self.now

    def look_up(self, question: Callable[[Transaction], T]) -> T:
        """Ask the store something."""
        with self._reader.reading() as transaction:
            return question(transaction)

    def new_number(self) -> int:
        """Return the next number of an event."""
        return next(self._numbers)

    def close(self) -> None:
        """End everything."""
        for process in self.processes:
            process.end()
        self._reader.dispose()

    def _look(self) -> None:
        with self._reader.reading() as transaction:
            self._watcher.look(transaction, self.now, self.present)

    def _look_around(self) -> Circumstances:
        policy = self.organisations.policy(ORG)
        assert policy is not None
        with self._reader.reading() as transaction:
            people = transaction.store(ORG).people
            everybody = {person.person_id: person for person in people.everybody()}
            leave = {person_id: tuple(people.leave_of(person_id)) for person_id in everybody}
        return Circumstances(policy, everybody, leave)

    def _employ(self) -> None:
        with self._reader.transaction() as transaction:
            people = transaction.store(ORG).people
            for person in self.plan.firm.people:
                people.save(person)
                people.bind(CHAT_LANE, f"ou_{person.person_id}", person.person_id)
            for person_id, days_off in self.plan.firm.leave.items():
                for leave in days_off:
                    people.add_leave(person_id, leave)

    def _boot(self) -> list[Process]:
        platforms: dict[tuple[OrgId, str], Platform] = {(ORG, CHAT_LANE): self.phones, (ORG, MAIL_LANE): self.phones}
        return [
            Process(
                Database.open(self._url),
                self.organisations,
                platforms,
                self.clock,
                f"process {next(self._owners)}",
                self.power,
            )
            for _ in range(self.plan.replicas)
        ]

    def _new_id(self) -> str:
        return uuid7(self.now, next(self._ids).to_bytes(10, "big"))


@cache
def _words() -> Catalogue:
    return read_catalogue()


async def _kill_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
