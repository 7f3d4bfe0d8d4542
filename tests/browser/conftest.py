"""The system's Chromium for browser tests: one process a run, a fresh context for each page.

Browser tests share one event loop (the session's), because Playwright binds a browser to the loop it was started in.
A page that writes an error to its console, or throws, fails its test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from sandbox.control import add_routes
from tests.browser.screens import DESKTOP, OpenPage, Screen, Show
from tests.browser.town import LEI, Stroll, Town, open_town
from tests.scripted_stage import Script, make_script

_ARGUMENTS = [
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SHORT_WAIT_MS = 10_000


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    """A running Chromium; a machine without one fails here, with the sentence of `chromium_path`."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=_ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def expected_complaints() -> list[str]:
    """What a page may write to its console as an error in this test: put parts of sentences here."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, expected_complaints: list[str]) -> AsyncIterator[OpenPage]:
    """A function that opens an address on a screen of its own, with empty storage."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    async def open_on(address: str, screen: Screen = DESKTOP) -> Page:
        context = await browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            color_scheme=screen.scheme,
            reduced_motion="reduce" if screen.calm else "no-preference",
        )
        context.set_default_timeout(_SHORT_WAIT_MS)
        contexts.append(context)
        page = await context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        return page

    yield open_on
    for context in contexts:
        await context.close()
    unexpected = [one for one in complaints if not any(part in one for part in expected_complaints)]
    assert unexpected == []


@pytest_asyncio.fixture(loop_scope="session")
async def served() -> AsyncIterator[tuple[Script, str]]:
    """A fresh scripted stage with two platforms, and the address at which its demo page is served."""
    script = make_script(with_other_platform=True)
    await script.mail.start()
    app = web.Application()
    add_routes(app, script.stage)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield script, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()
    await script.mail.close()


@pytest.fixture
def show(served: tuple[Script, str], open_page: OpenPage) -> Show:
    """The demo page on a scripted stage; its pages are closed before its server, so that none sees the server go."""
    script, address = served
    return Show(script, address, open_page)


@pytest_asyncio.fixture(loop_scope="session")
async def town() -> AsyncIterator[Town]:
    """A fresh stage with all three fakes and a bot at each, served."""
    async with open_town() as town:
        yield town


@pytest.fixture
def stroll(town: Town, open_page: OpenPage) -> Stroll:
    """The demo page on that stage, at wanglei's chat on a platform; its pages are closed before its servers."""

    async def visit(platform: str, screen: Screen = DESKTOP, person: str = LEI) -> Page:
        page = await open_page(f"{town.address}/#{person}", screen)
        await page.locator("html[data-ready]").wait_for(state="attached")
        await page.get_by_test_id(f"platform-{platform}").click()
        await expect(page.get_by_test_id("phone")).to_have_attribute("data-platform", platform)
        return page

    return visit
