"""Reading messages back, who read them, making them urgent, and images (feishu.md sections 3.4, 3.5 and 3.8)."""

from __future__ import annotations

from sandbox.feishu import settings
from sandbox.feishu.calls import ApiCall, Body, success
from sandbox.feishu.message_objects import message_object
from sandbox.feishu.messages import Message, Messages, Sender
from sandbox.feishu.refusals import field_invalid, refusal
from sandbox.feishu.sending import readable

_MOST_LISTED = 50
_MOST_READERS = 100
_MOST_URGENT = 200
_MOST_UNREAD_URGENT = 200
_IMAGE_MARKS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"RIFF",
    b"BM",
    b"\x00\x00\x01\x00",
    b"II*\x00",
    b"MM\x00*",
)
_HEIC_MARK = b"ftyphe"


def get_message(messages: Messages, call: ApiCall) -> Body:
    """`GET /im/v1/messages/:message_id`."""
    return success({"items": [message_object(messages, readable(messages, call))]})


def list_messages(messages: Messages, call: ApiCall) -> Body:
    """`GET /im/v1/messages`: a chat, within seconds since 1970 where asked."""
    chat_id = call.asked("container_id")
    if call.asked("container_id_type") != "chat":
        raise field_invalid("container_id_type", call.asked("container_id_type"), "options: [chat,thread]")
    user_id = messages.chat_member(call.app.app_id, chat_id)
    if user_id is None:
        raise refusal(230002)
    start, end = call.asked("start_time", "0"), call.asked("end_time", "99999999999")
    if not (start.isdecimal() and end.isdecimal()):
        raise refusal(230001, "start_time and end_time are seconds")
    found = messages.of_chat(call.app.app_id, user_id)
    found = [each for each in found if int(start) * 1000 <= each.created_ms <= int(end) * 1000 + 999]
    if call.asked("sort_type") == "ByCreateTimeDesc":
        found.reverse()
    page = call.page(found, _MOST_LISTED, (230001, 230001))
    return success(page.as_data([message_object(messages, each) for each in page.items]))


def readers(messages: Messages, call: ApiCall) -> Body:
    """`GET /im/v1/messages/:message_id/read_users`: only for the app's own messages, for seven days."""
    message = _own(messages, call)
    if message.created_ms <= messages.world.ms_ago(settings.READ_STATE_AGE):
        raise refusal(230033)
    id_type = call.checked_id_type(call.asked("user_id_type"), "user_id_type")
    reader = {
        "user_id_type": id_type,
        "user_id": messages.world.directory.id_for(call.app.app_id, message.user_id, id_type),
        "timestamp": str(message.read_ms),
        "tenant_key": messages.world.tenant_key,
    }
    page = call.page([reader] if message.read_ms else [], _MOST_READERS, (230001, 230001))
    return success(page.as_data(list(page.items)))


def urge(messages: Messages, call: ApiCall) -> Body:
    """`PATCH /im/v1/messages/:message_id/urgent_app`; who is not in the chat comes back as invalid."""
    message, id_type = _own(messages, call), call.id_type()
    if message.batch_id:
        raise refusal(230001, "batch messages can not be urgent")
    if message.recalled:
        raise refusal(230011)
    asked = call.body.get("user_id_list")
    if not isinstance(asked, list) or not 1 <= len(asked) <= _MOST_URGENT:
        raise field_invalid("user_id_list", "", "1 to 200 ids are needed")
    member = messages.world.directory.id_for(call.app.app_id, message.user_id, id_type)
    if member in asked:
        if _unread_urgent(messages, message) >= _MOST_UNREAD_URGENT:
            raise refusal(230023)
        messages.mark_urgent(message)
    return success({"invalid_user_id_list": [each for each in asked if each != member]})


def upload_image(messages: Messages, call: ApiCall) -> Body:
    """`POST /im/v1/images`: multipart with `image_type` and `image`."""
    if call.uploads.get("image_type") not in (b"message", b"avatar") or "image" not in call.uploads:
        raise refusal(234001)
    image, store = call.uploads["image"], messages.world.store
    if not image:
        raise refusal(234010)
    if len(image) > settings.MOST_BYTES_OF_IMAGE:
        raise refusal(234006)
    if not image.startswith(_IMAGE_MARKS) and image[4:10] != _HEIC_MARK:
        raise refusal(234011)
    key = store.mint("img_v3_")
    store.run("INSERT INTO images (image_key, content) VALUES (?, ?)", key, image)
    return success({"image_key": key})


def _own(messages: Messages, call: ApiCall) -> Message:
    message = readable(messages, call)
    if message.sender is not Sender.BOT:
        raise refusal(230012)
    return message


def _unread_urgent(messages: Messages, message: Message) -> int:
    found = messages.world.store.row(
        "SELECT count(*) AS number FROM messages WHERE chat_id = ? AND urgent = 1 AND read_ms = 0", message.chat_id
    )
    return 0 if found is None else int(found["number"])
