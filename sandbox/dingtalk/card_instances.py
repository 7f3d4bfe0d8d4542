"""Card instances as state: public variables, what each person sees instead, and every face that they ever saw.

A person's face is made of the public variables, or of the copy that the answer to a click put in their place, and of
their private variables, which win (dingtalk.md sections 7.3 and 7.5).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sandbox.dingtalk.world import World

Variables = Mapping[str, str]


class CallbackType(StrEnum):
    """Where clicks go, as `callbackType` says at creation."""

    STREAM = "STREAM"
    HTTP = "HTTP"
    NONE = ""


class Cause(StrEnum):
    """What made a face."""

    DELIVERED = "delivered"
    UPDATED = "updated"
    STREAMED = "streamed"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Card:
    """A card instance.

    Attributes:
        out_track_id: Chosen by the app, for ever.
        client_id: Whose it is.
        template_id: What draws it.
        callback_type: Where clicks go.
        route_key: Which registered address, for HTTP.
        user_id_type: 1 names people by `userid`, 2 by unionid.
        spaces: The space models it was created with.
        public: The variables that everybody sees.
    """

    out_track_id: str
    client_id: str
    template_id: str
    callback_type: CallbackType
    route_key: str
    user_id_type: int
    spaces: tuple[str, ...]
    public: dict[str, str]


@dataclass(frozen=True, slots=True)
class Face:
    """What one person sees of a card; `version` is 1 for a card that never changed for them."""

    variables: dict[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class FaceVersion:
    """One state that a face had; `at_ms` in milliseconds since 1970."""

    version: int
    variables: dict[str, str]
    cause: Cause
    at_ms: int


class CardInstances:
    """The cards of one organisation; `world` is what they belong to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._store = world.store

    def find(self, out_track_id: str) -> Card | None:
        """A card by the id that its app chose."""
        row = self._store.row("SELECT * FROM cards WHERE out_track_id = ?", out_track_id)
        return None if row is None else _card(row)

    def known(self, out_track_id: str) -> Card:
        """A card that must be there; KeyError otherwise."""
        found = self.find(out_track_id)
        if found is None:
            raise KeyError(out_track_id)
        return found

    def create(self, card: Card, private: Mapping[str, Variables]) -> None:
        """Store a new card, with the private variables of people by `userid`."""
        with self._store.transaction():
            self._store.run(
                "INSERT INTO cards (out_track_id, client_id, template_id, callback_type, route_key, user_id_type,"
                " spaces, public, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(card.out_track_id, card.client_id, card.template_id, card.callback_type, card.route_key),
                *(card.user_id_type, json.dumps(card.spaces), _as_json(card.public), self.world.now_ms()),
            )
            for user_id, variables in private.items():
                self._write(card.out_track_id, user_id, None, variables, 0)

    def deliver(self, out_track_id: str, user_id: str) -> None:
        """The card now stands in a chat of this person."""
        shown, private, version = self._kept(out_track_id, user_id)
        if not version:
            self._write(out_track_id, user_id, shown, private, 1)
            self._note(out_track_id, user_id, Cause.DELIVERED)

    def face(self, out_track_id: str, user_id: str) -> Face:
        """What a person sees; KeyError for an unknown card."""
        shown, private, version = self._kept(out_track_id, user_id)
        public = self.known(out_track_id).public
        return Face({**(public if shown is None else shown), **private}, max(version, 1))

    def receivers(self, out_track_id: str) -> list[str]:
        """In whose chats it stands."""
        rows = self._store.rows(
            "SELECT user_id FROM faces WHERE out_track_id = ? AND version > 0 ORDER BY user_id", out_track_id
        )
        return [row["user_id"] for row in rows]

    def versions(self, out_track_id: str, user_id: str) -> list[FaceVersion]:
        """Every face of a card for one person, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM face_versions WHERE out_track_id = ? AND user_id = ? ORDER BY number", out_track_id, user_id
        )
        return [
            FaceVersion(row["version"], json.loads(row["variables"]), Cause(row["cause"]), row["at_ms"]) for row in rows
        ]

    def publish(self, out_track_id: str, variables: Variables, cause: Cause, *, by_key: bool) -> None:
        """Change the public variables for all; not by key, those that are left out vanish."""
        with self._store.transaction():
            public = {**self.known(out_track_id).public, **variables} if by_key else dict(variables)
            statement = "UPDATE cards SET public = ? WHERE out_track_id = ?"
            self._store.run(statement, _as_json(public), out_track_id)
            for user_id in self.receivers(out_track_id):
                shown, private, version = self._kept(out_track_id, user_id)
                kept = {**shown, **variables} if by_key and shown is not None else None
                self._write(out_track_id, user_id, kept, private, version + 1)
                self._note(out_track_id, user_id, cause)
        self.world.changed(self.receivers(out_track_id))

    def confide(self, out_track_id: str, user_id: str, variables: Variables, cause: Cause, *, by_key: bool) -> None:
        """Change one person's private variables."""
        with self._store.transaction():
            shown, private, version = self._kept(out_track_id, user_id)
            merged = {**private, **variables} if by_key else variables
            self._write(out_track_id, user_id, shown, merged, version + 1 if version else 0)
            self._note(out_track_id, user_id, cause)
        self.world.changed([user_id])

    def show(self, out_track_id: str, user_id: str, variables: Variables, *, by_key: bool) -> None:
        """The answer to a click changes the public variables for the one who clicked, and for nobody else."""
        with self._store.transaction():
            shown, private, version = self._kept(out_track_id, user_id)
            before = self.known(out_track_id).public if shown is None else shown
            after = {**before, **variables} if by_key else variables
            self._write(out_track_id, user_id, after, private, version + 1)
            self._note(out_track_id, user_id, Cause.ANSWERED)
        self.world.changed([user_id])

    def _kept(self, out_track_id: str, user_id: str) -> tuple[dict[str, str] | None, dict[str, str], int]:
        row = self._store.row("SELECT * FROM faces WHERE out_track_id = ? AND user_id = ?", out_track_id, user_id)
        if row is None:
            return None, {}, 0
        shown = None if row["shown"] is None else json.loads(row["shown"])
        return shown, json.loads(row["private"]), int(row["version"])

    def _write(
        self, out_track_id: str, user_id: str, shown: Variables | None, private: Variables, version: int
    ) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO faces (out_track_id, user_id, shown, private, version) VALUES (?, ?, ?, ?, ?)",
            *(out_track_id, user_id, None if shown is None else _as_json(shown), _as_json(private), version),
        )

    def _note(self, out_track_id: str, user_id: str, cause: Cause) -> None:
        face = self.face(out_track_id, user_id)
        self._store.run(
            "INSERT INTO face_versions (out_track_id, user_id, version, variables, cause, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(out_track_id, user_id, face.version, _as_json(face.variables), cause, self.world.now_ms()),
        )


def _as_json(variables: Variables) -> str:
    return json.dumps(dict(variables), ensure_ascii=False)


def _card(row: sqlite3.Row) -> Card:
    return Card(
        out_track_id=row["out_track_id"],
        client_id=row["client_id"],
        template_id=row["template_id"],
        callback_type=CallbackType(row["callback_type"]),
        route_key=row["route_key"],
        user_id_type=row["user_id_type"],
        spaces=tuple(json.loads(row["spaces"])),
        public=json.loads(row["public"]),
    )
