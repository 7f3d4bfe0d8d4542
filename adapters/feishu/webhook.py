"""Callbacks over HTTP: the check of a new address, events and clicks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import orjson

from adapters.feishu.settings import FeishuSettings
from adapters.feishu.verify import Envelope, Verifier
from adapters.feishu.wire import decode, encode_answer
from adapters.webhook import HttpAnswer, Immediate, Received, Webhook, WebhookCall
from domain.cards import Answer
from domain.errors import Malformed
from domain.events import CardClicked
from domain.ids import OrgId

_JSON = "application/json; charset=utf-8"
_DONE = HttpAnswer(200, _JSON, b"{}")


class FeishuWebhook(Webhook):
    """The callbacks of one app; events and clicks may use one address.

    Args:
        settings: Which app.
        org_id: Whose app it is.
        bot_open_id: The bot's own id, whose mention is dropped from texts; empty if not known.
    """

    def __init__(self, settings: FeishuSettings, org_id: OrgId, bot_open_id: str = "") -> None:
        self._verifier = Verifier(settings)
        self._org_id = org_id
        self._bot_open_id = bot_open_id

    def receive(
        self, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes, received_at: datetime
    ) -> WebhookCall:
        """Verify and decode one call; nothing of it stands in the query.

        Raises:
            NotAuthentic: The proof of origin is missing or wrong.
            Malformed: Authentic but unreadable.
        """
        envelope = self._verifier.open(headers, raw, received_at)
        challenge = challenge_of(envelope)
        if challenge is not None:
            return Immediate(HttpAnswer(200, _JSON, orjson.dumps({"challenge": challenge})))
        inbound = decode(envelope, self._org_id, received_at, self._bot_open_id)
        clicker = inbound.origin.actor if isinstance(inbound, CardClicked) else ""
        return Received(inbound, partial(_reply, clicker))


def open_envelope(settings: FeishuSettings, headers: Mapping[str, str], raw: bytes, received_at: datetime) -> Envelope:
    """Return the envelope of one callback; `FeishuWebhook` does the same without deriving the key each time.

    Raises:
        NotAuthentic: The proof of origin is missing or wrong.
        Malformed: Authentic but unreadable.
    """
    return Verifier(settings).open(headers, raw, received_at)


def challenge_of(envelope: Envelope) -> str | None:
    """Return what the check of a new address (请求地址校验) wants to hear, or `None` if the envelope is an event.

    Raises:
        Malformed: It is such a check, but asks nothing.
    """
    if envelope.get("type") != "url_verification":
        return None
    challenge = envelope.get("challenge")
    if not isinstance(challenge, str):
        raise Malformed("the check of the address holds no challenge")
    return challenge


def _reply(clicker: str, answer: Answer) -> HttpAnswer:
    body = encode_answer(answer, clicker)
    return HttpAnswer(200, _JSON, orjson.dumps(body)) if body else _DONE
