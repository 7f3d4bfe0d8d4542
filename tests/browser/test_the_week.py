"""The week that the product exists for, lived on the page of the real demo: card, silence, reminder, HRBP, reply."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.screens import DESKTOP, PHONE, OpenPage, Screen
from tests.browser.visitor import Demo, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REVIEW = {"result": "上线了报表", "obstacle": "测试环境不稳", "next": "补上回归用例"}
REPLY = "测试环境我来找人，周三前给你"

Step = Callable[[Visitor], Awaitable[None]]
Visit = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """A running demo."""
    demo = Demo(tmp_path / "demo")
    await demo.start()
    yield demo
    await demo.stop()


@pytest.fixture
def visit(demo: Demo, open_page: OpenPage) -> Visit:
    """A function that opens the demo's page; pages are closed before the demo, so that none sees it go."""

    async def enter(screen: Screen = DESKTOP) -> Visitor:
        page = await open_page(demo.address, screen)
        await page.locator("html[data-ready]").wait_for(state="attached")
        return Visitor(page)

    return enter


# the steps of the week


async def the_card_comes(visitor: Visitor) -> None:
    await visitor.until_happened("本周复盘 开始了")
    await visitor.be("wanglei")
    await expect(visitor.card("本周复盘").get_by_role("textbox")).to_have_count(3)
    await expect(visitor.card("本周复盘").get_by_role("heading")).to_be_in_viewport(ratio=1)


async def the_employee_answers(visitor: Visitor) -> None:
    await visitor.be("wanglei")
    await visitor.fill(visitor.card("待填写"), REVIEW)
    await visitor.press(visitor.card("待填写"), "提交复盘", "收到，小结在卡片上")
    report = visitor.card("本周复盘 · 小结")
    await expect(report).to_contain_text("李华 会在 12月1日 周二 16:00 前回你")
    await expect(report).to_contain_text("上线了报表")


async def the_manager_looks_and_is_silent(visitor: Visitor) -> None:
    await visitor.be("lihua")
    asked = visitor.card("王磊 的本周复盘")
    for text in REVIEW.values():
        await expect(asked).to_contain_text(text)
    await expect(asked.get_by_label("想对 TA 说的一句话")).to_be_visible()


async def the_manager_is_reminded(visitor: Visitor) -> None:
    await visitor.until_happened("提醒 李华：王磊 在等")
    await expect(visitor.happened("提醒 李华：王磊 在等")).to_contain_text("11月30日 周一 16:0")
    await visitor.be("lihua")
    reminder = visitor.card("王磊 在等你一句话")
    await expect(reminder).to_contain_text("@李华 11月27日 周五 16:00 交的，到 12月1日 周二 16:00。")
    for way_out in ("稍后提醒", "已处理", "属正常调整"):
        await expect(reminder.get_by_role("button", name=way_out, exact=True)).to_be_enabled()
    await expect(visitor.page.get_by_test_id("mail-news")).to_be_hidden()


async def the_hrbp_is_told_by_chat_and_mail(visitor: Visitor) -> None:
    await visitor.until_happened("王磊 → 李华 没有回音，告诉 HRBP")
    await expect(visitor.happened("王磊 → 李华 没有回音，告诉 HRBP")).to_contain_text("12月1日 周二 16:0")
    await visitor.be("chenjing")
    await expect(visitor.card("复盘 48 小时没回音")).to_contain_text("王磊 → 李华")
    await visitor.turn_to("side")
    letter = visitor.page.get_by_test_id("mail-1")
    await letter.locator("summary").click()
    await expect(letter).to_contain_text("一条复盘 48 小时没有回音：王磊 → 李华")
    await expect(letter).to_contain_text("收件人：chenjing@example.com")
    await expect(letter).to_contain_text("陈静，你好")
    for text in REVIEW.values():
        await expect(letter).not_to_contain_text(text)


async def the_manager_replies(visitor: Visitor) -> None:
    await visitor.be("lihua")
    await visitor.fill(visitor.card("王磊 在等你一句话"), {"reply": REPLY})
    await visitor.press(visitor.card("王磊 在等你一句话"), "回一句", "已发给 王磊")
    replied = visitor.card("已处理")
    await expect(replied).to_contain_text(REPLY)
    await expect(replied.get_by_test_id("input-reply")).to_have_value("")
    await visitor.be("chenjing")
    await expect(visitor.card("复盘 48 小时没回音")).to_contain_text("已了结")


