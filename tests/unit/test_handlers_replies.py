"""Replies, reactions, reminders and escalations: every copy of every card shows what is true now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.cards import Mention, ToastKind
from tests.builders import CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, at
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, Shown, crew, zh

REMINDER = zh("reply.remind.title", {"name": "王磊"})


@pytest.fixture
def waiting(found: Found) -> Office:
    """An office in which Li Hua owes Wang Lei a reply since Friday 16:30."""
    office = found()
    office.until(at("2026-11-27 16:30"))
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
    return office


def _reply(office: Office, words: str = "测试环境我来找人") -> Shown:
    office.press(LI_HUA, office.card(LI_HUA, "reply"), "submit", {"reply": words})
    return office.card(WANG_LEI, "answered")


class TestReminders:
    def test_a_reminder_calls_its_reader_and_names_what_since_when_until_when_and_every_way_out(
        self, waiting: Office
    ) -> None:
        waiting.until(at("2026-11-30 17:00"))
        (reminder,) = waiting.saw(LI_HUA, REMINDER)
        first = reminder.card.blocks[0]
        assert isinstance(first, Mention)
        assert first.name == "李华"
        assert "11月27日 周五 16:30" in first.text
        assert "12月1日 周二 16:30" in first.text
        assert {"handled", "normal", "later"} < set(reminder.actions)
        assert "上线了报表" in reminder.words

    def test_the_reminder_to_answer_has_the_same_ways_out_and_the_form(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-30 17:00"))
        (reminder,) = office.saw(WANG_LEI, zh("checkin.remind.title"))
        assert {"submit", "handled", "normal", "later"} == set(reminder.actions)
        assert isinstance(reminder.card.blocks[0], Mention)
        assert len(reminder.card.fields) == 3

    @pytest.mark.parametrize("action", ["handled", "normal"])
    def test_a_way_out_ends_the_ladder_is_kept_and_told_to_whoever_waits(self, waiting: Office, action: str) -> None:
        waiting.until(at("2026-11-30 17:00"))
        waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), action)
        (entry,) = waiting.history("duty.waived")
        assert entry.detail["reason"] == action
        assert zh(f"duty.reason.{action}") in waiting.chat(WANG_LEI)[-1].words
        assert all("submit" not in each.actions for each in waiting.cards(LI_HUA, "reply"))
        waiting.until(at("2026-12-03 17:00"))
        assert waiting.cards(CHEN_JING, "escalation") == []

    def test_later_reminds_once_more_and_delays_nothing(self, waiting: Office) -> None:
        waiting.until(at("2026-11-30 16:45"))
        waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), "later")
        waiting.until(at("2026-11-30 18:30"))
        assert [each.at for each in waiting.saw(LI_HUA, REMINDER)] == [at("2026-11-30 16:30"), at("2026-11-30 18:00")]
        waiting.until(at("2026-12-01 16:31"))
        assert len(waiting.cards(CHEN_JING, "escalation")) == 1

    def test_a_reply_withdraws_what_was_still_to_be_said(self, waiting: Office) -> None:
        _reply(waiting)
        waiting.until(at("2026-12-04 12:00"))
        assert waiting.saw(LI_HUA, REMINDER) == []
        assert waiting.letters == []

    def test_a_reminder_that_waits_for_the_morning_is_withdrawn_when_the_reply_comes_in_the_night(
        self, found: Found
    ) -> None:
        office = found("ladders: {reply: {clock: elapsed, rungs: [{after: 6h, do: remind, to: debtor}]}}")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-27 23:00"))
        office.press(LI_HUA, office.card(LI_HUA, "reply"), "submit", {"reply": "好"})
        office.until(at("2026-11-30 12:00"))
        assert office.saw(LI_HUA, REMINDER) == []


class TestEscalation:
    @pytest.fixture
    def escalated(self, waiting: Office) -> Office:
        """The same office after two working days of silence."""
        waiting.until(at("2026-12-01 17:00"))
        return waiting

    def test_it_comes_by_chat_and_mail_and_mail_repeats_nobodys_answer(self, escalated: Office) -> None:
        assert len(escalated.cards(CHEN_JING, "escalation")) == 1
        ((receiver, letter),) = escalated.letters
        assert receiver == "chenjing@example.com"
        assert "王磊" in letter.subject
        assert "李华" in letter.text
        assert not any(words in letter.text for words in REVIEW.values())

    def test_calling_it_normal_closes_the_matter_on_every_card(self, escalated: Office) -> None:
        escalated.press(CHEN_JING, escalated.card(CHEN_JING, "escalation"), "normal")
        assert escalated.card(CHEN_JING, "escalation").actions == []
        assert zh("duty.reason.normal") in escalated.card(LI_HUA, "reply").words
        again = escalated.click(CHEN_JING, escalated.card(CHEN_JING, "escalation").card.key, "follow")
        assert again.toast is not None
        assert again.toast.text == zh("reply.toast.already")

    def test_looking_after_it_shows_on_the_managers_card_and_closes_nothing(self, escalated: Office) -> None:
        escalated.press(CHEN_JING, escalated.card(CHEN_JING, "escalation"), "follow")
        assert zh("reply.hrbp_asked", {"hrbp": "陈静"}) in escalated.card(LI_HUA, "reply").words
        _reply(escalated)
        assert escalated.card(CHEN_JING, "escalation").actions == []

    def test_without_a_deputy_there_is_nobody_to_hand_it_to(self, escalated: Office) -> None:
        answer = escalated.press(CHEN_JING, escalated.card(CHEN_JING, "escalation"), "deputy")
        assert answer.toast is not None
        assert answer.toast.text == zh("escalation.no_deputy", {"manager": "李华"})

    def test_handed_to_the_deputy_every_card_says_who_has_it_now(self, found: Found) -> None:
        people = [replace(each, deputy_id=ZHAO_MIN) if each.person_id == LI_HUA else each for each in crew()]
        office = found(people=people)
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-12-01 17:00"))
        office.press(CHEN_JING, office.card(CHEN_JING, "escalation"), "deputy")
        handed = zh("escalation.handed", {"name": "赵敏"})
        assert handed in office.card(CHEN_JING, "escalation").words
        assert zh("reply.moved", {"manager": "赵敏"}) in office.card(LI_HUA, "reply").words
        assert "上线了报表" in office.card(ZHAO_MIN, "reply").words
        assert "赵敏" in office.card(WANG_LEI, "checkin").words

    def test_it_is_never_said_twice(self, escalated: Office) -> None:
        escalated.until(at("2026-12-18 12:00"))
        assert len(escalated.cards(CHEN_JING, "escalation")) == 1
        assert len(escalated.letters) == 1

    def test_in_the_night_chat_and_mail_wait_for_the_morning(self, found: Found) -> None:
        rungs = "[{after: 6h, do: escalate, to: hrbp, by: [chat, mail]}]"
        office = found(f"ladders: {{reply: {{clock: elapsed, rungs: {rungs}}}}}")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 08:29"))
        assert office.cards(CHEN_JING, "escalation") + office.letters == []
        office.until(at("2026-11-30 08:31"))
        assert len(office.cards(CHEN_JING, "escalation")) == len(office.letters) == 1


class TestReactions:
    @pytest.mark.parametrize("reaction", ["helpful", "will_act"])
    def test_a_reaction_is_shown_to_whoever_replied_and_counted_for_them(self, waiting: Office, reaction: str) -> None:
        answered = _reply(waiting)
        answer = waiting.press(WANG_LEI, answered, reaction)
        assert answer.toast is not None
        assert answer.toast.kind is ToastKind.SUCCESS
        assert zh(f"reaction.got.{reaction}", {"name": "王磊"}) in waiting.card(LI_HUA, "reply").words
        (entry,) = waiting.history("reply.reacted")
        assert entry.detail == {"reaction": reaction, "author": LI_HUA}
        assert reaction not in waiting.card(WANG_LEI, "answered").actions

    def test_the_same_reaction_again_counts_once(self, waiting: Office) -> None:
        answered = _reply(waiting)
        for _ in range(3):
            waiting.click(WANG_LEI, answered.card.key, "helpful", {}, answered)
        assert len(waiting.history("reply.reacted")) == 1

    def test_nobody_else_can_react(self, waiting: Office) -> None:
        answered = _reply(waiting)
        answer = waiting.click("zhangwei", answered.card.key, "helpful")
        assert answer.toast is not None
        assert answer.toast.text == zh("card.not_yours")
        assert waiting.history("reply.reacted") == []

    def test_a_button_that_does_not_exist_is_not_known(self, waiting: Office) -> None:
        answered = _reply(waiting)
        answer = waiting.click(WANG_LEI, answered.card.key, "applaud")
        assert answer.toast is not None
        assert answer.toast.text == zh("card.unknown")


class TestVersions:
    def test_an_edit_before_the_reply_replaces_what_the_manager_sees(self, waiting: Office) -> None:
        waiting.press(WANG_LEI, waiting.card(WANG_LEI, "checkin"), "edit")
        waiting.press(WANG_LEI, waiting.card(WANG_LEI, "checkin"), "submit", {**REVIEW, "result": "两张报表"})
        (request,) = waiting.cards(LI_HUA, "reply")
        assert "两张报表" in request.words
        assert "上线了报表" not in request.words

    def test_an_edit_after_the_reply_is_a_new_version_and_the_reply_stays(self, waiting: Office) -> None:
        _reply(waiting)
        waiting.press(WANG_LEI, waiting.card(WANG_LEI, "checkin"), "edit")
        waiting.press(WANG_LEI, waiting.card(WANG_LEI, "checkin"), "submit", {**REVIEW, "result": "两张报表"})
        assert zh("reply.new_version", {"version": 2}) in waiting.card(LI_HUA, "reply").words
        assert "测试环境我来找人" in waiting.card(WANG_LEI, "checkin").words
        with waiting.database.transaction() as transaction:
            checkins = transaction.store(waiting.policy.org_id).checkins
            checkin = checkins.latest(crew()[0].person_id)
            assert checkin is not None
            assert [version["result"] for version in checkins.versions(checkin.checkin_id)] == [
                "上线了报表",
                "两张报表",
            ]

    def test_a_manager_may_add_a_word_and_the_employee_sees_both(self, waiting: Office) -> None:
        _reply(waiting, "第一句")
        _reply(waiting, "第二句")
        assert "第一句" in waiting.card(WANG_LEI, "checkin").words
        assert "第二句" in waiting.card(WANG_LEI, "checkin").words
        assert len(waiting.cards(WANG_LEI, "answered")) == 2

    def test_an_empty_reply_is_asked_for_and_closes_nothing(self, waiting: Office) -> None:
        answer = waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), "submit", {"reply": "   "})
        assert answer.toast is not None
        assert answer.toast.kind is ToastKind.INFO
        assert waiting.cards(WANG_LEI, "answered") == []

    def test_a_reply_that_is_too_long_is_refused_with_the_limit(self, waiting: Office) -> None:
        answer = waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), "submit", {"reply": "长" * 1001})
        assert answer.toast is not None
        assert answer.toast.kind is ToastKind.WARNING
        assert "1000" in answer.toast.text
        assert waiting.cards(WANG_LEI, "answered") == []

    def test_finding_a_time_is_a_reply_in_the_managers_name(self, waiting: Office) -> None:
        waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), "meet")
        assert zh("reply.meet.words") in waiting.card(WANG_LEI, "answered").words


class TestSkipping:
    def test_an_unknown_reason_is_kept_as_none(self, found: Found) -> None:
        """Options come from the platform; one that we never offered must not break the card for ever."""
        office = found()
        office.until(at("2026-11-27 16:30"))
        prompt = office.card(WANG_LEI, "checkin")
        answer = office.click(WANG_LEI, prompt.card.key, "skip_yes", {"reason": "外星人"}, prompt)
        assert answer.toast is not None
        assert zh("checkin.tag.skipped") in office.card(WANG_LEI, "checkin").words
        assert "外星人" not in office.card(WANG_LEI, "checkin").words

    @pytest.mark.parametrize("reason", ["leave", "travel", "busy", "nothing"])
    def test_a_reason_is_kept_and_shown(self, found: Found, reason: str) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "skip")
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "skip_yes", {"reason": reason})
        assert zh(f"checkin.skip.{reason}") in office.card(WANG_LEI, "checkin").words
        assert office.say(WANG_LEI, "待办") == zh("todo.none")


class TestOldCards:
    @pytest.mark.parametrize("days", [15, 370])
    def test_an_old_prompt_can_still_be_answered_and_is_marked_late(self, found: Found, days: int) -> None:
        office = found("cadences: {weekly: {preset: review, when: 'on 2026-11-27 16:00'}}")
        office.until(at("2026-11-27 16:30"))
        prompt = office.card(WANG_LEI, "checkin")
        office.until(at("2026-11-27 16:30") + timedelta(days=days, hours=18))
        answer = office.click(WANG_LEI, prompt.card.key, "submit", REVIEW, prompt)
        assert answer.toast is not None
        assert answer.toast.kind is ToastKind.SUCCESS
        office.until(office.now + timedelta(days=4))
        assert zh("checkin.late") in office.card(LI_HUA, "reply").words

    @pytest.mark.parametrize("days", [15, 370])
    def test_a_card_too_old_to_change_is_not_tried_to_be_changed(self, found: Found, days: int) -> None:
        """The platform refuses it for ever; a dead letter for each old copy would hide the real ones."""
        waiting = found("cadences: {weekly: {preset: review, when: 'on 2026-11-27 16:00'}}")
        waiting.until(at("2026-11-27 16:30"))
        waiting.press(WANG_LEI, waiting.card(WANG_LEI, "checkin"), "submit", REVIEW)
        shown = waiting.card(LI_HUA, "reply")
        waiting.until(at("2026-11-27 16:30") + timedelta(days=days, hours=18))
        answer = waiting.click(LI_HUA, shown.card.key, "submit", {"reply": "好"}, shown)
        assert answer.toast is not None
        assert answer.toast.kind is ToastKind.SUCCESS
        waiting.until(waiting.now + timedelta(days=4))
        assert len(waiting.cards(WANG_LEI, "answered")) == 1
        assert waiting.refusals == []

    def test_unknown_buttons_of_every_kind_of_card_get_a_sentence(self, waiting: Office) -> None:
        waiting.until(at("2026-12-01 17:00"))
        _reply(waiting)
        shown = [
            (WANG_LEI, waiting.card(WANG_LEI, "checkin")),
            (LI_HUA, waiting.card(LI_HUA, "reply")),
            (WANG_LEI, waiting.card(WANG_LEI, "answered")),
            (CHEN_JING, waiting.card(CHEN_JING, "escalation")),
        ]
        for who, card in shown:
            answer = waiting.click(who, card.card.key, "a-button-of-another-release", {}, card)
            assert answer.toast is not None
            assert answer.toast.kind is ToastKind.WARNING

    def test_a_repeated_click_gets_the_first_answer_and_has_one_effect(self, waiting: Office) -> None:
        shown = waiting.card(LI_HUA, "reply")
        first = waiting.click(LI_HUA, shown.card.key, "submit", {"reply": "好"}, shown, event_id="twice")
        second = waiting.click(LI_HUA, shown.card.key, "submit", {"reply": "好"}, shown, event_id="twice")
        assert first == second
        assert len(waiting.cards(WANG_LEI, "answered")) == 1
