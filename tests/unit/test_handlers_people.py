"""Joining, moving, leaving: open duties follow people the same day, and nothing that somebody waits for is dropped."""

from __future__ import annotations

from dataclasses import replace

from domain.cards import CardKey
from domain.directory import Overlay
from domain.ids import PersonId
from domain.people import Person
from domain.ports import DirectoryPerson
from tests.builders import CHEN_JING, LI_HUA, SHANGHAI, WANG_LEI, ZHAO_MIN, at, person
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, crew, zh

REMINDER = zh("reply.remind.title", {"name": "王磊"})

DEPUTISED: dict[str, object] = {"deputy_id": ZHAO_MIN}


def _submitted(found: Found, people: list[Person] | None = None) -> Office:
    """An office in which Wang Lei has answered on Friday at 16:30, and his manager has been shown it."""
    office = found(people=people)
    office.until(at("2026-11-27 16:30"))
    office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
    return office


def _seen(*people: Person, **managers: str) -> list[DirectoryPerson]:
    return [
        DirectoryPerson(
            f"ou_{each.person_id}",
            each.name,
            each.department,
            manager=f"ou_{managers.get(each.person_id, each.manager_id or '')}",
            hrbp=f"ou_{each.hrbp_id or ''}",
            mail=each.mail or "",
        )
        for each in people
    ]


def _changed(who: str, **changes: object) -> Person:
    return replace(next(each for each in crew() if each.person_id == who), **changes)  # type: ignore[arg-type]


class TestChangedManager:
    def test_the_new_manager_takes_over_and_the_old_card_says_who_has_it(self, found: Found) -> None:
        office = _submitted(found)
        old = office.card(LI_HUA, "reply")
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        assert "上线了报表" in office.card(ZHAO_MIN, "reply").words
        assert zh("reply.moved", {"manager": "赵敏"}) in old.words
        assert old.actions == []
        late = office.click(LI_HUA, old.card.key, "submit", {"reply": "我来"}, old)
        assert late.toast is not None
        assert late.toast.text == zh("reply.not_yours", {"manager": "赵敏"})
        office.press(ZHAO_MIN, office.card(ZHAO_MIN, "reply"), "submit", {"reply": "我来看"})
        assert "赵敏" in office.card(WANG_LEI, "answered").words

    def test_the_ladder_goes_on_where_it_stands_with_the_new_manager(self, found: Found) -> None:
        office = _submitted(found)
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        office.until(at("2026-11-30 17:00"))
        assert len(office.saw(ZHAO_MIN, REMINDER)) == 1
        assert office.saw(LI_HUA, REMINDER) == []
        office.until(at("2026-12-01 17:00"))
        assert "王磊 → 赵敏" in office.card(CHEN_JING, "escalation").words

    def test_a_manager_who_is_named_after_the_old_one_left_takes_over_from_whoever_stood_in(self, found: Found) -> None:
        """Li Hua leaves; her own manager has it until the directory names the successor."""
        office = _submitted(found)
        office.leave(LI_HUA)
        assert len(office.cards(ZHAO_MIN, "reply")) == 1
        left = [each for each in crew() if each.person_id != LI_HUA]
        office.read_directory(
            *_seen(*left, **{each.person_id: "chenjing" for each in left if each.manager_id == LI_HUA})
        )
        assert "上线了报表" in office.card(CHEN_JING, "reply").words
        assert zh("reply.moved", {"manager": "陈静"}) in office.card(ZHAO_MIN, "reply").words

    def test_what_was_answered_already_stays_with_whoever_answered(self, found: Found) -> None:
        office = _submitted(found)
        office.press(LI_HUA, office.card(LI_HUA, "reply"), "submit", {"reply": "好"})
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        assert office.cards(ZHAO_MIN, "reply") == []


