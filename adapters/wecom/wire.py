"""The platform's messages and events in our words.

Every element of a payload may be missing; what cannot be used becomes `Ignored`, so that the platform is told not to
repeat it. Formats: vendor pages "消息格式" and "事件格式", read 2026-11-22 (wecom.md 11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from adapters.wecom.buttons import read_key
from adapters.wecom.selects import read_selected
from adapters.wecom.settings import PLATFORM
from adapters.wecom.verify import instant_of
from adapters.wecom.xml_tree import Element
from domain.errors import Malformed
from domain.events import CardClicked, ChatOpened, DirectoryChanged, FormValue, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId

_TELLING = (
    *("AgentID", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "TaskId", "ResponseCode"),
    *("ChangeType", "UserID", "NewUserID"),
)
"""What tells events apart. Sender and second alone do not: one member can cause two events in a second."""


def decode(message: Element, org_id: OrgId, app: str, received_at: datetime) -> Inbound:
    """Return what a message says.

    Args:
        message: As it came out of `Verifier.open`.
        org_id: Whose app received it.
        app: Which app, for the event's id: two apps may be told of one event.
        received_at: UTC; stands in where the platform gives no time.

    Raises:
        Malformed: Not a message at all, or a click that does not say who clicked.
    """
    kind = message.said("MsgType")
    if not kind:
        raise Malformed("the message names no type")
    at = instant_of(message.said("CreateTime")) or received_at
    origin = Origin(org_id, PLATFORM, f"{app}/{_key(message)}", message.said("FromUserName"), at)
    if kind == "event":
        return _EVENTS.get(message.said("Event"), _ignored)(message, origin)
    if kind != "text" or not origin.actor:
        return Ignored(origin, f"message:{kind}")
    return TextSaid(origin, message.said("Content"))


def _key(message: Element) -> str:
    if message_id := message.said("MsgId"):
        return message_id
    told = "\0".join(message.said(name) for name in _TELLING)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _clicked(message: Element, origin: Origin) -> Inbound:
    if not origin.actor:
        raise Malformed("the click does not say who clicked")
    card, action = read_key(message.said("EventKey"))
    return CardClicked(origin, card, action, _form(message), message.said("TaskId"), silent=True)


def _form(message: Element) -> dict[str, FormValue]:
    items = message.find("SelectedItems").all("SelectedItem")
    selected = (
        read_selected(item.said("QuestionKey"), [each.text.strip() for each in item.find("OptionIds").all("OptionId")])
        for item in items
    )
    return dict(filter(None, selected))


def _opened(message: Element, origin: Origin) -> Inbound:
    return ChatOpened(origin) if origin.actor else _ignored(message, origin)


def _changed(_: Element, origin: Origin) -> Inbound:
    # Who leaves the visible range may still work there; only the directory, read again, tells.
    return DirectoryChanged(_nobodys(origin))


def _contact_changed(message: Element, origin: Origin) -> Inbound:
    left = message.said("UserID") if message.said("ChangeType") == "delete_user" else ""
    return DirectoryChanged(_nobodys(origin), (left,) if left else ())


def _ignored(message: Element, origin: Origin) -> Inbound:
    return Ignored(origin, f"event:{message.said('Event')}")


def _nobodys(origin: Origin) -> Origin:
    return Origin(origin.org_id, origin.platform, origin.event_id, "", origin.occurred_at)


_EVENTS: Mapping[str, Callable[[Element, Origin], Inbound]] = {
    "template_card_event": _clicked,
    "template_card_menu_event": _clicked,
    "enter_agent": _opened,
    "subscribe": _opened,
    "unsubscribe": _changed,
    "change_contact": _contact_changed,
}
