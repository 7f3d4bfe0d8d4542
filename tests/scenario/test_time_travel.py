"""Moving the clock plays every due moment in order, as if the hours had passed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.scenario.town import REVIEW, Town, face, town_in

PEOPLE = ("wanglei", "lihua", "chenjing", "wudan", "xieming")


async def _lived(town: Town, steps: int, hours: int) -> dict[str, list[tuple[str, str]]]:
    """Answer Friday's card, let the week pass in equal steps, and return what some people then see, and since when."""
    await town.advance("2h")
    await town.act("wanglei", (await town.cards("wanglei", "提交复盘"))[-1], "submit", REVIEW)
    for _ in range(steps):
        await town.advance(f"{hours}h")
    return {who: [(each["time"][:16], face(each)) for each in await town.messages(who)] for who in PEOPLE}


async def test_a_leap_of_a_week_shows_what_many_small_steps_show(tmp_path: Path) -> None:
    async with town_in(tmp_path / "leaping") as town:
        leaped = await _lived(town, 1, 168)
    async with town_in(tmp_path / "walking") as town:
        walked = await _lived(town, 28, 6)
    assert leaped == walked
    assert any("没回音" in words for _, words in leaped["chenjing"])


async def test_what_was_played_is_told_in_order_and_the_next_event_lies_ahead(town: Town) -> None:
    await town.advance("2h")
    await town.act("wanglei", (await town.cards("wanglei", "提交复盘"))[-1], "submit", REVIEW)
    state = await town.clock()
    played = await town.advance("96h")
    about = [line for line in played if "王磊" in line and "李华" in line]
    assert len(about) >= 2
    assert "HRBP" in about[-1]
    assert "HRBP" not in about[0]
    after = await town.clock()
    assert state["next"]["at"] < after["local"] < after["next"]["at"]


async def test_two_who_move_the_clock_at_once_move_it_one_after_the_other(town: Town) -> None:
    before = await town.now()
    await asyncio.gather(town.advance("2h"), town.advance("2h"))
    assert (await town.now() - before).total_seconds() >= 4 * 3600
    assert len(await town.cards("wanglei", "提交复盘")) == 1


async def test_nobody_hears_anything_at_night_or_on_a_day_off_in_two_weeks(town: Town) -> None:
    """Nobody does anything: prompts, reminders and read-outs all come at hours at which people work."""
    await town.advance("14d")
    for who in (*PEOPLE, "sunqiang", "gaoyuan"):
        for message in await town.messages(who):
            utc_hour, minute = int(message["time"][11:13]), int(message["time"][14:16])
            local = (utc_hour + 8) % 24 * 60 + minute
            assert 8 * 60 + 30 <= local < 20 * 60, (who, message["time"], face(message)[:40])
