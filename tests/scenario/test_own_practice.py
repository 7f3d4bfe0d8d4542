"""An admin's own new practice, in YAML alone: its questions, its duty, its ladder, its summary."""

from __future__ import annotations

from pathlib import Path

from bot.demo import DEMO_FILES
from tests.scenario.town import Town, face, town_in

PRACTICE = """
questionnaires:
  safety:
    title: 安全巡检
    intro: 每天两题
    questions:
      - {name: state, text: 现场怎么样, kind: choice, options: [{value: ok, label: 正常}, {value: bad, label: 有隐患}]}
      - {name: what, text: 什么隐患, kind: text, shared: true, only_if: {question: state, is: [bad]}}
  sign:
    title: 确认
    questions:
      - {name: seen, text: 怎么处理, kind: choice, options: [马上修, 排期修]}

ladders:
  quick: {clock: elapsed, rungs: [{after: 1h, do: remind, to: debtor}, {after: 2h, do: escalate, to: hrbp, by: [chat]}]}

cadences:
  safety:
    title: 安全巡检
    when: "FRI 15:30"
    if_day_off: skip
    audience: {departments: [研发/平台]}
    questionnaire: safety
    ladder: null
    follow_up: {kind: sign, by: manager, questionnaire: sign, ladder: quick}
    report: personal
    summary: {to: managers, sections: [counts, key_points], after: 3h}
    grace: 2h
"""


def _configuration() -> str:
    demo = (DEMO_FILES / "fupan.yaml").read_text("utf-8")
    return demo[: demo.index("cadences:")] + PRACTICE


async def test_a_practice_written_by_an_admin_runs_without_a_line_of_code(tmp_path: Path) -> None:
    """Asked, a conditional question, a duty with its own form, reminder and escalation, the summary to the manager."""
    async with town_in(tmp_path / "town", _configuration()) as town:
        await town.advance("1h")
        prompt = (await town.cards("liuyang", "安全巡检"))[-1]
        assert await town.cards("yangfan") == []

        result = await town.act("liuyang", prompt, "submit", {"state": "bad"})
        assert "什么隐患" in result["toast"]["content"]
        form = (await town.cards("liuyang", "什么隐患"))[-1]
        await town.act("liuyang", form, "submit", {"state": "bad", "what": "电缆老化"})

        asked = (await town.cards("lihua", "刘洋"))[-1]
        assert "电缆老化" in face(asked)
        assert [field["kind"] for field in asked["inputs"]] == ["select"]

        await town.advance("1h")
        assert len(await town.cards("lihua", "刘洋")) == 2
        await town.advance("1h")
        assert len(await town.cards("chenjing", "没回音")) == 1
        await town.act("lihua", (await town.cards("lihua", "刘洋"))[-1], "submit", {"seen": "马上修"})
        assert any("马上修" in face(card) for card in await town.cards("liuyang", "李华 回了你"))

        await town.advance("1h")
        summary = (await town.cards("lihua", "电缆老化"))[-1]
        assert "刘洋" in face(summary)


async def test_an_edit_of_the_file_is_taken_over_while_running(tmp_path: Path) -> None:
    """A good edit moves the next round; a bad one is refused and the running configuration stays."""
    async with town_in(tmp_path / "town") as town:
        before = await _next(town)
        file = tmp_path / "town" / "fupan.yaml"
        text = file.read_text("utf-8")
        file.write_text(text.replace("{preset: review}", '{preset: review, when: "FRI 14:55"}', 1), "utf-8")
        await _until_next_is_not(town, before)
        played = await town.advance("10m")
        assert any("本周复盘" in line for line in played)


async def _next(town: Town) -> str:
    return str((await town.clock())["next"]["at"])


async def _until_next_is_not(town: Town, before: str) -> None:
    while await _next(town) == before:
        await town.pause()
