"""The answer to a click: the card's new face, as encrypted XML, for whoever clicked and nobody else.

Names are those of the JSON in CamelCase, and a list is its element repeated, without a wrapper. Format: vendor page
"被动回复消息格式" (更新点击用户的整张卡片), read 2026-11-22 (wecom.md 12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from adapters.wecom.crypto import Envelope

_NAMES = {"checkbox": "CheckBox", "keyname": "KeyName"}
_LEFT_OUT = frozenset({"task_id"})  # not documented here; the card keeps its own


def update_message(template: Mapping[str, Any], user_id: str, corp_id: str, at: datetime) -> str:
    """Return the message that gives the clicked card a new face.

    Args:
        template: As for `update_template_card`.
        user_id: Whoever clicked.
        corp_id: Whose app answers.
        at: UTC.
    """
    head = _element("ToUserName", user_id) + _element("FromUserName", corp_id)
    head += _element("CreateTime", int(at.timestamp())) + _element("MsgType", "update_template_card")
    return f"<xml>{head}<TemplateCard>{_inner(template)}</TemplateCard></xml>"


def sealed(message: str, envelope: Envelope, timestamp: str, nonce: str) -> bytes:
    """Return the body that answers a callback, signed under the callback's own time and nonce."""
    encrypted = envelope.seal(message.encode(), nonce)
    signature = envelope.signature(timestamp, nonce, encrypted)
    inner = _element("Encrypt", encrypted) + _element("MsgSignature", signature)
    inner += _element("TimeStamp", int(timestamp)) + _element("Nonce", nonce)
    return f"<xml>{inner}</xml>".encode()


def _inner(table: Mapping[str, Any]) -> str:
    return "".join(_elements(table))


def _elements(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if key in _LEFT_OUT:
            continue
        name = _NAMES.get(key) or "".join(part.capitalize() for part in key.split("_"))
        for each in value if isinstance(value, list) else (value,):
            yield _element(name, each)


def _element(name: str, value: object) -> str:
    match value:
        case bool():
            content = "true" if value else "false"
        case Mapping():
            content = _inner(value)
        case str():
            content = f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
        case _:
            content = str(value)
    return f"<{name}>{content}</{name}>"
