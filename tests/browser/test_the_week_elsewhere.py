"""The weekly card of the real demo on the other two platforms: asked for, answered by each one's means, thanked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.screens import DESKTOP, PHONE, OpenPage, Screen
from tests.browser.visitor import Demo, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWERS = ("上线了报表", "测试环境不稳", "补上回归用例")


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """A running demo."""
    demo = Demo(tmp_path / "demo")
    await demo.start()
    yield demo
    await demo.stop()


async def at_the_card(demo: Demo, open_page: OpenPage, platform: str, screen: Screen) -> Visitor:
    """The phone of wanglei on a platform, once Friday's card was sent on Feishu and asked for again here."""
    page = await open_page(demo.address, screen)
    await page.locator("html[data-ready]").wait_for(state="attached")
    visitor = Visitor(page)
    await visitor.until_happened("本周复盘 开始了")
    await visitor.be("wanglei")
    await page.get_by_test_id(f"platform-{platform}").click()
    await page.get_by_test_id("chip-复盘").click()
    await expect(visitor.card("本周复盘")).to_contain_text("待填写")
    return visitor


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_on_wecom_the_three_sentences_are_typed_one_by_one(
    demo: Demo, open_page: OpenPage, screen: Screen
) -> None:
    visitor = await at_the_card(demo, open_page, "wecom", screen)
    messages = visitor.page.get_by_test_id("messages")
    await visitor.card("待填写").get_by_role("button", name="文字填写").click()
    for number, answer in enumerate(ANSWERS, start=1):
        await expect(messages).to_contain_text(f"{number}/3")
        await visitor.page.get_by_test_id("composer").fill(answer)
        await visitor.page.get_by_test_id("composer").press("Enter")
    await expect(messages).to_contain_text("小结")
    await visitor.be("lihua")
    await visitor.page.get_by_test_id("platform-feishu").click()
    for answer in ANSWERS:
        await expect(visitor.card("王磊 的本周复盘")).to_contain_text(answer)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_on_dingtalk_the_form_is_filled_in_and_becomes_the_report(
    demo: Demo, open_page: OpenPage, screen: Screen
) -> None:
    visitor = await at_the_card(demo, open_page, "dingtalk", screen)
    card = visitor.card("待填写")
    await visitor.fill(card, dict(zip(("result", "obstacle", "next"), ANSWERS, strict=True)))
    await card.get_by_role("button", name="提交复盘").click()
    await expect(visitor.card("小结")).to_contain_text("上线了报表")
    await visitor.be("lihua")
    await visitor.page.get_by_test_id("platform-feishu").click()
    await expect(visitor.card("王磊 的本周复盘")).to_contain_text("上线了报表")
