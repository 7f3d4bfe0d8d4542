"""The objects that the platform pushes: messages to the robot, clicks, events (dingtalk.md sections 7.4, 9.5, 9.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.company import derived_id
from sandbox.dingtalk.card_instances import Card
from sandbox.dingtalk.directory import opaque_id_of, union_id_of
from sandbox.dingtalk.lines import Push
from sandbox.dingtalk.messages import Chat, Message, Messages
from sandbox.dingtalk.session_hook import address_of
from sandbox.dingtalk.settings import MESSAGE_READ
from sandbox.dingtalk.world import World

OVER_QUOTA = "20001"


def robot_message(messages: Messages, chat: Chat, message: Message, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a robot gets of a message; `body` holds `msgtype` and the member that goes with it."""
    world, user = messages.world, messages.world.directory.user(message.user_id)
    app_id, corp_id = chat.client_id, world.corp_id
    webhook, ends_ms = address_of(messages, chat)
    return {
        "senderPlatform": "Mac",
        "conversationId": chat.chat_id,
        "chatbotCorpId": corp_id,
        "chatbotUserId": opaque_id_of(app_id, "robot"),
        "openThreadId": chat.chat_id,
        "msgId": message.message_id,
        "senderNick": user.name,
        "isAdmin": False,
        "senderStaffId": user.user_id,
        "senderUnionId": union_id_of(user),
        "senderCorpId": corp_id,
        "senderId": opaque_id_of(app_id, user.user_id),
        "sessionWebhook": webhook,
        "sessionWebhookExpiredTime": ends_ms,
        "createAt": message.created_ms,
        "conversationType": "2" if chat.is_group else "1",
        **(_of_group(chat, app_id) if chat.is_group else {}),
        "robotCode": app_id,
        **body,
    }


def without_content(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The message as it comes when the month's pushes are used up."""
    kept = {key: value for key, value in payload.items() if key not in ("text", "content")}
    return {**kept, "errorCode": OVER_QUOTA, "errorMessage": "组织当月的Webhook&Stream推送量已用完"}


def clicked(world: World, card: Card, chat: Chat, user_id: str, action_id: str, params: Any) -> dict[str, Any]:
    """What an app gets of a click on its card."""
    user = world.directory.user(user_id)
    content = {"cardPrivateData": {"actionIds": [action_id], "params": params}}
    return {
        "type": "actionCallback",
        "outTrackId": card.out_track_id,
        "corpId": world.corp_id,
        "userId": union_id_of(user) if card.user_id_type == 2 else user_id,
        "userIdType": card.user_id_type,
        "spaceId": chat.chat_id,
        "spaceType": "im",
        "extension": "{}",
        "content": json.dumps(content, ensure_ascii=False),
    }


def people_changed(now_ms: int, user_ids: Sequence[str]) -> dict[str, Any]:
    """The object of `user_add_org`, `user_modify_org` and `user_leave_org`."""
    return {"timeStamp": str(now_ms), "userId": list(user_ids)}


def departments_changed(now_ms: int, numbers: Sequence[int]) -> dict[str, Any]:
    """The object of `org_dept_create`, `org_dept_modify` and `org_dept_remove`."""
    return {"timeStamp": str(now_ms), "deptId": list(numbers)}


def message_read(world: World, chat: Chat, user_id: str, query_key: str) -> dict[str, Any]:
    """The object of `robot_msg_read`; its `operatTime` is the platform's spelling."""
    return {
        "unionId": union_id_of(world.directory.user(user_id)),
        "operatTime": str(world.now_ms()),
        "robotCode": chat.client_id,
        "openConversationId": chat.chat_id,
        "userId": user_id,
        "processQueryKey": query_key,
    }


def unified_app_id(client_id: str) -> str:
    """The app's id as frames and events name it; nothing is called by it."""
    digits = derived_id("", f"unified app {client_id}")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def http_event(world: World, push: Push) -> dict[str, Any]:
    """An event as the HTTP subscription gets it: its meta in CamelCase; robot events have all members so."""
    members = dict(push.data)
    if push.event_type == MESSAGE_READ:
        members = {f"{key[0].upper()}{key[1:]}": value for key, value in members.items()}
    return {
        "EventType": push.event_type,
        "EventTime": push.born_ms,
        "CorpId": world.corp_id,
        "BizId": push.push_id,
        "eventId": push.push_id,
        **members,
    }


def _of_group(chat: Chat, app_id: str) -> dict[str, Any]:
    return {
        "conversationTitle": chat.title,
        "atUsers": [{"dingtalkId": opaque_id_of(app_id, "robot")}],
        "isInAtList": True,
    }
