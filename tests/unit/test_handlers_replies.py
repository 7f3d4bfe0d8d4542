"""Replies, reactions, reminders and escalations: every copy of every card shows what is true now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.feishu.elements import button_rows
from domain.cards import Card, Mention, Paragraph, ToastKind
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


def _edit(office: Office) -> None:
    """Let Wang Lei change his answer, which gives every card about it a new face."""
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "edit")
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", {**REVIEW, "result": "两张报表"})


def _asked(office: Office) -> Card:
    return office.card(CHEN_JING, "escalation").card


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

    @pytest.mark.parametrize(("action", "words"), [("handled", "settled"), ("normal", "normal")])
    def test_a_way_out_ends_the_ladder_is_kept_and_told_to_whoever_waits(
        self, waiting: Office, action: str, words: str
    ) -> None:
        waiting.until(at("2026-11-30 17:00"))
        waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), action)
        (entry,) = waiting.history("duty.waived")
        assert entry.detail["reason"] == action
        assert zh(f"duty.reason.{words}") in waiting.chat(WANG_LEI)[-1].words
        assert all("submit" not in each.actions for each in waiting.cards(LI_HUA, "reply"))
        waiting.until(at("2026-12-03 17:00"))
        assert waiting.cards(CHEN_JING, "escalation") == []

    def test_only_the_first_card_lets_one_say_that_it_was_in_person(self, waiting: Office) -> None:
        waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), "handled")
        assert zh("duty.reason.handled") in waiting.chat(WANG_LEI)[-1].words

    def test_later_asked_for_by_the_deputy_names_who_will_be_reminded(self, found: Found) -> None:
        people = [replace(each, deputy_id=ZHAO_MIN) if each.person_id == LI_HUA else each for each in crew()]
        office = found(people=people)
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 16:45"))
        answer = office.click(ZHAO_MIN, office.card(LI_HUA, "reply").card.key, "later")
        assert answer.toast is not None
        assert answer.toast.text == zh("duty.toast.later_for", {"at": "今天 18:00", "name": "李华"})

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
        for shown in escalated.cards(LI_HUA, "reply"):
            assert zh("reply.hrbp_follows", {"hrbp": "陈静"}) in shown.words
        _reply(escalated)
        assert escalated.card(CHEN_JING, "escalation").actions == []

    def test_before_anybody_looks_after_it_the_manager_reads_only_who_was_asked(self, escalated: Office) -> None:
        _edit(escalated)
        assert zh("reply.hrbp_asked", {"hrbp": "陈静"}) in escalated.card(LI_HUA, "reply").words
        assert zh("reply.hrbp_follows", {"hrbp": "陈静"}) not in escalated.card(LI_HUA, "reply").words

    def test_who_looks_after_it_since_when_stays_on_every_card_whatever_is_refreshed(self, escalated: Office) -> None:
        escalated.press(CHEN_JING, escalated.card(CHEN_JING, "escalation"), "follow")
        _edit(escalated)
        card = escalated.card(CHEN_JING, "escalation")
        assert zh("escalation.followed", {"name": "陈静", "at": "12月1日 周二 17:00"}) in card.words
        assert card.card.tag == zh("escalation.tag.followed")
        assert card.actions == ["normal", "deputy"]
        assert zh("reply.hrbp_follows", {"hrbp": "陈静"}) in escalated.card(LI_HUA, "reply").words

    def test_saying_twice_that_one_looks_after_it_is_saying_it_once(self, escalated: Office) -> None:
        shown = escalated.card(CHEN_JING, "escalation")
        escalated.press(CHEN_JING, shown, "follow")
        escalated.until(at("2026-12-02 10:00"))
        again = escalated.click(CHEN_JING, shown.card.key, "follow", {}, shown)
        assert again.toast is not None
        assert again.toast.kind is ToastKind.SUCCESS
        assert len(escalated.history("escalation.followed")) == 1
        assert "12月1日 周二 17:00" in escalated.card(CHEN_JING, "escalation").words

    def test_when_whoever_looked_after_it_leaves_it_is_open_again(self, escalated: Office) -> None:
        escalated.press(CHEN_JING, escalated.card(CHEN_JING, "escalation"), "follow")
        escalated.leave(CHEN_JING)
        _edit(escalated)
        assert zh("reply.hrbp_follows", {"hrbp": "陈静"}) not in escalated.card(LI_HUA, "reply").words

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
        escalated = office.card(CHEN_JING, "escalation")
        assert "王磊 → 赵敏" in escalated.words
        assert escalated.card.tag == zh("escalation.tag.followed")
        assert zh("reply.moved", {"manager": "赵敏"}) in office.card(LI_HUA, "reply").words
        assert "上线了报表" in office.card(ZHAO_MIN, "reply").words
        assert "赵敏" in office.card(WANG_LEI, "checkin").words

    def test_whoever_hands_it_over_is_told_so_and_stays_who_can_be_asked(self, found: Found) -> None:
        people = [replace(each, deputy_id=ZHAO_MIN) if each.person_id == LI_HUA else each for each in crew()]
        office = found(people=people)
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-12-01 17:00"))
        answer = office.press(CHEN_JING, office.card(CHEN_JING, "escalation"), "deputy")
        assert answer.toast is not None
        assert answer.toast.text == zh("escalation.handed", {"name": "赵敏"})
        assert zh("reply.hrbp_follows", {"hrbp": "陈静"}) in office.card(ZHAO_MIN, "reply").words

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


THREE_RUNGS = """
ladders: {reply: {clock: workdays, rungs: [{after: 24h, do: notify, to: manager, by: [chat, mail]},
  {after: 48h, do: escalate, to: hrbp, by: [chat, mail]}, {after: 72h, do: escalate, to: admin, by: [chat, mail]}]}}
