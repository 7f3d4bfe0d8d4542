"""Pressing buttons: what the client checks, what the app is asked, and what its answer does to the card.

Rules: feishu.md sections 5.6 and 12.2. The platform does not repeat a click that got no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.feishu.card_model import CardFault, config_of, is_v2
from sandbox.feishu.card_schema import INPUTS
from sandbox.feishu.card_tokens import CardTokens
from sandbox.feishu.cards import check_card
from sandbox.feishu.content import references_of
from sandbox.feishu.deliveries import Activity
from sandbox.feishu.forms import ZONE, FormProblem, entered, form_value
from sandbox.feishu.lines import Line, Outcome, Reply, envelope_of
from sandbox.feishu.messages import Cause, Message, Messages
from sandbox.feishu.payloads import operator_ids
from sandbox.feishu.settings import CARD_CLICKED, MOST_BYTES_OF_CARD, PATCH_AGE, FakeApp, Ingress
from sandbox.feishu.view import Part, callback_value, calls_back, parts_of

NOT_CONFIGURED = "200340"
NO_ANSWER = "200341"
NOT_CONNECTED = "200342"
NOT_RESOLVED = "200343"
BAD_STATUS = "200671"
BAD_BODY = "200672"
BAD_CARD = "200673"
BACK_TO_V1 = "200830"
NO_DATA = "108002"
"""Over the long connection, an answer frame without `data`."""

_TOASTS = ("info", "success", "warning", "error")
_CODES = {
    Outcome.NO_ROUTE: NOT_CONFIGURED,
    Outcome.TIMED_OUT: NO_ANSWER,
    Outcome.NOT_REACHED: NOT_CONNECTED,
    Outcome.NOT_RESOLVED: NOT_RESOLVED,
    Outcome.CONNECTION_LOST: NOT_CONNECTED,
}
_CHANGE_KEYS = {"input": "input_value", "checker": "checked"}


@dataclass(frozen=True, slots=True)
class ClickResult:
    """What a person sees right after pressing.

    Attributes:
        toast: `{"type", "content"}`, None where none came.
        card: The card that the answer put in place, None where it changed nothing.
        error: None where it went well. A number is the code that the client shows (200341 is "no answer in time");
            words are the client's own refusal: `gone`, `disabled`, `recalled`, `expired`, `not yours`,
            `unknown input: <name>`, `required: <name>`, `too long: <name>`, `not possible: <name>`.
    """

    toast: dict[str, str] | None = None
    card: dict[str, Any] | None = None
    error: str | None = None


class _Refused(Exception):
    """The client shows a code or a word instead of a result."""


@dataclass(frozen=True, slots=True)
class _Answer:
    toast: dict[str, str] | None
    card: dict[str, Any] | None


class Clicker:
    """Simulates clicks.

    Args:
        messages: The tenant's messages.
        tokens: The tokens for delayed updates.
        lines: The two ingresses.
        activity: Where running callbacks are counted.
    """

    def __init__(
        self, messages: Messages, tokens: CardTokens, lines: Mapping[Ingress, Line], activity: Activity
    ) -> None:
        self._messages = messages
        self._world = messages.world
        self._tokens = tokens
        self._lines = lines
        self._activity = activity

    async def click(self, user_id: str, message_id: str, action: str, form: Mapping[str, Any]) -> ClickResult:
        """Press what is named `action` (by name, or by what is written on it) on the card as it stands."""
        try:
            message = self._clickable(user_id, message_id)
            part = _target(message, action)
            if not calls_back(part) or part.resets:
                return ClickResult()
            touched = self._touched(message, part, form)
            with self._activity.running():
                return await self._ask(message, user_id, touched)
        except (_Refused, FormProblem) as refused:
            return ClickResult(error=str(refused))

    def _clickable(self, user_id: str, message_id: str) -> Message:
        message = self._messages.known(message_id)
        forwards = config_of(message.content).get("enable_forward_interaction") is True
        if message.user_id != user_id and not forwards:
            raise _Refused("not yours")
        if message.recalled:
            raise _Refused("recalled")
        if message.created_ms <= self._world.ms_ago(PATCH_AGE):
            raise _Refused("expired")
        return message

    def _touched(self, message: Message, part: Part, form: Mapping[str, Any]) -> dict[str, Any]:
        touched: dict[str, Any] = {"tag": part.tag, "timezone": ZONE}
        if callback_value(part) is not None:
            touched["value"] = callback_value(part)
        if part.name:
            touched["name"] = part.name
        if part.tag in INPUTS:
            value = entered(self._world, message, part, form.get(part.name))
            several = "options" if isinstance(value, list) else "option"
            return {**touched, _CHANGE_KEYS.get(part.tag, several): value}
        inputs = [each for each in parts_of(message.content) if each.tag in INPUTS]
        strangers = set(form) - {each.name for each in inputs}
        if strangers:
            raise FormProblem(f"unknown input: {min(strangers)}")
        if part.submits:
            own = [each for each in inputs if each.form == part.form and each.element.get("disabled") is not True]
            touched["form_value"] = form_value(self._world, message, own, form)
        return touched

    async def _ask(self, message: Message, user_id: str, touched: dict[str, Any]) -> ClickResult:
        app = self._world.apps[message.app_id]
        if CARD_CLICKED not in app.events:
            raise _Refused(NOT_CONFIGURED)
        token = self._tokens.issue(message)
        reply = await self._lines[app.ingress].send(app, self._envelope(app, message, user_id, touched, token))
        self._tokens.mark_answered(token)
        answer = _answer(reply)
        if answer.card is not None:
            self._check(message, answer.card)
        return ClickResult(answer.toast, self._apply(message, answer.card))

    def _envelope(
        self, app: FakeApp, message: Message, user_id: str, touched: dict[str, Any], token: str
    ) -> dict[str, Any]:
        world = self._world
        event = {
            "operator": {"tenant_key": world.tenant_key, **operator_ids(world, app, user_id)},
            "token": token,
            "action": touched,
            "host": "im_message",
            "context": {"open_message_id": message.message_id, "open_chat_id": message.chat_id},
        }
        return envelope_of(world, app, CARD_CLICKED, event)

    def _check(self, message: Message, card: dict[str, Any]) -> None:
        if len(json.dumps(card, ensure_ascii=False).encode()) > MOST_BYTES_OF_CARD:
            raise _Refused(BAD_CARD)
        if is_v2(message.content) and not is_v2(card):
            raise _Refused(BACK_TO_V1)
        try:
            check_card(card, references_of(self._world, message.app_id))
        except CardFault as fault:
            self._world.complain(f"a click was answered with a bad card: {fault.sentence}")
            raise _Refused(BAD_CARD) from fault

    def _apply(self, clicked: Message, card: dict[str, Any] | None) -> dict[str, Any] | None:
        """The answer wins over a PATCH that came before it; an answer without card puts the old card back."""
        present = self._messages.known(clicked.message_id)
        if present.recalled:
            return None
        if card is not None:
            self._messages.rewrite(clicked.message_id, card, Cause.CLICK_ANSWERED)
        elif present.version != clicked.version:
            self._messages.rewrite(clicked.message_id, clicked.content, Cause.CLICK_REVERTED)
        return card


def _target(message: Message, action: str) -> Part:
    if message.msg_type != "interactive":
        raise _Refused("gone")
    parts = parts_of(message.content)
    found = [part for part in parts if part.name == action] or [part for part in parts if part.label == action]
    if not found or not action:
        raise _Refused("gone")
    if found[0].element.get("disabled") is True:
        raise _Refused("disabled")
    return found[0]


def _answer(reply: Reply) -> _Answer:
    if reply.outcome is not Outcome.ANSWERED:
        raise _Refused(_CODES[reply.outcome])
    if reply.status != 200:
        raise _Refused(BAD_STATUS)
    if reply.content is None:
        raise _Refused(NO_DATA)
    try:
        answer = json.loads(reply.content)
    except ValueError:
        raise _Refused(BAD_BODY) from None
    if not isinstance(answer, dict):
        raise _Refused(BAD_BODY)
    return _Answer(_toast(answer.get("toast")), _card(answer.get("card")))


def _toast(toast: Any) -> dict[str, str] | None:
    if toast is None:
        return None
    if not isinstance(toast, dict) or toast.get("type", "info") not in _TOASTS:
        raise _Refused(BAD_BODY)
    content = (toast.get("i18n") or {}).get("zh_cn") or toast.get("content")
    if not isinstance(content, str):
        raise _Refused(BAD_BODY)
    return {"type": toast.get("type", "info"), "content": content}


def _card(card: Any) -> dict[str, Any] | None:
    if card is None:
        return None
    if not isinstance(card, dict) or card.get("type") not in ("raw", "template"):
        raise _Refused(BAD_BODY)
    data = card.get("data")
    if not isinstance(data, dict) or card["type"] == "template":
        raise _Refused(BAD_CARD)
    return data
