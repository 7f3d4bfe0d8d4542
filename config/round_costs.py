"""Answers for what one stage of a practice costs on a platform that counts calls and pushes, at worst.

At worst: everybody is reminded on every rung and answers after all, and so does everybody who owes a reply. Tokens, the
directory and a change within the answer to a click are free, as DingTalk says in its page on the billing of API calls
and Stream pushes (调用量, in force since 2025-11-19, read 2026-11); so they are not counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.roll import Roll
from domain.cadences import Cadence, FollowUp, Stage
from domain.duties import Act, Channel, Ladder
from domain.people import Person
from domain.questionnaire import Questionnaire


@dataclass(frozen=True, slots=True)
class Tariff:
    """How a platform counts what is sent and said.

    Attributes:
        platform: Its name.
        api: API calls that a calendar month includes; 0 if there is no limit.
        push: Pushes (what people write and click) that it includes; 0 if there is no limit.
        batch: Receivers of one call, where all are sent the same message.
        cards: Whether cards are made from a template: each is then a call of its own and can be changed by another.
        forms: Whether fields are filled in on a card, too: one click instead of a conversation. Never without `cards`.
    """

    platform: str
    api: int
    push: int
    batch: int
    cards: bool = False
    forms: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """What is used up.

    Attributes:
        people: Who is asked or told, each time anew.
        calls: API calls.
        pushes: What comes in.
    """

    people: int = 0
    calls: int = 0
    pushes: int = 0

    def __add__(self, other: Use) -> Use:
        """Return both together."""
        return Use(self.people + other.people, self.calls + other.calls, self.pushes + other.pushes)

    def __mul__(self, count: int) -> Use:
        """Return the same so many times over."""
        return Use(self.people * count, self.calls * count, self.pushes * count)


def stage_cost(cadence: Cadence, stage: Stage, zone: str, roll: Roll, tariff: Tariff) -> Use:
    """Return what a stage of a practice costs each time it begins for people of a zone."""
    if stage is Stage.ASK:
        return _ask(cadence, roll.asked(cadence.audience, zone), roll, tariff)
    told = cadence.notice if stage is Stage.NOTICE else cadence.summary if stage is Stage.SUMMARY else None
    if told is None:
        return Use()
    groups = roll.told(told.to, cadence.audience, zone)
    return sum((_say_the_same(_there(group, tariff), tariff) for group in groups), Use())


def _there(people: Sequence[Person], tariff: Tariff) -> int:
    return sum(person.platform == tariff.platform for person in people)


def _say_the_same(count: int, tariff: Tariff) -> Use:
    return Use(count, count if tariff.cards else -(-count // tariff.batch))


def _ask(cadence: Cadence, people: Sequence[Person], roll: Roll, tariff: Tariff) -> Use:
    count = _there(people, tariff)
    cost = _say_the_same(count, tariff)
    if cadence.questionnaire is not None:
        cost += (_climb(cadence.answer_ladder, tariff) + _filled_in(cadence.questionnaire, tariff)) * count
    if cadence.follow_up is not None:
        owners = [roll.owner(cadence.follow_up.by, person) for person in people]
        owing = _there([owner for owner in owners if owner is not None], tariff)
        cost += _owe(cadence.follow_up, tariff) * owing + _replied(tariff) * count
    return cost


def _owe(follow_up: FollowUp, tariff: Tariff) -> Use:
    asked = Use(calls=1)
    return asked + _climb(follow_up.ladder, tariff) + _filled_in(follow_up.questionnaire, tariff)


def _replied(tariff: Tariff) -> Use:
    """Return what it costs to tell somebody of a reply: the message, and the new face of the report."""
    return Use(calls=2 if tariff.cards else 1)


def _filled_in(questionnaire: Questionnaire, tariff: Tariff) -> Use:
    """Return what it costs that somebody answers: a click on a form, or question by question and a last word."""
    if tariff.forms:
        return Use(pushes=1)
    turns = len(questionnaire.questions) + 1
    return Use(calls=turns, pushes=turns)


def _climb(ladder: Ladder | None, tariff: Tariff) -> Use:
    """Return what a ladder costs for one person: its cards call by name, so each is a call, and in the end it changes.

    Who is passed over hears of it first, in a sentence, also where the escalation itself goes by mail.
    """
    rungs = ladder.rungs if ladder else ()
    cards = sum(Channel.CHAT in rung.by for rung in rungs if rung.act is not Act.CLOSE)
    sentences = sum(rung.act is Act.ESCALATE for rung in rungs)
    return Use(calls=cards * (2 if tariff.cards else 1) + sentences)
