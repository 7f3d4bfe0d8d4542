"""The cards that every platform must show; and failed assertions of the shared suite show their values."""

import pytest

from domain.cards import Card
from tests.contract.adapters.week import cards_of_two_weeks
from tests.stores import Databases

pytest.register_assert_rewrite(
    *(f"tests.contract.adapters.{name}" for name in ("calls", "cards", "clicks", "envelopes", "pacing", "refusals"))
)

KINDS = frozenset({"checkin", "reply", "answered", "escalation", "summary", "notice"})
"""Kinds of cards that the handlers compose; the digest, which only appears when somebody's day is full, is one more."""


@pytest.fixture(scope="session")
def lived_cards(sqlite_databases: Databases) -> list[Card]:
    """One card of every shape that two weeks bring."""
    found = cards_of_two_weeks(sqlite_databases)
    assert {card.key.kind for card in found} >= KINDS
    return found
