"""A desk at a fresh fake tenant."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.sandbox_feishu.harness import Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A fake tenant in memory, with one app that uses the long connection, and a caller of its API."""
    async with open_desk() as opened:
        yield opened
