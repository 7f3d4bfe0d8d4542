"""Bodies of the events that the fake pushes (feishu.md section 6.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sandbox.company import User, UserStatus
from sandbox.feishu.contact_objects import ids_of_departments, user_object
from sandbox.feishu.messages import Message
from sandbox.feishu.settings import SCOPE_USER_ID, FakeApp
from sandbox.feishu.world import World

Event = dict[str, Any]

_KEYS_IN_OBJECT = {
    "name": "name",
    "departments": "department_ids",
    "leader": "leader_user_id",
    "dotted_leaders": "dotted_line_leader_user_ids",
    "mail": "email",
    "job_title": "job_title",
    "status": "status",
}


def operator_ids(world: World, app: FakeApp, user_id: str) -> Event:
    """The ids of whoever acted; `user_id` only with its scope."""
    ids = {"union_id": world.directory.user(user_id).union_id, "open_id": world.directory.open_id(app.app_id, user_id)}
    return {**ids, "user_id": user_id} if SCOPE_USER_ID in app.scopes else ids


def message_received(world: World, app: FakeApp, message: Message) -> Event:
    """`im.message.receive_v1` for a text in a chat of two."""
    sender = {
        "sender_id": operator_ids(world, app, message.user_id),
        "sender_type": "user",
        "tenant_key": world.tenant_key,
    }
    ancestry = {"root_id": message.root_id, "parent_id": message.parent_id} if message.parent_id else {}
    return {
        "sender": sender,
        "message": {
            "message_id": message.message_id,
            **ancestry,
            "create_time": str(message.created_ms),
            "update_time": str(message.updated_ms),
            "chat_id": message.chat_id,
            "chat_type": "p2p",
            "message_type": message.msg_type,
            "content": json.dumps(message.content, ensure_ascii=False),
        },
    }


def chat_entered(world: World, app: FakeApp, chat_id: str, user_id: str, last: Message | None) -> Event:
    """`im.chat.access_event.bot_p2p_chat_entered_v1`; the last message is absent in a new chat."""
    latest = (
        {}
        if last is None
        else {
            "last_message_id": last.message_id,
            "last_message_create_time": str(last.created_ms),
        }
    )
    return {"chat_id": chat_id, "operator_id": operator_ids(world, app, user_id), **latest}


def messages_read(world: World, app: FakeApp, user_id: str, message_ids: list[str]) -> Event:
    """`im.message.message_read_v1`."""
    reader = {
        "reader_id": operator_ids(world, app, user_id),
        "read_time": str(world.now_ms()),
        "tenant_key": world.tenant_key,
    }
    return {"reader": reader, "message_id_list": message_ids}


def message_recalled(world: World, message: Message) -> Event:
    """`im.message.recalled_v1`."""
    return {
        "message_id": message.message_id,
        "chat_id": message.chat_id,
        "recall_time": str(world.now_ms()),
        "recall_type": "message_owner",
    }


def reaction_created(world: World, app: FakeApp, message: Message, user_id: str, emoji: str) -> Event:
    """`im.message.reaction.created_v1`; `emoji` is a type such as `SMILE`."""
    return {
        "message_id": message.message_id,
        "reaction_type": {"emoji_type": emoji},
        "operator_type": "user",
        "user_id": operator_ids(world, app, user_id),
        "action_time": str(world.now_ms()),
    }


def menu_pressed(world: World, app: FakeApp, user_id: str, event_key: str) -> Event:
    """`application.bot.menu_v6`; its timestamp is in whole seconds."""
    operator = {"operator_name": world.directory.user(user_id).name, "operator_id": operator_ids(world, app, user_id)}
    return {"operator": operator, "event_key": event_key, "timestamp": world.now_ms() // 1000}


def user_created(world: World, app: FakeApp, user: User) -> Event:
    """`contact.user.created_v3`, without `old_object`."""
    return {"object": _object(world, app, user)}


def user_updated(world: World, app: FakeApp, before: User, after: User) -> Event:
    """`contact.user.updated_v3`; `old_object` has the changed fields only."""
    changed = [each.name for each in fields(User) if getattr(before, each.name) != getattr(after, each.name)]
    keys = [_KEYS_IN_OBJECT[name] for name in changed if name in _KEYS_IN_OBJECT]
    old = _object(world, app, before)
    return {"object": _object(world, app, after), "old_object": {key: old[key] for key in keys if key in old}}


def user_deleted(world: World, app: FakeApp, before: User, after: User) -> Event:
    """`contact.user.deleted_v3`: the object's own departments are empty, the old ones tell where the person was."""
    departments = ids_of_departments(world, before, "open_department_id")
    old = {"open_id": world.directory.open_id(app.app_id, before.user_id), "department_ids": departments}
    return {"object": {**_object(world, app, after), "department_ids": []}, "old_object": old}


def range_updated(world: World, app: FakeApp, before: frozenset[str] | None, after: frozenset[str] | None) -> Event:
    """`contact.scope.updated_v3`: who came into the app's contact range, and who left it."""
    everybody = frozenset(user.user_id for user in world.directory.users() if user.status is not UserStatus.RESIGNED)
    was, now = everybody if before is None else before, everybody if after is None else after
    return {"added": _people(world, app, now - was), "removed": _people(world, app, was - now)}


def _people(world: World, app: FakeApp, user_ids: frozenset[str]) -> Mapping[str, Any]:
    users = [user_object(world, app, world.directory.user(each), "open_id", "open_department_id") for each in user_ids]
    return {"users": sorted(users, key=lambda user: str(user["open_id"])), "departments": [], "user_groups": []}


def _object(world: World, app: FakeApp, user: User) -> Event:
    return user_object(world, app, user, "open_id", "open_department_id")
