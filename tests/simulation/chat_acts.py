"""What people do in their chats: fill in cards, press buttons, type."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from domain.calendar import local_day
from domain.cards import Answer, Card, ChoiceField, Field
from domain.checkin import CheckinState
from domain.events import CardClicked, FormValue, Origin, TextSaid
from domain.ids import OccurrenceId, PersonId
from handlers import checkin_cards, digest, reply_cards
from storage.transaction import Transaction
from tests.builders import ORG
from tests.simulation.phones import Shown
from tests.simulation.plans import Act
from tests.simulation.world import CHAT_LANE, World

T = TypeVar("T")

_PATIENCE = timedelta(days=2)
"""No click waits longer for a moment in whose midst to come."""

_HARMLESS = ("submit", "later", "skip_yes", "handled", "normal")
"""Actions that may come in the midst of other things: none of them changes by which time passes for people."""

_SAYINGS = (
    "/周报",
    "周报",
    "/待办",
    "/帮助",
    "1 2 3",
    "1",
    "2",
    "BAC",
    "1. 好 2. 不好 3. 继续",
    "这周没什么特别的",
    "跳过",
    "取消",
    "/回复 员工01 辛苦了",
    "/回复 员工05",
    "/回复 员工08 看到了",
    "/请假",
    "/请假 明天",
)


async def answer(world: World, act: Act) -> None:
    """Fill in somebody's newest check-in card that takes answers."""
    newest = {shown.owner: shown for shown in _forms(world, checkin_cards.KIND)}
    await _fill(world, act, list(newest.values()))


async def answer_late(world: World, act: Act) -> None:
    """Fill in an old check-in card."""
    await _fill(world, act, _forms(world, checkin_cards.KIND))


async def crowd(world: World, act: Act) -> None:
    """Let everybody open their digests, and two of three of those who have a check-in card answer it."""
    newest_digests = {shown.owner: shown for shown in world.phones.cards(digest.KIND) if _is_here(world, shown)}
    for shown in newest_digests.values():
        await press(world, shown, "open", act.pick)
    await world.settle()
    newest = {shown.owner: shown for shown in _forms(world, checkin_cards.KIND)}
    for number, shown in enumerate(newest.values()):
        if (number + act.pick) % 3:
            await press(world, shown, "submit", act.pick + number)


async def reply(world: World, act: Act) -> None:
    """Fill in a follow-up card."""
    await _fill(world, act, _forms(world, reply_cards.KIND))


async def settle_escalation(world: World, act: Act) -> None:
    """Press a button of an escalation."""
    await _press_any(world, act, world.phones.cards(reply_cards.ESCALATION))


async def press_anything(world: World, act: Act) -> None:
    """Press any button of any card."""
    await _press_any(world, act, world.phones.cards())


async def say(world: World, act: Act) -> None:
    """Type something, perhaps in answer to the newest card of the chat."""
    who = _person(world, act)
    chat = world.phones.chats.get(who, [])
    quoted = chat[-1].external_id if chat and act.races else None
    await say_words(world, who, _picked(_SAYINGS, act.pick), quoted=quoted)


async def take_leave(world: World, act: Act) -> None:
    """Type /请假 with two dates, the first of them within the next days."""
    who = _person(world, act)
    first = local_day(world.now, world.present.zone(who)) + timedelta(days=act.pick % 4)
    last = first + timedelta(days=act.span.days)
    await say_words(world, who, f"/请假 {first.isoformat()} 到 {last.isoformat()}")
    world.turn()


async def come_back(world: World, act: Act) -> None:
    """Type /销假, rather as somebody who is away."""
    away = [who for who in sorted(world.present.leave) if world.present.leave[who]]
    await say_words(world, _picked(away, act.who) if away else _person(world, act), "/销假")
    world.turn()


async def say_words(world: World, who: PersonId, words: str, *, quoted: str | None = None) -> None:
    """Type words."""
    world.tell_story(f"{who} types {words!r}")
    await world.tell(TextSaid(_origin(world, who), words, quoted))
    world.turn()