class TestTellingTheNewDebtor:
    """Whoever comes to owe something is shown it once, at an allowed hour, however far the ladder has climbed."""

    def _asks(self, office: Office, who: str) -> list[str]:
        """Return when somebody was shown it as a first card is."""
        lead = zh("reply.tag.open")
        return [
            f"{shown.at.astimezone(SHANGHAI):%m-%d %H:%M}"
            for shown in office.cards(who, "reply")
            if shown.card.tag == lead and shown.card.title != REMINDER
        ]

    def test_a_new_manager_is_told_once_after_the_reminder_has_gone_to_the_old_one(self, found: Found) -> None:
        office = _submitted(found)
        office.until(at("2026-11-30 21:00"))
        before = len(office.chat(LI_HUA))
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        assert self._asks(office, ZHAO_MIN) == []
        office.until(at("2026-12-01 12:00"))
        assert self._asks(office, ZHAO_MIN) == ["12-01 08:30"]
        assert {"submit", "later", "handled", "normal"} == set(office.card(ZHAO_MIN, "reply").actions)
        assert len(office.chat(LI_HUA)) == before

    def test_a_new_manager_reads_whom_the_ladder_has_asked_already(self, found: Found) -> None:
        office = _submitted(found)
        office.until(at("2026-12-01 17:00"))
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        assert zh("reply.hrbp_asked", {"hrbp": "陈静"}) in office.card(ZHAO_MIN, "reply").words
        assert zh("due.past", {"due": "12月1日 周二 16:30"}) in office.card(ZHAO_MIN, "reply").words

    def test_a_manager_to_whom_it_comes_back_is_told_again(self, found: Found) -> None:
        office = _submitted(found)
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        office.until(at("2026-11-30 10:00"))
        office.read_directory(*_seen(*crew()))
        assert self._asks(office, LI_HUA)[-1] == "11-30 10:00"
        assert zh("reply.moved", {"manager": "李华"}) in office.card(ZHAO_MIN, "reply").words

    def test_to_and_fro_in_the_night_tells_whoever_has_it_in_the_morning(self, found: Found) -> None:
        office = _submitted(found)
        office.until(at("2026-11-30 22:00"))
        for manager in (ZHAO_MIN, CHEN_JING, ZHAO_MIN):
            office.read_directory(*_seen(*crew(), wanglei=manager))
        office.until(at("2026-12-01 09:00"))
        assert self._asks(office, ZHAO_MIN) == ["12-01 08:30"]
        assert self._asks(office, CHEN_JING) == []

    def test_a_new_manager_on_leave_owes_it_by_their_own_days_and_is_told_when_back(self, found: Found) -> None:
        office = _submitted(found)
        office.say(ZHAO_MIN, "/请假 到 12-02")
        office.read_directory(*_seen(*crew(), wanglei=ZHAO_MIN))
        assert zh("report.awaits", {"manager": "赵敏", "due": "12月5日 周六 00:00"}) in (
            office.card(WANG_LEI, "checkin").words
        )
        office.until(at("2026-12-04 12:00"))
        assert self._asks(office, ZHAO_MIN) == ["12-03 08:30"]
        assert [shown.at for shown in office.saw(ZHAO_MIN, REMINDER)] == [at("2026-12-04 08:30")]

    def _away(self, found: Found, until: str) -> Office:
        """An office whose manager is away when the answer comes; Zhao Min stands in."""
        office = found(people=[*(each for each in crew() if each.person_id != LI_HUA), _changed(LI_HUA, **DEPUTISED)])
        office.say(LI_HUA, f"/请假 到 {until}")
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert self._asks(office, ZHAO_MIN) == ["11-27 16:30"]
        return office

    def test_a_manager_who_was_away_is_told_when_back_and_the_deputy_not_again(self, found: Found) -> None:
        office = self._away(found, "11-30")
        office.until(at("2026-11-30 19:00"))
        assert len(office.saw(ZHAO_MIN, REMINDER)) == 1
        assert office.cards(LI_HUA, "reply") == []
        office.until(at("2026-12-01 12:00"))
        assert self._asks(office, LI_HUA) == ["12-01 08:30"]
        assert len(office.saw(ZHAO_MIN, "王磊")) == 2
        assert zh("reply.stand_in", {"manager": "李华"}) not in office.card(LI_HUA, "reply").words
        office.until(at("2026-12-18 12:00"))
        assert self._asks(office, LI_HUA) == ["12-01 08:30"]

    def test_a_manager_who_comes_back_early_is_told_then(self, found: Found) -> None:
        office = self._away(found, "12-31")
        office.until(at("2026-11-30 10:00"))
        office.say(LI_HUA, "/销假")
        assert self._asks(office, LI_HUA) == ["11-30 10:00"]
        office.until(at("2027-01-05 10:00"))
        assert self._asks(office, LI_HUA) == ["11-30 10:00"]

    def test_a_manager_who_stays_away_longer_is_told_when_back_at_last(self, found: Found) -> None:
        office = self._away(found, "11-30")
        office.say(LI_HUA, "/请假 12-01 到 12-02")
        office.until(at("2026-12-02 18:00"))
        assert office.cards(LI_HUA, "reply") == []
        office.until(at("2026-12-03 18:00"))
        assert self._asks(office, LI_HUA) == ["12-03 08:30"]

    def test_what_the_deputy_has_settled_is_no_news(self, found: Found) -> None:
        office = self._away(found, "11-30")
        office.press(ZHAO_MIN, office.card(ZHAO_MIN, "reply"), "submit", {"reply": "我来看"})
        office.until(at("2026-12-04 12:00"))
        assert office.cards(LI_HUA, "reply") == []

    def test_a_manager_who_was_told_before_the_leave_is_not_told_again(self, found: Found) -> None:
        people = [*(each for each in crew() if each.person_id != LI_HUA), _changed(LI_HUA, **DEPUTISED)]
        office = _submitted(found, people)
        office.until(at("2026-11-30 09:00"))
        office.say(LI_HUA, "/请假 到 11-30")
        assert self._asks(office, ZHAO_MIN) == ["11-30 09:00"]
        office.until(at("2026-12-04 12:00"))
        assert self._asks(office, LI_HUA) == ["11-27 16:30"]

    def test_a_deputy_who_is_named_meanwhile_is_told_and_the_one_before_not_again(self, found: Found) -> None:
        office = self._away(found, "12-31")
        office.until(at("2026-11-30 21:00"))
        before = len(office.chat(ZHAO_MIN))
        people = _seen(*crew())
        office.read_directory(*people, overlays={LI_HUA: Overlay(deputy_id=CHEN_JING)})
        office.until(at("2026-12-01 10:00"))
        assert self._asks(office, CHEN_JING) == ["12-01 08:30"]
        assert len(office.chat(ZHAO_MIN)) == before


