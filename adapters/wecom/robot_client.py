"""Sends to WeCom what the outbox holds, over the connection of an intelligent robot (智能机器人).

A robot writes only to people who have opened the chat with it, in markdown and in template cards. A card can be changed
as the answer to a click on it and never later, so nothing here changes one. Nothing tells a repetition from a new
message, but the id of a card. Rules: vendor page "智能机器人 主动回复消息" and "长连接", read 2026-11-22 (wecom.md 13).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp

from adapters.http import HttpSession
from adapters.wecom.budget import ReceiverBudget
from adapters.wecom.errors import TASK_EXISTS
from adapters.wecom.look import ROBOT as ROBOT_LOOK
from adapters.wecom.markdown import ROBOT as ROBOT_MARKDOWN
from adapters.wecom.markdown import markdown_messages
from adapters.wecom.receipt import Receipt
from adapters.wecom.render import pressable, render
from adapters.wecom.robot_frames import MAX_FRAME_BYTES, SEND, SINGLE
from adapters.wecom.robot_settings import RobotSettings
from adapters.wecom.robot_words import MARKDOWN_BYTES, plain_messages
from domain.cards import Card
from domain.errors import ContentRefused, PlatformDown, PlatformError, TargetGone, Undeliverable
from domain.messages import Call, Outgoing
from domain.ports import Abilities, Clock, Platform, Probe

ABILITIES = Abilities(
    cards=True,
    forms=False,
    updates=False,
    update_days=0,
    mentions=False,
    calls_per_minute=600,
    calls_per_second=10,
    per_receiver_per_second=5,
    idempotent_seconds=0,
    text_limit=MARKDOWN_BYTES,
    per_receiver_per_minute=30,
    per_receiver_per_hour=1000,
)
"""The limits of one chat are the vendor's; none is told for a robot as a whole, so that pace is our own caution.
`text_limit` is in bytes."""

_UNTRIED = "reached; bot_id and robot_secret are not tried, for that would end the connection of the running service"
_TASK_ID = re.compile(r"[0-9A-Za-z_@-]{1,128}")

_Content = dict[str, Any]


class Asking(Protocol):
    """The robot's connection, as far as sending needs it."""

    async def ask(self, command: str, body: Mapping[str, Any], attempts: int = 0) -> None:
        """Ask the platform for something.

        Raises:
            PlatformError: Refused, no answer, or there is no connection.
        """


class RobotClient(Platform):
    """One robot of one organisation.

    Args:
        settings: Which robot.
        line: Its connection.
        http: Connections, for a probe.
        clock: Tells how much somebody was sent.
    """

    def __init__(self, settings: RobotSettings, line: Asking, http: HttpSession, clock: Clock) -> None:
        self._settings = settings
        self._line = line
        self._http = http
        self._budget = ReceiverBudget(clock)

    @property
    def abilities(self) -> Abilities:
        """What a robot can do."""
        return ABILITIES

    async def deliver(self, message: Outgoing) -> str:
        """Send a card or a text to a person's private chat with the robot.

        Returns:
            A packed `Receipt`.

        Raises:
            TargetGone: A card was to be changed.
            PlatformError: As its subclasses say.
        """
        contents = self._contents(message)
        if not message.receiver:
            raise Undeliverable("user-id", "the person has no userid")
        self._budget.take(message.receiver, len(contents))
        for content in contents:
            await self._send(message, content)
        return Receipt(message.message_id).pack()

    async def probe(self) -> list[Probe]:
        """Try whether the gateway can be reached; nobody is written to, and nothing that runs is disturbed."""
        try:
            socket = await self._http.websocket(self._settings.address, MAX_FRAME_BYTES)
        except aiohttp.WSServerHandshakeError as error:
            return [_unreached(PlatformDown(f"handshake-{error.status}", "look at robot_url and proxy"))]
        except PlatformError as error:
            return [_unreached(error)]
        await socket.close()
        return [Probe("wecom.robot", ok=True, detail=f"{self._settings.address} {_UNTRIED}")]

    def _contents(self, message: Outgoing) -> Sequence[_Content]:
        """Return the messages that a row becomes, in order."""
        labels = self._settings.labels
        match message.call, message.body:
            case Call.TEXT, str() as text:
                return _markdown(plain_messages(text, labels.cut))
            case Call.CARD, Card() as card if not pressable(card):
                return _markdown(markdown_messages(card, labels, ROBOT_MARKDOWN))
            case Call.CARD, Card() as card if _TASK_ID.fullmatch(message.message_id):
                face = render(card, message.message_id, labels, fresh=True, look=ROBOT_LOOK)
                in_front = _markdown(plain_messages(face.in_front, labels.cut)) if face.in_front else []
                return [*in_front, {"msgtype": "template_card", "template_card": face.template}]
            case Call.UPDATE, _:
                raise TargetGone("click-only", "a robot's card changes only as the answer to a click on it")
        raise ContentRefused("mismatch", f"a {message.call} row that holds a {type(message.body).__name__}")

    async def _send(self, message: Outgoing, content: _Content) -> None:
        body = {"chatid": message.receiver, "chat_type": SINGLE, **content}
        try:
            await self._line.ask(SEND, body, message.attempts)
        except PlatformError as error:
            if error.code != TASK_EXISTS:
                raise


def _markdown(parts: Sequence[str]) -> list[_Content]:
    if not parts:
        raise ContentRefused("empty", "there is nothing to say")
    return [{"msgtype": "markdown", "markdown": {"content": part}} for part in parts]


def _unreached(error: PlatformError) -> Probe:
    return Probe("wecom.robot", ok=False, detail=f"{type(error).__name__} {error.code}", fix=error.hint or "robot_url")
