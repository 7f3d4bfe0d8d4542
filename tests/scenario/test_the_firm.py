"""A firm in webhook mode over the real wire: joining and leaving, busy managers, a platform with bad days."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.company import User
from tests.scenario.firm import REPORTS, Firm, open_firm, open_id
from tests.scenario.town import REVIEW, face

THRIFTY = "attention: {per_person_per_day: 3}\n"


@pytest.fixture
async def firm(tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm ten minutes before Friday's card."""
    async with open_firm(tmp_path) as opened:
        yield opened


async def _answered(firm: Firm, who: str = "p00", result: str = "上线了报表") -> None:
    prompt = firm.saw(who, "提交复盘")[-1]
    await firm.press(who, prompt, "submit", {**REVIEW, "result": result})


class TestTheBusyManager:
    async def test_of_twelve_answers_two_come_at_once_and_the_rest_at_six_in_one_digest(self, tmp_path: Path) -> None:
        async with open_firm(tmp_path, THRIFTY) as firm:
            await firm.until("2026-11-27 16:05")
            for number, who in enumerate(REPORTS):
                await _answered(firm, who, f"成果{number}")
            await firm.until("2026-11-27 17:59")
            assert len(firm.chat("lead")) == 2  # the lead's own card is one of them
            await firm.until("2026-11-27 18:01")
            *_, digest = firm.chat("lead")
            assert len(firm.chat("lead")) == 3
            assert "组员11" in face(digest)
            toast = await firm.press("lead", digest, "open")
            assert "11" in toast["content"]
            opened = firm.chat("lead")[3:]
            assert [f"成果{number}" for number in range(1, 12)] == [_result(each) for each in opened]
            await firm.press("lead", opened[4], "submit", {"reply": "很好"})
            assert firm.saw("p05", "很好")

    async def test_a_night_later_the_digest_is_still_true(self, tmp_path: Path) -> None:
        """Opened on Monday: what was answered meanwhile does not come again."""
        async with open_firm(tmp_path, THRIFTY) as firm:
            await firm.until("2026-11-27 16:05")
            for who in REPORTS[:5]:
                await _answered(firm, who)
            await firm.until("2026-11-27 18:01")
            digest = firm.chat("lead")[-1]
            await firm.say("lead", "/回复 组员03 好")
            await firm.until("2026-11-30 07:00")
            before = len(firm.chat("lead"))
            await firm.press("lead", digest, "open")
            opened = firm.chat("lead")[before:]
            assert len(opened) == 3
            assert not any("组员03" in face(each) for each in opened)


class TestThePlatformsBadDays:
    async def test_throttling_loses_nothing_and_doubles_nothing(self, firm: Firm) -> None:
        firm.fake.set_fault("throttle", 6, 0.2)
        await firm.until("2026-11-27 16:30")
        for who in (*REPORTS, "lead", "boss"):
            assert len(firm.saw(who, "提交复盘")) == 1

    async def test_calls_that_took_effect_but_were_not_answered_are_not_doubled(self, firm: Firm) -> None:
        firm.fake.set_fault("reset_after", 4, path="/im/v1/messages")
        firm.fake.set_fault("fail_after", 4, path="/im/v1/messages")
        await firm.until("2026-11-27 16:30")
        for who in REPORTS:
            assert len(firm.saw(who, "提交复盘")) == 1

    async def test_events_told_twice_and_out_of_order_have_one_effect_each(self, firm: Firm) -> None:
        await firm.until("2026-11-27 16:05")
        firm.fake.set_fault("repeat", 20)
        for who in REPORTS[:3]:
            await _answered(firm, who)
        firm.fake.clear_faults()
        firm.fake.set_fault("reorder", 3)
        await asyncio.gather(*(firm.fake.say(open_id(who), "待办") for who in REPORTS[:3]))
        await firm.conductor.settle()
        assert len(firm.saw("lead", "上线了报表")) == 3
        assert [len(firm.saw(who, "没有事在等你")) for who in REPORTS[:3]] == [1, 1, 1]

    async def test_the_platforms_own_limits_are_never_met(self, tmp_path: Path) -> None:
        """Eight cards to one manager in one go: slower than five a second, so that nothing is refused, and in order."""
        async with open_firm(tmp_path, THRIFTY) as firm:
            await firm.until("2026-11-27 16:05")
            for number, who in enumerate(REPORTS[:9]):
                await _answered(firm, who, f"成果{number}")
            await firm.until("2026-11-27 18:01")
            before = len(firm.fake.calls)
            await firm.press("lead", firm.chat("lead")[-1], "open")
            refused = [call for call in firm.fake.calls[before:] if call.code in (230020, 99991400)]
            assert refused == []
            assert [_result(each) for each in firm.chat("lead")[3:]] == [f"成果{number}" for number in range(1, 9)]

    async def test_whoever_blocks_the_bot_is_passed_over_and_reached_again_after_a_reading(self, firm: Firm) -> None:
        firm.fake.set_fault("undeliverable", None, code=230013, open_id=open_id("p00"))
        await firm.until("2026-11-27 16:05")
        assert firm.chat("p00") == []
        await firm.until("2026-11-30 17:00")
        firm.fake.clear_faults()
        await firm.settle_directory()
        await firm.say("p00", "/周报")
        await _answered(firm, "p00")
        assert firm.saw("lead", "上线了报表")

    async def test_mail_that_is_refused_for_a_while_comes_later_and_once(self, firm: Firm) -> None:
        await firm.until("2026-11-27 16:05")
        await _answered(firm)
        firm.catcher.refuse_next(451, 3)
        await firm.until("2026-12-01 17:30")
        assert [letter.recipients for letter in firm.letters()] == [("hr@example.com",)]