class TestChangedHrbp:
    VERDICT = (
        "cadences: {weekly: {preset: review, "
        "follow_up: {kind: verdict, by: hrbp, questionnaire: reply, ladder: reply}}}"
    )

    def _submitted(self, found: Found) -> Office:
        office = found(self.VERDICT)
        office.until(at("2026-11-27 16:30"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert len(office.cards(CHEN_JING, "reply")) == 1
        return office

    def test_what_an_hrbp_owes_goes_to_the_next_hrbp_and_not_to_the_manager(self, found: Found) -> None:
        office = self._submitted(found)
        seen = [replace(each, hrbp="ou_admin") if each.external_id == "ou_wanglei" else each for each in _seen(*crew())]
        office.read_directory(*seen)
        assert len(office.cards("admin", "reply")) == 1
        assert office.cards(LI_HUA, "reply") == []

    def test_what_an_hrbp_who_leaves_owes_goes_to_the_hrbp_above(self, found: Found) -> None:
        office = self._submitted(found)
        office.hire(_changed(ZHAO_MIN, hrbp_id=PersonId("admin")))
        office.leave(CHEN_JING)
        assert len(office.cards("admin", "reply")) == 1
        assert office.cards(LI_HUA, "reply") == []

    def test_nobody_owes_a_verdict_on_themselves(self, found: Found) -> None:
        office = found(self.VERDICT, people=[_changed(ZHAO_MIN, hrbp_id=CHEN_JING), *crew()[:-2], crew()[-1]])
        office.until(at("2026-11-27 16:30"))
        office.press(CHEN_JING, office.card(CHEN_JING, "checkin"), "submit", REVIEW)
        assert office.cards(CHEN_JING, "reply") == []


class TestLeaving:
    def test_what_a_leaver_owes_is_closed_the_same_day_and_nothing_more_is_said(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        office.leave(WANG_LEI)
        office.until(at("2026-12-04 12:00"))
        assert office.saw(WANG_LEI, zh("checkin.remind.title")) == []
        assert "left" in [entry.detail["reason"] for entry in office.history("duty.waived")]

    def test_what_others_owe_a_leaver_is_waived_and_their_cards_say_so(self, found: Found) -> None:
        office = _submitted(found)
        office.leave(WANG_LEI)
        assert zh("duty.reason.left") in office.card(LI_HUA, "reply").words
        assert office.card(LI_HUA, "reply").actions == []
        office.until(at("2026-12-04 12:00"))
        assert office.cards(CHEN_JING, "escalation") == []
        assert office.letters == []

    def test_a_manager_who_leaves_passes_on_what_people_wait_for(self, found: Found) -> None:
        office = _submitted(found)
        office.leave(LI_HUA)
        assert "上线了报表" in office.card(ZHAO_MIN, "reply").words
        office.until(at("2026-12-01 17:00"))
        assert "王磊 → 赵敏" in office.card(CHEN_JING, "escalation").words

    def test_at_the_top_what_nobody_can_take_is_waived(self, found: Found) -> None:
        office = _submitted(found)
        office.leave(ZHAO_MIN)
        office.leave(LI_HUA)
        assert [entry.detail["reason"] for entry in office.history("duty.waived")][-1] == "left"
        assert zh("report.kept") in office.card(WANG_LEI, "checkin").words

    def test_somebody_who_has_left_clicks_in_vain_and_is_told(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 17:00"))
        prompt = office.card(WANG_LEI, "checkin")
        office.leave(WANG_LEI)
        answer = office.click(WANG_LEI, prompt.card.key, "submit", REVIEW, prompt)
        assert answer.toast is not None
        assert answer.toast.text == zh("card.stranger")
        assert answer.card is None
        assert office.cards(LI_HUA, "reply") == []

    def test_leaving_is_told_twice_and_closed_once(self, found: Found) -> None:
        office = _submitted(found)
        office.leave(WANG_LEI)
        office.leave(WANG_LEI)
        assert len(office.history("person.left")) == 1

    def test_whoever_comes_back_is_asked_again(self, found: Found) -> None:
        office = found()
        office.leave(WANG_LEI)
        office.read_directory(*_seen(*crew()))
        office.until(at("2026-11-27 17:00"))
        assert len(office.cards(WANG_LEI, "checkin")) == 1

    def test_an_hrbp_who_left_is_passed_over(self, found: Found) -> None:
        office = _submitted(found)
        office.leave(CHEN_JING)
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards(ZHAO_MIN, "escalation")) == 1


class TestGuards:
    def test_a_reading_that_lost_most_people_changes_nothing_and_tells_the_admins_once_a_day(
        self, found: Found
    ) -> None:
        office = _submitted(found)
        for _ in range(3):
            change = office.read_directory(*_seen(*crew()[:3]))
            assert change.refused
        assert office.saw("admin", zh("admin.directory_refused", {"count": len(crew()) - 3}))
        assert len(office.chat("admin")) == 2  # Friday's card is the other one
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards(CHEN_JING, "escalation")) == 1

    def test_a_reading_that_shows_most_people_frozen_changes_nothing_and_tells_the_admins(self, found: Found) -> None:
        office = _submitted(found)
        here = [CHEN_JING, ZHAO_MIN, "admin"]
        frozen = [replace(each, active=each.external_id.removeprefix("ou_") in here) for each in _seen(*crew())]
        assert office.read_directory(*frozen).refused
        assert len(office.saw("admin", zh("admin.directory_refused", {"count": len(crew()) - 3}))) == 1
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards(CHEN_JING, "escalation")) == 1

    def test_a_few_who_are_frozen_have_left(self, found: Found) -> None:
        office = _submitted(found)
        seen = [replace(each, active=each.external_id != "ou_lihua") for each in _seen(*crew())]
        assert not office.read_directory(*seen).refused
        assert "上线了报表" in office.card(ZHAO_MIN, "reply").words

    def test_some_may_leave_at_once(self, found: Found) -> None:
        office = found()
        change = office.read_directory(*_seen(*[each for each in crew() if each.person_id not in (WANG_LEI, "xuxin")]))
        assert not change.refused
        assert len(office.history("person.left")) == 2

    def test_a_cycle_of_reporting_lines_stops_nothing(self, found: Found) -> None:
        """Zhao Min answers to Li Hua, who answers to Zhao Min: bad data of somebody's directory."""
        office = _submitted(found)
        change = office.read_directory(*_seen(*crew(), zhaomin=LI_HUA))
        assert change.cycle is not None
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards(CHEN_JING, "escalation")) == 1
        office.until(at("2026-12-04 17:00"))
        assert len(office.saw(WANG_LEI, "本周复盘")) > 0

    def test_somebody_who_is_their_own_manager_is_somebody_without_one(self, found: Found) -> None:
        office = found()
        office.read_directory(*_seen(*crew(), zhaomin=ZHAO_MIN))
        office.until(at("2026-11-27 16:30"))
        office.press(ZHAO_MIN, office.card(ZHAO_MIN, "checkin"), "submit", REVIEW)
        assert office.cards(ZHAO_MIN, "reply") == []
        assert zh("report.kept") in office.card(ZHAO_MIN, "checkin").words


