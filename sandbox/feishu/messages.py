"""Chats and messages as state: what was sent, every version a card ever had, what was recalled and read."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.feishu.settings import UUID_MEMORY
from sandbox.feishu.world import World


class Sender(StrEnum):
    """Whose message it is, seen from the person in the chat."""

    BOT = "bot"
    PERSON = "me"


class Cause(StrEnum):
    """What made a version of a message."""

    SENT = "sent"
    PATCHED = "patched"
    EDITED = "edited"
    CLICK_ANSWERED = "click_answered"
    CLICK_REVERTED = "click_reverted"
    UPDATED_LATE = "updated_late"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be stored.

    Attributes:
        app_id: The app in whose chat it appears.
        user_id: The person in that chat.
        sender: Who wrote it.
        msg_type: As in the API, `text`, `post`, `image`, `interactive` and more.
        content: The decoded content.
        parent: The message it answers, if any.
        batch_id: The batch it belongs to, empty otherwise.
    """

    app_id: str
    user_id: str
    sender: Sender
    msg_type: str
    content: dict[str, Any]
    parent: Message | None = None
    batch_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message in its present version; times in milliseconds since 1970, 0 is "never"."""

    message_id: str
    app_id: str
    chat_id: str
    user_id: str
    sender: Sender
    msg_type: str
    content: dict[str, Any]
    root_id: str
    parent_id: str
    batch_id: str
    created_ms: int
    updated_ms: int
    version: int
    edits: int
    recalled: bool
    read_ms: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One state that a message had; `at_ms` in milliseconds since 1970."""

    version: int
    content: dict[str, Any]
    cause: Cause
    at_ms: int


