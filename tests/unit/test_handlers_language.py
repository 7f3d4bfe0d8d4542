"""Language: whoever reads English never meets a Chinese sentence, whatever happens to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest

from domain.people import Person
from tests.builders import CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, at, person
from tests.unit.conftest import Found
from tests.unit.office import Office

CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\u3000-\u303f]+")
"""Ideographs, and the full-width signs that go with them."""

PRACTICE = """
questionnaires:
  week:
    title: Your week
    intro: Two questions, one minute.
    questions:
      - {name: result, text: What went well?, shared: true}
      - {name: mood, text: How was it?, kind: choices, options: [fine, busy, odd], shared: true}
  answer_it:
    title: A word back
    questions: [{name: reply, text: Your words}]
ladders:
  answer: {clock: workdays, rungs: [{after: 24h, do: remind, to: debtor}, {after: 40h, do: close}]}
  reply: {clock: workdays, rungs: [{after: 24h, do: remind, to: debtor}, {after: 30h, do: notify, to: manager},
          {after: 48h, do: escalate, to: hrbp, by: [chat, mail]}]}
cadences:
  weekly:
    title: Weekly review
    when: "FRI 16:00"
    questionnaire: week
    ladder: answer
    follow_up: {kind: reply, by: manager, questionnaire: answer_it, ladder: reply}
    notice: {before: 5h}
    agenda: [Look back]
    summary: {to: team, after: 96h, sections: [counts, key_points, open_duties, agenda]}
"""


def _staff(locale: str | None) -> Iterable[Person]:
    names = {WANG_LEI: "Lei", "zhangwei": "Wei", "liuyang": "Yang"}
    people = [
        *(person(who, name, manager=LI_HUA, hrbp=CHEN_JING, department="R&D") for who, name in names.items()),
        person(LI_HUA, "Hua", manager=ZHAO_MIN, hrbp=CHEN_JING, deputy=ZHAO_MIN, department="R&D"),
        person(CHEN_JING, "Jing", manager=ZHAO_MIN, department="HR"),
        person(ZHAO_MIN, "Min", department=""),
        person("admin", "Ada", manager=ZHAO_MIN, department="IT"),
    ]
    return [replace(each, locale=locale) for each in people]


def _live(office: Office) -> None:
    """Do nearly everything that can be done in a week."""
    office.open_chat(WANG_LEI)
    office.until(at("2026-11-27 16:05"))
    for words in ("help", "todo", "hello", "cancel", "/leave nonsense", "/reply Nobody x", "/leave 2020-01-01"):
        office.say("liuyang", words)
    office.press("zhangwei", office.card("zhangwei", "checkin"), "skip")
    office.press("zhangwei", office.card("zhangwei", "checkin"), "skip_yes", {"reason": "travel"})
    office.click("zhangwei", office.card(WANG_LEI, "checkin").card.key, "bogus")
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", {"result": "Shipped", "mood": ("fine", "busy")})
    office.until(at("2026-12-01 17:00"))
    office.say("liuyang", "/leave until 2026-12-02")
    office.say("liuyang", "back")
    office.press(CHEN_JING, office.card(CHEN_JING, "escalation"), "follow")
    office.say(LI_HUA, "/reply Lei Well done")
    office.press(WANG_LEI, office.card(WANG_LEI, "answered"), "helpful")
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "edit")
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", {"result": "Twice", "mood": ("odd",)})
    office.until(at("2026-12-04 16:05"))
    for who in (WANG_LEI, "zhangwei", "liuyang"):
        office.click(who, office.cards(who, "checkin")[-1].card.key, "submit", {"result": f"by {who}", "mood": "fine"})
    office.until(at("2026-12-07 10:00"))
    office.click(LI_HUA, office.card(LI_HUA, "reply").card.key, "normal")
    office.say(LI_HUA, "/leave 12-08 to 12-09")
    office.until(at("2026-12-12 12:00"))
    office.wake_up_at(at("2026-12-28 12:00"))
    office.until(at("2026-12-31 20:00"))


@pytest.mark.parametrize("everybody", [True, False], ids=["english organisation", "english people of a chinese one"])
def test_an_english_reader_sees_no_chinese_in_a_whole_month(found: Found, everybody: bool) -> None:
    office = found("attention: {per_person_per_day: 3}" + PRACTICE, people=_staff("en"))
    if everybody:
        office.configure(replace(office.policy, locale="en"))
        office.hire(*_staff(None))
    _live(office)
    seen = [(who, shown.words) for who, chat in office.chats.items() for shown in chat]
    seen += [(receiver, letter.subject + letter.text) for receiver, letter in office.letters]
    kinds = {shown.card.key.kind for chat in office.chats.values() for shown in chat if not isinstance(shown.body, str)}
    assert {"checkin", "reply", "answered", "escalation", "digest", "summary", "notice"} <= kinds
    foreign = [(who, CHINESE.findall(words), words) for who, words in seen if CHINESE.search(words)]
    assert foreign == []


def test_each_reader_of_one_matter_is_told_in_their_own_language(found: Found) -> None:
    people = [replace(each, locale="en" if each.person_id == LI_HUA else "zh-CN") for each in _staff(None)]
    office = found(PRACTICE, people=people)
    office.until(at("2026-11-27 16:05"))
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", {"result": "Shipped", "mood": ("fine", "busy")})
    assert not CHINESE.search(office.card(LI_HUA, "reply").words)
    assert CHINESE.search(office.card(WANG_LEI, "checkin").words)
    office.press(LI_HUA, office.card(LI_HUA, "reply"), "submit", {"reply": "Well done"})
    assert not CHINESE.search(office.card(LI_HUA, "reply").words)
    assert CHINESE.search(office.card(WANG_LEI, "answered").words)
