"""What is done to a firm from outside its chats: people leave and move, settings are edited, machines fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from domain.events import DirectoryChanged, Origin
from domain.people import Person, reporting_cycle
from handlers import directory
from storage.transaction import Transaction
from tests.builders import ORG
from tests.simulation import chat_acts
from tests.simulation.firms import ZONES
from tests.simulation.plans import Act, Kind
from tests.simulation.world import CHAT_LANE, World

_FEWEST = 3
"""So many people stay, whoever leaves."""


async def perform(world: World, act: Act) -> None:
    """Do what an act says, if there is anybody who can."""
    await _PERFORMERS[act.kind](world, act)


async def _resign(world: World, act: Act) -> None:
    here = _active(world)
    if len(here) <= _FEWEST:
        return
    leaver = here[act.who % len(here)]
    world.tell_story(f"{leaver.person_id} leaves the firm")
    origin = Origin(ORG, CHAT_LANE, f"event-{world.new_number()}", "", world.now)
    await world.tell(DirectoryChanged(origin, (f"ou_{leaver.person_id}",)))
    world.record.left[leaver.person_id] = world.now
    world.turn()


async def _new_manager(world: World, act: Act) -> None:
    old, other = _two(world, act)
    await _become(world, old, replace(old, manager_id=other.person_id))


async def _new_deputy(world: World, act: Act) -> None:
    old, other = _two(world, act)
    await _become(world, old, replace(old, deputy_id=other.person_id if act.races else None))


async def _move(world: World, act: Act) -> None:
    old, _ = _two(world, act)
    zone = ZONES[act.pick % len(ZONES)]
    await _become(world, old, replace(old, zone=None if zone == world.policy.zone else zone))


async def _become(world: World, old: Person, new: Person) -> None:
    everybody = {**world.present.people, new.person_id: new}
    if new == old or reporting_cycle(list(everybody.values())) is not None:
        return
    world.tell_story(f"{new.person_id} now: manager {new.manager_id}, deputy {new.deputy_id}, zone {new.zone}")

    def store(transaction: Transaction) -> None:
        ctx = world.organisations.context(transaction, ORG, world.now)
        directory.store_people(ctx, [old], [new])

    await world.change(store)


async def _configure(world: World, act: Act) -> None:
    policy = world.plan.settings[act.pick % len(world.plan.settings)]
    world.tell_story(f"the settings are now number {act.pick % len(world.plan.settings)}")
    world.configure(policy)


async def _outage(world: World, act: Act) -> None:
    await world.restart(act.span, "the machine is down")


async def _platform_down(world: World, act: Act) -> None:
    world.phones.down_until = world.now + act.span / 8
    world.tell_story(f"the platforms take no calls until {world.phones.down_until}")


async def _power_cut(world: World, act: Act) -> None:
    world.power.fail_after(act.who + act.pick)


async def _wait(world: World, act: Act) -> None:
    await world.until(world.now + act.span / 7)


def _two(world: World, act: Act) -> tuple[Person, Person]:
    here = _active(world)
    return here[act.who % len(here)], here[(act.who + 1 + act.pick % (len(here) - 1)) % len(here)]


def _active(world: World) -> list[Person]:
    return [world.present.people[who] for who in sorted(world.present.people) if world.present.people[who].active]


_PERFORMERS: Mapping[Kind, Callable[[World, Act], Awaitable[None]]] = {
    Kind.ANSWER: chat_acts.answer,
    Kind.LATE_ANSWER: chat_acts.answer_late,
    Kind.CROWD: chat_acts.crowd,
    Kind.REPLY: chat_acts.reply,
    Kind.ESCALATION: chat_acts.settle_escalation,
    Kind.PRESS: chat_acts.press_anything,
    Kind.SAY: chat_acts.say,
    Kind.LEAVE: chat_acts.take_leave,
    Kind.BACK: chat_acts.come_back,
    Kind.RESIGN: _resign,
    Kind.NEW_MANAGER: _new_manager,
    Kind.NEW_DEPUTY: _new_deputy,
    Kind.MOVE: _move,
    Kind.CONFIGURE: _configure,
    Kind.OUTAGE: _outage,
    Kind.PLATFORM_DOWN: _platform_down,
    Kind.POWER_CUT: _power_cut,
    Kind.WAIT: _wait,
}
