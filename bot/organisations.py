"""The organisations that are served, with their running settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from domain.ids import OrgId
from domain.policy import OrgPolicy
from domain.ports import Catalogue
from handlers.context import Context
from storage.transaction import Transaction


class Organisations:
    """Knows every organisation's policy and makes the context in which handlers work.

    Args:
        words: The sentences.
        new_id: Makes fresh ids.
    """

    def __init__(self, words: Catalogue, new_id: Callable[[], str]) -> None:
        self._words = words
        self._new_id = new_id
        self._policies: dict[OrgId, OrgPolicy] = {}

    def replace(self, policies: Mapping[OrgId, OrgPolicy]) -> None:
        """Take over a new configuration as a whole."""
        self._policies = dict(policies)

    def policy(self, org_id: OrgId) -> OrgPolicy | None:
        """Return an organisation's policy, or `None` if it is not served."""
        return self._policies.get(org_id)

    def ids(self) -> tuple[OrgId, ...]:
        """Return the ids of all served organisations."""
        return tuple(self._policies)

    def context(self, transaction: Transaction, org_id: OrgId, now: datetime) -> Context:
        """Return the world of one handler call.

        Raises:
            LookupError: The organisation is not served by this process.
        """
        policy = self._policies.get(org_id)
        if policy is None:
            raise LookupError(f"organisation {org_id} is not served here")
        return Context(now, policy, self._words, transaction.store(org_id), self._new_id)
