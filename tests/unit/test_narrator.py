"""What the demo says of its clock: equal things in one line, names where there is one, both languages of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import narrator
from domain.duties import Act
from domain.ids import DutyId
from domain.people import Role
from handlers.checkin_cards import key_of
from storage.database import Database
from storage.steering import HistoryEntry
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, duty, hours, org_policy, review_answers
from tests.living import Life, migrated
from tests.stores import Databases

NEXT = {"duties", "rounds", "outbox"}


@pytest.fixture
def life(sqlite_databases: Databases) -> Iterator[Life]:
    """The cast with its weekly review, a minute before Friday's card."""
    database = Database.open(sqlite_databases.clone(migrated))
    life = Life(database, org_policy())
    life.hire()
    yield life
    database.dispose()


def coming(life: Life) -> narrator.Line:
    with life.database.transaction() as transaction:
        ctx = life.organisations.context(transaction, ORG, life.now)
        found = narrator.coming(ctx, transaction.engine.next_moments(life.now))
    assert found is not None
    return found


def moment(life: Life) -> datetime | None:
    with life.database.transaction() as transaction:
        ctx = life.organisations.context(transaction, ORG, life.now)
        return narrator.moment(ctx, transaction.engine.next_moments(life.now))


def happened(life: Life, after: datetime) -> list[str]:
    with life.database.transaction() as transaction:
        ctx = life.organisations.context(transaction, ORG, life.now)
        return [line["what"] for line in narrator.happened(ctx, transaction.engine.history_after(ORG, after))]


def answer(life: Life, who: str) -> None:
    life.click(who, key_of(life.checkin_of(who).occurrence_id), "submit", review_answers())


class TestComing:
    def test_a_round_is_told_by_its_title_with_the_local_time(self, life: Life) -> None:
        assert coming(life) == {
            "at": "2026-11-27T16:00:00+08:00",
            "what": "本周复盘 开始",
            "zh-CN": "本周复盘 开始",
            "en": "本周复盘 begins",
        }

    def test_equal_reminders_are_counted_and_a_single_one_names_its_people(self, life: Life) -> None:
        life.until(FRIDAY)
        assert coming(life)["what"] == "提醒 5 人：复盘还没交"
        for who in (WANG_LEI, "chenjing", "zhaomin", "admin"):
            answer(life, who)
        told = coming(life)["what"].split(narrator.BETWEEN)
        assert sorted(told) == ["提醒 2 人：2 份复盘在等", "提醒 李华：复盘还没交"]

    def test_what_is_due_at_another_moment_waits_for_its_turn(self, life: Life) -> None:
        life.until(FRIDAY)
        life.now = FRIDAY + timedelta(minutes=5)
        answer(life, WANG_LEI)
        assert coming(life)["what"] == "提醒 4 人：复盘还没交"
        life.until(FRIDAY + timedelta(days=3))
        assert coming(life)["what"] == "提醒 李华：王磊 在等"
        assert coming(life)["en"] == "Remind 李华: 王磊 waits"
        life.until(FRIDAY + timedelta(days=4))
        assert coming(life)["what"] == "王磊 → 李华 没有回音，告诉 HRBP"

    def test_what_falls_due_in_one_minute_comes_together_at_its_last_moment(self, life: Life) -> None:
        life.until(FRIDAY)
        life.now = FRIDAY + timedelta(seconds=40)
        answer(life, WANG_LEI)
        line = coming(life)
        assert line["what"] == "提醒 4 人：复盘还没交 · 提醒 李华：王磊 在等"
        assert line["at"] == "2026-11-30T16:00:40+08:00"
        assert moment(life) == FRIDAY + timedelta(days=3)

    def test_a_reminder_asked_for_is_a_reminder(self, life: Life) -> None:
        life.until(FRIDAY)
        life.click(LI_HUA, key_of(life.checkin_of(LI_HUA).occurrence_id), "later")
        assert coming(life)["what"] == "提醒 李华：复盘还没交"
        assert coming(life)["at"].startswith("2026-11-27T18:00")

    def test_where_nothing_is_planned_nothing_comes(self, life: Life) -> None:
        with life.database.transaction() as transaction:
            ctx = life.organisations.context(transaction, ORG, life.now)
            idle = replace(ctx, policy=replace(ctx.policy, cadences=()))
            assert narrator.coming(idle, {}) is None
            assert narrator.moment(idle, {}) is None

    @pytest.mark.parametrize("queue", sorted(NEXT))
    @pytest.mark.parametrize("locale", narrator.PAGE_LANGUAGES)
    def test_every_sort_of_thing_has_words(self, life: Life, queue: str, locale: str) -> None:
        with life.database.transaction() as transaction:
            ctx = life.organisations.context(transaction, ORG, life.now)
            line = narrator.coming(ctx, {queue: FRIDAY - timedelta(seconds=30)})
        assert line is not None
        assert len(line[locale]) > 3