async def press(
    world: World, shown: Shown, action: str, pick: int, *, races: bool = False, twice: bool = False
) -> None:
    """Press a button of a card in a chat, its fields filled in.

    Args:
        world: Where.
        shown: The message.
        action: The button's.
        pick: Which options are chosen and which words are written.
        races: Whether the click waits for the next due moment and comes in its midst.
        twice: Whether the platform sends the event a second time.
    """
    card = shown.body
    assert isinstance(card, Card)
    form = _filled(card.fields, pick)
    if races and action in _HARMLESS:
        world.clock.go_to(min(world.next_moment(), world.now + _PATIENCE) + world.plan.lag)
    event = CardClicked(_origin(world, shown.owner), card.key, action, form, shown.external_id)
    world.tell_story(f"{shown.owner} presses {action} on {card.key.pack()}")
    given = await (_tell_in_the_midst(world, event) if races and action in _HARMLESS else world.tell(event))
    if twice and await world.tell(event) != given:
        world.record.broken_promises.append(f"a repetition of {action} on {card.key.pack()} got another answer")
    if given.card is not None:
        shown.body = given.card
    if action == "submit" and card.key.kind == checkin_cards.KIND:
        _expect_kept(world, shown.owner, card, form)


async def _tell_in_the_midst(world: World, event: CardClicked) -> Answer:
    if world.power.is_about_to_fail:
        return await world.tell(event)
    telling = asyncio.ensure_future(world.tell(event))
    await asyncio.gather(telling, *(process.work() for process in world.processes))
    return telling.result()


def _expect_kept(world: World, who: PersonId, card: Card, form: Mapping[str, FormValue]) -> None:
    """Note a broken promise if a form with all its fields filled in is not what the store now holds."""

    def look(transaction: Transaction) -> None:
        found = transaction.store(ORG).checkins.of_round(OccurrenceId(card.key.subject), who)
        kept = {**found.draft, **found.answers} if found else {}
        asked = [question.name for question in found.questionnaire.asked(kept)] if found else []
        lost = [name for name in asked if name in form and kept.get(name) != form[name]]
        finished = found is not None and (found.state is CheckinState.SUBMITTED or found.draft)
        if lost or not finished:
            world.record.broken_promises.append(f"{who} answered {card.key.pack()}, and {lost or 'all of it'} is lost")

    world.look_up(look)


async def _fill(world: World, act: Act, cards: Sequence[Shown]) -> None:
    if cards:
        shown = _picked(cards, act.who)
        await press(world, shown, "submit", act.pick, races=act.races, twice=act.twice)


async def _press_any(world: World, act: Act, cards: Sequence[Shown]) -> None:
    live = [shown for shown in cards if _actions(shown)]
    if live:
        # From the newest back, since old cards have mostly been dealt with.
        shown = _picked(sorted(live, key=lambda each: each.at, reverse=True), act.who)
        await press(world, shown, _picked(_actions(shown), act.pick), act.pick, races=act.races, twice=act.twice)


def _forms(world: World, kind: str) -> list[Shown]:
    return [shown for shown in world.phones.cards(kind) if "submit" in _actions(shown) and _is_here(world, shown)]


def _is_here(world: World, shown: Shown) -> bool:
    return world.present.people[shown.owner].active


def _actions(shown: Shown) -> list[str]:
    return [button.action for button in shown.body.buttons] if isinstance(shown.body, Card) else []


def _filled(fields: Sequence[Field], pick: int) -> dict[str, FormValue]:
    return {field.name: _value(field, pick + number) for number, field in enumerate(fields)}


def _value(field: Field, pick: int) -> FormValue:
    if not isinstance(field, ChoiceField):
        return f"第 {pick} 句话"
    values = [option.value for option in field.options]
    chosen = _picked(values, pick)
    return (chosen,) if field.multiple else chosen


def _origin(world: World, who: PersonId) -> Origin:
    return Origin(ORG, CHAT_LANE, f"event-{world.new_number()}", f"ou_{who}", world.now)


def _person(world: World, act: Act) -> PersonId:
    return _picked([who for who in sorted(world.present.people) if world.present.people[who].active], act.who)


def _picked(some: Sequence[T], number: int) -> T:
    return some[number % len(some)]
