"""Kinds of messages that a robot sends (dingtalk.md sections 4.1 and 5.1): what each must hold, what readers see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk.decoding import decoded_object
from sandbox.dingtalk.refusals import Refusal, old_refusal, refusal
from sandbox.dingtalk.settings import MOST_BYTES_OF_PARAM

TEXT, MARKDOWN = "sampleText", "sampleMarkdown"
CARD = "card"
"""Not a `msgKey`: the kind under which an interactive card stands in a chat."""

PERSON_TEXT = "text"
"""The kind of what people write."""

_TITLED = ("title", "text")

MSG_KEYS: Mapping[str, tuple[str, ...]] = {
    TEXT: ("content",),
    MARKDOWN: _TITLED,
    "sampleImageMsg": ("photoURL",),
    "sampleLink": (*_TITLED, "picUrl", "messageUrl"),
    "sampleActionCard": (*_TITLED, "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{count}": (
            *_TITLED,
            *(f"action{part}{number}" for number in range(1, count + 1) for part in ("Title", "URL")),
        )
        for count in range(2, 6)
    },
    "sampleActionCard6": (*_TITLED, "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId", "height", "width"),
}
"""The members of `msgParam` by `msgKey`."""

_OPTIONAL = {"picUrl", "height", "width"}
_WEBHOOK_TYPES: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": _TITLED,
    "link": (*_TITLED, "messageUrl"),
    "actionCard": _TITLED,
    "feedCard": ("links",),
}


def checked_param(msg_key: str, msg_param: Any) -> dict[str, str]:
    """Decode `msgParam`, a JSON string that holds an object.

    Raises:
        Refusal: `invalidParameter.msgKey.*` or `invalidParameter.msgParam.*`.
    """
    if not msg_key:
        raise refusal("invalidParameter.msgKey.empty")
    if msg_key not in MSG_KEYS:
        raise refusal("invalidParameter.msgKey.invalid")
    if not isinstance(msg_param, str):
        raise refusal("invalidParameter.msgParam.invalid", "msgParam must be a string")
    if len(msg_param.encode()) > MOST_BYTES_OF_PARAM:
        raise refusal("invalidParameter.msgParam.tooLong")
    param = decoded_object(msg_param)
    if param is None:
        raise refusal("invalidParameter.msgParam.invalid", "msgParam must hold an object")
    _check_members(param, msg_key)
    return {key: str(value) for key, value in param.items()}


def _check_members(param: Mapping[str, Any], msg_key: str) -> None:
    for key in MSG_KEYS[msg_key]:
        value = param.get(key)
        if value in (None, "") and key not in _OPTIONAL:
            raise refusal("invalidParameter.msgParam.invalid", f"{key} is missing")
        if value is not None and not isinstance(value, str):
            raise refusal("invalidParameter.msgParam.invalid", f"{key} must be a string")


def unknown_members(msg_key: str, param: Mapping[str, str]) -> list[str]:
    """Members that the kind does not know, which the real platform ignores."""
    return sorted(set(param) - set(MSG_KEYS[msg_key]))


def from_webhook(body: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
    """What a `sendBySession` body is as kind and members; None for `empty`, which shows nothing.

    Raises:
        Refusal: 400002.
    """
    kind = body.get("msgtype")
    if kind == "empty":
        return None
    if kind not in _WEBHOOK_TYPES:
        raise _bad("msgtype")
    inner = body.get(str(kind))
    if not isinstance(inner, Mapping):
        raise _bad(str(kind))
    for key in _WEBHOOK_TYPES[str(kind)]:
        if not inner.get(key):
            raise _bad(f"{kind}.{key}")
    return _AS_SAMPLES[str(kind)](inner)


def _as_action_card(inner: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    buttons = inner.get("btns")
    if not isinstance(buttons, list) or not buttons:
        return "sampleActionCard", _strings(inner, MSG_KEYS["sampleActionCard"])
    param = _strings(inner, _TITLED)
    for number, button in enumerate(buttons, 1):
        if not isinstance(button, Mapping):
            raise _bad("actionCard.btns")
        param[f"actionTitle{number}"] = str(button.get("title") or "")
        param[f"actionURL{number}"] = str(button.get("actionURL") or "")
    return "sampleActionCard2", param


def _as_feed(inner: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    links = [link for link in inner["links"] if isinstance(link, Mapping)] if isinstance(inner["links"], list) else []
    first = links[0] if links else {}
    lines = "\n\n".join(f"[{link.get('title')}]({link.get('messageURL')})" for link in links)
    return MARKDOWN, {"title": str(first.get("title") or ""), "text": lines}


def _strings(inner: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, str]:
    return {key: str(inner.get(key) or "") for key in keys}


_AS_SAMPLES = {
    "text": lambda inner: (TEXT, _strings(inner, ("content",))),
    "markdown": lambda inner: (MARKDOWN, _strings(inner, _TITLED)),
    "link": lambda inner: ("sampleLink", _strings(inner, MSG_KEYS["sampleLink"])),
    "actionCard": _as_action_card,
    "feedCard": _as_feed,
}


def _bad(what: str) -> Refusal:
    return old_refusal(400002, what)


def shown_text(kind: str, content: Mapping[str, str]) -> str:
    """A message's words, as far as it has any; of markdown the source."""
    if kind in (TEXT, PERSON_TEXT):
        return content.get("content", "")
    return content.get("text") or content.get("fileName") or content.get("photoURL") or ""