class TestHappened:
    def test_a_day_that_everybody_lets_pass_is_two_lines(self, life: Life) -> None:
        began = life.now
        life.until(FRIDAY)
        life.until(FRIDAY + timedelta(days=3))
        assert happened(life, began) == ["本周复盘 开始了", "提醒 5 人：复盘还没交"]
        life.until(FRIDAY + timedelta(days=4))
        assert happened(life, began)[2:] == ["复盘到期没交，不再等：5 人"]

    def test_a_managers_reminders_of_one_minute_name_the_manager_and_count_the_reviews(self, life: Life) -> None:
        life.until(FRIDAY)
        for who in (WANG_LEI, LI_HUA):
            answer(life, who)
        life.until(FRIDAY + timedelta(days=3))
        assert "提醒 李华：王磊 在等" not in happened(life, FRIDAY)
        assert "提醒 2 人：2 份复盘在等" in happened(life, FRIDAY)

    def test_what_needs_no_telling_is_left_out(self, life: Life) -> None:
        life.until(FRIDAY)
        before = life.now
        life.now += timedelta(seconds=1)
        answer(life, WANG_LEI)
        assert happened(life, before) == []

    @pytest.mark.parametrize("act", list(Act))
    @pytest.mark.parametrize("to", list(Role))
    @pytest.mark.parametrize("debtor", [LI_HUA, WANG_LEI], ids=["other", "own"])
    @pytest.mark.parametrize("count", [1, 2])
    def test_every_rung_has_words_in_every_language(
        self, life: Life, act: Act, to: Role, debtor: str, count: int
    ) -> None:
        with life.database.transaction() as transaction:
            ctx = life.organisations.context(transaction, ORG, life.now)
            for number in range(count):
                owed = duty(debtor=debtor, duty_id=f"duty-{number}", subject=f"checkin-{number}")
                ctx.store.duties.open(owed, None)
            detail = {"act": act.value, "to": to.value}
            entries = [HistoryEntry(FRIDAY, n, "duty.rung", f"duty-{n}", detail) for n in range(count)]
            [line] = narrator.happened(ctx, entries)
        assert line["at"] == "2026-11-27T16:00:00+08:00"
        assert line["what"] == line["zh-CN"] != line["en"]
        assert not any(sign in line["zh-CN"] + line["en"] for sign in "{}")

    def test_a_duty_that_is_gone_is_not_told(self, life: Life) -> None:
        with life.database.transaction() as transaction:
            ctx = life.organisations.context(transaction, ORG, life.now)
            gone = HistoryEntry(FRIDAY, 0, "duty.rung", DutyId("no-such-duty"), {"act": "remind", "to": "debtor"})
            assert narrator.happened(ctx, [gone]) == []

    def test_things_of_different_minutes_stay_apart(self, life: Life) -> None:
        with life.database.transaction() as transaction:
            ctx = life.organisations.context(transaction, ORG, life.now)
            ctx.store.duties.open(duty(), None)
            detail = {"act": "remind", "to": "debtor"}
            entries = [HistoryEntry(FRIDAY + hours(n), n, "duty.rung", "duty-1", detail) for n in range(3)]
            lines = narrator.happened(ctx, entries)
        assert [line["what"] for line in lines] == ["提醒 李华：王磊 在等"] * 3