"""


class TestFurtherRungs:
    @pytest.fixture
    def office(self, found: Found) -> Office:
        """An office whose manager's manager is told after a day, the HRBP asked after two, the admin after three."""
        office = found(THREE_RUNGS)
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        return office

    def test_whoever_is_only_told_has_nothing_to_do_also_after_a_refresh(self, office: Office) -> None:
        office.until(at("2026-12-01 17:00"))
        _edit(office)
        told = office.card(ZHAO_MIN, "escalation")
        assert told.actions == ["normal"]
        assert told.card.tag == zh("escalation.tag.known")
        assert zh("escalation.body") not in told.words
        assert office.card(CHEN_JING, "escalation").actions == ["follow", "normal", "deputy"]

    def test_each_rung_names_the_hours_of_its_own(self, office: Office) -> None:
        for wall, who, hours in (("11-30", ZHAO_MIN, 24), ("12-01", CHEN_JING, 48), ("12-02", "admin", 72)):
            office.until(at(f"2026-{wall} 17:00"))
            assert zh("escalation.title", {"hours": hours}) in office.card(who, "escalation").words
        assert [
            f"{hours} 小时" in letter.subject for (_, letter), hours in zip(office.letters, (24, 48, 72), strict=True)
        ]

    def test_the_next_one_asked_reads_who_looks_after_it_and_may_take_it_over(self, office: Office) -> None:
        office.until(at("2026-12-01 17:00"))
        office.press(CHEN_JING, office.card(CHEN_JING, "escalation"), "follow")
        office.until(at("2026-12-02 17:00"))
        asked = office.card("admin", "escalation")
        since = zh("escalation.followed", {"name": "陈静", "at": "12月1日 周二 17:00"})
        assert since in asked.words
        assert since in office.letters[-1][1].text
        assert zh("escalation.body") not in asked.words + office.letters[-1][1].text
        assert asked.card.tag == zh("escalation.tag.followed")
        office.press("admin", asked, "follow")
        assert "管理员" in office.card(CHEN_JING, "escalation").words
        assert "follow" in office.card(CHEN_JING, "escalation").actions
        assert "管理员" in office.card(ZHAO_MIN, "escalation").words
        assert zh("reply.hrbp_follows", {"hrbp": "管理员"}) in office.card(LI_HUA, "reply").words

    def test_a_mail_offers_what_the_card_offers_and_facts_read_as_the_language_writes_them(
        self, office: Office
    ) -> None:
        office.until(at("2026-12-01 17:00"))
        (_, told), (_, asked) = office.letters
        labels = [button.label for button in office.card(CHEN_JING, "escalation").card.buttons]
        assert zh("escalation.mail.choices", {"buttons": "、".join(labels)}) in asked.text
        assert zh("escalation.known") in told.text
        assert labels[0] not in told.text
        assert zh("list.labelled", {"label": zh("escalation.fact.who"), "text": "王磊 → 李华"}) in asked.text
        assert ": " not in asked.text

    def test_the_three_labels_fit_in_a_row_of_a_phone(self, office: Office) -> None:
        office.until(at("2026-12-01 17:00"))
        rows = button_rows(office.card(CHEN_JING, "escalation").card.key, _asked(office).buttons, in_form=False)
        assert len(rows) == 1


