"""What the platform tells apps: messages and events as fields of the callbacks' XML (wecom.md section 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandbox.wecom.messages import Message
from sandbox.wecom.settings import CONTACT_SYNC, FakeWeComApp
from sandbox.wecom.world import World
from sandbox.wecom.xml import Value

Fields = list[tuple[str, Value]]

TEXT = "text"
ENTER_AGENT = "enter_agent"
SUBSCRIBE = "subscribe"
UNSUBSCRIBE = "unsubscribe"
CARD_CLICKED = "template_card_event"
MENU_CHOSEN = "template_card_menu_event"
CONTACT_CHANGED = "change_contact"


def text_message(world: World, app: FakeWeComApp, message: Message) -> Fields:
    """A text that a person sent; `MsgId` is a number."""
    return [
        *_head(world, app, message.user_id, "text"),
        ("Content", str(message.content["content"])),
        ("MsgId", int(message.message_id)),
    ]


def event(world: World, app: FakeWeComApp, user_id: str, name: str, more: Sequence[tuple[str, Value]] = ()) -> Fields:
    """An event with what it tells besides the common head."""
    return [*_head(world, app, user_id, "event"), ("Event", name), *more]


def card_clicked(card: Message, key: str, response_code: str, selected: Mapping[str, Sequence[str]]) -> Fields:
    """What `template_card_event` and `template_card_menu_event` tell besides the head.

    Args:
        card: The card pressed on.
        key: Of the button, the menu's entry, or the submit button.
        response_code: A fresh one.
        selected: Ids of the chosen options by question; the element is absent where there are no questions.
    """
    items = [("SelectedItem", _item(question, ids)) for question, ids in selected.items()]
    return [
        ("EventKey", key),
        ("TaskId", card.task_id),
        ("CardType", str(card.content["card_type"])),
        ("ResponseCode", response_code),
        *([("SelectedItems", items)] if items else []),
    ]


def contact_changed(change: str, user_id: str, departments: Sequence[int] = ()) -> Fields:
    """What `change_contact` tells to addresses set since 2022-08-15: only the userid and the departments."""
    listed = ",".join(str(number) for number in departments)
    return [("ChangeType", change), ("UserID", user_id), *([("Department", listed)] if listed else [])]


def _head(world: World, app: FakeWeComApp, user_id: str, msg_type: str) -> Fields:
    head: Fields = [
        ("ToUserName", world.corp_id),
        ("FromUserName", user_id),
        ("CreateTime", world.now_ms() // 1000),
        ("MsgType", msg_type),
    ]
    return head if app.agent_id == CONTACT_SYNC else [*head, ("AgentID", app.agent_id)]


def _item(question: str, ids: Sequence[str]) -> Fields:
    return [("QuestionKey", question), ("OptionIds", [("OptionId", each) for each in ids])]
