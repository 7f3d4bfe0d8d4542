"""Cadences, ladders and shared cards, each stored once under the digest of its text.

Rows refer to them by digest, so that what people hold in their hands keeps the definition it was made with, and a
fan-out to a hundred thousand people stores its card once a language.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from domain.cadences import Cadence
from domain.cards import Card
from domain.duties import Ladder
from domain.ids import OrgId
from storage.codec import decode_cadence, decode_card, decode_ladder, encode_cadence, encode_card, encode_ladder
from storage.memory import Known
from storage.prepared import Prepared
from storage.select_by import select_by
from storage.tables import definition

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NAMES = "org_id digest kind body"
_STORE = Prepared(_NAMES, lambda flavour: flavour.insert(definition, _NAMES).on_conflict_do_nothing())
_LOAD = Prepared(
    "org_id digest", lambda _: select_by(definition, "org_id digest", definition.c.kind, definition.c.body)
)

_WRITERS: dict[type, Any] = {Cadence: encode_cadence, Ladder: encode_ladder, Card: encode_card}
_READERS: dict[str, Any] = {"cadence": decode_cadence, "ladder": decode_ladder, "card": decode_card}


class Definitions:
    """One organisation's definitions inside one transaction."""

    def __init__(self, transaction: Transaction, org_id: OrgId) -> None:
        self._transaction = transaction
        self._memory = transaction.memory
        self._org_id = org_id
        self._written: dict[str, None] = {}
        self._seen: dict[str, Any] = {}
        transaction.on_commit(self._remember_written)

    def digest(self, value: Cadence | Ladder | Card) -> str:
        """Return the digest of a definition that is stored, storing it if it is not."""
        digest = self._memory.digest(value)
        if digest is None or not self._is_stored(digest):
            digest = self._write(value)
            self._memory.note_digest(value, digest)
        return digest

    def cadence(self, digest: str) -> Cadence:
        """Return the cadence with that digest.

        Raises:
            KeyError: The organisation has no such definition.
        """
        cadence: Cadence = self._value(digest)
        return cadence

    def ladder(self, digest: str) -> Ladder:
        """Return the ladder with that digest; raises `KeyError` as `cadence` does."""
        ladder: Ladder = self._value(digest)
        return ladder

    def card(self, digest: str) -> Card:
        """Return the card with that digest; raises `KeyError` as `cadence` does."""
        card: Card = self._value(digest)
        return card

    def _remember_written(self) -> None:
        for digest in self._written:
            self._memory.note_stored((self._org_id, digest))

    def _is_stored(self, digest: str) -> bool:
        return digest in self._written or self._memory.is_stored((self._org_id, digest))

    def _write(self, value: Cadence | Ladder | Card) -> str:
        kind, body = type(value).__name__.lower(), _WRITERS[type(value)](value)
        digest = hashlib.sha256(f"{kind}\n{body}".encode()).hexdigest()[:32]
        if not self._is_stored(digest):
            self._transaction.change(_STORE, (self._org_id, digest, kind, body))
            self._transaction.journal.put(self._written, digest, None)
        return digest

    def _value(self, digest: str) -> Any:
        value = self._seen.get(digest)
        if value is None:
            known = (self._org_id, digest)
            value = self._seen[digest] = self._memory.value(known) or self._read(known)
        return value

    def _read(self, known: Known) -> object:
        row = self._transaction.row(_LOAD, known)
        if row is None:
            raise KeyError(known[1])
        kind, body = row
        value: object = _READERS[kind](body)
        if known[1] not in self._written:
            self._memory.note_value(known, value)
        return value
