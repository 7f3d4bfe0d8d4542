"""Tokens for updating a clicked card later (feishu.md section 5.7): half an hour, two uses, after the answer only."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from sandbox.feishu.calls import ApiCall, Body, ok
from sandbox.feishu.card_model import CardFault
from sandbox.feishu.cards import check_card
from sandbox.feishu.content import references_of
from sandbox.feishu.messages import Cause, Message, Messages
from sandbox.feishu.refusals import refusal
from sandbox.feishu.sending import check_succession
from sandbox.feishu.settings import CARD_TOKEN_LIFE, CARD_TOKEN_USES, MOST_BYTES_OF_CARD


class CardTokens:
    """The tokens of one tenant."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._world = messages.world

    def issue(self, message: Message) -> str:
        """A token for a click on a message that is about to be asked."""
        token = self._world.store.mint("c-")
        expires_ms = self._world.now_ms() + int(CARD_TOKEN_LIFE.total_seconds() * 1000)
        self._world.store.run(
            "INSERT INTO card_tokens (token, app_id, message_id, expires_ms, uses, answered) VALUES (?, ?, ?, ?, 0, 0)",
            *(token, message.app_id, message.message_id, expires_ms),
        )
        return token

    def mark_answered(self, token: str) -> None:
        """The click of this token was answered, or nobody waits any longer; from now on it may be used."""
        self._world.store.run("UPDATE card_tokens SET answered = 1 WHERE token = ?", token)

    def update(self, call: ApiCall) -> Body:
        """`POST /interactive/v1/card/update`.

        Raises:
            Refusal: 300020, 300030, 300040 or 200310 for the token, 300000 before the click's answer, 200000 for a
                recalled card, 11311, 10002 or 230025 for the new one.
        """
        card = call.body.get("card")
        if not isinstance(card, dict):
            raise refusal(10002)
        row = self._usable(call)
        message = self._messages.known(row["message_id"])
        if message.recalled:
            raise refusal(200000)
        self._check(message, card)
        self._world.store.run("UPDATE card_tokens SET uses = uses + 1 WHERE token = ?", row["token"])
        self._messages.rewrite(message.message_id, card, Cause.UPDATED_LATE)
        return ok()

    def _usable(self, call: ApiCall) -> sqlite3.Row:
        token = str(call.body.get("token") or "")
        row = self._world.store.row("SELECT * FROM card_tokens WHERE token = ?", token)
        if not token.startswith("c-") or row is None:
            raise refusal(300020)
        if row["app_id"] != call.app.app_id:
            raise refusal(200310)
        if row["expires_ms"] <= self._world.now_ms():
            raise refusal(300030)
        if row["uses"] >= CARD_TOKEN_USES:
            raise refusal(300040)
        if not row["answered"]:
            raise refusal(300000)
        return row

    def _check(self, message: Message, card: dict[str, Any]) -> None:
        if len(json.dumps(card, ensure_ascii=False).encode()) > MOST_BYTES_OF_CARD:
            raise refusal(230025)
        check_succession(message.content, card)
        try:
            check_card(card, references_of(self._world, message.app_id))
        except CardFault as fault:
            raise refusal(11311, fault.sentence) from fault
