"""The week that the product exists for: Friday's card, the ignored reply, the reminder, the HRBP, the reply."""

from __future__ import annotations

from pathlib import Path

from tests.scenario.town import REVIEW, Town, face, town_in


async def test_a_week_from_the_card_to_the_reply(town: Town) -> None:
    """Answer, ignore, remind at 24 h, escalate at 48 h by chat and mail, reply, and the employee sees it."""
    await town.advance("2h")
    prompt = (await town.cards("wanglei", "提交复盘"))[-1]
    assert {field["name"] for field in prompt["inputs"]} == set(REVIEW)

    report = await town.act("wanglei", prompt, "submit", REVIEW)
    assert report["toast"]["type"] == "success"
    own = (await town.cards("wanglei"))[-1]
    assert "李华" in face(own)
    assert "12月1日 周二 " in face(own)
    assert "上线了报表" in face(own)

    asked = (await town.cards("lihua", "王磊 "))[-1]
    assert "上线了报表" in face(asked)

    played = await town.advance("72h")
    assert any("李华" in line and "提醒" in line for line in played)
    reminder = (await town.cards("lihua", "王磊 "))[-1]
    assert reminder["id"] != asked["id"]
    assert "一句具体的话就够" in face(reminder)
    assert await town.mail() == []

    await town.advance("24h")
    told = (await town.cards("chenjing", "没回音"))[-1]
    assert "王磊 → 李华" in face(told)
    [letter] = await town.mail()
    assert letter["to"] == ["chenjing@example.com"]
    assert "王磊" in letter["subject"]
    assert "上线了报表" not in letter["text"]

    reminder = (await town.cards("lihua", "王磊 "))[-1]
    await town.act("lihua", reminder, "submit", {"reply": "测试环境我来找人,周三前给你"})
    answered = (await town.cards("wanglei", "李华 回了你"))[-1]
    assert "测试环境我来找人" in face(answered)
    assert any("测试环境我来找人" in face(card) for card in await town.cards("wanglei", "小结"))
    settled = (await town.cards("chenjing", "没回音"))[-1]
    assert "已了结" in face(settled)

    await town.act("wanglei", answered, "helpful")
    assert any("有帮助，谢谢" in face(card) for card in await town.cards("lihua", "王磊 "))


async def test_the_week_survives_a_restart_between_any_two_steps(tmp_path: Path) -> None:
    """Every step happens in a process of its own, on the same folder; nothing is lost and nothing is said twice."""
    home = tmp_path / "town"
    async with town_in(home) as town:
        await town.advance("2h")
    async with town_in(home) as town:
        prompts = await town.cards("wanglei", "提交复盘")
        assert len(prompts) == 1
        await town.act("wanglei", prompts[-1], "submit", REVIEW)
    async with town_in(home) as town:
        await town.advance("72h")
        assert len(await town.cards("lihua", "王磊 ")) == 2
    async with town_in(home) as town:
        await town.advance("24h")
        assert len(await town.cards("chenjing", "没回音")) == 1
        assert len(await town.mail()) == 1
    async with town_in(home) as town:
        reminder = (await town.cards("lihua", "王磊 "))[-1]
        await town.act("lihua", reminder, "submit", {"reply": "我来处理"})
    async with town_in(home) as town:
        assert len(await town.cards("wanglei", "李华 回了你")) == 1
