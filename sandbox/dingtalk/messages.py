"""Chats and messages as state: what was said in them, what was recalled and read, and the webhooks of sessions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sandbox.dingtalk.settings import SESSION_LIFE
from sandbox.dingtalk.world import World


class Sender(StrEnum):
    """Whose message it is, seen from the person in the chat."""

    BOT = "bot"
    PERSON = "me"


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation with a robot.

    Attributes:
        chat_id: `cid` and more, ending in `==`.
        client_id: Whose robot.
        user_id: The person of a 1:1 chat, empty for a group.
        title: A group's name.
        members: `userid`s; of a 1:1 chat the one.
    """

    chat_id: str
    client_id: str
    user_id: str
    title: str
    members: tuple[str, ...]

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        return not self.user_id


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be stored.

    Attributes:
        chat: Where it appears.
        user_id: The person of the chat, or who speaks in a group; empty for the robot in a group.
        sender: Who wrote it.
        kind: A `msgKey`, or `card`, or `text` for people's words.
        content: The decoded `msgParam`; of a card its `outTrackId` and last-message line.
        query_key: The `processQueryKey`, empty where it has none.
    """

    chat: Chat
    user_id: str
    sender: Sender
    kind: str
    content: Mapping[str, str]
    query_key: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message; times in milliseconds since 1970, 0 is "never"."""

    message_id: str
    client_id: str
    chat_id: str
    user_id: str
    sender: Sender
    kind: str
    content: dict[str, str]
    query_key: str
    created_ms: int
    recalled: bool
    read_ms: int


class Messages:
    """The messages of one organisation; `world` is what they belong to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._store = world.store

    def single_chat(self, client_id: str, user_id: str) -> Chat:
        """The chat of a person with an app's robot; made where it does not exist yet."""
        row = self._store.row("SELECT * FROM chats WHERE client_id = ? AND user_id = ?", client_id, user_id)
        return _chat(row) if row is not None else self._new_chat(client_id, user_id, "", (user_id,))

    def new_group(self, client_id: str, title: str, members: tuple[str, ...]) -> Chat:
        """A new group with the app's robot in it."""
        return self._new_chat(client_id, "", title, members)

    def chat(self, chat_id: str) -> Chat | None:
        """A chat by id."""
        row = self._store.row("SELECT * FROM chats WHERE chat_id = ?", chat_id)
        return None if row is None else _chat(row)

    def add(self, draft: Draft) -> Message:
        """Store a message; does not tell the listeners, since its caller may still be in a transaction."""
        message_id = f"msg{self.world.mint_opaque()}"
        self._store.run(
            "INSERT INTO messages (message_id, client_id, chat_id, user_id, sender, kind, content, query_key,"
            " created_ms, recalled, read_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
            *(message_id, draft.chat.client_id, draft.chat.chat_id, draft.user_id, draft.sender, draft.kind),
            *(json.dumps(dict(draft.content), ensure_ascii=False), draft.query_key, self.world.now_ms()),
        )
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

    def of_chat(self, chat_id: str) -> list[Message]:
        """A chat, newest last."""
        return [
            _message(row)
            for row in self._store.rows("SELECT * FROM messages WHERE chat_id = ? ORDER BY number", chat_id)
        ]

    def of_key(self, client_id: str, query_key: str) -> list[Message]:
        """What one call of an app became, in the order of its receivers; empty for an unknown key."""
        rows = self._store.rows(
            "SELECT * FROM messages WHERE query_key = ? AND query_key <> '' AND client_id = ? ORDER BY number",
            *(query_key, client_id),
        )
        return [_message(row) for row in rows]

    def recall(self, query_key: str) -> None:
        """Take back all that one call became, without a trace."""
        self._store.run("UPDATE messages SET recalled = 1 WHERE query_key = ?", query_key)

    def mark_read(self, chat: Chat, user_id: str) -> list[Message]:
        """A person looks at a chat; returns the robot's messages that were unread for them, oldest first."""
        unread = [message for message in self.of_chat(chat.chat_id) if self._is_unread(chat, message, user_id)]
        with self._store.transaction():
            for message in unread:
                self._mark(chat, message, user_id)
        return unread

    def readers(self, message: Message, members: tuple[str, ...]) -> list[str]:
        """Who of a group has read a message."""
        rows = self._store.rows("SELECT user_id FROM group_reads WHERE message_id = ?", message.message_id)
        read = {row["user_id"] for row in rows}
        return [member for member in members if member in read]

    def new_session(self, chat: Chat) -> tuple[str, int]:
        """A session that lets the robot answer into a chat without a token; returns it and when it ends, in ms."""
        session, expires_ms = self._store.mint(""), self.world.now_ms() + int(SESSION_LIFE.total_seconds() * 1000)
        self._store.run("DELETE FROM sessions WHERE expires_ms <= ?", self.world.now_ms())
        self._store.run(
            "INSERT INTO sessions (session, chat_id, expires_ms) VALUES (?, ?, ?)", session, chat.chat_id, expires_ms
        )
        return session, expires_ms

    def session_chat(self, session: str) -> Chat | None:
        """Where a session leads, None for one that is unknown or over."""
        row = self._store.row(
            "SELECT chat_id FROM sessions WHERE session = ? AND expires_ms > ?", session, self.world.now_ms()
        )
        return None if row is None else self.chat(row["chat_id"])

    def _new_chat(self, client_id: str, user_id: str, title: str, members: tuple[str, ...]) -> Chat:
        chat = Chat(f"cid{self.world.mint_opaque()}", client_id, user_id, title, members)
        self._store.run(
            "INSERT INTO chats (chat_id, client_id, user_id, title, members) VALUES (?, ?, ?, ?, ?)",
            *(chat.chat_id, client_id, user_id, title, json.dumps(members)),
        )
        return chat

    def _is_unread(self, chat: Chat, message: Message, user_id: str) -> bool:
        if message.sender is not Sender.BOT or message.recalled:
            return False
        return user_id not in self.readers(message, chat.members) if chat.is_group else message.read_ms == 0

    def _mark(self, chat: Chat, message: Message, user_id: str) -> None:
        if chat.is_group:
            statement = "INSERT OR IGNORE INTO group_reads (message_id, user_id) VALUES (?, ?)"
            self._store.run(statement, message.message_id, user_id)
        else:
            statement = "UPDATE messages SET read_ms = ? WHERE message_id = ?"
            self._store.run(statement, self.world.now_ms(), message.message_id)


def _chat(row: sqlite3.Row) -> Chat:
    members = tuple(json.loads(row["members"]))
    return Chat(row["chat_id"], row["client_id"], row["user_id"], row["title"], members)


def _message(row: sqlite3.Row) -> Message:
    return Message(
        message_id=row["message_id"],
        client_id=row["client_id"],
        chat_id=row["chat_id"],
        user_id=row["user_id"],
        sender=Sender(row["sender"]),
        kind=row["kind"],
        content=json.loads(row["content"]),
        query_key=row["query_key"],
        created_ms=row["created_ms"],
        recalled=bool(row["recalled"]),
        read_ms=row["read_ms"],
    )