class TestWhoHears:
    def test_while_the_hrbp_is_on_leave_their_deputy_hears_of_it(self, found: Found) -> None:
        deputised = [_changed(CHEN_JING, deputy_id=PersonId("admin"))]
        office = _submitted(found, [*(each for each in crew() if each.person_id != CHEN_JING), *deputised])
        office.say(CHEN_JING, "/请假 到 12-31")
        office.until(at("2026-12-01 17:00"))
        assert office.cards(CHEN_JING, "escalation") == []
        assert len(office.cards("admin", "escalation")) == 1
        assert [receiver for receiver, _ in office.letters] == ["admin@example.com"]

    def test_without_a_deputy_the_next_above_hears_of_it(self, found: Found) -> None:
        office = _submitted(found)
        office.say(CHEN_JING, "/请假 到 12-31")
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards(ZHAO_MIN, "escalation")) == 1

    def test_where_everybody_else_is_away_the_admin_hears_of_it(self, found: Found) -> None:
        office = _submitted(found)
        for who in (CHEN_JING, ZHAO_MIN):
            office.say(who, "/请假 到 12-31")
        office.until(at("2026-12-01 17:00"))
        assert len(office.cards("admin", "escalation")) == 1

    def test_the_debtor_is_told_in_the_same_words_and_first(self, found: Found) -> None:
        office = _submitted(found)
        office.until(at("2026-12-01 17:00"))
        told = office.saw(LI_HUA, zh("escalation.debtor_told", {"name": "王磊", "title": "本周复盘", "hrbp": "陈静"}))
        assert len(told) == 1
        assert told[0].at <= office.card(CHEN_JING, "escalation").at

    def test_somebody_without_a_manager_gets_a_report_that_promises_nothing(self, found: Found) -> None:
        office = found(people=(person("solo", "独行"),))
        office.until(at("2026-11-27 16:30"))
        office.press("solo", office.card("solo", "checkin"), "submit", REVIEW)
        assert zh("report.kept") in office.card("solo", "checkin").words


