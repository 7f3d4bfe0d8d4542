"""The shipped practices as people live them: what each asks, tells and never tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.cards import Chart
from tests.builders import CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, at, person
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, crew, zh

TEAM = (WANG_LEI, "zhangwei", "liuyang", "xuxin", "huangbo", "maxiao")
MICRO = "cadences: {weekly: {preset: micro}}"
SLOW, FAST = {"progress": "C", "pace": "B", "support": "B"}, {"progress": "A", "pace": "B", "support": "B"}


class TestMicro:
    def _after(self, found: Found, number: int) -> Office:
        """An office in which so many of the team have answered: the first is slow, the others are fast."""
        office = found(MICRO)
        office.until(at("2026-11-27 15:10"))
        for who in TEAM[:number]:
            office.press(who, office.card(who, "checkin"), "submit", SLOW if who == WANG_LEI else FAST)
        return office

    @pytest.mark.parametrize("number", [1, 4])
    def test_below_five_answers_no_mean_is_shown_and_that_is_said(self, found: Found, number: int) -> None:
        office = self._after(found, number)
        last = office.card(TEAM[number - 1], "checkin")
        assert not [block for block in last.card.blocks if isinstance(block, Chart)]
        assert zh("report.small_group") in last.words

    def test_from_five_answers_on_the_report_compares_and_advises(self, found: Found) -> None:
        office = self._after(found, 5)
        (chart,) = [block for block in office.card("huangbo", "checkin").card.blocks if isinstance(block, Chart)]
        me, team = chart.series
        assert me.values[0] == 3
        assert team.values[0] == pytest.approx((1 + 4 * 3) / 5)
        assert "节奏和团队差不多" in office.card("huangbo", "checkin").words

    def test_whoever_is_behind_is_advised_and_not_scolded(self, found: Found) -> None:
        office = self._after(found, 5)
        office.say(WANG_LEI, "/周报")
        report = office.card(WANG_LEI, "checkin").words
        assert "说出卡在哪里" in report
        assert zh("report.advice") in report

    def test_options_listed_in_the_chat_are_counted_once(self, found: Found) -> None:
        office = self._after(found, 0)
        listed = office.say(WANG_LEI, "还不清楚")
        assert "1. 比预想的快\n2. 和计划差不多\n3. 比计划慢" in listed
        assert "从容" in office.say(WANG_LEI, "比预想的快")

    def test_whoever_has_no_team_is_not_told_to_wait_for_its_mean(self, found: Found) -> None:
        office = found(MICRO, people=(person("solo", "独行"),))
        office.until(at("2026-11-27 15:10"))
        office.press("solo", office.card("solo", "checkin"), "submit", FAST)
        assert zh("report.small_group") not in office.card("solo", "checkin").words

    def test_nobody_owes_anything_for_it(self, found: Found) -> None:
        office = self._after(found, 6)
        assert office.cards(LI_HUA, "reply") == []
        office.until(at("2026-12-02 12:00"))
        assert office.cards(CHEN_JING, "escalation") == []

    def test_answers_of_another_team_are_not_in_the_mean(self, found: Found) -> None:
        others = [person(f"o{number}", f"别组{number}", manager=ZHAO_MIN) for number in range(8)]
        office = found(MICRO, people=(*crew(), *others))
        office.until(at("2026-11-27 15:10"))
        for each in others:
            office.press(each.person_id, office.card(each.person_id, "checkin"), "submit", SLOW)
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", FAST)
        assert zh("report.small_group") in office.card(WANG_LEI, "checkin").words


class TestMonday:
    def _read_out(self, found: Found) -> Office:
        office = found("cadences: {weekly: {preset: review}, monday: {preset: monday}}")
        office.until(at("2026-11-27 16:10"))
        for who in (WANG_LEI, "zhangwei"):
            answers = {"result": f"{who} 的成果", "obstacle": f"{who} 的难处", "next": f"{who} 的下一步"}
            office.press(who, office.card(who, "checkin"), "submit", answers)
        office.until(at("2026-11-30 09:31"))
        return office

    def test_it_reads_out_shared_answers_only_and_to_the_whole_team(self, found: Found) -> None:
        office = self._read_out(found)
        for who in (*TEAM, LI_HUA):
            told = office.card(who, "summary")
            assert told.at == at("2026-11-30 09:30")
            assert "wanglei 的成果" in told.words
            assert "zhangwei 的成果" in told.words
            assert "难处" not in told.words
            assert "下一步" not in told.words

    def test_who_is_asked_is_told_before_that_the_answer_is_shared(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 16:10"))
        prompt = office.card(WANG_LEI, "checkin").words
        assert zh("checkin.shared", {"questions": "本周最重要的成果？"}) in prompt

    def test_open_duties_of_the_team_are_listed_with_their_times(self, found: Found) -> None:
        office = self._read_out(found)
        assert zh("summary.open_duties") in office.card(LI_HUA, "summary").words
        assert "刘洋" in office.card(LI_HUA, "summary").words

    def test_other_teams_hear_nothing_of_it(self, found: Found) -> None:
        office = self._read_out(found)
        assert not [each for each in office.cards("admin", "summary") if "wanglei" in each.words]

    def test_on_a_monday_off_it_comes_on_the_next_workday(self, found: Found) -> None:
        """2026-06-22 is an ordinary Monday; 2026-05-04 and 05-05 belong to the Labour Day holiday."""
        office = found("cadences: {weekly: {preset: review}, monday: {preset: monday}}", now=at("2026-04-23 12:00"))
        office.until(at("2026-04-30 16:05"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-05-06 12:00"))
        assert office.card(LI_HUA, "summary").at == at("2026-05-06 09:30")


class TestCalibration:
    def _meeting(self, found: Found) -> Office:
        office = found(
            "cadences: {calibration: {preset: calibration, when: 'WED 14:00 every 2 weeks from 2026-11-25'}}",
            people=(*crew(), person("linfang", "林芳", manager=ZHAO_MIN), person("x", "某人", hrbp="linfang")),
            now=at("2026-11-23 12:00"),
        )
        office.until(at("2026-11-25 14:05"))
        return office

    def test_hrbps_get_the_agenda_a_day_before_and_nobody_else(self, found: Found) -> None:
        office = self._meeting(found)
        for who in (CHEN_JING, "linfang"):
            notice = office.card(who, "notice")
            assert notice.at == at("2026-11-24 14:00")
            assert "上次决议走到哪里了" in notice.words
        assert office.cards(WANG_LEI, "notice") + office.cards(LI_HUA, "notice") == []

    def test_the_decision_log_asks_for_owner_and_day_only_if_there_is_a_decision(self, found: Found) -> None:
        office = self._meeting(found)
        log = office.card(CHEN_JING, "checkin")
        assert [field.name for field in log.card.fields] == ["decided"]
        office.press(CHEN_JING, log, "submit", {"decided": "yes"})
        assert [field.name for field in log.card.fields] == ["decided", "decision", "owner", "deadline", "revisit"]
        office.press(
            CHEN_JING,
            log,
            "submit",
            {"decided": "yes", "decision": "目标改口径", "owner": "李华", "deadline": "12月9日", "revisit": "no"},
        )
        office.press("linfang", office.card("linfang", "checkin"), "submit", {"decided": "no"})
        office.until(at("2026-11-26 14:05"))
        summary = office.card("linfang", "summary").words
        for words in ("目标改口径", "李华", "12月9日"):
            assert words in summary

    def test_it_comes_every_other_week(self, found: Found) -> None:
        office = self._meeting(found)
        office.until(at("2026-12-24 12:00"))
        assert [each.at for each in office.cards(CHEN_JING, "notice")] == [
            at("2026-11-24 14:00"),
            at("2026-12-08 14:00"),
            at("2026-12-22 14:00"),
        ]

    def test_a_log_that_is_not_filled_in_is_reminded_of(self, found: Found) -> None:
        office = self._meeting(found)
        office.until(at("2026-11-26 14:05"))
        assert len(office.saw(CHEN_JING, zh("checkin.remind.title"))) == 1


class TestMilestone:
    def _delivered(self, found: Found) -> Office:
        office = found(
            "cadences: {release: {preset: milestone, title: 春季版本, when: 'on 2026-11-27 10:00', audience: "
            "{people: [wanglei]}}}"
        )
        office.until(at("2026-11-27 10:05"))
        done = {"deliverable": "v2.1 在发布页", "acceptance": "回归全过", "state": "done"}
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", done)
        return office

    def test_only_its_audience_is_asked(self, found: Found) -> None:
        office = self._delivered(found)
        assert office.cards("zhangwei", "checkin") == []

    def test_what_is_late_says_why_and_until_when(self, found: Found) -> None:
        office = found("cadences: {release: {preset: milestone, when: 'on 2026-11-27 10:00'}}")
        office.until(at("2026-11-27 10:05"))
        card = office.card(WANG_LEI, "checkin")
        office.press(WANG_LEI, card, "submit", {"deliverable": "v2", "acceptance": "回归", "state": "late"})
        assert [field.name for field in card.card.fields][-1] == "gap"
        assert office.cards(LI_HUA, "reply") == []

    def test_the_manager_accepts_on_the_card(self, found: Found) -> None:
        office = self._delivered(found)
        request = office.card(LI_HUA, "reply")
        assert "v2.1 在发布页" in request.words
        assert [field.name for field in request.card.fields] == ["verdict"]
        office.press(LI_HUA, request, "submit", {"verdict": "passed"})
        assert "通过" in office.card(WANG_LEI, "answered").words

    def test_a_refusal_needs_its_reason(self, found: Found) -> None:
        office = self._delivered(found)
        request = office.card(LI_HUA, "reply")
        office.press(LI_HUA, request, "submit", {"verdict": "failed"})
        assert [field.name for field in request.card.fields] == ["verdict", "reason"]
        assert office.cards(WANG_LEI, "answered") == []
        office.press(LI_HUA, request, "submit", {"verdict": "failed", "reason": "差一个用例，周三补"})
        assert "差一个用例，周三补" in office.card(WANG_LEI, "answered").words

    def test_what_is_asked_of_the_manager_is_not_called_a_word(self, found: Found) -> None:
        office = self._delivered(found)
        assert "一句" not in office.card(LI_HUA, "reply").words
        office.until(at("2026-12-01 10:10"))
        assert "一句" not in "".join(shown.words for shown in office.cards(LI_HUA, "reply"))
        assert zh("unsettled.title", {"title": "春季版本", "hours": 48}) in office.card(ZHAO_MIN, "escalation").words

    def test_an_acceptance_that_does_not_come_goes_to_the_managers_manager(self, found: Found) -> None:
        office = self._delivered(found)
        office.until(at("2026-11-30 10:10"))
        assert len(office.saw(LI_HUA, zh("followup.remind.title", {"name": "王磊"}))) == 1
        office.until(at("2026-12-01 10:10"))
        assert len(office.cards(ZHAO_MIN, "escalation")) == 1
        assert office.cards(CHEN_JING, "escalation") == []


class TestMonthly:
    def _answered(self, found: Found) -> Office:
        office = found("cadences: {monthly: {preset: monthly}}")
        office.until(at("2026-11-30 15:05"))
        month = {"completion": "4", "result": "上线", "obstacle": "人手", "support": "一台机器"}
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", month)
        return office

    def test_it_comes_on_the_last_workday_of_the_month(self, found: Found) -> None:
        office = found("cadences: {monthly: {preset: monthly}}", now=at("2026-10-20 12:00"))
        office.until(at("2026-12-01 12:00"))
        asked = [each for each in office.cards(WANG_LEI, "checkin") if each.at.day in (30, 31)]
        assert [each.at for each in asked][:2] == [at("2026-10-30 15:00"), at("2026-11-30 15:00")]

    def test_the_reply_is_a_formal_one_with_its_own_questions(self, found: Found) -> None:
        office = self._answered(found)
        request = office.card(LI_HUA, "reply")
        assert [field.name for field in request.card.fields] == ["strength", "growth", "support"]
        assert "4 完成" in request.words
        office.press(LI_HUA, request, "submit", {"strength": "稳", "growth": "早点说"})
        told = office.card(WANG_LEI, "answered").words
        assert "做得好的一件事：稳" in told
        assert "早点说" in told

    def test_its_ladder_is_three_and_five_working_days(self, found: Found) -> None:
        office = self._answered(found)
        reminder = zh("followup.remind.title", {"name": "王磊"})
        office.until(at("2026-12-03 15:04"))
        assert office.saw(LI_HUA, reminder) == []
        office.until(at("2026-12-03 15:06"))
        assert len(office.saw(LI_HUA, reminder)) == 1
        office.until(at("2026-12-07 15:06"))
        assert len(office.cards(CHEN_JING, "escalation")) == len(office.letters) == 1

    def test_words_alone_do_not_answer_a_reply_of_several_questions(self, found: Found) -> None:
        office = self._answered(found)
        assert "做得好的一件事" in office.say(LI_HUA, "/回复 王磊 好")
        assert office.cards(WANG_LEI, "answered") == []


class TestSummaries:
    SUMMARY = (
        "cadences: {weekly: {preset: review, summary: {to: managers, after: 72h, sections: [counts, key_points]}}}"
    )

    def test_a_manager_hears_about_reports_in_other_zones_too(self, found: Found) -> None:
        far = person("nina", "Nina", manager=LI_HUA, zone="America/New_York")
        office = found(self.SUMMARY, people=(*crew(), far))
        office.until(at("2026-11-27 16:10"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-28 05:10"))
        office.press("nina", office.card("nina", "checkin"), "submit", {**REVIEW, "result": "from New York"})
        office.until(at("2026-11-30 18:00"))
        assert "from New York" in office.card(LI_HUA, "summary").words
        assert "上线了报表" in office.card(LI_HUA, "summary").words

    def test_a_summary_of_its_own_round_says_so_and_one_of_another_practice_says_that(self, found: Found) -> None:
        office = found(self.SUMMARY[:-1] + ", monday: {preset: monday}}")
        office.until(at("2026-11-27 16:10"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 18:00"))
        read_out, own = office.cards(LI_HUA, "summary")
        assert zh("summary.last.key_points") in read_out.words
        assert zh("summary.key_points") in own.words
        assert zh("summary.last.key_points") not in own.words

    def test_all_answers_are_not_called_key_points(self, found: Found) -> None:
        office = found(self.SUMMARY.replace("key_points", "answers"))
        office.until(at("2026-11-27 16:10"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 18:00"))
        assert zh("summary.answers") in office.card(LI_HUA, "summary").words
        assert zh("summary.key_points") not in office.card(LI_HUA, "summary").words

    def test_a_manager_in_another_zone_hears_about_the_reports_at_home(self, found: Found) -> None:
        people = [replace(each, zone="America/New_York") if each.person_id == LI_HUA else each for each in crew()]
        office = found(self.SUMMARY, people=people)
        office.until(at("2026-11-27 16:10"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-12-02 18:00"))
        assert "上线了报表" in office.card(LI_HUA, "summary").words

    def test_everybody_of_an_audience_hears_about_all_of_it_in_whatever_zone(self, found: Found) -> None:
        far = person("nina", "Nina", manager=LI_HUA, zone="America/New_York")
        told = self.SUMMARY.replace("managers", "audience")
        office = found(told, people=(*crew(), far))
        office.until(at("2026-11-27 16:10"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-28 05:10"))
        office.press("nina", office.card("nina", "checkin"), "submit", {**REVIEW, "result": "from New York"})
        office.until(at("2026-12-02 18:00"))
        for who in ("nina", "admin"):
            summary = office.card(who, "summary").words
            assert "from New York" in summary
            assert "上线了报表" in summary
            assert f"{zh('summary.asked')}\n{len(crew()) + 1}\n{zh('summary.submitted')}\n2" in summary

    def test_a_manager_whose_team_was_not_asked_hears_nothing(self, found: Found) -> None:
        office = found(f"{self.SUMMARY[:-2]}, audience: {{people: [zhangwei]}}}}}}")
        office.until(at("2026-11-27 16:10") + timedelta(days=5))
        assert office.cards(ZHAO_MIN, "summary") == []
