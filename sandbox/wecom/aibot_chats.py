"""What an intelligent robot (智能机器人) has sent to whom, and what the platform lets it send.

Rules: wecom.md sections 13 and 15 (official pages, read 2026-11-22). Where no page tells a code, the nearest one
that is told stands for it: 40058 for a text that is too long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.wecom.card_fields import text_of
from sandbox.wecom.cards import check_card, check_task_id
from sandbox.wecom.limits import SlidingWindows
from sandbox.wecom.refusals import Refusal

MOST_BYTES = 20480
PER_MINUTE, PER_HOUR = 30, 1000
SINGLE, BY_ID = 1, 0

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RobotMessage:
    """A message in somebody's chat with the robot.

    Attributes:
        message_id: The fake's number of it.
        user_id: In whose chat it lies.
        msg_type: `markdown`, `template_card` or `stream`.
        content: What the robot sent under the type's name; a card as it stands now.
        version: Counts the changes of a card or a stream.
    """

    message_id: str
    user_id: str
    msg_type: str
    content: Body
    version: int = 0


class RobotChats:
    """All chats with one robot.

    Args:
        monotonic: Seconds, for rates.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._rates = SlidingWindows((PER_MINUTE, 60.0), (PER_HOUR, 3600.0))
        self._open: set[str] = set()
        self._messages: dict[str, RobotMessage] = {}
        self._task_ids: set[str] = set()

    def open(self, user_id: str) -> None:
        """Note that somebody has been in the chat, so that the robot may write to them."""
        self._open.add(user_id)

    def of(self, user_id: str) -> list[RobotMessage]:
        """A person's messages, oldest first."""
        return [each for each in self._messages.values() if each.user_id == user_id]

    def known(self, message_id: str) -> RobotMessage:
        """A message as it stands; KeyError where there is none."""
        return self._messages[message_id]

    def push(self, body: Body) -> None:
        """`aibot_send_msg`.

        Raises:
            Refusal: 93006, 45009, or what the content deserves.
        """
        user_id = str(body.get("chatid") or "")
        if user_id not in self._open or body.get("chat_type", BY_ID) not in (SINGLE, BY_ID):
            raise Refusal(93006)
        self.add(user_id, body)

    def add(self, user_id: str, body: Body) -> RobotMessage:
        """Put a message into a chat.

        Raises:
            Refusal: 45009, or what the content deserves.
        """
        kind = str(body.get("msgtype") or "")
        content = body.get(kind)
        if kind == "template_card":
            self._check_new_card(content)
        elif kind in ("markdown", "stream"):
            _check_text(content, may_be_empty=kind == "stream")
        else:
            raise Refusal(40008)
        if not self._rates.try_pass(user_id, self._monotonic()):
            raise Refusal(45009)
        if isinstance(content, Mapping) and kind == "template_card" and content.get("task_id"):
            self._task_ids.add(content["task_id"])
        message = RobotMessage(f"rm{len(self._messages) + 1}", user_id, kind, dict(content or {}))
        self._messages[message.message_id] = message
        return message

    def change_card(self, message_id: str, card: Any) -> None:
        """`aibot_respond_update_msg`.

        Raises:
            Refusal: The card is of another task, or not whole.
        """
        old = self._messages[message_id]
        check_card(card)
        if check_task_id(card) != old.content.get("task_id"):
            raise Refusal(42016)
        self._messages[message_id] = replace(old, content=card, version=old.version + 1)

    def change_stream(self, message_id: str, content: Any) -> None:
        """A further answer of a stream: the whole text, not what is new.

        Raises:
            Refusal: 846608 once it is finished, or what the text deserves.
        """
        old = self._messages[message_id]
        if old.content.get("finish"):
            raise Refusal(846608)
        _check_text(content, may_be_empty=True)
        self._messages[message_id] = replace(old, content=dict(content), version=old.version + 1)

    def _check_new_card(self, card: Any) -> None:
        check_card(card)
        if check_task_id(card) in self._task_ids:
            raise Refusal(42014)


def _check_text(content: Any, *, may_be_empty: bool) -> None:
    text = text_of(content, "content")
    if not text and not may_be_empty:
        raise Refusal(44004)
    if len(text.encode()) > MOST_BYTES:
        raise Refusal(40058)
