"""Callbacks over HTTP: the check of a new address, messages, events and clicks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import structlog

from adapters.webhook import HttpAnswer, Immediate, Received, Webhook, WebhookCall
from adapters.wecom.passive import sealed, update_message
from adapters.wecom.render import render
from adapters.wecom.settings import WeComSettings
from adapters.wecom.verify import Verifier
from adapters.wecom.wire import decode
from domain.cards import Answer
from domain.errors import ContentRefused
from domain.events import CardClicked
from domain.ids import OrgId

_TEXT = "text/plain; charset=utf-8"
_XML = "application/xml; charset=utf-8"

_NOTHING_TO_SAY = HttpAnswer(200, _TEXT, b"")
"""An empty body; the word "success" is another product's."""

_log = structlog.get_logger()


class WeComWebhook(Webhook):
    """The callbacks of one app: one address for the check (GET) and for everything else (POST).

    Args:
        settings: Which app.
        org_id: Whose app it is.
    """

    def __init__(self, settings: WeComSettings, org_id: OrgId) -> None:
        self._settings = settings
        self._verifier = Verifier(settings)
        self._org_id = org_id

    def receive(
        self, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes, received_at: datetime
    ) -> WebhookCall:
        """Verify and decode one call, all of whose proofs stand in the query.

        Raises:
            NotAuthentic: The proof of origin is missing or wrong.
            Malformed: Authentic but unreadable.
        """
        if "echostr" in query:
            return Immediate(HttpAnswer(200, _TEXT, self._verifier.echo(query, received_at)))
        message = self._verifier.open(query, raw, received_at)
        inbound = decode(message, self._org_id, str(self._settings.agent_id), received_at)
        if not isinstance(inbound, CardClicked):
            return Received(inbound, lambda _: _NOTHING_TO_SAY)
        return Received(inbound, partial(self._reply, inbound, query["timestamp"], query["nonce"], received_at))

    def _reply(
        self, click: CardClicked, timestamp: str, nonce: str, received_at: datetime, answer: Answer
    ) -> HttpAnswer:
        """Give the clicked card its new face; there is no place for a sentence."""
        if answer.card is None:
            return _NOTHING_TO_SAY
        try:
            template = render(answer.card, click.message, self._settings.labels, fresh=False).template
        except ContentRefused as error:
            _log.error("a card's new face cannot be shown", action="wecom.click.unshown", code=error.code)
            return _NOTHING_TO_SAY
        message = update_message(template, click.origin.actor, self._settings.corp_id, received_at)
        return HttpAnswer(200, _XML, sealed(message, self._verifier.envelope, timestamp, nonce))
