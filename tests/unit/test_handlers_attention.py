"""The last gate: quiet hours, days off, the budget of a day and the digest that holds what is above it."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import local_day
from domain.messages import Draft, Priority
from domain.people import Person
from tests.builders import CHEN_JING, LI_HUA, NIGHT, SHANGHAI, WANG_LEI, ZHAO_MIN, at, person
from tests.stores import Databases
from tests.unit.config_texts import loaded
from tests.unit.conftest import ORG_TEXT, Found
from tests.unit.office import REVIEW, Office, Shown, crew, opened_office, zh

THREE = "attention: {per_person_per_day: 3}"


def _put(office: Office, to: str, *drafts: tuple[str, str]) -> None:
    """Put unasked messages into the outbox: their dedupe key and words."""
    with office.database.transaction() as transaction:
        transaction.tell(office.now)
        for dedupe, words in drafts:
            who = person(to).person_id
            transaction.store(office.policy.org_id).outbox.put(Draft(who, words, Priority.SUMMARY, dedupe))
    office.settle()


def _on(office: Office, who: str, day: str) -> list[Shown]:
    return [shown for shown in office.chat(who) if local_day(shown.at, SHANGHAI).isoformat() == day]


def _team_of_twelve() -> tuple[Person, ...]:
    return (
        *(person(f"m{number:02}", f"组员{number}", manager=LI_HUA) for number in range(12)),
        person(LI_HUA, "李华", manager=ZHAO_MIN, hrbp=CHEN_JING),
        person(ZHAO_MIN, "赵敏", department=""),
    )


def _busy_friday(found: Found) -> Office:
    """Twelve people answer between 16:10 and 17:20; their manager may be told three things a day."""
    office = found(THREE, people=_team_of_twelve())
    office.until(at("2026-11-27 16:05"))
    for number in range(12):
        office.until(at(f"2026-11-27 16:{10 + 4 * number:02}"))
        who = f"m{number:02}"
        office.press(who, office.card(who, "checkin"), "submit", {**REVIEW, "result": f"成果{number}"})
    return office


class TestDigest:
    def test_a_manager_with_twelve_answers_hears_three_things_and_the_last_is_the_digest(self, found: Found) -> None:
        office = _busy_friday(found)
        office.until(at("2026-11-27 23:59"))
        heard = _on(office, LI_HUA, "2026-11-27")
        assert len(heard) == 3
        digest = heard[-1]
        assert (digest.card.key.kind, digest.at) == ("digest", at("2026-11-27 18:00"))
        lines = [words for words in digest.words.splitlines() if "组员" in words]
        assert len(lines) == 11

    def test_opening_the_digest_sends_all_it_holds_at_once_and_the_budget_does_not_hold(self, found: Found) -> None:
        office = _busy_friday(found)
        office.until(at("2026-11-27 21:00"))
        before = len(office.chat(LI_HUA))
        answer = office.press(LI_HUA, office.card(LI_HUA, "digest"), "open")
        assert answer.toast is not None
        assert answer.toast.text == zh("digest.toast.opened", {"count": 11})
        opened = office.chat(LI_HUA)[before:]
        assert {f"成果{number}" for number in range(1, 12)} == {_result(each) for each in opened}
        again = office.press(LI_HUA, office.card(LI_HUA, "digest"), "open")
        assert again.toast is not None
        assert again.toast.text == zh("digest.toast.empty")
        office.press(LI_HUA, opened[-1], "submit", {"reply": "好"})
        assert len(office.history("reply.written")) == 1

    def test_what_was_settled_before_the_digest_is_not_in_it(self, found: Found) -> None:
        office = _busy_friday(found)
        office.say(LI_HUA, "/回复 组员5 好")
        office.until(at("2026-11-27 18:00"))
        assert "组员5" not in office.card(LI_HUA, "digest").words
        assert zh("digest.title", {"count": 10}) in office.card(LI_HUA, "digest").words

    def test_if_everything_was_settled_there_is_no_digest(self, found: Found) -> None:
        office = _busy_friday(found)
        for number in range(12):
            office.say(LI_HUA, f"/回复 组员{number} 好")
        office.until(at("2026-11-30 12:00"))
        assert office.cards(LI_HUA, "digest") == []

    def test_a_folded_reply_card_can_be_found_without_the_digest(self, found: Found) -> None:
        office = _busy_friday(found)
        assert "成果7" in office.say(LI_HUA, "/回复 组员7")

    def test_nobody_elses_digest_can_be_opened(self, found: Found) -> None:
        office = _busy_friday(found)
        office.until(at("2026-11-27 18:00"))
        answer = office.click(ZHAO_MIN, office.card(LI_HUA, "digest").card.key, "open")
        assert answer.toast is not None
        assert answer.toast.text == zh("card.not_yours")

    def test_what_is_folded_after_the_digest_comes_with_the_next_days(self, found: Found) -> None:
        office = found(THREE, people=_team_of_twelve(), now=at("2026-11-26 17:00"))
        _put(office, LI_HUA, *((f"a{number}", f"早{number}") for number in range(4)))
        office.until(at("2026-11-26 19:00"))
        _put(office, LI_HUA, ("b", "晚的一件"))
        office.until(at("2026-11-27 15:00"))
        assert office.saw(LI_HUA, "晚的一件") == []
        office.until(at("2026-11-27 18:30"))
        digests = office.cards(LI_HUA, "digest")
        assert [each.at for each in digests] == [at("2026-11-26 18:00"), at("2026-11-27 18:00")]
        assert "晚的一件" in digests[1].words
        assert "早" not in digests[1].words

    def test_what_is_folded_on_friday_night_comes_on_monday(self, found: Found) -> None:
        office = found(THREE, people=_team_of_twelve(), now=at("2026-11-27 10:00"))
        _put(office, LI_HUA, *((f"a{number}", f"早{number}") for number in range(4)))
        office.until(at("2026-11-27 19:00"))
        _put(office, LI_HUA, ("b", "晚的一件"))
        office.until(at("2026-11-30 23:00"))
        assert [each.at for each in office.saw(LI_HUA, "晚的一件")] == [at("2026-11-30 18:00")]

    def test_with_a_budget_of_one_everything_comes_as_the_digest(self, found: Found) -> None:
        office = found("attention: {per_person_per_day: 1}", now=at("2026-11-26 10:00"))
        _put(office, LI_HUA, ("a", "甲"), ("b", "乙"))
        office.until(at("2026-11-26 23:00"))
        (only,) = office.chat(LI_HUA)
        assert only.card.key.kind == "digest"
        assert "甲" in only.words
        assert "乙" in only.words

    def test_more_than_thirty_lines_are_counted_not_listed(self, found: Found) -> None:
        office = found(THREE, now=at("2026-11-26 10:00"))
        _put(office, LI_HUA, *((f"a{number}", f"第{number}件") for number in range(40)))
        office.until(at("2026-11-26 18:00"))
        digest = office.card(LI_HUA, "digest")
        assert zh("digest.title", {"count": 38}) in digest.words
        assert zh("summary.more", {"count": 8}) in digest.words


class TestBudget:
    def test_what_somebody_asked_for_never_counts(self, found: Found) -> None:
        office = found(THREE, now=at("2026-11-27 10:00"))
        for _ in range(10):
            office.say(LI_HUA, "待办")
        _put(office, LI_HUA, ("a", "甲"), ("b", "乙"))
        assert len(office.saw(LI_HUA, "甲")) == len(office.saw(LI_HUA, "乙")) == 1

    def test_new_faces_of_sent_cards_do_not_count_and_come_at_night(self, found: Found) -> None:
        office = found(THREE)
        office.until(at("2026-11-27 16:10"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-27 22:00"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "edit")
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", {**REVIEW, "result": "夜里改的"})
        assert "夜里改的" in office.card(LI_HUA, "reply").words

    def test_of_what_comes_at_once_the_more_pressing_goes_first(self, found: Found) -> None:
        office = found(THREE, now=at("2026-11-27 10:00"))
        with office.database.transaction() as transaction:
            transaction.tell(office.now)
            outbox = transaction.store(office.policy.org_id).outbox
            for priority in (Priority.SUMMARY, Priority.PROMPT, Priority.REMINDER, Priority.ESCALATION):
                who = person(LI_HUA).person_id
                outbox.put(Draft(who, priority.name, priority, priority.name))
        office.settle()
        assert [each.words for each in office.chat(LI_HUA)] == ["ESCALATION", "REMINDER"]

    def test_the_most_specific_rule_holds(self, found: Found) -> None:
        overrides = "overrides: [{person: lihua, attention: {per_person_per_day: 2}}]"
        office = found(f"{THREE}\n{overrides}", now=at("2026-11-27 10:00"))
        for who in (LI_HUA, ZHAO_MIN):
            _put(office, who, (f"{who}1", "甲"), (f"{who}2", "乙"), (f"{who}3", "丙"))
        assert [len(office.chat(who)) for who in (LI_HUA, ZHAO_MIN)] == [1, 2]


class TestQuietHours:
    def test_each_zone_has_its_own_night(self, found: Found) -> None:
        far = person("nina", "Nina", zone="America/New_York")
        office = found(people=(*crew(), far), now=at("2026-11-26 11:00"))  # 22:00 of the day before in New York
        _put(office, "nina", ("a", "far"))
        _put(office, LI_HUA, ("b", "near"))
        office.until(at("2026-11-27 12:00"))
        assert [each.at.isoformat() for each in office.saw("nina", "far")] == ["2026-11-26T13:30:00+00:00"]
        assert office.saw(LI_HUA, "near")[0].at == at("2026-11-26 11:00")

    def test_a_holiday_is_quiet_and_a_make_up_sunday_is_not(self, found: Found) -> None:
        office = found(now=at("2026-09-25 10:00"))
        _put(office, LI_HUA, ("a", "甲"))
        office.until(at("2026-09-28 12:00"))
        assert office.saw(LI_HUA, "甲")[0].at == at("2026-09-28 08:30")
        working_sunday = found(now=at("2026-09-20 10:00"))
        _put(working_sunday, LI_HUA, ("a", "甲"))
        assert working_sunday.saw(LI_HUA, "甲")[0].at == at("2026-09-20 10:00")

    def test_nobody_on_leave_hears_anything_unasked(self, found: Found) -> None:
        office = found(now=at("2026-11-26 10:00"))
        office.say(LI_HUA, "/请假 到 11-30")
        before = len(office.chat(LI_HUA))
        _put(office, LI_HUA, ("a", "甲"))
        office.until(at("2026-11-30 23:00"))
        assert len(office.chat(LI_HUA)) == before
        office.until(at("2026-12-01 12:00"))
        assert office.saw(LI_HUA, "甲")[0].at == at("2026-12-01 08:30")


@settings(max_examples=15)
@given(
    per_day=st.integers(1, 6),
    moments=st.lists(
        st.tuples(st.integers(0, 4 * 24 * 60), st.sampled_from(list(Priority)[1:6])), min_size=1, max_size=40
    ),
)
def test_whatever_is_put_nobody_hears_more_than_the_budget_nor_at_night_and_nothing_is_lost(
    sqlite_databases: Databases, per_day: int, moments: list[tuple[int, Priority]]
) -> None:
    """From Thursday to Monday, at any minute, anything may have to be said."""
    policy = loaded(ORG_TEXT + f"attention: {{per_person_per_day: {per_day}}}\ncadences: {{weekly: null}}").policy
    with opened_office(sqlite_databases, policy, at("2026-11-26 00:00"), (person(LI_HUA, "李华"),)) as office:
        for number, (minute, priority) in enumerate(sorted(moments)):
            office.until(_minute(minute))
            with office.database.transaction() as transaction:
                transaction.tell(office.now)
                draft = Draft(person(LI_HUA).person_id, f"<{number}>", priority, f"d{number}")
                transaction.store(office.policy.org_id).outbox.put(draft)
            office.settle()
        office.until(at("2026-12-31 23:59"))
        heard = office.chat(LI_HUA)
        for shown in heard:
            wall = shown.at.astimezone(SHANGHAI)
            assert not NIGHT.contains(wall.time())
            assert wall.isoweekday() <= 5
        days = [local_day(shown.at, SHANGHAI) for shown in heard]
        assert max(days.count(day) for day in days) <= per_day
        told = "\n".join(shown.words for shown in heard)
        assert all(f"<{number}>" in told for number in range(len(moments)))


def _result(shown: Shown) -> str:
    return next(words for words in shown.words.splitlines() if words.startswith("成果"))


def _minute(minute: int) -> datetime:
    days, rest = divmod(minute, 24 * 60)
    return at(f"2026-11-{26 + days:02} {rest // 60:02}:{rest % 60:02}")
