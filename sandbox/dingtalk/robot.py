"""The robot's own API: sending to people and groups, read status, recall, files (dingtalk.md section 4), and DING."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sandbox.dingtalk.calls import ApiCall, Body
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.message_kinds import checked_param, unknown_members
from sandbox.dingtalk.messages import Chat, Draft, Message, Messages, Sender
from sandbox.dingtalk.refusals import refusal
from sandbox.dingtalk.settings import (
    MESSAGE_HANDLE_AGE,
    MOST_DING_BY_APP,
    MOST_DING_BY_PHONE,
    MOST_KEYS,
    MOST_RECEIVERS,
    FakeDingTalkApp,
)

_BY_APP, _BY_SMS, _BY_CALL = 1, 2, 3
_MOST_RESULTS = 200


def send_to_people(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/oToMessages/batchSend`.

    Raises:
        Refusal: `invalidParameter.*`, `template.stopped`, `staffId.notExisted`, `contain.notAllowed.text`.
    """
    _check_robot(call)
    user_ids = call.texts("userIds")
    if not user_ids:
        raise refusal("invalidParameter.userIds.empty")
    if "" in user_ids:
        raise refusal("invalidParameter.userId.empty")
    if len(user_ids) > MOST_RECEIVERS:
        raise refusal("invalidParameter.userIds.overMax")
    param = _content(messages, call)
    receivers = list(dict.fromkeys(user_ids))
    invalid = [user_id for user_id in receivers if not reachable(messages, call.app, user_id)]
    if len(invalid) == len(receivers):
        raise refusal("staffId.notExisted")
    slowed = [u for u in receivers if u not in invalid and _is_slowed(messages, u)]
    reached = [user_id for user_id in receivers if user_id not in invalid and user_id not in slowed]
    query_key = messages.world.mint_opaque()
    with messages.world.store.transaction():
        for user_id in reached:
            chat = messages.single_chat(call.app.client_id, user_id)
            messages.add(Draft(chat, user_id, Sender.BOT, call.text("msgKey"), param, query_key))
    messages.world.changed(reached)
    lists = {"invalidStaffIdList": invalid, "flowControlledStaffIdList": slowed}
    return {"processQueryKey": query_key, **{key: ids for key, ids in lists.items() if ids}}


