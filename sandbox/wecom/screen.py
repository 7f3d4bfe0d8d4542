"""What the demo page draws: messages and people as plain dictionaries."""

from __future__ import annotations

from typing import Any

from sandbox.company import User
from sandbox.wecom.content import shown_text
from sandbox.wecom.messages import Message
from sandbox.wecom.view import buttons_of, questions_of
from sandbox.wecom.world import World, moment

_TEXTCARD_LABEL = "详情"


def shown_message(message: Message) -> dict[str, Any]:
    """A message as its reader sees it; the keys are those of `WeComFake.messages_of`."""
    content, is_card = message.content, message.is_card
    return {
        "id": message.message_id,
        "time": moment(message.created_ms).isoformat(),
        "from": message.sender.value,
        "kind": "card" if is_card else "text",
        "text": None if is_card else shown_text(message.msg_type, content),
        "card": content if is_card else None,
        "buttons": buttons_of(content) if is_card else _link_of(message),
        "inputs": [question.as_input() for question in questions_of(content)] if is_card else [],
        "version": message.version,
        "recalled": message.recalled,
        "type": message.msg_type,
        "content": content,
    }


def shown_person(world: World, user: User) -> dict[str, Any]:
    """A person; the keys are those of `WeComFake.people`."""
    return {
        "userid": user.user_id,
        "name": user.name,
        "department": world.directory.path(user.departments[0]) if user.departments else "",
        "title": user.job_title,
        "leader": user.leader,
        "status": user.status.value,
    }


def _link_of(message: Message) -> list[dict[str, Any]]:
    if message.msg_type != "textcard":
        return []
    url, label = message.content["url"], message.content.get("btntxt") or _TEXTCARD_LABEL
    rest = {"style": "default", "disabled": False, "submits": False, "confirm": None}
    return [{"action": url, "label": label, **rest, "link": url}]