class Messages:
    """The messages of one tenant; `world` is what they belong to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._store = world.store

    def chat_id(self, app_id: str, user_id: str) -> str:
        """The chat of a person with an app's bot; made where it does not exist yet."""
        found = self._store.row("SELECT chat_id FROM chats WHERE app_id = ? AND user_id = ?", app_id, user_id)
        if found is not None:
            return str(found["chat_id"])
        chat_id = self._store.mint("oc_")
        self._store.run("INSERT INTO chats (chat_id, app_id, user_id) VALUES (?, ?, ?)", chat_id, app_id, user_id)
        return chat_id

    def chat_member(self, app_id: str, chat_id: str) -> str | None:
        """Whose chat with an app this is, None where it is none."""
        found = self._store.row("SELECT user_id FROM chats WHERE app_id = ? AND chat_id = ?", app_id, chat_id)
        return None if found is None else str(found["user_id"])

    def add(self, draft: Draft) -> Message:
        """Store a message; does not tell the listeners, since its caller may still be in a transaction."""
        with self._store.transaction():
            chat_id, now_ms = self.chat_id(draft.app_id, draft.user_id), self.world.now_ms()
            parent = draft.parent
            root_id = (parent.root_id or parent.message_id) if parent else ""
            message_id = self._store.mint("om_x100")
            self._store.run(
                "INSERT INTO messages (message_id, app_id, chat_id, user_id, sender, msg_type, content, root_id,"
                " parent_id, batch_id, created_ms, updated_ms, version, edits, recalled, read_ms, urgent)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, 0)",
                *(message_id, draft.app_id, chat_id, draft.user_id, draft.sender, draft.msg_type),
                *(_as_json(draft.content), root_id, parent.message_id if parent else "", draft.batch_id),
                *(now_ms, now_ms),
            )
            self._add_version(message_id, 1, draft.content, Cause.SENT)
            return self.known(message_id)

    def find(self, message_id: str) -> Message | None:
        """A message by id."""
        row = self._store.row("SELECT * FROM messages WHERE message_id = ?", message_id)
        return None if row is None else _message(row)

    def known(self, message_id: str) -> Message:
        """A message that must be there; KeyError otherwise."""
        found = self.find(message_id)
        if found is None:
            raise KeyError(message_id)
        return found

    def of_chat(self, app_id: str, user_id: str) -> list[Message]:
        """The chat of a person with an app's bot, newest last."""
        rows = self._store.rows(
            "SELECT m.* FROM chats c JOIN messages m ON m.chat_id = c.chat_id"
            " WHERE c.app_id = ? AND c.user_id = ? ORDER BY m.number",
            *(app_id, user_id),
        )
        return [_message(row) for row in rows]

    def of_batch(self, app_id: str, batch_id: str) -> list[Message]:
        """What a batch became, in the order of sending."""
        rows = self._store.rows(
            "SELECT * FROM messages WHERE batch_id = ? AND batch_id <> '' AND app_id = ? ORDER BY number",
            *(batch_id, app_id),
        )
        return [_message(row) for row in rows]

    def rewrite(self, message_id: str, content: dict[str, Any], cause: Cause) -> Message:
        """Give a message a new version, and tell the listeners."""
        with self._store.transaction():
            before = self.known(message_id)
            self._store.run(
                "UPDATE messages SET content = ?, version = version + 1, updated_ms = ?, edits = edits + ?"
                " WHERE message_id = ?",
                *(_as_json(content), self.world.now_ms(), int(cause is Cause.EDITED), message_id),
            )
            self._add_version(message_id, before.version + 1, content, cause)
        self.world.changed(before.user_id)
        return self.known(message_id)

    def versions(self, message_id: str) -> list[Version]:
        """Every version, oldest first."""
        rows = self._store.rows("SELECT * FROM versions WHERE message_id = ? ORDER BY version", message_id)
        return [Version(row["version"], json.loads(row["content"]), Cause(row["cause"]), row["at_ms"]) for row in rows]

    def recall(self, message: Message) -> None:
        """Take a message back, and tell the listeners."""
        self._store.run("UPDATE messages SET recalled = 1 WHERE message_id = ?", message.message_id)
        self.world.changed(message.user_id)

    def mark_urgent(self, message: Message) -> None:
        """Note that it was made urgent."""
        self._store.run("UPDATE messages SET urgent = 1 WHERE message_id = ?", message.message_id)
        self.world.changed(message.user_id)

    def mark_read(self, app_id: str, user_id: str) -> list[str]:
        """The person looks at the chat; returns the ids of the bot's messages that were unread, oldest first."""
        unread = self._store.rows(
            "SELECT message_id FROM messages WHERE chat_id = ? AND sender = 'bot' AND read_ms = 0 AND recalled = 0"
            " ORDER BY number",
            self.chat_id(app_id, user_id),
        )
        ids = [str(row["message_id"]) for row in unread]
        with self._store.transaction():
            for message_id in ids:
                now_ms = self.world.now_ms()
                self._store.run("UPDATE messages SET read_ms = ? WHERE message_id = ?", now_ms, message_id)
        return ids

    def remembered(self, app_id: str, uuid: str) -> Message | None:
        """The message that was sent with a uuid within the last hour."""
        if not uuid:
            return None
        row = self._store.row(
            "SELECT message_id FROM uuids WHERE app_id = ? AND uuid = ? AND at_ms > ?",
            *(app_id, uuid, self.world.ms_ago(UUID_MEMORY)),
        )
        return None if row is None else self.known(row["message_id"])

    def remember(self, app_id: str, uuid: str, message: Message) -> None:
        """Remember which message a uuid made; forgets those older than the memory."""
        if uuid:
            self._store.run("DELETE FROM uuids WHERE at_ms <= ?", self.world.ms_ago(UUID_MEMORY))
            self._store.run(
                "INSERT OR REPLACE INTO uuids (app_id, uuid, message_id, at_ms) VALUES (?, ?, ?, ?)",
                *(app_id, uuid, message.message_id, self.world.now_ms()),
            )

    def _add_version(self, message_id: str, version: int, content: dict[str, Any], cause: Cause) -> None:
        self._store.run(
            "INSERT INTO versions (message_id, version, content, cause, at_ms) VALUES (?, ?, ?, ?, ?)",
            *(message_id, version, _as_json(content), cause, self.world.now_ms()),
        )


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _message(row: sqlite3.Row) -> Message:
    return Message(
        message_id=row["message_id"],
        app_id=row["app_id"],
        chat_id=row["chat_id"],
        user_id=row["user_id"],
        sender=Sender(row["sender"]),
        msg_type=row["msg_type"],
        content=json.loads(row["content"]),
        root_id=row["root_id"],
        parent_id=row["parent_id"],
        batch_id=row["batch_id"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
        version=row["version"],
        edits=row["edits"],
        recalled=bool(row["recalled"]),
        read_ms=row["read_ms"],
        urgent=bool(row["urgent"]),
    )
