"""The demo page in a real browser: the guided week, which ticks itself off, and the configuration."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from sandbox.control import add_routes
from tests import sample_cards
from tests.browser.screens import DESKTOP, PHONE, OpenPage, Screen, Show
from tests.scripted_stage import make_script

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


DONE, NOT_DONE = re.compile("^done$"), re.compile("^(now)?$")
"""Classes of a step."""

# the guide


async def steps_done(page: Page, *numbers: int) -> None:
    """Waits until exactly these steps are ticked off, 1 the first."""
    steps = page.locator(".steps li")
    await expect(steps).to_have_class([DONE if number in numbers else NOT_DONE for number in range(1, 8)])


async def test_the_guide_names_people_of_this_company_and_switches_to_them(show: Show) -> None:
    page = await show.visit()
    await page.get_by_test_id("guide-2-be-wanglei").click()
    await expect(page.get_by_text("王磊 的手机")).to_be_visible()
    await page.get_by_test_id("guide-3-be-lihua").click()
    await expect(page.get_by_text("李华 的手机")).to_be_visible()
    await expect(page.get_by_test_id("guide-5-be-chenjing")).to_be_visible()
    await steps_done(page)


async def test_each_step_is_ticked_off_when_its_people_have_lived_it(show: Show) -> None:
    platform = show.script.platform
    page = await show.visit()
    await expect(page.locator("[aria-current=step]")).to_contain_text("收到周五的复盘卡")
    platform.put("ou_wanglei", card=sample_cards.weekly())
    await steps_done(page, 1)
    platform.put("ou_lihua", card=sample_cards.to_manager("王磊", ["① 上线了"]))
    await steps_done(page, 1, 2)
    await page.get_by_test_id("guide-3-be-lihua").click()
    await steps_done(page, 1, 2, 3)
    platform.put("ou_lihua", card=sample_cards.reminder("王磊"))
    await steps_done(page, 1, 2, 3, 4)
    asked = sample_cards.card("请看一眼", "red", None, [{"tag": "div", "text": sample_cards.plain("王磊 → 李华")}])
    platform.put("ou_chenjing", card=asked)
    await steps_done(page, 1, 2, 3, 4, 5)
    await expect(page.locator("[aria-current=step]")).to_contain_text("回一句具体的话")
    platform.put("ou_wanglei", card=sample_cards.card("李华 回了你", "green", None, []))
    await steps_done(page, 1, 2, 3, 4, 5, 6)
    await page.get_by_test_id("guide-7-be-wanglei").click()
    await steps_done(page, 1, 2, 3, 4, 5, 6, 7)
    await expect(page.get_by_test_id("guide")).to_contain_text("一周走完了")


async def test_following_the_week_reads_nobodys_messages_for_them(show: Show) -> None:
    show.script.platform.put("ou_lihua", card=sample_cards.to_manager("王磊", ["① 上线了"]))
    page = await show.visit("wanglei")
    await steps_done(page, 2)
    await expect(page.get_by_test_id("unread-lihua")).to_have_text("1")


async def test_a_reload_keeps_what_is_ticked_off(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit()
    await steps_done(page, 1)
    await page.reload()
    await steps_done(page, 1)


async def test_cards_about_other_people_are_no_progress(show: Show) -> None:
    show.script.platform.put("ou_lihua", card=sample_cards.to_manager("赵敏", ["① 上线了"]))
    show.script.platform.put("ou_wanglei", "你好")
    page = await show.visit("wanglei")
    await expect(page.get_by_test_id("messages")).to_contain_text("你好")
    await steps_done(page)


# the configuration


class Edited:
    """A configuration whose last edit the test invents."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._listeners: list[Callable[[], None]] = []

    def latest(self) -> Mapping[str, Any]:
        return {"file": "var/demo/fupan.yaml", "at": "2026-11-27T08:05:00+00:00", "problems": self.problems}

    def on_change(self, callback: Callable[[], None], /) -> None:
        self._listeners.append(callback)

    def save(self, *problems: str) -> None:
        """Edits the file; with problems, in vain."""
        self.problems = list(problems)
        for listener in self._listeners:
            listener()


@pytest_asyncio.fixture(loop_scope="session")
async def edited() -> AsyncIterator[tuple[Edited, str]]:
    """A served stage with a configuration, and its address."""
    edited, script = Edited(), make_script()
    app = web.Application()
    add_routes(app, replace(script.stage, notices=edited))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield edited, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_wrong_edit_is_told_at_the_top_and_with_all_its_lines(
    edited: tuple[Edited, str], open_page: OpenPage, screen: Screen
) -> None:
    configuration, address = edited
    page = await open_page(address, screen)
    await page.locator("html[data-ready]").wait_for(state="attached")
    await expect(page.get_by_test_id("configuration-news")).to_be_hidden()
    wrong = ("fupan.yaml:9: quiet_hours.from: '25:00' is no time of day", "fupan.yaml:12: <b>colour</b>: unknown key")
    configuration.save(*wrong)
    await page.get_by_test_id("configuration-news").click()
    panel = page.get_by_test_id("configuration")
    await expect(panel).to_be_in_viewport()
    await expect(panel.get_by_role("alert")).to_contain_text("11月27日 周五 16:05 的改动写错了")
    await expect(panel.get_by_role("listitem")).to_have_text(wrong)
    configuration.save()
    await expect(page.get_by_test_id("configuration-news")).to_be_hidden()
    await expect(panel).to_contain_text("正在使用")
    await expect(panel.get_by_role("alert")).to_have_count(0)


async def test_a_stage_without_a_configuration_shows_no_panel_for_it(show: Show) -> None:
    page = await show.visit()
    await expect(page.get_by_test_id("faults")).to_be_visible()
    await expect(page.get_by_test_id("configuration")).to_be_hidden()
