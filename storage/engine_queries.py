"""The engine's work over all organisations: what is due, what is sent next, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.due import DueQueries
from storage.steering import SteeringQueries
from storage.watching import WatchQueries

if TYPE_CHECKING:
    from storage.transaction import Transaction


class EngineQueries(DueQueries, SteeringQueries, WatchQueries):
    """Everything that the ticker, the senders and the operator's pages ask; see the classes it is made of."""

    def __init__(self, transaction: Transaction) -> None:
        SteeringQueries.__init__(self, transaction)
