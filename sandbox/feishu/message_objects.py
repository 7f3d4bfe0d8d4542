"""A message as the API tells it (feishu.md section 3.1)."""

from __future__ import annotations

import json
from typing import Any

from sandbox.feishu.calls import Body
from sandbox.feishu.content import Content, with_mentions
from sandbox.feishu.messages import Message, Messages, Sender
from sandbox.feishu.world import World


def message_object(messages: Messages, message: Message) -> Body:
    """A message as the API tells it; `mentions` is absent where nobody is mentioned."""
    content, mentions = _content(messages.world, message)
    return {
        "message_id": message.message_id,
        "root_id": message.root_id,
        "parent_id": message.parent_id,
        "msg_type": message.msg_type,
        "create_time": str(message.created_ms),
        "update_time": str(message.updated_ms),
        "deleted": message.recalled,
        "updated": message.version > 1,
        "chat_id": message.chat_id,
        "sender": _sender(messages.world, message),
        "body": {"content": content},
        **({"mentions": mentions} if mentions else {}),
    }


def _content(world: World, message: Message) -> tuple[str, list[Content]]:
    if message.recalled:
        return "This message was recalled", []
    content: dict[str, Any] = message.content
    mentions: list[Content] = []
    if message.msg_type == "text" and message.sender is Sender.BOT:
        text, mentions = with_mentions(world, message.app_id, content["text"])
        content = {"text": text}
    return json.dumps(content, ensure_ascii=False), mentions


def _sender(world: World, message: Message) -> Body:
    if message.sender is Sender.BOT:
        sender = {"id": message.app_id, "id_type": "app_id", "sender_type": "app"}
    else:
        open_id = world.directory.open_id(message.app_id, message.user_id)
        sender = {"id": open_id, "id_type": "open_id", "sender_type": "user"}
    return {**sender, "tenant_key": world.tenant_key}
