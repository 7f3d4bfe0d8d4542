"""Desks at fresh fake organisations."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.sandbox_dingtalk.harness import IMPATIENT, Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A fake organisation in memory, with one app in Stream mode, and a caller of its API."""
    async with open_desk() as opened:
        yield opened


@pytest.fixture
async def hasty() -> AsyncIterator[Desk]:
    """The same with a platform that soon stops waiting for answers."""
    async with open_desk(timing=IMPATIENT) as opened:
        yield opened