class TestForeignClicks:
    def test_a_forwarded_escalation_does_nothing_for_somebody_else(self, found: Found) -> None:
        office = _submitted(found)
        office.until(at("2026-12-01 17:00"))
        shown = office.card(CHEN_JING, "escalation")
        for action in ("follow", "normal", "deputy"):
            answer = office.click("zhangwei", shown.card.key, action)
            assert answer.toast is not None
            assert answer.toast.text == zh("card.not_yours")
        assert office.history("duty.waived") == []

    def test_a_forwarded_prompt_answers_for_whoever_clicks_and_nobody_else(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        prompt = office.card(WANG_LEI, "checkin")
        office.click("zhangwei", prompt.card.key, "submit", REVIEW)
        assert "张伟" in office.card(LI_HUA, "reply").words
        assert office.saw(LI_HUA, "王磊") == []

    def test_a_card_from_another_round_of_somebody_not_asked_is_not_theirs(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        prompt = office.card(WANG_LEI, "checkin")
        office.hire(person("newbie", "新人", manager=LI_HUA))
        answer = office.click("newbie", prompt.card.key, "submit", REVIEW)
        assert answer.toast is not None
        assert answer.toast.text == zh("checkin.not_yours")

    def test_a_stranger_gets_a_sentence(self, found: Found) -> None:
        office = found()
        office.until(at("2026-11-27 16:30"))
        answer = office.click("stranger", office.card(WANG_LEI, "checkin").card.key, "submit", REVIEW)
        assert answer.toast is not None
        assert answer.toast.text == zh("card.stranger")

    def test_cards_of_things_that_are_gone_get_a_sentence(self, found: Found) -> None:
        office = found()
        for key in (
            CardKey("checkin", "0" * 32),
            CardKey("reply", "0" * 32),
            CardKey("answered", "0" * 32),
            CardKey("escalation", "0" * 32),
            CardKey("digest", "2026-11-27/somebody"),
            CardKey("digest", "garbage"),
            CardKey("digest", f"garbage/{WANG_LEI}"),
            CardKey("notice", "0" * 32),
            CardKey("a-kind-of-the-future", "1"),
            None,
        ):
            answer = office.click(WANG_LEI, key, "submit", {"reply": "好"})
            assert answer.toast is not None
            assert answer.toast.text
            assert answer.card is None
