"""Chats and messages as state: what was sent, every version a card ever had for each person, what was recalled."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.wecom.world import World

_FIRST_MSG_ID = 7_561_255_354_251_345_000


class Sender(StrEnum):
    """Whose message it is, seen from the person in the chat."""

    BOT = "bot"
    PERSON = "me"


class Cause(StrEnum):
    """What made a version of a message."""

    SENT = "sent"
    UPDATED = "updated"
    CLICK_ANSWERED = "click_answered"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be stored.

    Attributes:
        agent_id: The app in whose chat it appears.
        user_id: The person in that chat.
        msg_type: As in the API, `text`, `markdown`, `textcard`, `template_card` and more.
        content: The object under that type's key.
        msgid: The send it belongs to, empty for passive replies.
    """

    agent_id: int
    user_id: str
    msg_type: str
    content: dict[str, Any]
    msgid: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One person's copy of a message in its present version; `created_ms` in milliseconds since 1970."""

    number: int
    message_id: str
    agent_id: int
    user_id: str
    sender: Sender
    msg_type: str
    content: dict[str, Any]
    msgid: str
    task_id: str
    created_ms: int
    version: int
    recalled: bool

    @property
    def is_card(self) -> bool:
        """Whether it is a template card."""
        return self.msg_type == "template_card"


@dataclass(frozen=True, slots=True)
class Version:
    """One state that a message had; `at_ms` in milliseconds since 1970."""

    version: int
    content: dict[str, Any]
    cause: Cause
    at_ms: int


class Messages:
    """The messages of one company; `world` is what they belong to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._store = world.store

    def add_from_bot(self, draft: Draft) -> Message:
        """Store a message of an app; does not tell the listeners, its caller may still be in a transaction."""
        task_id = str(draft.content.get("task_id") or "")
        return self._add(draft, Sender.BOT, self._store.mint("wm"), task_id)

    def add_from_person(self, agent_id: int, user_id: str, text: str) -> Message:
        """Store what a person wrote; its id is the MsgId of the callback."""
        msg_id = str(_FIRST_MSG_ID + self._store.mint_number())
        return self._add(Draft(agent_id, user_id, "text", {"content": text}), Sender.PERSON, msg_id, "")

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

    def of_chat(self, agent_id: int, user_id: str) -> list[Message]:
        """The chat of a person with an app, newest last."""
        rows = self._store.rows(
            "SELECT * FROM messages WHERE user_id = ? AND agent_id = ? ORDER BY number", user_id, agent_id
        )
        return [_message(row) for row in rows]

    def of_send(self, msgid: str) -> list[Message]:
        """The copies that a send made, without those recalled."""
        rows = self._store.rows("SELECT * FROM messages WHERE msgid = ? AND recalled = 0 ORDER BY number", msgid)
        return [_message(row) for row in rows]

    def rewrite(self, message_id: str, content: dict[str, Any], cause: Cause) -> Message:
        """Give a message a new version, and tell the listeners."""
        with self._store.transaction():
            before = self.known(message_id)
            self._store.run(
                "UPDATE messages SET content = ?, version = version + 1 WHERE message_id = ?",
                *(_as_json(content), message_id),
            )
            self._add_version(message_id, before.version + 1, content, cause)
        self.world.changed(before.user_id)
        return self.known(message_id)

    def versions(self, message_id: str) -> list[Version]:
        """Every version, oldest first."""
        rows = self._store.rows("SELECT * FROM versions WHERE message_id = ? ORDER BY version", message_id)
        return [Version(row["version"], json.loads(row["content"]), Cause(row["cause"]), row["at_ms"]) for row in rows]

    def recall(self, message: Message) -> None:
        """Take a copy back, and tell the listeners."""
        self._store.run("UPDATE messages SET recalled = 1 WHERE message_id = ?", message.message_id)
        self.world.changed(message.user_id)

    def _add(self, draft: Draft, sender: Sender, message_id: str, task_id: str) -> Message:
        with self._store.transaction():
            self._store.run(
                "INSERT INTO messages (message_id, agent_id, user_id, sender, msg_type, content, msgid, task_id,"
                " created_ms, version, recalled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0)",
                *(message_id, draft.agent_id, draft.user_id, sender, draft.msg_type, _as_json(draft.content)),
                *(draft.msgid, task_id, self.world.now_ms()),
            )
            self._add_version(message_id, 1, draft.content, Cause.SENT)
            return self.known(message_id)

    def _add_version(self, message_id: str, version: int, content: dict[str, Any], cause: Cause) -> None:
        self._store.run(
            "INSERT INTO versions (message_id, version, content, cause, at_ms) VALUES (?, ?, ?, ?, ?)",
            *(message_id, version, _as_json(content), cause, self.world.now_ms()),
        )


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _message(row: sqlite3.Row) -> Message:
    return Message(
        number=row["number"],
        message_id=row["message_id"],
        agent_id=row["agent_id"],
        user_id=row["user_id"],
        sender=Sender(row["sender"]),
        msg_type=row["msg_type"],
        content=json.loads(row["content"]),
        msgid=row["msgid"],
        task_id=row["task_id"],
        created_ms=row["created_ms"],
        version=row["version"],
        recalled=bool(row["recalled"]),
    )
