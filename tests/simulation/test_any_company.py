"""Any company, any settings, any weeks: the promises of the product hold over the whole record."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.simulation.plans import Plan, plans
from tests.simulation.playing import migrated, play
from tests.simulation.rules import check
from tests.stores import Databases

_EVERYDAY = {"sqlite": 30, "postgresql": 4}
"""Examples of an everyday run on each engine: together they take about a minute on a busy machine of two cores."""

_MOST_ACTS = 16

_LONG = pytest.mark.timeout(24 * 3600)
"""Shrinking a failure, and the long runs that SIMULATION_EXAMPLES asks for, take their time."""


def _examples(engine: str) -> int:
    asked_for = os.environ.get("SIMULATION_EXAMPLES")
    return _EVERYDAY[engine] if asked_for is None else max(1, int(asked_for) * _EVERYDAY[engine] // _EVERYDAY["sqlite"])


def _hold_promises(databases: Databases, engine: str) -> None:
    @settings(max_examples=_examples(engine), suppress_health_check=list(HealthCheck))
    @given(plans(_MOST_ACTS))
    def hold(plan: Plan) -> None:
        url = databases.clone(migrated)
        try:
            check(play(url, plan))
        finally:
            databases.drop(url)

    hold()


@_LONG
def test_the_promises_hold_in_any_company_on_sqlite(sqlite_databases: Databases) -> None:
    _hold_promises(sqlite_databases, "sqlite")


@_LONG
def test_the_promises_hold_in_any_company_on_postgresql(postgres_databases: Databases) -> None:
    _hold_promises(postgres_databases, "postgresql")
