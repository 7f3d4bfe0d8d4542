"""Callbacks over HTTP: the robot's messages, clicks on cards, and events, all at one address.

What a call carries its proof in tells which of the three it is. Formats: dingtalk.md 10, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import structlog

from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.verify import CLICK_SIGN, ROBOT_SIGN, EventCipher, check_click, check_robot
from adapters.dingtalk.wire import PUSHES, Reader, encode_answer, object_in
from adapters.webhook import HttpAnswer, Immediate, Received, Webhook, WebhookCall
from domain.cards import Answer
from domain.errors import ContentRefused, Misconfigured, NotAuthentic
from domain.ids import OrgId
from domain.ports import Tally

_JSON = "application/json; charset=utf-8"
_DONE = HttpAnswer(200, _JSON, b"{}")
_ADDRESS_CHECK = "check_url"

_log = structlog.get_logger()


class DingTalkWebhook(Webhook):
    """The callbacks of one app.

    Args:
        settings: Which app.
        org_id: Whose app it is.
        entropy: Returns that many random bytes.
        tally: Counts what uses up the month's allowance.

    Raises:
        Misconfigured: The key of the event subscription cannot be read.
    """

    def __init__(
        self, settings: DingTalkSettings, org_id: OrgId, entropy: Callable[[int], bytes], tally: Tally
    ) -> None:
        self._settings = settings
        self._reader = Reader(settings.client_id, org_id)
        self._tally = tally
        try:
            self._cipher = EventCipher(settings, entropy) if settings.event_aes_key else None
        except ValueError:
            raise Misconfigured("settings", "event_aes_key is not a key (事件订阅 → 加密 aes_key)") from None

    def receive(
        self, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes, received_at: datetime
    ) -> WebhookCall:
        """Verify and decode one call.

        Raises:
            NotAuthentic: The proof of origin is missing or wrong.
            Malformed: Authentic but unreadable.
        """
        if "msg_signature" in query or "signature" in query:
            return self._event(query, raw, received_at)
        if CLICK_SIGN in headers:
            return self._click(headers, raw, received_at)
        if ROBOT_SIGN in headers:
            return self._message(headers, raw, received_at)
        raise NotAuthentic("no signature")

    def _message(self, headers: Mapping[str, str], raw: bytes, received_at: datetime) -> WebhookCall:
        check_robot(self._settings, headers, received_at)
        inbound = self._reader.message(object_in(raw), received_at)
        self._tally.count(PUSHES, 1)
        return Received(inbound, lambda _: _DONE)

    def _click(self, headers: Mapping[str, str], raw: bytes, received_at: datetime) -> WebhookCall:
        delivery = check_click(self._settings, headers, received_at)
        clicked = self._reader.click(object_in(raw), delivery, received_at)
        self._tally.count(PUSHES, 1)
        return Received(clicked, partial(_reply, self._settings, clicked.message))

    def _event(self, query: Mapping[str, str], raw: bytes, received_at: datetime) -> WebhookCall:
        if self._cipher is None:
            raise NotAuthentic("an event came, but no event_token is configured")
        event = self._cipher.open(query, raw)
        kind = _text(event.get("EventType"))
        answer = _answer(self._cipher.success(received_at))
        if kind == _ADDRESS_CHECK:
            return Immediate(answer)
        at = event.get("EventTime") or event.get("timeStamp")
        event_id = _text(event.get("eventId")) or _text(event.get("EventId"))
        return Received(self._reader.event(kind, event_id, at, event, received_at), lambda _: answer)


def _reply(settings: DingTalkSettings, out_track_id: str, answer: Answer) -> HttpAnswer:
    try:
        return _answer(encode_answer(answer, out_track_id, settings))
    except ContentRefused as error:
        _log.error("a card's new face cannot be shown", action="dingtalk.click.unshown", code=error.code)
        return _DONE


def _answer(body: Mapping[str, Any]) -> HttpAnswer:
    return HttpAnswer(200, _JSON, orjson.dumps(body))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
