"""`sendBySession`: answering into a chat through the address that an inbound message carried (dingtalk.md 5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.dingtalk.calls import ApiCall, Body, ok
from sandbox.dingtalk.message_kinds import from_webhook
from sandbox.dingtalk.messages import Chat, Draft, Messages, Sender
from sandbox.dingtalk.refusals import old_refusal


def address_of(messages: Messages, chat: Chat) -> tuple[str, int]:
    """A new `sessionWebhook` for a chat, and when it ends in milliseconds since 1970."""
    session, expires_ms = messages.new_session(chat)
    return f"{messages.world.address}/robot/sendBySession?session={session}", expires_ms


def send_by_session(messages: Messages, call: ApiCall) -> Body:
    """`POST /robot/sendBySession?session=`; the session is the credential. It takes one of the month's pushes.

    Raises:
        Refusal: 300001 for a session that is unknown or over (the real number is not confirmed), 400002.
    """
    chat = messages.session_chat(call.asked("session"))
    if chat is None:
        raise old_refusal(300001)
    found = from_webhook(call.body)
    messages.world.quota.spend_push()
    if found is None:
        return ok()
    kind, content = found
    if chat.is_group:
        _check_mentions(messages, call, content)
    messages.add(Draft(chat, chat.user_id, Sender.BOT, kind, content))
    messages.world.changed(chat.members)
    return ok()


def _check_mentions(messages: Messages, call: ApiCall, content: Mapping[str, str]) -> None:
    at = call.body.get("at")
    named = at.get("atUserIds") if isinstance(at, dict) else None
    words = " ".join(content.values())
    for user_id in named if isinstance(named, list) else ():
        if f"@{user_id}" not in words:
            messages.world.complain(f"atUserIds names {user_id}, but the text has no @{user_id}")
