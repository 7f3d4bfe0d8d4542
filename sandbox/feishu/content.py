"""What a message may contain, per type, and how it reads: shapes, sizes, mentions, the plain text of it.

Shapes and limits: feishu.md section 3.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.feishu import settings
from sandbox.feishu.calls import ApiCall
from sandbox.feishu.card_model import CardFault, References
from sandbox.feishu.cards import check_card
from sandbox.feishu.directory import ID_TYPES
from sandbox.feishu.messages import Message, Sender
from sandbox.feishu.refusals import refusal
from sandbox.feishu.world import World

_POST_TAGS = frozenset({"text", "a", "at", "img", "media", "emotion", "hr", "code_block", "md"})
_LARGE_TYPES = frozenset({"text"})
_AT = re.compile(r'<at user_id="([^"]*)">(.*?)</at>', re.DOTALL)

Content = dict[str, Any]


def read_content(world: World, call: ApiCall, msg_type: str) -> Content:
    """Decode and check the `content` member of a request.

    Raises:
        Refusal: 230001 for a wrong shape, 230025 for too much of it, 230099 for a card that cannot be created.
    """
    most = settings.MOST_BYTES_OF_TEXT if msg_type in _LARGE_TYPES else settings.MOST_BYTES_OF_CARD
    if call.size_bytes > most:
        raise refusal(230025)
    content = decode_object(call.needed("content"))
    if content is None:
        raise refusal(230001, "content is not a string in json format")
    if msg_type == "interactive":
        check_card_for(world, call.app.app_id, content)
    elif msg_type not in _SHAPES or not _SHAPES[msg_type](content):
        raise refusal(230001, f"invalid msg_type or content: {msg_type}")
    elif msg_type == "image" and not has_image(world, content["image_key"]):
        raise refusal(230001, "invalid image_key")
    return content


def check_card_for(world: World, app_id: str, card: Mapping[str, Any]) -> None:
    """Check a card that an app wants to show.

    Raises:
        Refusal: 230099 with the sub code in its sentence.
    """
    try:
        check_card(card, references_of(world, app_id))
    except CardFault as fault:
        raise refusal(230099, fault.sentence) from fault


def references_of(world: World, app_id: str) -> References:
    """What an app's cards may refer to."""

    def has_person(value: str) -> bool:
        found = (world.directory.lookup(app_id, value, id_type) for id_type in ID_TYPES)
        return any(user is not None for user in found) or world.directory.by_mail(value) is not None

    return References(lambda key: has_image(world, key), has_person)


def has_image(world: World, image_key: str) -> bool:
    """Whether an image was uploaded under this key."""
    return world.store.row("SELECT 1 FROM images WHERE image_key = ?", image_key) is not None


def decode_object(text: str) -> Content | None:
    """The JSON object that a text holds, None where it holds none."""
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def with_mentions(world: World, app_id: str, text: str) -> tuple[str, list[Content]]:
    """A bot's text as it is stored: `<at>` tags become keys (`@_user_1`, `@_all`), told apart in `mentions`."""
    mentions: list[Content] = []

    def replaced(found: re.Match[str]) -> str:
        if found[1] == "all":
            return "@_all"
        user = world.directory.lookup(app_id, found[1], "open_id")
        if user is None:
            return found[0]
        key = f"@_user_{len(mentions) + 1}"
        mention = {"key": key, "id": found[1], "id_type": "open_id", "name": user.name}
        mentions.append({**mention, "tenant_key": world.tenant_key})
        return key

    return _AT.sub(replaced, text), mentions


def shown_text(world: World, message: Message) -> str:
    """What a person reads of a message that is no card; a bot's mention of all is one."""
    if message.msg_type == "post":
        return _post_text(next(iter(message.content.values()), {}))
    if message.msg_type != "text":
        return f"[{message.msg_type}]"
    text = str(message.content["text"])
    return text if message.sender is Sender.PERSON else _AT.sub(lambda at: _mention(world, message.app_id, at), text)


def _mention(world: World, app_id: str, found: re.Match[str]) -> str:
    if found[1] == "all":
        return "@所有人"
    user = world.directory.lookup(app_id, found[1], "open_id")
    return f"@{user.name if user else found[2]}"


def _post_text(post: Mapping[str, Any]) -> str:
    lines = ["".join(str(part.get("text", "")) for part in line) for line in post.get("content", [])]
    return "\n".join([*([str(post["title"])] if post.get("title") else []), *lines])


def _is_post(content: Content) -> bool:
    return bool(content) and all(_is_post_body(body) for body in content.values())


def _is_post_body(body: Any) -> bool:
    lines = body.get("content") if isinstance(body, dict) else None
    if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
        return False
    parts = [part for line in lines for part in line]
    return all(isinstance(part, dict) and part.get("tag") in _POST_TAGS for part in parts)


def _has_text(key: str) -> Callable[[Content], bool]:
    return lambda content: isinstance(content.get(key), str) and bool(content[key])


_SHAPES: Mapping[str, Callable[[Content], bool]] = {
    "text": _has_text("text"),
    "post": _is_post,
    "image": _has_text("image_key"),
    "file": _has_text("file_key"),
    "audio": _has_text("file_key"),
    "media": _has_text("file_key"),
    "sticker": _has_text("file_key"),
    "share_chat": _has_text("chat_id"),
    "share_user": _has_text("user_id"),
    "system": _has_text("type"),
}
