"""Every button can be pressed by typing its label: those of one card differ, and none means anything else.

The cards are those of a fortnight in which nearly everything happens that the shipped practices and the handlers know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.dingtalk.settings import LABELS
from config.catalogue import read_catalogue
from domain.cards import Answer, Card
from domain.events import FormValue
from domain.ids import PersonId
from domain.questionnaire import typed_value
from handlers.asking import NO_WORDS, PASS_WORDS, STOP_WORDS, YES_WORDS
from handlers.typed_clicks import LOCALES, LONGEST_LABEL
from handlers.typed_commands import COMMANDS
from tests.builders import ADMIN, CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, at, choice_question
from tests.unit.conftest import Found
from tests.unit.office import Office, crew, words_of, zh

PRACTICES = """
attention: {per_person_per_day: 12}
cadences:
  weekly: {preset: review}
  micro: {preset: micro, when: 'FRI 15:00'}
  monday: {preset: monday}
  monthly: {preset: monthly}
  calibration: {preset: calibration, when: 'WED 14:00 every 2 weeks from 2026-11-25'}
  release: {preset: milestone, when: 'on 2026-11-27 10:00'}
"""
ACTIONS = set("submit later skip skip_yes edit handled normal meet helpful will_act follow deputy open".split())
"""Every action that a handler knows."""


class Collector:
    """An office whose people try every button, and every face that any of their cards ever had."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.faces: list[Card] = []

    def look(self) -> None:
        """Note how all cards look now."""
        for chat in self.office.chats.values():
            self.faces += [shown.body for shown in chat if isinstance(shown.body, Card)]

    def press(self, who: str, kind: str, action: str, form: dict[str, FormValue] | None = None) -> Answer:
        """Press a button of the newest card of a kind that has it, and note all faces."""
        shown = next(each for each in reversed(self.office.cards(who, kind)) if action in each.actions)
        filled = {field.name: (form or {}).get(field.name, "x") for field in shown.card.fields}
        answer = self.office.press(who, shown, action, filled if form is not None else None)
        self.look()
        return answer

    def wait(self, moment: str) -> None:
        """Let time pass, and note all faces."""
        self.office.until(at(moment))
        self.look()


def live(collector: Collector) -> None:
    """Let a fortnight pass in which people answer, skip, edit, reply, thank, put off, escalate and settle."""
    collector.wait("2026-11-27 10:05")
    done: dict[str, FormValue] = {"deliverable": "v2", "acceptance": "全过", "state": "late"}
    collector.press(WANG_LEI, "checkin", "submit", done)
    collector.press(WANG_LEI, "checkin", "submit", {**done, "gap": "一天"})
    collector.press(LI_HUA, "reply", "submit", {"verdict": "failed"})
    collector.wait("2026-11-27 16:05")
    review: dict[str, FormValue] = {"result": "甲", "obstacle": "乙", "next": "丙"}
    collector.press("zhangwei", "checkin", "skip")
    collector.press("zhangwei", "checkin", "skip_yes", {"reason": "busy"})
    for who in (WANG_LEI, "liuyang", "xuxin", "huangbo", "maxiao"):
        collector.press(who, "checkin", "later")
        collector.press(who, "checkin", "submit", review)
    collector.press(WANG_LEI, "checkin", "edit")
    collector.press(WANG_LEI, "checkin", "submit", {**review, "result": "丁"})
    collector.press(LI_HUA, "reply", "submit", {"reply": "看到了"})
    collector.press(LI_HUA, "reply", "meet")
    for reaction in ("helpful", "will_act"):
        for who in (WANG_LEI, "liuyang", "xuxin", "huangbo", "maxiao"):
            if any(reaction in each.actions for each in collector.office.cards(who, "answered")):
                collector.press(who, "answered", reaction)
    collector.wait("2026-12-01 09:00")
    collector.press(LI_HUA, "reply", "handled")
    collector.press(LI_HUA, "checkin", "normal")
    collector.wait("2026-12-01 18:00")
    collector.press(CHEN_JING, "escalation", "follow")
    collector.wait("2026-12-02 18:00")
    collector.press(CHEN_JING, "escalation", "deputy")
    collector.wait("2026-12-09 18:00")


@pytest.fixture(params=LOCALES)
def faces(request: pytest.FixtureRequest, found: Found) -> list[Card]:
    """All faces of all cards of a fortnight, in one language."""
    people = [replace(each, locale=request.param) for each in crew()]
    stood_in = [replace(p, deputy_id=PersonId(ZHAO_MIN)) if p.person_id == LI_HUA else p for p in people]
    busy = found(PRACTICES, people=stood_in)
    collector = Collector(busy)
    live(collector)
    few = Collector(found("attention: {per_person_per_day: 2}\n", people=people))
    few.wait("2026-11-27 16:05")
    for who in (WANG_LEI, "zhangwei", "liuyang"):
        few.press(who, "checkin", "submit", {"result": "甲"})
    few.wait("2026-11-30 18:05")
    assert ADMIN in busy.chats
    return collector.faces + few.faces


def labels(faces: list[Card]) -> Iterator[tuple[Card, str]]:
    return ((face, button.label.strip().casefold()) for face in faces for button in face.buttons)


def test_the_fortnight_shows_a_button_of_every_action(faces: list[Card]) -> None:
    assert {button.action for face in faces for button in face.buttons} == ACTIONS


def test_labels_within_one_card_differ(faces: list[Card]) -> None:
    for face in faces:
        alike = [label for label, number in Counter(label for _, label in labels([face])).items() if number > 1]
        assert alike == [], words_of(face)


def test_no_label_means_anything_else_when_it_is_typed(faces: list[Card]) -> None:
    """It is no command, does not steer a conversation, is not that of answering in words, and picks no option."""
    drawn = {zh("in_words.button").casefold(), "in words"}
    steering = {*COMMANDS, *STOP_WORDS, *PASS_WORDS, *YES_WORDS, *NO_WORDS, *drawn}
    assert {label for _, label in labels(faces)} & steering == set()
    choice = choice_question(labels=[f"选项{number}" for number in range(26)])
    assert typed_value(choice, "b") == typed_value(choice, "2") == "v2"
    assert [label for _, label in labels(faces) if typed_value(choice, label) is not None] == []


def test_links_that_ask_for_words_send_the_label_that_is_understood() -> None:
    said = {locale: read_catalogue().say(locale, "in_words.button") for locale in LOCALES}
    assert said == {locale: LABELS[locale].in_words for locale in LOCALES}


def test_every_label_is_short_enough_to_be_looked_for_and_is_one_line(faces: list[Card]) -> None:
    assert [label for _, label in labels(faces) if not 0 < len(label) <= LONGEST_LABEL or "\n" in label] == []