class TestOtherWaysToSay:
    def test_a_reminder_by_mail_reminds_and_asks_nobody_to_look_after_anything(self, found: Found) -> None:
        rung = "{after: 24h, do: remind, to: debtor, by: [chat, mail]}"
        office = found(f"ladders: {{reply: {{rungs: [{rung}]}}, answer: {{rungs: [{rung}]}}}}")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 17:00"))
        letters = dict(office.letters)
        assert letters["lihua@example.com"].subject == REMINDER
        assert letters["xuxin@example.com"].subject == zh("checkin.remind.title")
        for _, letter in office.letters:
            assert zh("escalation.body") not in letter.text
            assert not any(words in letter.text for words in REVIEW.values())

    @pytest.mark.parametrize(("role", "who"), [("about", WANG_LEI), ("manager", ZHAO_MIN), ("hrbp", CHEN_JING)])
    def test_a_reminder_to_somebody_who_owes_nothing_tells_them_and_asks_nothing(
        self, found: Found, role: str, who: str
    ) -> None:
        office = found(f"ladders: {{reply: {{clock: workdays, rungs: [{{after: 24h, do: remind, to: {role}}}]}}}}")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 17:00"))
        assert office.cards(who, "reply") == []
        told = office.card(who, "escalation")
        assert told.actions == ["normal"]
        assert told.card.fields == ()
        assert not any(words in told.words for words in REVIEW.values())
        office.press(who, told, "normal")
        assert zh("duty.reason.normal") in office.card(LI_HUA, "reply").words
        assert len(office.saw(WANG_LEI, "本周复盘：")) == (0 if who == WANG_LEI else 1)

    def test_a_missing_answer_waits_for_nobody_and_its_debtor_is_told_so(self, found: Found) -> None:
        rungs = "ladders: {answer: {clock: workdays, rungs: [{after: 24h, do: escalate, to: hrbp}]}}"
        office = found(f"{rungs}\nattention: {{per_person_per_day: 50}}")
        office.until(at("2026-11-30 17:00"))
        shown = next(each for each in office.cards(CHEN_JING, "escalation") if "王磊" in each.words)
        assert "王磊 → 王磊" not in shown.words
        assert shown.actions == ["follow", "normal"]
        values = {"title": "本周复盘", "hrbp": "陈静"}
        assert len(office.saw(WANG_LEI, zh("unanswered.debtor_told", values))) == 1
        office.press(CHEN_JING, shown, "follow")
        assert shown.card.tag == zh("escalation.tag.followed")
        assert shown.actions == ["normal"]
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert shown.card.tag == zh("escalation.tag.done")

    def test_what_was_due_is_not_promised_any_more(self, waiting: Office) -> None:
        waiting.until(at("2026-12-02 10:00"))
        _edit(waiting)
        assert zh("report.awaits_still", {"manager": "李华"}) in waiting.card(WANG_LEI, "checkin").words
        assert zh("due.past", {"due": "12月1日 周二 16:30"}) in waiting.card(LI_HUA, "reply").words

    @pytest.mark.parametrize("kind", ["reply", "verdict"])
    def test_what_has_expired_can_still_be_answered_from_its_card(self, found: Found, kind: str) -> None:
        follow_up = f"follow_up: {{kind: {kind}, by: manager, questionnaire: reply, ladder: reply}}"
        rungs = "{clock: workdays, rungs: [{after: 24h, do: close}]}"
        office = found(f"ladders: {{reply: {rungs}}}\ncadences: {{weekly: {{preset: review, {follow_up}}}}}")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 17:00"))
        late = office.card(LI_HUA, "reply")
        assert zh("duty.closed.expired", {"at": "11月30日 周一 16:30"}) in late.words
        assert zh("report.kept") in office.card(WANG_LEI, "checkin").words
        office.press(LI_HUA, late, "submit", {"reply": "晚了，我看了"})
        assert "晚了，我看了" in office.card(WANG_LEI, "answered").words
        assert "晚了，我看了" in office.card(WANG_LEI, "checkin").words

    def test_a_refreshed_reminder_keeps_every_way_out(self, waiting: Office) -> None:
        waiting.until(at("2026-11-30 17:00"))
        _edit(waiting)
        for shown in waiting.cards(LI_HUA, "reply"):
            assert {"handled", "normal", "later", "submit"} == set(shown.actions)

    def test_who_waited_is_told_which_matter_was_settled(self, waiting: Office) -> None:
        waiting.press(LI_HUA, waiting.card(LI_HUA, "reply"), "handled")
        assert waiting.chat(WANG_LEI)[-1].words.startswith("本周复盘：李华 在 ")

    def test_nobody_is_quoted_who_has_only_left(self, waiting: Office) -> None:
        waiting.leave(WANG_LEI)
        assert "李华 在" not in waiting.card(LI_HUA, "reply").words
        assert zh("duty.reason.left") in waiting.card(LI_HUA, "reply").words


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
    @pytest.mark.parametrize("reason", ["travel", ""])
    def test_what_is_said_of_it_ends_with_a_full_stop(self, found: Found, reason: str) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "skip")
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "skip_yes", {"reason": reason})
        (sentence,) = office.card(WANG_LEI, "checkin").card.blocks
        assert isinstance(sentence, Paragraph)
        assert sentence.text == "这次跳过了。" + ("在外出差。" if reason else "")

    def test_whoever_writes_after_all_is_not_told_to_submit_again(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "skip")
        answer = office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "edit")
        assert answer.toast is not None
        assert answer.toast.text == zh("checkin.toast.write")

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
