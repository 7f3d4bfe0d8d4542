"""One organisation inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.cadences import Cadence
from domain.ids import OrgId
from storage.checkins import Checkins
from storage.conversations import Conversations
from storage.definitions import Definitions
from storage.duties import Duties
from storage.history import History
from storage.inbox import Inbox
from storage.outbox import Outbox
from storage.people import People
from storage.rounds import Rounds

if TYPE_CHECKING:
    from storage.transaction import Transaction


class OrgStore:
    """The rows of one organisation, and of no other; implements `domain.repositories.Store`.

    Attributes:
        org_id: The organisation.
        people: See `domain.repositories.People`.
        rounds: See `domain.repositories.Rounds`.
        checkins: See `domain.repositories.Checkins`.
        duties: See `domain.repositories.Duties`.
        outbox: See `domain.repositories.Outbox`.
        conversations: See `domain.repositories.Conversations`.
        inbox: See `domain.repositories.Inbox`.
        history: See `domain.repositories.History`.
        definitions: Cadences, ladders and shared cards by digest.
    """

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self.org_id = org_id
        self.definitions = Definitions(transaction, org_id)
        self.people = People(transaction, org_id)
        self.rounds = Rounds(transaction, org_id, self.definitions)
        self.checkins = Checkins(transaction, org_id, self.definitions)
        self.duties = Duties(transaction, org_id, self.definitions)
        self.outbox = Outbox(transaction, org_id, self.definitions, self.people)
        self.conversations = Conversations(transaction, org_id)
        self.inbox = Inbox(transaction, org_id)
        self.history = History(transaction, org_id)

    def cadence(self, digest: str) -> Cadence:
        """Return the definition stored under a digest.

        Raises:
            KeyError: The organisation has no such definition.
        """
        return self.definitions.cadence(digest)