def send_to_group(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/groupMessages/send`.

    Raises:
        Refusal: `invalidParameter.*`, `resource.not.found`, `template.stopped`, `contain.notAllowed.text`.
    """
    _check_robot(call)
    chat = _group(messages, call)
    param = _content(messages, call)
    query_key = messages.world.mint_opaque()
    messages.add(Draft(chat, "", Sender.BOT, call.text("msgKey"), param, query_key))
    messages.world.changed(chat.members)
    return {"processQueryKey": query_key}


def read_status(messages: Messages, call: ApiCall) -> Body:
    """`GET /v1.0/robot/oToMessages/readStatus`; only within 24 hours.

    Raises:
        Refusal: `invalidParameter.processQueryKey.missing`, `invalid.processQueryKey`, `processQueryKey.expireTime`.
    """
    call.own_robot()
    query_key = call.asked("processQueryKey")
    if not query_key:
        raise refusal("invalidParameter.processQueryKey.missing")
    sent = _sent(messages, call, query_key)
    directory = messages.world.directory
    listed = [
        {
            "name": directory.user(message.user_id).name,
            "userId": message.user_id,
            "readStatus": "READ" if message.read_ms else "UNREAD",
        }
        for message in sent
    ]
    return {"sendStatus": _status(sent[0]), "messageReadInfoList": listed}


def group_readers(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/groupMessages/query`, page by page.

    Raises:
        Refusal: As `read_status`, and `resource.not.found`, `invalidParameter.param.invalid`.
    """
    call.own_robot()
    chat = _group(messages, call)
    sent = _sent(messages, call, call.text("processQueryKey"))
    most, token = call.body.get("maxResults", _MOST_RESULTS), call.text("nextToken") or "0"
    if not isinstance(most, int) or not 1 <= most <= _MOST_RESULTS or not token.isdecimal():
        raise refusal("invalidParameter.param.invalid")
    readers = messages.readers(sent[0], chat.members)
    end = int(token) + most
    has_more = end < len(readers)
    next_token = {"nextToken": str(end)} if has_more else {}
    return {"sendStatus": _status(sent[0]), "readUserIds": readers[int(token) : end], "hasMore": has_more, **next_token}


def recall_from_people(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/otoMessages/batchRecall`; only within 24 hours, without a trace in the chat.

    Raises:
        Refusal: Where not one key could be recalled: `invalid.processQueryKey` or `robot.processQueryKey.expired`;
            `invalidParameter.processQueryKeys.overMax`.
    """
    call.own_robot()
    return _recall(messages, call, None)


def recall_from_group(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/groupMessages/recall`; raises as `recall_from_people`, and `resource.not.found`."""
    call.own_robot()
    return _recall(messages, call, _group(messages, call))


def file_address(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/messageFiles/download`.

    Raises:
        Refusal: `invalidParameter.param.invalid`.
    """
    call.own_robot()
    if not call.text("downloadCode"):
        raise refusal("invalidParameter.param.invalid")
    return {"downloadUrl": f"{messages.world.address}/files/{call.text('downloadCode')}"}


def send_ding(messages: Messages, call: ApiCall) -> Body:
    """`POST /v1.0/robot/ding/send`.

    Raises:
        Refusal: `invalidParameter.*`, `too.many.people`, `staffId.notExisted`.
    """
    call.own_robot()
    user_ids, by = call.texts("receiverUserIdList"), call.body.get("remindType")
    if by not in (_BY_APP, _BY_SMS, _BY_CALL) or not call.text("content"):
        raise refusal("invalidParameter.param.invalid")
    if not user_ids:
        raise refusal("invalidParameter.userIds.empty")
    if len(user_ids) > (MOST_DING_BY_APP if by == _BY_APP else MOST_DING_BY_PHONE):
        raise refusal("too.many.people")
    failed = {user_id: "staffId.notExisted" for user_id in user_ids if not reachable(messages, call.app, user_id)}
    if len(failed) == len(set(user_ids)):
        raise refusal("staffId.notExisted")
    store, reached = messages.world.store, [user_id for user_id in user_ids if user_id not in failed]
    ding_id = store.mint("ding")
    store.run(
        "INSERT INTO dings (ding_id, client_id, content, receivers) VALUES (?, ?, ?, ?)",
        *(ding_id, call.app.client_id, call.text("content"), json.dumps(reached)),
    )
    return {"openDingId": ding_id, "failedList": failed}


def reachable(messages: Messages, app: FakeDingTalkApp, user_id: str) -> bool:
    """Whether an app's robot may write to a person: employed, and within the app's usable range."""
    in_range = app.usable_range is None or user_id in app.usable_range
    return in_range and messages.world.directory.employed(user_id) is not None


def _check_robot(call: ApiCall) -> None:
    call.own_robot()
    if not call.app.published:
        raise refusal("template.stopped")


def _content(messages: Messages, call: ApiCall) -> Mapping[str, str]:
    msg_key = call.text("msgKey")
    param = checked_param(msg_key, call.body.get("msgParam"))
    strangers = unknown_members(msg_key, param)
    if strangers:
        messages.world.complain(f"msgParam of {msg_key} has members that it does not know: {strangers}")
    if messages.world.faults.take(FaultKind.CONTENT_UNSAFE):
        raise refusal("contain.notAllowed.text")
    return param


def _is_slowed(messages: Messages, user_id: str) -> bool:
    return messages.world.faults.take(FaultKind.FLOW_CONTROL, user_id=user_id) is not None


def _group(messages: Messages, call: ApiCall) -> Chat:
    chat = messages.chat(call.text("openConversationId"))
    if chat is None or not chat.is_group or chat.client_id != call.app.client_id:
        raise refusal("resource.not.found")
    return chat


def _sent(messages: Messages, call: ApiCall, query_key: str) -> list[Message]:
    sent = messages.of_key(call.app.client_id, query_key)
    if not sent:
        raise refusal("invalid.processQueryKey")
    if _is_old(messages, sent[0]):
        raise refusal("processQueryKey.expireTime")
    return sent


def _is_old(messages: Messages, message: Message) -> bool:
    return message.created_ms <= messages.world.ms_ago(MESSAGE_HANDLE_AGE)


def _status(message: Message) -> str:
    return "RECALLED" if message.recalled else "SUCCESS"


def _recall(messages: Messages, call: ApiCall, chat: Chat | None) -> Body:
    keys = call.texts("processQueryKeys")
    if not keys:
        raise refusal("invalidParameter.processQueryKey.missing")
    if len(keys) > MOST_KEYS:
        raise refusal("invalidParameter.processQueryKeys.overMax")
    problems = {key: problem for key in keys if (problem := _unrecallable(messages, call, key, chat))}
    recalled = [key for key in keys if key not in problems]
    if not recalled:
        raise refusal(problems[keys[0]])
    for key in recalled:
        sent = messages.of_key(call.app.client_id, key)
        messages.recall(key)
        messages.world.changed(chat.members if chat else [message.user_id for message in sent])
    return {"successResult": recalled, "failedResult": problems}


def _unrecallable(messages: Messages, call: ApiCall, key: str, chat: Chat | None) -> str:
    sent = messages.of_key(call.app.client_id, key)
    if not sent:
        return "invalid.processQueryKey"
    of_chat = messages.chat(sent[0].chat_id)
    belongs = of_chat is not None and (of_chat == chat if chat else not of_chat.is_group)
    if not belongs:
        return "invalid.processQueryKey"
    return "robot.processQueryKey.expired" if _is_old(messages, sent[0]) else ""
