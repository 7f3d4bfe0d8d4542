"""Every card that the handlers compose, collected by living two weeks of an office with both presets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from domain.cards import Block, Card, Facts, Quote
from tests.builders import CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, at
from tests.stores import Databases
from tests.unit.config_texts import loaded
from tests.unit.office import OPENING, REVIEW, Office, Shown, crew, opened_office

TEAM = (WANG_LEI, "zhangwei", "liuyang", "xuxin", "huangbo", "maxiao")
EVERYBODY = (*TEAM, LI_HUA, CHEN_JING, ZHAO_MIN)
MICRO = {"progress": "A", "pace": "B", "support": "B"}

_ORG = "org: {id: acme, name: 示例科技, admins: [admin]}\n"
_LIVES: Mapping[str, Mapping[str, str]] = {
    "cadences: {weekly: {preset: review}, monday: {preset: monday}}": REVIEW,
    "cadences: {weekly: {preset: micro}}": MICRO,
    "cadences: {weekly: {preset: calibration, when: FRI 16:00}}": {},
}

Shape = tuple[object, ...]


def cards_of_two_weeks(databases: Databases) -> list[Card]:
    """Return one card of every shape, in the order in which they were first seen."""
    found: dict[Shape, Card] = {}
    for configuration, answers in _LIVES.items():
        policy = loaded(_ORG + configuration).policy
        with opened_office(databases, policy, OPENING, crew()) as office:
            for card in _lived(office, answers):
                found.setdefault(_shape(card), card)
    return list(found.values())


def longest(card: Card) -> Card:
    """Return the card as it looks when everybody has written as much as a field takes."""
    return replace(card, blocks=tuple(map(_long, card.blocks)))


def _long(block: Block) -> Block:
    return replace(block, text=_words(1000)) if isinstance(block, Quote) else block


def _words(characters: int) -> str:
    return "".join(f"第{number}句，" for number in range(characters))[:characters]


def _lived(office: Office, answers: Mapping[str, str]) -> Iterator[Card]:
    office.until(at("2026-11-27 16:10"))
    yield from _all(office)
    for who in TEAM[:5]:
        yield from _pressed(office, who, "checkin", "submit", answers)
    yield from _pressed(office, TEAM[5], "checkin", "skip", {})
    yield from _all(office)
    for moment in ("2026-11-30 09:35", "2026-12-01 16:30", "2026-12-02 16:30", "2026-12-04 16:10"):
        office.until(at(moment))
        yield from _all(office)
        yield from _everything_once(office, answers)
    office.until(office.now + timedelta(days=20))
    yield from _all(office)


def _everything_once(office: Office, answers: Mapping[str, str]) -> Iterator[Card]:
    """Press something on everybody's newest cards: forms are sent, otherwise people differ in what they press."""
    for who in EVERYBODY:
        for shown in office.chat(who)[-4:]:
            if isinstance(shown.body, Card) and shown.card.buttons:
                yield from _played(office, who, shown, answers)


def _played(office: Office, who: str, shown: Shown, answers: Mapping[str, str]) -> Iterator[Card]:
    card = shown.card
    differently = card.buttons[(len(who) + office.now.day) % len(card.buttons)]
    submits = next((button for button in card.buttons if button.submits), None)
    button = submits if submits is not None and card.key.kind == "reply" else differently
    form = {each.name: answers.get(each.name, "先把环境修好") for each in card.fields} if button.submits else {}
    answer = office.press(who, shown, button.action, form)
    if answer.card is not None:
        yield answer.card


def _pressed(office: Office, who: str, kind: str, action: str, form: Mapping[str, str]) -> Iterator[Card]:
    for shown in office.cards(who, kind)[-1:]:
        answer = office.press(who, shown, action, form)
        if answer.card is not None:
            yield answer.card


def _all(office: Office) -> Iterator[Card]:
    for chat in list(office.chats.values()):
        yield from (shown.body for shown in chat if isinstance(shown.body, Card))


def _shape(card: Card) -> Shape:
    parts = [(type(block).__name__, len(block.rows) if isinstance(block, Facts) else 0) for block in card.blocks]
    fields = [(field.kind, field.name, bool(field.initial)) for field in card.fields]
    return card.key.kind, card.tag, *dict.fromkeys(parts), *fields, *(button.action for button in card.buttons)
