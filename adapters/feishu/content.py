"""The words of a message somebody sent to the bot, out of the several forms that Feishu wraps words in.

Formats: vendor pages "接收消息" and "接收消息内容", read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson


def readable(message: Mapping[str, Any], bot_open_id: str) -> str | None:
    """Return the words of a message, mentions replaced by names, outer blanks stripped; `None` if it has no words.

    Args:
        message: The event's `message`.
        bot_open_id: Whose mention is dropped, besides those that say they mention a bot.
    """
    kind = message.get("message_type")
    content = _object(message.get("content"))
    text = content.get("text") if kind == "text" else _post(content) if kind == "post" else None
    if not isinstance(text, str):
        return None
    return _with_names(text, _mentions(message.get("mentions"), bot_open_id)).strip()


def _object(content: object) -> Mapping[str, Any]:
    try:
        value = orjson.loads(content) if isinstance(content, str) else None
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else {}


def _mentions(value: object, bot_open_id: str) -> dict[str, str]:
    """Return what to put in place of each mention's key."""
    found: dict[str, str] = {}
    for mention in value if isinstance(value, list) else ():
        if isinstance(mention, dict) and isinstance(mention.get("key"), str) and mention["key"]:
            found[mention["key"]] = "" if _is_bot(mention, bot_open_id) else f"@{mention.get('name') or ''}"
    return found


def _is_bot(mention: Mapping[str, Any], bot_open_id: str) -> bool:
    ids = mention.get("id")
    open_id = ids.get("open_id") if isinstance(ids, dict) else ids
    return mention.get("mentioned_type") == "bot" or bool(bot_open_id and open_id == bot_open_id)


def _with_names(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    # One pass, longest first: "@_user_1" begins "@_user_10", and a name may look like a key.
    keys = sorted(names, key=len, reverse=True)
    pattern = f"({'|'.join(map(re.escape, keys))})( ?)"
    return re.sub(pattern, lambda match: names[match[1]] + match[2] if names[match[1]] else "", text)


def _post(content: Mapping[str, Any]) -> str | None:
    """Return a rich text's words, a line a paragraph, or `None` if it has none."""
    if "content" not in content:  # wrapped by language, as when sent
        inner = next((value for value in content.values() if isinstance(value, dict)), {})
        content = inner
    title, paragraphs = content.get("title"), content.get("content")
    lines = [title] if isinstance(title, str) and title else []
    for paragraph in paragraphs if isinstance(paragraphs, list) else ():
        lines.append("".join(_runs(paragraph if isinstance(paragraph, list) else ())))
    joined = "\n".join(lines)
    return joined if joined.strip() else None


def _runs(paragraph: Iterable[object]) -> Iterable[str]:
    for run in paragraph:
        if isinstance(run, dict):
            words = _mentioned(run) if run.get("tag") == "at" else run.get("text") or run.get("href")
            if isinstance(words, str):
                yield words


def _mentioned(run: Mapping[str, Any]) -> str:
    key = run.get("user_id")  # in events the mention's key, which is replaced with all others
    return key if isinstance(key, str) and key.startswith("@_") else f"@{run.get('user_name') or ''}"
