"""Rounds: when they open, whom they ask, and what happens to those that were missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.cards import ChoiceField
from domain.ids import PersonId
from tests.builders import LI_HUA, WANG_LEI, at, person
from tests.unit.config_texts import loaded
from tests.unit.conftest import ORG_TEXT, Found
from tests.unit.office import REVIEW, Office, crew, zh

NEW_YORK = "America/New_York"
PROMPT = "checkin"
OTHER_PRACTICE = "cadences: {monthly: {preset: monthly}}"
CALIBRATION = "cadences: {calibration: {preset: calibration, when: 'THU 14:00'}}"


def _prompts(office: Office, who: str) -> list[str]:
    return [f"{shown.at.isoformat()}" for shown in office.cards(who, PROMPT)]


class TestOpening:
    def test_everybody_is_asked_once_on_friday_at_four(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 15:59"))
        assert office.cards(WANG_LEI, PROMPT) == []
        office.until(at("2026-11-27 16:01"))
        (prompt,) = office.cards(WANG_LEI, PROMPT)
        assert prompt.at == at("2026-11-27 16:00")
        assert all(len(office.cards(each.person_id, PROMPT)) == 1 for each in crew())

    def test_asking_again_and_again_asks_nobody_twice(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        for _ in range(5):
            office.settle()
        assert len(office.cards(WANG_LEI, PROMPT)) == 1

    def test_a_friday_that_is_off_moves_to_the_last_workday_before_it(self, found: Found) -> None:
        """2026-09-25 is the Mid-Autumn holiday: the card comes on Thursday, and none on Friday."""
        office = found(now=at("2026-09-23 12:00"))
        office.until(at("2026-09-28 12:00"))
        (prompt,) = [shown for shown in office.cards(WANG_LEI, PROMPT) if zh("checkin.remind.title") not in shown.words]
        assert prompt.at == at("2026-09-24 16:00")

    def test_a_practice_that_is_skipped_on_days_off_says_nothing_and_is_recorded(self, found: Found) -> None:
        office = found("cadences: {weekly: {preset: review, if_day_off: skip}}", now=at("2026-09-23 12:00"))
        office.until(at("2026-09-30 12:00"))
        assert office.cards(WANG_LEI, PROMPT) == []
        assert [entry.detail["reason"] for entry in office.history("round.skipped")] == ["day_off"]
        assert office.chat("admin") == []

    def test_a_practice_that_keeps_its_day_waits_with_its_card_for_a_workday(self, found: Found) -> None:
        """The round opens on the holiday; what it says unasked is said when people work again."""
        office = found("cadences: {weekly: {preset: review, if_day_off: keep}}", now=at("2026-09-23 12:00"))
        office.until(at("2026-09-30 12:00"))
        assert office.cards(WANG_LEI, PROMPT)[0].at == at("2026-09-28 08:30")

    def test_two_practices_of_one_family_ask_a_person_once_in_a_period(self, found: Found) -> None:
        override = "overrides: [{department: 研发, cadences: {weekly: {when: 'THU 16:00'}}}]"
        office = found(override)
        office.until(at("2026-11-26 17:00"))
        assert len(office.cards(WANG_LEI, PROMPT)) == 1
        moved = replace(crew()[0], department="人力资源")
        office.hire(moved)
        office.until(at("2026-11-27 17:00"))
        assert len(office.history("round.begun")) == 2
        assert (
            len([each for each in office.cards(WANG_LEI, PROMPT) if zh("checkin.remind.title") not in each.words]) == 1
        )
        assert len(office.cards("chenjing", PROMPT)) == 1


class TestZones:
    def test_each_person_is_asked_at_four_by_their_own_clock(self, found: Found) -> None:
        far = person("nina", "Nina", manager=LI_HUA, zone=NEW_YORK)
        office = found(people=(*crew(), far))
        office.until(at("2026-11-28 12:00"))
        assert office.card("nina", PROMPT).at.isoformat() == "2026-11-27T21:00:00+00:00"
        assert office.card(WANG_LEI, PROMPT).at == at("2026-11-27 16:00")

    def test_a_doubled_hour_asks_once(self, found: Found) -> None:
        """On Sunday 2026-11-01 01:30 happens twice in New York."""
        when = "cadences: {weekly: {preset: review, when: 'SUN 01:30', if_day_off: keep}}\nquiet_hours: null"
        office = found(when, people=(person("nina", "Nina", zone=NEW_YORK),), now=at("2026-10-31 12:00"))
        office.until(at("2026-11-03 12:00"))
        assert len(office.history("round.begun")) == 1
        assert len([each for each in office.cards("nina", PROMPT) if zh("checkin.remind.title") not in each.words]) == 1

    def test_a_skipped_hour_still_asks_at_the_first_instant_after_it(self, found: Found) -> None:
        """On Sunday 2027-03-14 02:30 does not happen in New York."""
        when = "cadences: {weekly: {preset: review, when: 'SUN 02:30', if_day_off: keep}}\nquiet_hours: null"
        office = found(when, people=(person("nina", "Nina", zone=NEW_YORK),), now=at("2027-03-13 12:00"))
        office.until(at("2027-03-15 12:00"))
        assert [entry.at.isoformat() for entry in office.history("round.begun")] == ["2027-03-14T07:00:00+00:00"]


class TestDowntime:
    def test_a_practice_known_only_after_its_notice_was_due_is_announced_late_and_held(self, found: Found) -> None:
        office = found(CALIBRATION, now=at("2026-11-25 18:00"))
        office.until(at("2026-11-26 15:00"))
        assert len(office.cards("chenjing", "notice")) == 1
        assert len(office.cards("chenjing", PROMPT)) == 1

    def test_within_its_grace_a_missed_round_is_still_asked(self, found: Found) -> None:
        office = found()
        office.wake_up_at(at("2026-11-27 19:30"))
        assert len(office.cards(WANG_LEI, PROMPT)) == 1
        assert office.chat("admin") == office.cards("admin", PROMPT)

    def test_within_grace_but_in_quiet_hours_the_card_waits_for_the_morning(self, found: Found) -> None:
        office = found()
        office.wake_up_at(at("2026-11-27 23:30"))
        assert office.cards(WANG_LEI, PROMPT) == []
        office.until(at("2026-11-30 09:00"))
        assert office.card(WANG_LEI, PROMPT).at == at("2026-11-30 08:30")

    def test_beyond_its_grace_it_is_recorded_as_skipped_and_the_admins_are_told_once(self, found: Found) -> None:
        office = found()
        office.wake_up_at(at("2026-11-30 10:00"))
        office.settle()
        assert office.cards(WANG_LEI, PROMPT) == []
        (told,) = office.chat("admin")
        assert "本周复盘（11月27日 周五 16:00）没有发" in told.words
        assert [entry.detail["reason"] for entry in office.history("round.skipped")] == ["too_late"]
        office.until(at("2026-12-01 10:00"))
        assert len(office.chat("admin")) == 1

    def test_each_of_several_missed_weeks_is_recorded(self, found: Found) -> None:
        office = found()
        office.wake_up_at(at("2026-12-14 10:00"))
        assert [entry.detail["reason"] for entry in office.history("round.skipped")] == ["too_late"] * 3
        assert len(office.saw("admin", "没有发")) == 3

    def test_a_round_that_began_but_did_not_ask_within_its_grace_asks_nobody(self, found: Found) -> None:
        """A meeting was announced, then the process was down until the day after it."""
        meeting = "cadences: {weekly: {preset: review, grace: 4h, notice: {before: 24h}}}"
        office = found(meeting)
        office.until(at("2026-11-26 17:00"))
        assert len(office.saw(WANG_LEI, "开始")) == 1
        office.wake_up_at(at("2026-11-30 10:00"))
        assert office.cards(WANG_LEI, PROMPT) == []
        assert len(office.saw("admin", "没有发")) == 1

    def test_a_notice_of_what_has_already_begun_is_not_sent(self, found: Found) -> None:
        office = found("cadences: {weekly: {preset: review, grace: 4h, notice: {before: 24h}}}")
        office.wake_up_at(at("2026-11-27 17:00"))
        assert office.cards(WANG_LEI, "notice") == []
        assert len(office.cards(WANG_LEI, PROMPT)) == 1

    def test_what_was_before_the_practice_was_known_is_no_miss(self, found: Found) -> None:
        office = found(now=at("2026-11-28 12:00"))
        office.until(at("2026-11-30 12:00"))
        assert office.history("round.skipped") == []
        assert office.chat("admin") == []

    def test_what_was_before_anybody_of_a_zone_was_known_is_no_miss(self, found: Found) -> None:
        """A colleague in a zone nobody was in is hired after some weeks; nobody is told that weeks were missed."""
        office = found()
        office.until(at("2026-12-16 10:00"))
        office.hire(person("nina", "Nina", manager=LI_HUA, zone=NEW_YORK))
        office.until(at("2026-12-17 10:00"))
        assert office.saw("admin", "没有发") == []
        office.until(at("2026-12-19 10:00"))
        assert len(office.cards("nina", PROMPT)) == 1


class TestLateDirectory:
    def test_people_who_become_known_within_the_grace_are_asked(self, found: Found) -> None:
        office = found(people=(), now=at("2026-11-27 15:30"))
        office.until(at("2026-11-27 17:30"))
        office.hire(*crew())
        assert len(office.cards(WANG_LEI, PROMPT)) == 1


class TestEdits:
    def test_a_running_round_keeps_its_questions_and_the_next_one_has_the_new(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        micro = loaded(ORG_TEXT + "cadences: {weekly: {preset: micro, when: 'FRI 16:00'}}").policy
        office.configure(micro)
        answer = office.press(WANG_LEI, office.card(WANG_LEI, PROMPT), "submit", REVIEW)
        assert answer.toast is not None
        assert answer.toast.text == zh("checkin.toast.submitted")
        assert "上线了报表" in office.card(LI_HUA, "reply").words
        office.until(at("2026-12-04 17:00"))
        assert all(isinstance(field, ChoiceField) for field in office.card(WANG_LEI, PROMPT).card.fields)

    def test_a_practice_that_is_turned_off_ends_after_its_running_round(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        office.configure(loaded(ORG_TEXT + OTHER_PRACTICE).policy)
        office.until(at("2026-12-05 12:00"))
        assert [entry.detail["cadence"] for entry in office.history("round.begun")] == ["weekly", "monthly"]
        assert [entry.detail["act"] for entry in office.history("duty.rung")][:2] == ["remind", "remind"]

    def test_a_new_practice_asks_nothing_for_the_time_before_it(self, found: Found) -> None:
        office = found(OTHER_PRACTICE)
        office.until(at("2026-11-27 18:00"))
        office.configure(loaded(ORG_TEXT).policy)
        assert office.cards(WANG_LEI, PROMPT) == []


class TestLeave:
    def test_whoever_is_on_leave_is_neither_asked_nor_reminded(self, found: Found) -> None:
        office = found()
        office.say(WANG_LEI, "/请假 到 12-04")
        before = len(office.chat(WANG_LEI))
        office.until(at("2026-12-04 12:00"))
        assert len(office.chat(WANG_LEI)) == before

    def test_they_can_join_all_the_same_and_are_then_waited_for(self, found: Found) -> None:
        office = found()
        office.say(WANG_LEI, "/请假 到 11-30")
        office.until(at("2026-12-01 10:00"))
        office.say(WANG_LEI, "/周报")
        answer = office.press(WANG_LEI, office.card(WANG_LEI, PROMPT), "submit", REVIEW)
        assert answer.toast is not None
        assert answer.toast.text == zh("checkin.toast.submitted")
        assert len(office.cards(LI_HUA, "reply")) == 1

    def test_leave_taken_after_the_card_pauses_the_reminder_until_they_are_back(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "/请假 11-30 到 12-01")
        office.until(at("2026-12-02 15:59"))
        assert office.saw(WANG_LEI, zh("checkin.remind.title")) == []
        office.until(at("2026-12-02 16:01"))
        assert len(office.saw(WANG_LEI, zh("checkin.remind.title"))) == 1


class TestJoining:
    def test_a_newcomer_joins_the_running_round_by_asking(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-30 10:00"))
        office.hire(person("newbie", "新人", manager=LI_HUA))
        assert office.chat("newbie") == []
        office.say("newbie", "/周报")
        office.press("newbie", office.card("newbie", PROMPT), "submit", REVIEW)
        assert "新人" in office.card(LI_HUA, "reply").words

    def test_before_the_first_round_there_is_a_sentence_instead(self, found: Found) -> None:
        assert zh("checkin.none_yet") in found().say(WANG_LEI, "/周报")

    def test_nobody_joins_a_round_that_is_not_for_them(self, found: Found) -> None:
        """A calibration is for HRBPs: a role, and asking for it does not give it."""
        office = found(CALIBRATION)
        office.until(at("2026-11-26 15:00"))
        assert len(office.cards("chenjing", PROMPT)) == 1
        assert zh("checkin.none_yet") in office.say(WANG_LEI, "/周报")
        assert office.cards(WANG_LEI, PROMPT) == []

    def test_an_hrbp_on_leave_may_join_what_is_for_hrbps(self, found: Found) -> None:
        office = found(CALIBRATION)
        office.say("chenjing", "/请假 今天")
        office.until(at("2026-11-26 15:00"))
        assert office.cards("chenjing", PROMPT) == []
        office.say("chenjing", "/周报")
        assert len(office.cards("chenjing", PROMPT)) == 1

    def test_the_newest_round_is_joined_and_none_of_long_ago(self, found: Found) -> None:
        """A newcomer of March is not asked for what was asked on a day in January."""
        both = "cadences:\n  release: {preset: milestone, when: 'on 2026-10-15 10:00'}\n  weekly: {preset: review}\n"
        office = found(both, now=at("2026-10-14 12:00"))
        office.until(at("2026-11-30 10:00"))
        office.hire(person("newbie", "新人", manager=LI_HUA))
        office.say("newbie", "/周报")
        assert "本周复盘" in office.card("newbie", PROMPT).words
        office.press("newbie", office.card("newbie", PROMPT), "submit", REVIEW)
        assert "小结" in office.say("newbie", "/周报")

    @pytest.mark.parametrize("words", ["/周报", "／周报", "周报", "/weekly", "WEEKLY", "/复盘"])
    def test_asking_again_brings_the_present_face(self, found: Found, words: str) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, words)
        office.press(WANG_LEI, office.card(WANG_LEI, PROMPT), "submit", REVIEW)
        assert "上线了报表" in office.say(WANG_LEI, words)
        assert len(office.cards(LI_HUA, "reply")) == 1


def test_a_large_audience_is_asked_slice_by_slice_and_a_round_resumes(found: Found) -> None:
    """The cursor is all that a round remembers; whoever was reached is not reached again."""
    crowd = [person(f"p{number:04}", f"员工{number}", manager=LI_HUA) for number in range(120)]
    office = found(people=(*crew(), *crowd))
    office.until(at("2026-11-27 16:30"))
    assert {len(office.cards(PersonId(each.person_id), PROMPT)) for each in crowd} == {1}
    assert max(shown.at for each in crowd for shown in office.cards(each.person_id, PROMPT)) - at(
        "2026-11-27 16:00"
    ) < timedelta(minutes=1)
