"""Desks at fresh fake tenants."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.sandbox_feishu.harness import IMPATIENT, Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A fake tenant in memory, with one app that uses the long connection, and a caller of its API."""
    async with open_desk() as opened:
        yield opened


@pytest.fixture
async def hasty() -> AsyncIterator[Desk]:
    """The same with a platform that soon stops waiting for answers."""
    async with open_desk(timing=IMPATIENT) as opened:
        yield opened
