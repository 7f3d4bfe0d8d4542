"""Sends to WeCom what the outbox holds, and finds out for an admin what does not work.

A card on which something can be pressed is a call a person: its task_id may never be used again, and what changes it is
a code of its own. Texts, and cards that are only read, go to up to 1,000 people in one call.
Formats: vendor pages "发送应用消息", "更新模版卡片消息", "获取应用", read 2026-11-22.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.http import HttpSession
from adapters.wecom.api import WeComApi
from adapters.wecom.budget import ReceiverBudget
from adapters.wecom.errors import ALL_INVALID, TASK_EXISTS
from adapters.wecom.markdown import markdown_messages
from adapters.wecom.probes import probe_app
from adapters.wecom.receipt import Receipt
from adapters.wecom.render import pressable, render
from adapters.wecom.settings import WeComSettings
from adapters.wecom.words import TEXT_BYTES, clean, escape_text, split
from domain.cards import Card
from domain.errors import ContentRefused, PlatformDown, PlatformError, TargetGone, Throttled, Undeliverable
from domain.messages import Call, Outgoing
from domain.ports import Abilities, Clock, Platform, Probe

SEND = "/cgi-bin/message/send"
UPDATE = "/cgi-bin/message/update_template_card"

MOST_PARTS = 4
"""Messages that one text may become, or the text in front of a card; more is cut, and says so."""

TEXT_ONCE = timedelta(seconds=60)
"""Within it an equal text to the same person is not delivered again: long enough for a repetition after a lost answer,
short enough that somebody who does the same twice hears of it twice. Last week's text is far outside."""

IN_FRONT_ONCE = timedelta(minutes=30)
"""The same for the text in front of a card: it is repeated whenever the card has to be tried again."""

CARDS_AT_ONCE = 16
"""Calls that a batch of cards has under way; too many at once are refused (45033)."""

ABILITIES = Abilities(
    cards=True,
    forms=False,
    updates=True,
    update_days=3,
    mentions=False,
    calls_per_minute=2500,
    calls_per_second=50,
    per_receiver_per_second=5,
    idempotent_seconds=int(TEXT_ONCE.total_seconds()),
    text_limit=TEXT_BYTES,
    batch=1000,
    per_receiver_per_minute=30,
    per_receiver_per_hour=1000,
)
"""Vendor pages "访问频率限制" and "发送应用消息", read 2026-11-22 (wecom.md 4, 5, 14). 150,000 calls an hour are 2,500
a minute. Cards hold choices, but no text, so a form as such is not to be had. Rows that are several
messages are counted by `adapters.wecom.budget`. `text_limit` is in bytes; a longer text becomes several messages."""

BATCH_LASTS = timedelta(seconds=12)
"""After it no further call of a batch of cards begins, so that a slow platform does not outlast a sender's lease."""

_TASK_ID = re.compile(r"[0-9A-Za-z_@-]{1,128}")
_USER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")  # nothing that would name several, or everybody

_Content = dict[str, Any]


