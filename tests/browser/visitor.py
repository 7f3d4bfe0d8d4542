"""Somebody who visits the real demo with a browser, and the demo itself, which can be taken down and built again."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from playwright.async_api import Locator, Page, Response, expect

from bot.clock import DemoClock, SystemClock
from bot.demo import stage_app

FRIDAY = datetime(2026, 11, 27, 6, 50, tzinfo=UTC)
"""When every demo of these tests begins: a Friday, 14:50 in Shanghai, ten minutes before the first card."""

MOST_STEPS = 12
"""Presses on "to the next event" after which something that does not happen is given up."""


class Demo:
    """The whole demo behind an address that stays the same when it is built again.

    Args:
        home: Where it keeps everything.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._running = AsyncExitStack()
        self._port = 0

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Build it, at the same port if it was built before."""
        self.home.mkdir(parents=True, exist_ok=True)
        DemoClock(self.home / "clock", FRIDAY, SystemClock())
        async with AsyncExitStack() as stack:
            runner = web.AppRunner(await stack.enter_async_context(stage_app(self.home)), shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
            self._port = runner.addresses[0][1]
            self._running = stack.pop_all()

    async def stop(self) -> None:
        """Take it down."""
        await self._running.aclose()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Plays people on the page, as a hand on a mouse would.

    Attributes:
        page: The demo's.
    """

    page: Page

    async def turn_to(self, tab: str) -> None:
        """Show people, chat or side, which a wide screen shows together."""
        button = self.page.get_by_test_id(f"tab-{tab}")
        if await button.is_visible():
            await button.click()

    async def be(self, person: str) -> None:
        """Take somebody's phone."""
        await self.turn_to("people")
        await self.page.get_by_test_id(f"person-{person}").click()
        await expect(self.page.get_by_test_id(f"person-{person}")).to_have_attribute("aria-selected", "true")

    async def let_time_pass(self, button: str = "clock-next") -> None:
        """Press a button of the clock and wait until what it plays has happened."""
        await self.turn_to("side")
        async with self.page.expect_response(_moved):
            await self.page.get_by_test_id(button).click()
        await expect(self.page.locator("#clock")).not_to_have_class(re.compile("busy"))

    async def until_happened(self, words: str) -> None:
        """Go from event to event until the log tells of one."""
        log = self.page.get_by_test_id("clock-log")
        for _ in range(MOST_STEPS):
            await self.let_time_pass()
            if words in await log.inner_text():
                return
        raise AssertionError(f"{words} did not happen: {await log.inner_text()}")

    def happened(self, words: str) -> Locator:
        """The lines of the log that tell something."""
        return self.page.get_by_test_id("clock-log").get_by_role("listitem").filter(has_text=words)

    def card(self, words: str) -> Locator:
        """The newest card on the phone that shows some words."""
        return self.page.locator(".card").filter(has_text=words).last

    async def fill(self, card: Locator, answers: dict[str, str]) -> None:
        """Write into a card's inputs, or choose in them."""
        for name, answer in answers.items():
            box = card.get_by_test_id(f"input-{name}")
            if await box.evaluate("it => it.tagName") == "SELECT":
                await box.select_option(answer)
            else:
                await box.fill(answer)

    async def press(self, card: Locator, label: str, toast: str) -> None:
        """Press a card's button and read the notice that comes up."""
        await card.get_by_role("button", name=label, exact=True).click()
        await expect(self.page.get_by_test_id("toast")).to_contain_text(toast)


def _moved(response: Response) -> bool:
    return response.request.method == "POST" and response.url.endswith("/clock")
