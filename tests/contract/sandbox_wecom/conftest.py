"""Desks at fresh fake companies."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.sandbox_wecom.harness import APP, OTHER_APP, Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A fake company in memory, with one app whose callback nobody answers, and a caller of its API."""
    async with open_desk() as opened:
        yield opened


@pytest.fixture
async def two() -> AsyncIterator[Desk]:
    """The same with two apps."""
    async with open_desk(apps=(APP, OTHER_APP)) as opened:
        yield opened