async def the_employee_reads_and_thanks(visitor: Visitor) -> None:
    await visitor.be("wanglei")
    answer = visitor.card("李华 回了你")
    await expect(answer).to_contain_text(REPLY)
    report = visitor.card("本周复盘 · 小结")
    await expect(report).to_contain_text("已回复")
    await expect(report).to_contain_text(REPLY)
    await visitor.press(answer, "有帮助，谢谢", "你说：有帮助，谢谢")
    await visitor.be("lihua")
    await expect(visitor.card(REPLY)).to_contain_text("王磊 说：有帮助，谢谢")


WEEK: tuple[Step, ...] = (
    the_card_comes,
    the_employee_answers,
    the_manager_looks_and_is_silent,
    the_manager_is_reminded,
    the_hrbp_is_told_by_chat_and_mail,
    the_manager_replies,
    the_employee_reads_and_thanks,
)
"""One function a step of the page's guide, in its order."""


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_week_from_the_card_to_the_thanks(visit: Visit, screen: Screen) -> None:
    """Every step of the guide is lived, and ticked off by the page itself."""
    visitor = await visit(screen)
    for number, step in enumerate(WEEK, start=1):
        await step(visitor)
        await expect(visitor.page.locator(".steps .done")).to_have_count(number)
    await visitor.turn_to("side")
    await expect(visitor.page.get_by_test_id("guide")).to_contain_text("一周走完了")


async def test_the_week_survives_a_rebuilt_demo_between_any_two_steps(
    visit: Visit, demo: Demo, expected_complaints: list[str]
) -> None:
    """The demo is taken down and built again on the same folder; the page only says so, and comes back by itself."""
    expected_complaints.append("net::ERR")
    visitor = await visit()
    for number, step in enumerate(WEEK, start=1):
        await step(visitor)
        await demo.stop()
        await expect(visitor.page.locator("#offline")).to_contain_text("连不上演示服务")
        await demo.start()
        await expect(visitor.page.locator("#offline")).to_be_hidden()
        await visitor.page.reload()
        await visitor.page.locator("html[data-ready]").wait_for(state="attached")
        await expect(visitor.page.locator(".steps .done")).to_have_count(number)


async def test_the_choices_are_compared_with_the_team_from_the_fifth_answer_on(visit: Visit) -> None:
    visitor = await visit()
    await visitor.until_happened("微复盘 开始了")
    for person in ("xieming", "hanmei", "tangjun", "fengli"):
        await visitor.be(person)
        await visitor.fill(visitor.card("待填写"), {"progress": "B", "pace": "B", "support": "C"})
        await visitor.press(visitor.card("待填写"), "提交复盘", "收到，小结在卡片上")
        await expect(visitor.card("小结")).to_contain_text("还不够 5 个人回答")
        await expect(visitor.page.get_by_test_id("chart")).to_have_count(0)
    await visitor.be("dengchao")
    await visitor.fill(visitor.card("待填写"), {"progress": "A", "pace": "B", "support": "A"})
    await visitor.press(visitor.card("待填写"), "提交复盘", "收到，小结在卡片上")
    report = visitor.card("微复盘 · 小结")
    await expect(report.get_by_test_id("chart")).to_contain_text("这周离目标近了多少？")
    await expect(report.get_by_role("img")).to_have_accessible_name(
        re.compile("近了多少？ 我 3.*近了多少？ 团队平均 2.2")
    )
    await expect(report).to_contain_text("节奏建议")
    await expect(report).to_contain_text("这周走得比团队快")


async def test_a_wrong_edit_of_the_configuration_is_told_with_its_line_and_a_right_one_is_in_force(
    visit: Visit, demo: Demo
) -> None:
    visitor = await visit()
    panel = visitor.page.get_by_test_id("configuration")
    await expect(panel).to_contain_text("正在使用")
    file = demo.home / "fupan.yaml"
    right = file.read_text("utf-8")
    file.write_text(right.replace('"20:00"', '"25:00"'), "utf-8")
    await visitor.page.get_by_test_id("configuration-news").click()
    await expect(panel.get_by_role("alert")).to_contain_text("原来的设定继续用")
    line = right[: right.index('"20:00"')].count("\n") + 1
    await expect(panel.get_by_role("listitem")).to_contain_text([f"{file}:{line}: quiet_hours.from: '25:00'"])
    await expect(visitor.page.get_by_test_id("clock-next-what")).to_have_text("微复盘 开始")

    file.write_text(right.replace("{preset: review}", '{preset: review, when: "FRI 14:55"}'), "utf-8")
    await expect(visitor.page.get_by_test_id("clock-next-what")).to_have_text("本周复盘 开始")
    await expect(visitor.page.get_by_test_id("configuration-news")).to_be_hidden()
    await expect(panel).to_contain_text("正在使用")
