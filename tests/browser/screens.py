"""What browser tests look at: screens, and the demo page on a scripted stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Page

from tests.scripted_stage import Script


@dataclass(frozen=True, slots=True)
class Screen:
    """What a page is shown on.

    Attributes:
        width: CSS pixels.
        height: CSS pixels.
        scheme: The colours that the device prefers.
        calm: Whether the device asks for reduced motion.
    """

    width: int = 1440
    height: int = 900
    scheme: Literal["light", "dark"] = "light"
    calm: bool = False


DESKTOP = Screen()
PHONE = Screen(width=375, height=812)

OpenPage = Callable[[str, Screen], Awaitable[Page]]
"""Opens an address on a screen of its own, with empty storage."""


@dataclass(frozen=True, slots=True)
class Show:
    """A served stage and a way to look at it."""

    script: Script
    address: str
    open_page: OpenPage

    async def visit(self, person: str = "", screen: Screen = DESKTOP) -> Page:
        """Opens the page, at somebody's chat where one is named, and waits until it listens for changes."""
        page = await self.open_page(f"{self.address}/#{person}" if person else self.address, screen)
        await page.locator("html[data-ready]").wait_for(state="attached")
        return page
