"""Leave: every way to say it, what it does to what somebody owes, and who stands in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.calendar import Leave
from domain.ids import PersonId
from tests.builders import LI_HUA, WANG_LEI, ZHAO_MIN, at, leave
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, crew, zh

REMINDER = zh("reply.remind.title", {"name": "王磊"})


def _leave_of(office: Office, who: str) -> list[Leave]:
    with office.database.transaction() as transaction:
        return list(transaction.store(office.policy.org_id).people.leave_of(PersonId(who)))


class TestSaying:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("/请假 到 2026-12-01", leave("2026-11-26", "2026-12-01")),
            ("/请假 到12月1日", leave("2026-11-26", "2026-12-01")),
            ("/请假 至 12/1", leave("2026-11-26", "2026-12-01")),
            ("/请假 12-01 到 12-05", leave("2026-12-01", "2026-12-05")),
            ("/请假 2026-12-28 到 2027-01-05", leave("2026-12-28", "2027-01-05")),
            ("/请假 12-28 到 1-5", leave("2026-12-28", "2027-01-05")),
            ("/请假 12-01", leave("2026-12-01")),
            ("/请假 今天", leave("2026-11-26")),
            ("/请假 明天", leave("2026-11-27")),
            ("/请假 明天 到 12-05", leave("2026-11-27", "2026-12-05")),
            ("/请假 到 后天", leave("2026-11-26", "2026-11-28")),
            ("/leave until 2026-12-01", leave("2026-11-26", "2026-12-01")),
            ("/leave tomorrow", leave("2026-11-27")),
            ("/leave to 12-01", leave("2026-11-26", "2026-12-01")),
            ("/leave 12-01 to 12-05", leave("2026-12-01", "2026-12-05")),
            ("／请假　到　2026-12-01", leave("2026-11-26", "2026-12-01")),
            ("/请假到 2026-12-01", leave("2026-11-26", "2026-12-01")),
        ],
    )
    def test_every_usual_way_is_understood(self, found: Found, words: str, expected: Leave) -> None:
        office = found()
        office.say(WANG_LEI, words)
        assert _leave_of(office, WANG_LEI) == [expected]

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ("/请假", "leave.no_date"),
            ("/请假 下周", "leave.no_date"),
            ("/请假 到 2026-13-45", "leave.no_date"),
            ("/请假 到 2026-02-30", "leave.no_date"),
            ("/请假 到 2026-11-25", "leave.past"),
            ("/请假 12-05 到 12-01", "leave.too_long"),
            ("/请假 到 2028-12-01", "leave.too_long"),
            ("/请假 到 2-29", "leave.no_date"),
        ],
    )
    def test_what_makes_no_sense_is_said_so_with_an_example(self, found: Found, words: str, sentence: str) -> None:
        office = found()
        assert office.say(WANG_LEI, words) == zh(sentence)
        assert _leave_of(office, WANG_LEI) == []

    def test_a_leap_day_of_a_leap_year_is_a_date_and_no_fault_in_the_year_after(self, found: Found) -> None:
        office = found(now=at("2028-05-01 12:00"))
        assert office.say(WANG_LEI, "/请假 到 2-29") == zh("leave.no_date")


class TestComingBack:
    def test_coming_back_ends_the_leave_and_tells_what_waits(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "/请假 到 12-10")
        office.until(at("2026-12-01 10:00"))
        assert office.say(WANG_LEI, "/销假") == zh("leave.back", {"count": 1})
        assert _leave_of(office, WANG_LEI) == [leave("2026-11-27", "2026-11-30")]

    def test_coming_back_from_nowhere_is_said_so(self, found: Found) -> None:
        assert found().say(WANG_LEI, "/回来") == zh("leave.none", {"count": 0})

    def test_a_leave_that_had_not_begun_is_cancelled(self, found: Found) -> None:
        office = found()
        office.say(WANG_LEI, "/请假 12-10 到 12-12")
        office.say(WANG_LEI, "/销假")
        assert _leave_of(office, WANG_LEI) == []

    def test_hours_that_were_counted_before_the_leave_are_kept(self, found: Found) -> None:
        """Asked Friday 16:00; away Monday and Tuesday; 24 working hours are over on Wednesday at 16:00."""
        office = found()
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.say(LI_HUA, "/请假 11-30 到 12-01")
        office.until(at("2026-12-02 16:29"))
        assert office.saw(LI_HUA, REMINDER) == []
        office.until(at("2026-12-02 16:31"))
        assert len(office.saw(LI_HUA, REMINDER)) == 1


class TestDeputies:
    def _with_deputy(self, found: Found) -> Office:
        people = [replace(each, deputy_id=ZHAO_MIN) if each.person_id == LI_HUA else each for each in crew()]
        return found(people=people)

    def test_what_waits_already_is_shown_to_the_deputy_when_the_leave_begins(self, found: Found) -> None:
        office = self._with_deputy(found)
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert "赵敏" in office.say(LI_HUA, "/请假 到 12-04")
        assert zh("reply.stand_in", {"manager": "李华"}) in office.card(ZHAO_MIN, "reply").words
        office.press(ZHAO_MIN, office.card(ZHAO_MIN, "reply"), "submit", {"reply": "我来看"})
        assert "赵敏 回了你" in office.card(WANG_LEI, "answered").words
        assert "赵敏" in office.card(LI_HUA, "reply").words

    def test_the_clock_runs_on_and_the_deputy_is_reminded(self, found: Found) -> None:
        office = self._with_deputy(found)
        office.say(LI_HUA, "/请假 到 12-04")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-30 17:00"))
        assert len(office.saw(ZHAO_MIN, REMINDER)) == 1
        assert office.saw(LI_HUA, REMINDER) == []
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards("chenjing", "escalation")) == 1

    def test_a_deputy_who_has_left_stands_in_for_nobody_and_the_clock_waits(self, found: Found) -> None:
        office = self._with_deputy(found)
        office.hire(replace(next(each for each in crew() if each.person_id == ZHAO_MIN), active=False))
        assert office.say(LI_HUA, "/请假 到 12-04") == zh("leave.noted", {"to": "12月4日"})
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-12-04 18:00"))
        assert office.cards("chenjing", "escalation") == []
        office.until(at("2026-12-08 09:00"))
        assert len(office.saw(LI_HUA, REMINDER)) == 1

    def test_a_person_is_never_asked_to_reply_to_themselves(self, found: Found) -> None:
        """Wang Lei is the deputy of his own manager."""
        people = [replace(each, deputy_id=PersonId(WANG_LEI)) if each.person_id == LI_HUA else each for each in crew()]
        office = found(people=people)
        office.say(LI_HUA, "/请假 到 12-04")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert office.cards(WANG_LEI, "reply") == []
        office.press("zhangwei", office.card("zhangwei", "checkin"), "submit", REVIEW)
        assert "张伟" in office.card(WANG_LEI, "reply").words


class TestPromises:
    """What was said of a time before somebody took leave is said anew."""

    def test_an_answer_in_time_by_the_hours_that_leave_has_put_off_is_not_late(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "/请假 11-30 到 12-02")
        office.until(at("2026-12-04 10:00"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert zh("checkin.late") not in office.card(WANG_LEI, "checkin").words
        assert zh("checkin.late") not in office.card(LI_HUA, "reply").words

    def test_whoever_waits_reads_by_when_a_manager_on_leave_replies(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.say(LI_HUA, "/请假 11-30 到 12-02")
        promised = {"manager": "李华", "due": "12月4日 周五 16:30"}
        assert zh("report.awaits", promised) in office.card(WANG_LEI, "checkin").words
        office.until(at("2026-12-01 10:00"))
        office.say(LI_HUA, "/销假")
        assert zh("report.awaits", {**promised, "due": "12月2日 周三 16:30"}) in office.card(WANG_LEI, "checkin").words
