"""What the demo page draws: messages and people as plain dictionaries."""

from __future__ import annotations

from typing import Any

from sandbox.company import User
from sandbox.feishu.content import shown_text
from sandbox.feishu.messages import Message
from sandbox.feishu.view import buttons_of, inputs_of
from sandbox.feishu.world import World, moment


def shown_message(world: World, message: Message) -> dict[str, Any]:
    """A message as its reader sees it; the keys are those of `FeishuFake.messages_of`."""
    is_card = message.msg_type == "interactive"
    return {
        "id": message.message_id,
        "time": moment(message.created_ms).isoformat(),
        "from": message.sender.value,
        "kind": "card" if is_card else "text",
        "text": None if is_card else shown_text(world, message),
        "card": message.content if is_card else None,
        "buttons": buttons_of(message.content) if is_card else [],
        "inputs": inputs_of(world, message) if is_card else [],
        "version": message.version,
        "recalled": message.recalled,
        "urgent": message.urgent,
    }


def shown_person(world: World, user: User) -> dict[str, Any]:
    """A person; the keys are those of `FeishuFake.people`."""
    directory = world.directory
    return {
        "open_id": user.open_id,
        "user_id": user.user_id,
        "name": user.name,
        "department": directory.path(user.departments[0]) if user.departments else "",
        "title": user.job_title,
        "mail": user.mail,
        "leader": directory.user(user.leader).open_id if user.leader else None,
        "status": user.status.value,
    }
