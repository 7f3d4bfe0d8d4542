"""Sending, answering, updating, editing and recalling messages (`im/v1/messages`), with everything that is refused.

Rules and codes: feishu.md sections 3.1 to 3.3.
"""

from __future__ import annotations

from sandbox.company import User, UserStatus
from sandbox.feishu import settings
from sandbox.feishu.calls import ApiCall, Body, ok, success
from sandbox.feishu.card_model import config_of, is_v2
from sandbox.feishu.content import Content, read_content
from sandbox.feishu.directory import looks_like
from sandbox.feishu.faults import FaultKind
from sandbox.feishu.message_objects import message_object
from sandbox.feishu.messages import Cause, Draft, Message, Messages, Sender
from sandbox.feishu.refusals import field_invalid, refusal
from sandbox.feishu.settings import FakeApp
from sandbox.feishu.world import World

_LONGEST_UUID = 50


def send(messages: Messages, call: ApiCall) -> Body:
    """`POST /im/v1/messages`: a repeated uuid gets the first answer again, and nothing is sent."""
    id_type = call.checked_id_type(call.asked("receive_id_type"), "receive_id_type", ("email", "chat_id"))
    receive_id, msg_type = call.needed("receive_id"), call.needed("msg_type")
    uuid = asked_uuid(call)
    call.needed("content")
    sent = messages.remembered(call.app.app_id, uuid)
    if sent is not None:
        return success(message_object(messages, sent))
    user = _receiver(messages, call.app, receive_id, id_type)
    content = read_content(messages.world, call, msg_type)
    draft = Draft(call.app.app_id, user.user_id, Sender.BOT, msg_type, content)
    return success(message_object(messages, _deliver(messages, call, draft, uuid)))


def reply(messages: Messages, call: ApiCall) -> Body:
    """`POST /im/v1/messages/:message_id/reply`."""
    msg_type, uuid = call.needed("msg_type"), asked_uuid(call)
    call.needed("content")
    sent = messages.remembered(call.app.app_id, uuid)
    if sent is not None:
        return success(message_object(messages, sent))
    parent = readable(messages, call)
    if parent.batch_id:
        raise refusal(230001, "batch messages can not be replied to")
    if parent.recalled:
        raise refusal(230011)
    content = read_content(messages.world, call, msg_type)
    draft = Draft(call.app.app_id, parent.user_id, Sender.BOT, msg_type, content, parent)
    return success(message_object(messages, _deliver(messages, call, draft, uuid)))


def patch(messages: Messages, call: ApiCall) -> Body:
    """`PATCH /im/v1/messages/:message_id`: a new card in place of the old one."""
    world, message = messages.world, readable(messages, call)
    _only_sender(message, 230027)
    if message.msg_type != "interactive" or message.batch_id:
        raise refusal(230001, "this message can not be updated")
    if message.recalled:
        raise refusal(230011)
    if message.created_ms <= world.ms_ago(settings.PATCH_AGE):
        raise refusal(230031)
    card = read_content(world, call, "interactive")
    check_succession(message.content, card)
    if not (_is_shared(message.content) and _is_shared(card)):
        raise refusal(230001, "This message is NOT a shared card, set update_multi in the old and the new card")
    _chat_rate_fault(world, call)
    world.rates.check_card(message.message_id)
    messages.rewrite(message.message_id, card, Cause.PATCHED)
    return ok()


def edit(messages: Messages, call: ApiCall) -> Body:
    """`PUT /im/v1/messages/:message_id`: texts and posts only, at most 20 times."""
    message, msg_type = readable(messages, call), call.needed("msg_type")
    _only_sender(message, 230071)
    if message.recalled:
        raise refusal(230011)
    if message.msg_type not in ("text", "post") or msg_type != message.msg_type:
        raise refusal(230054)
    if message.edits >= settings.MOST_EDITS:
        raise refusal(230072)
    content = read_content(messages.world, call, msg_type)
    return success(message_object(messages, messages.rewrite(message.message_id, content, Cause.EDITED)))


def recall(messages: Messages, call: ApiCall) -> Body:
    """`DELETE /im/v1/messages/:message_id`."""
    message = readable(messages, call)
    _only_sender(message, 230026)
    if message.recalled:
        raise refusal(230011)
    if message.created_ms <= messages.world.ms_ago(settings.RECALL_AGE):
        raise refusal(230009)
    messages.recall(message)
    return success()


def check_reach(world: World, app: FakeApp, user: User, path: str) -> None:
    """Whether an app may write to a person.

    Raises:
        Refusal: 230029 who left, 230013 outside the availability, or what a fault says.
    """
    fault = world.faults.take(FaultKind.UNDELIVERABLE, path, world.open_id_of(user.user_id))
    if fault is not None:
        raise refusal(fault.code or 230013)
    if user.status is UserStatus.RESIGNED:
        raise refusal(230029)
    if app.availability is not None and user.user_id not in app.availability:
        raise refusal(230013)


def check_succession(old: Content, new: Content) -> None:
    """A card of schema 2.0 stays one.

    Raises:
        Refusal: 230099 with sub code 200830.
    """
    if is_v2(old) and not is_v2(new):
        message = "cards of schema V2 can not be updated to schema V1"
        raise refusal(230099, f"ext=ErrCode: 200830; ErrMsg: {message}; ErrorValue: schema")


def readable(messages: Messages, call: ApiCall) -> Message:
    """The message of the path, if it lies in one of the calling app's chats.

    Raises:
        Refusal: 230001.
    """
    found = messages.find(call.parts["message_id"])
    if found is None or found.app_id != call.app.app_id:
        raise refusal(230001, "invalid message_id")
    return found


def asked_uuid(call: ApiCall) -> str:
    """The `uuid` of the body, empty where there is none.

    Raises:
        Refusal: 99992402 where it is no text or too long.
    """
    uuid = call.body.get("uuid") or ""
    if not isinstance(uuid, str) or len(uuid) > _LONGEST_UUID:
        raise field_invalid("uuid", str(uuid), "the max len is 50")
    return uuid


def _deliver(messages: Messages, call: ApiCall, draft: Draft, uuid: str) -> Message:
    world = messages.world
    check_reach(world, call.app, world.directory.user(draft.user_id), call.path)
    _chat_rate_fault(world, call)
    world.rates.check_user(draft.user_id)
    with world.store.transaction():
        message = messages.add(draft)
        messages.remember(call.app.app_id, uuid, message)
    world.changed(draft.user_id)
    return message


def _receiver(messages: Messages, app: FakeApp, receive_id: str, id_type: str) -> User:
    world = messages.world
    if id_type == "chat_id":
        user_id = messages.chat_member(app.app_id, receive_id)
        if user_id is None:
            raise refusal(230034)
        return world.directory.user(user_id)
    if id_type == "email":
        user = world.directory.by_mail(receive_id)
        if user is None:
            raise refusal(230034)
        return user
    if not looks_like(receive_id, id_type):
        raise refusal(230034)
    return world.directory.resolve(app.app_id, receive_id, id_type)


def _only_sender(message: Message, code: int) -> None:
    if message.sender is not Sender.BOT:
        raise refusal(code)


def _is_shared(card: Content) -> bool:
    return is_v2(card) or config_of(card).get("update_multi") is True


def _chat_rate_fault(world: World, call: ApiCall) -> None:
    if world.faults.take(FaultKind.CHAT_RATE, call.path):
        raise refusal(230020, "chat rate limit")