class TestJoiningAndLeaving:
    async def test_a_leaver_is_asked_nothing_more_and_nobody_waits_for_them(self, firm: Firm) -> None:
        await firm.until("2026-11-27 16:05")
        await _answered(firm)
        await firm.resign("p00")
        await firm.resign("p01")
        assert firm.saw("lead", "人员已离开")
        before = len(firm.chat("p01"))
        await firm.until("2026-12-04 16:30")
        assert len(firm.chat("p01")) == before
        assert firm.saw("hr", "没回音") == []
        assert firm.letters() == ()

    async def test_a_manager_who_leaves_passes_on_what_is_open_and_the_successor_gets_it(self, firm: Firm) -> None:
        await firm.until("2026-11-27 16:05")
        await _answered(firm)
        await firm.resign("lead")
        assert firm.saw("boss", "上线了报表")
        await firm.change("p00", leader="second")
        assert firm.saw("second", "上线了报表")
        asked = firm.saw("second", "上线了报表")[-1]
        await firm.press("second", asked, "submit", {"reply": "我接手了"})
        assert firm.saw("p00", "我接手了")

    async def test_a_newcomer_is_known_the_same_day_joins_by_asking_and_is_asked_next_time(self, firm: Firm) -> None:
        await firm.until("2026-11-27 16:05")
        await firm.fake.hire(User("newbie", "新人", ("dev",), "lead", mail="newbie@example.com"))
        await firm.settle_directory()
        assert firm.chat("newbie") == []
        await firm.say("newbie", "/周报")
        await _answered(firm, "newbie", "第一周")
        assert firm.saw("lead", "第一周")
        await firm.until("2026-12-04 16:05")
        assert len(firm.saw("newbie", "提交复盘")) == 1

    async def test_an_app_that_suddenly_sees_almost_nobody_changes_nothing_and_the_admin_is_told(
        self, firm: Firm
    ) -> None:
        await firm.until("2026-11-27 16:05")
        await _answered(firm)
        await firm.fake.set_contact_range(frozenset({"boss", "p00"}))
        await firm.settle_directory()
        assert firm.saw("boss", "通讯录")
        assert await firm.history("person.left") == []
        await firm.until("2026-12-01 17:30")
        assert firm.saw("hr", "没回音")


class TestRestarts:
    async def test_a_click_on_a_card_of_before_the_restart_works(self, tmp_path: Path) -> None:
        async with open_firm(tmp_path) as firm:
            await firm.until("2026-11-27 16:05")
            prompt = firm.saw("p00", "提交复盘")[-1]
        async with open_firm(tmp_path) as firm:
            toast = await firm.press("p00", prompt, "submit", REVIEW)
            assert toast["type"] == "success"
            assert len(firm.saw("lead", "上线了报表")) == 1

    async def test_what_was_missed_beyond_its_grace_is_told_to_the_admin_once(self, tmp_path: Path) -> None:
        async with open_firm(tmp_path) as firm:
            assert firm.saw("boss", "没有发") == []
        (tmp_path / "clock").write_text(repr(float((tmp_path / "clock").read_text()) + 3 * 86400), "utf-8")
        for _ in range(2):
            async with open_firm(tmp_path) as firm:
                await firm.until("2026-11-30 16:00")
                assert len(firm.saw("boss", "没有发")) == 1

    async def test_an_event_that_came_while_nobody_listened_is_handled_after_the_restart(self, tmp_path: Path) -> None:
        """The platform repeats what nobody acknowledged; hours later it is still handled, and once."""
        async with open_firm(tmp_path) as firm:
            await firm.until("2026-11-27 16:05")
            firm.fake.configure(replace(firm.fake.app(), callback_url="http://127.0.0.1:1/nobody"))
            await firm.fake.say(open_id("p00"), "1. 甲\n2. 乙\n3. 丙")
            assert firm.saw("lead", "甲") == []
        async with open_firm(tmp_path) as firm:
            await firm.until("2026-11-27 17:30")
            assert len(firm.saw("lead", "甲")) == 1


def _result(message: Mapping[str, Any]) -> str:
    return next(line for line in face(message).splitlines() if line.startswith("成果"))
