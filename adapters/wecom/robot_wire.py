"""What a robot is told, in our words.

Every member of a payload may be missing. Only private chats are heard: what is said in groups is dropped before it is
stored. Formats: vendor pages "智能机器人 接收消息" and "接收事件", read 2026-11-22 (wecom.md 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.wecom.buttons import read_key
from adapters.wecom.robot_frames import Body
from adapters.wecom.selects import read_selected
from adapters.wecom.settings import PLATFORM
from domain.errors import Malformed
from domain.events import CardClicked, ChatOpened, FormValue, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId

DISCONNECTED = "disconnected_event"
"""Another connection has subscribed for the same robot, and this one is closed."""

_GROUP = "group"
_LATEST = 253402300799  # the last second of the year 9999


def event_type(body: Body) -> str:
    """Return an event's type; empty if it has none."""
    return _text(_table(body, "event"), "eventtype")


def decode(body: Body, org_id: OrgId, received_at: datetime) -> Inbound:
    """Return what a message or an event says.

    Args:
        body: Of a frame.
        org_id: Whose robot was told.
        received_at: UTC; stands in where the platform gives no time.

    Raises:
        Malformed: It names no message, no type, or a click does not say who clicked.
    """
    kind, message_id = _text(body, "msgtype"), _text(body, "msgid")
    if not kind or not message_id:
        raise Malformed("the message has no type or no id")
    actor, event_id = _text(_table(body, "from"), "userid"), f"{_text(body, 'aibotid')}/{message_id}"
    origin = Origin(org_id, PLATFORM, event_id, actor, _instant(body.get("create_time")) or received_at)
    if kind == "event":
        return _event(body, origin)
    if _text(body, "chattype") == _GROUP or not actor:
        return Ignored(origin, "message:group")
    if kind not in ("text", "voice"):
        return Ignored(origin, f"message:{kind}")
    return TextSaid(origin, _text(_table(body, kind), "content"))


def _event(body: Body, origin: Origin) -> Inbound:
    kind = event_type(body)
    if kind == "enter_chat" and origin.actor:
        return ChatOpened(origin)
    if kind != "template_card_event":
        return Ignored(origin, f"event:{kind}")
    if not origin.actor:
        raise Malformed("the click does not say who clicked")
    event = _table(body, "event")
    # The vendor's own types have these one level higher than its documents.
    click = {**event, **_table(event, "template_card_event")}
    card, action = read_key(_text(click, "event_key"))
    return CardClicked(origin, card, action, _form(click), _text(click, "task_id"), silent=True)


def _form(click: Body) -> dict[str, FormValue]:
    items = _table(click, "selected_items").get("selected_item")
    selected = (
        read_selected(_text(item, "question_key"), _chosen(item))
        for item in (items if isinstance(items, list) else [items])
        if isinstance(item, Mapping)
    )
    return dict(filter(None, selected))


def _chosen(item: Body) -> list[str]:
    ids = _table(item, "option_ids").get("option_id")
    return [each.strip() for each in (ids if isinstance(ids, list) else [ids]) if isinstance(each, str)]


def _table(table: Body, key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(table: Body, key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, int) and 0 < seconds <= _LATEST:
        return datetime.fromtimestamp(seconds, UTC)
    return None