class WeComClient(Platform):
    """One app of one organisation.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when a token ends and how much somebody was sent.
        api: The server API, if it is shared with a directory; one of our own otherwise.
    """

    def __init__(self, settings: WeComSettings, http: HttpSession, clock: Clock, api: WeComApi | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._api = api if api is not None else WeComApi(settings, http, clock)
        self._budget = ReceiverBudget(clock)

    @property
    def abilities(self) -> Abilities:
        """What WeCom can do."""
        return ABILITIES

    async def deliver(self, message: Outgoing) -> str:
        """Send a card or a text to a person's private chat, or give a sent card a new face.

        What a card has no room for is said in a text in front of it. Our message id is the card's task_id, so that a
        repetition makes no second card; a text is not delivered twice within `TEXT_ONCE`.

        Returns:
            A packed `Receipt`, or an empty string for an update.

        Raises:
            PlatformError: As its subclasses say.
        """
        contents = self._contents(message)
        if contents is not None:
            (result,) = await self._broadcast([message], contents)
            if isinstance(result, PlatformError):
                raise result
            return result
        match message.call, message.body:
            case Call.CARD, Card() as card:
                return await self._send_card(message, card)
            case Call.UPDATE, Card() as card if message.target:
                return await self._update(message, card)
        raise ContentRefused("mismatch", f"a {message.call} row that holds a {type(message.body).__name__}")

    async def deliver_batch(self, messages: Sequence[Outgoing]) -> Sequence[str | PlatformError]:
        """Say the same to up to 1,000 people: in one call, or in one each if something can be pressed.

        Args:
            messages: Of one kind of call and with equal bodies, each for another receiver.

        Returns:
            For each, in order: a packed `Receipt`, or why this receiver did not get it.

        Raises:
            ContentRefused: There is nothing to say.
        """
        contents = self._contents(messages[0]) if messages else []
        if contents is not None:
            return await self._broadcast(messages, contents)
        return await self._one_by_one(messages)

    async def probe(self) -> list[Probe]:
        """Try what the app needs, one after the other; nothing is changed and nobody is written to."""
        return await probe_app(self._settings, self._api)

    def _contents(self, message: Outgoing) -> list[_Content] | None:
        """Return what says a row that is only read, or `None` for every other row."""
        match message.call, message.body:
            case Call.TEXT, str() as text:
                return self._texts(text) or _refuse_empty()
            case Call.CARD, Card() as card if not pressable(card):
                parts = markdown_messages(card, self._settings.labels)
                return [{"msgtype": "markdown", "markdown": {"content": part}} for part in parts] or _refuse_empty()
        return None

    def _texts(self, text: str) -> list[_Content]:
        parts = split(escape_text(clean(text).strip()), TEXT_BYTES, MOST_PARTS, self._settings.labels.cut)
        return [{"msgtype": "text", "text": {"content": part}} for part in parts]

    async def _broadcast(self, messages: Sequence[Outgoing], contents: Sequence[_Content]) -> list[str | PlatformError]:
        """Send contents one after the other to everybody who can be reached; whoever drops out gets no further one."""
        results: dict[str, str | PlatformError] = {}
        for message in messages:
            results[message.message_id] = self._why_not(message, len(contents)) or ""
        for content in contents:
            reached = [message for message in messages if isinstance(results[message.message_id], str)]
            if reached:
                results |= await self._say(reached, content)
        return [results[message.message_id] for message in messages]

    async def _one_by_one(self, messages: Sequence[Outgoing]) -> list[str | PlatformError]:
        door, ends_at = asyncio.Semaphore(CARDS_AT_ONCE), self._clock.now() + BATCH_LASTS

        async def one(message: Outgoing) -> str | PlatformError:
            async with door:
                if self._clock.now() > ends_at:
                    return Throttled("batch", timedelta(seconds=1))
                try:
                    return await self.deliver(message)
                except PlatformError as error:
                    return error

        return await asyncio.gather(*map(one, messages))

    async def _say(self, messages: Sequence[Outgoing], content: _Content) -> dict[str, str | PlatformError]:
        attempts = max(message.attempts for message in messages)
        try:
            answer = await self._send([message.receiver for message in messages], content, TEXT_ONCE, attempts)
        except PlatformError as error:
            return {message.message_id: error for message in messages}
        missed, msgid = _missed(answer), str(answer.get("msgid") or "")
        return {
            message.message_id: _unreachable()
            if message.receiver.lower() in missed
            else Receipt(message.message_id, msgid=msgid).pack()
            for message in messages
        }

    async def _send_card(self, message: Outgoing, card: Card) -> str:
        task_id = _task_id(message)
        face = render(card, task_id, self._settings.labels, fresh=True)
        in_front = self._texts(face.in_front)
        if (refusal := self._why_not(message, len(in_front) + 1)) is not None:
            raise refusal
        for content in in_front:
            _check_reached(await self._send([message.receiver], content, IN_FRONT_ONCE, message.attempts), message)
        content = {"msgtype": "template_card", "template_card": face.template}
        try:
            answer = await self._send([message.receiver], content, None, message.attempts)
        except PlatformError as error:
            if error.code != TASK_EXISTS:
                raise
            return Receipt(task_id).pack()  # it was accepted before; its code is lost, but each click brings one
        _check_reached(answer, message)
        return Receipt(task_id, str(answer.get("response_code") or ""), str(answer.get("msgid") or "")).pack()

    async def _update(self, message: Outgoing, card: Card) -> str:
        receipt = Receipt.unpack(message.target)
        if receipt is None or not receipt.response_code:
            raise TargetGone("no-response-code")
        face = render(card, receipt.message_id, self._settings.labels, fresh=False)
        body = {
            "userids": [message.receiver],
            "agentid": self._settings.agent_id,
            "response_code": receipt.response_code,
            "template_card": face.template,
        }
        _check_reached(await self._api.call("POST", UPDATE, body=body, attempts=message.attempts), message)
        return ""

    async def _send(
        self, receivers: Sequence[str], content: _Content, once: timedelta | None, attempts: int
    ) -> Mapping[str, Any]:
        body = {"touser": "|".join(receivers), "agentid": self._settings.agent_id, **content}
        if once is not None:
            body |= {"enable_duplicate_check": 1, "duplicate_check_interval": int(once.total_seconds())}
        answer = await self._api.call("POST", SEND, body=body, attempts=attempts)
        if not answer.get("msgid") and not _missed(answer):
            raise PlatformDown("no-message-id", "the platform reported success without an id")
        return answer

    def _why_not(self, message: Outgoing, messages: int) -> PlatformError | None:
        """Return why somebody may not be written to now; otherwise what they are sent is counted."""
        if not _USER_ID.fullmatch(message.receiver):
            return Undeliverable("user-id", "the directory's id is none of WeCom's")
        try:
            self._budget.take(message.receiver, messages)
        except PlatformError as error:
            return error
        return None


def _task_id(message: Outgoing) -> str:
    # 42014 means both "used before" and "unusable"; only if ours is always usable does it tell something.
    if not _TASK_ID.fullmatch(message.message_id):
        raise ContentRefused("task-id", "a card's id has up to 128 of 0-9 A-Z a-z _ - @")
    return message.message_id


def _missed(answer: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids, in lower case, of those whom a call did not reach: a string here, an array there."""
    missed: set[str] = set()
    for name in ("invaliduser", "unlicenseduser"):
        value = answer.get(name)
        ids = value.split("|") if isinstance(value, str) else value if isinstance(value, list) else []
        missed.update(each.lower() for each in ids if isinstance(each, str) and each)
    return frozenset(missed)


def _check_reached(answer: Mapping[str, Any], message: Outgoing) -> None:
    if message.receiver.lower() in _missed(answer):
        raise _unreachable()


def _unreachable() -> Undeliverable:
    return Undeliverable(ALL_INVALID, "the person is outside the app's visible range (可见范围), or has no licence")


def _refuse_empty() -> list[_Content]:
    raise ContentRefused("empty", "there is nothing to say")
