"""The dice of the crash tests: seeded, so that a run can be repeated with the seed that it reports.

Where a process is when it is killed also hangs on the machine, so a seed makes a run similar, not equal. `CRASH_SEED`
draws other kills; the promises must hold for all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

import pytest

from tests.stores import Databases


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """The dice of one test; a failing test reports their seed."""
    seed = os.environ.get("CRASH_SEED", "1")
    request.node.add_report_section("setup", "CRASH_SEED", seed)
    return Random(f"{seed}/{request.node.name}")


@pytest.fixture
def sqlite_url(sqlite_databases: Databases) -> Iterator[str]:
    """The SQLAlchemy URL of a SQLite file that does not exist yet, this test's alone."""
    url = sqlite_databases.empty()
    yield url
    sqlite_databases.drop(url)
