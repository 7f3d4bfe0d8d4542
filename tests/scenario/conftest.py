"""Fixtures of the scenarios: a fresh town for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenario.town import Town, town_in


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A fresh town on the Friday afternoon before the first card."""
    async with town_in(tmp_path / "town") as built:
        yield built
