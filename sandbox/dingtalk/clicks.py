"""Pressing buttons: what the client checks, what the app is asked, and what its answer does to the card.

Rules: dingtalk.md sections 7.4, 7.5 and 8. The answer changes only what the one who clicked sees; there is no notice
beside the card, and the platform does not repeat a click that got no answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk import payloads
from sandbox.dingtalk.card_face import SUBMIT, Button, buttons_of, drawn, fields_of
from sandbox.dingtalk.card_instances import CallbackType, Card, CardInstances, Cause
from sandbox.dingtalk.card_request import by_key_options
from sandbox.dingtalk.cards import Cards, answered_maps
from sandbox.dingtalk.decoding import decoded_object
from sandbox.dingtalk.deliveries import Activity
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.forms import FormProblem, form_values
from sandbox.dingtalk.lines import Line, Outcome, Push, PushKind, Reply
from sandbox.dingtalk.links import action_links, speaking_links
from sandbox.dingtalk.message_kinds import CARD, MARKDOWN
from sandbox.dingtalk.messages import Chat, Message, Messages, Sender
from sandbox.dingtalk.refusals import Refusal
from sandbox.dingtalk.view import SPEAKS, layout_of
from sandbox.dingtalk.webhook import Webhook

_ERRORS = {
    Outcome.NO_ROUTE: "not connected",
    Outcome.NOT_REACHED: "not connected",
    Outcome.CONNECTION_LOST: "not connected",
    Outcome.LOST: "not connected",
    Outcome.TIMED_OUT: "no answer in time",
    Outcome.BAD_ANSWER: "bad answer",
    Outcome.LATER: "bad answer",
}


@dataclass(frozen=True, slots=True)
class ClickResult:
    """What a person sees right after pressing.

    Attributes:
        toast: Always None; the platform has no such notice.
        card: The card's variables, decoded, as the answer left them for this person; None where it changed nothing.
        error: None where it went well; `not connected`, `no answer in time`, `bad answer`, `refused <code>` where the
            app failed; the client's own refusals are `gone`, `recalled`, `not yours`, `not configured`,
            `unknown input: <name>`, `required: <name>`, `too long: <name>`, `not possible: <name>`.
    """

    toast: dict[str, str] | None = None
    card: dict[str, Any] | None = None
    error: str | None = None


class _Refused(Exception):
    """The client shows words instead of a result."""


class Clicker:
    """Simulates presses.

    Args:
        messages: The organisation's messages.
        instances: Its cards.
        cards: Knows the registered addresses.
        stream: The way over connections.
        webhook: The way to addresses.
        activity: Where running callbacks are counted.
    """

    def __init__(
        self,
        messages: Messages,
        instances: CardInstances,
        cards: Cards,
        stream: Line,
        webhook: Webhook,
        activity: Activity,
    ) -> None:
        self._messages = messages
        self._world = messages.world
        self._instances = instances
        self._cards = cards
        self._stream = stream
        self._webhook = webhook
        self._activity = activity

    async def click(
        self,
        user_id: str,
        message_id: str,
        action: str,
        form: Mapping[str, Any],
        say: Callable[[str, str], Awaitable[object]],
    ) -> ClickResult:
        """Press what has this action, or this label, on a message as it stands.

        Args:
            user_id: Who presses.
            message_id: On which message.
            action: A button's action, `dtmd:<n>` for a link that speaks.
            form: What the person entered.
            say: Sends a text in the person's name, given the client id and the text.

        Raises:
            KeyError: There is no such message.
        """
        try:
            message, chat = self._pressable(user_id, message_id)
            if message.kind == CARD:
                with self._activity.running():
                    return await self._press(message, chat, user_id, action, form)
            text = _spoken(message, action)
            if text:
                await say(message.client_id, text)
            return ClickResult()
        except (_Refused, FormProblem) as refused:
            return ClickResult(error=str(refused))

    def _pressable(self, user_id: str, message_id: str) -> tuple[Message, Chat]:
        message = self._messages.known(message_id)
        chat = self._messages.chat(message.chat_id)
        if chat is None or user_id not in chat.members:
            raise _Refused("not yours")
        if message.recalled:
            raise _Refused("recalled")
        if message.sender is Sender.PERSON:
            raise _Refused("gone")
        return message, chat

    async def _press(
        self, message: Message, chat: Chat, user_id: str, action: str, form: Mapping[str, Any]
    ) -> ClickResult:
        card = self._instances.known(message.content["outTrackId"])
        button = self._target(card, user_id, action)
        params = self._params(card, user_id, button, form)
        data = payloads.clicked(self._world, card, chat, user_id, button.action_id, params)
        reply = await self._ask(card, data)
        if reply.outcome is not Outcome.ANSWERED:
            raise _Refused(_ERRORS[reply.outcome])
        if reply.status != 200:
            raise _Refused(f"refused {reply.status}")
        return self._apply(card, user_id, reply.content)

    def _target(self, card: Card, user_id: str, action: str) -> Button:
        layout = layout_of(self._world, card.client_id, card.template_id)
        buttons = buttons_of(layout, self._instances.face(card.out_track_id, user_id).variables)
        named = [button for button in buttons if button.action == action]
        found = named or [button for button in buttons if button.label == action]
        if not found or not action:
            raise _Refused("gone")
        return found[0]

    def _params(self, card: Card, user_id: str, button: Button, form: Mapping[str, Any]) -> dict[str, Any]:
        if not button.submits:
            return {"action": button.action}
        layout = layout_of(self._world, card.client_id, card.template_id)
        values = form_values(fields_of(layout, self._instances.face(card.out_track_id, user_id).variables), form)
        action = "" if button.action == SUBMIT else button.action
        return {"action": action, "form": values, "current_form": values}

    async def _ask(self, card: Card, data: dict[str, Any]) -> Reply:
        self._world.quota.spend_push()
        push = Push(self._world.store.mint(""), PushKind.CLICK, "", data, self._world.now_ms())
        reply = await self._sent(card, push)
        if reply.succeeded and self._world.faults.take(FaultKind.REPEAT):
            await self._sent(card, push)
        return reply

    async def _sent(self, card: Card, push: Push) -> Reply:
        app = self._world.apps[card.client_id]
        if card.callback_type is CallbackType.STREAM:
            return await self._stream.send(app, push)
        route = self._cards.route(card.client_id, card.route_key)
        if card.callback_type is CallbackType.NONE or route is None:
            raise _Refused("not configured")
        return await self._webhook.click(*route, push.data)

    def _apply(self, card: Card, user_id: str, content: str) -> ClickResult:
        answer = _answer(content)
        try:
            maps = answered_maps(self._instances, answer)
        except Refusal as refused:
            self._world.complain(f"a click was answered with a bad card: {refused.sentence}")
            raise _Refused("bad answer") from refused
        public_by_key, private_by_key = by_key_options(answer.get("cardUpdateOptions"))
        if "cardData" in maps:
            self._instances.show(card.out_track_id, user_id, maps["cardData"], by_key=public_by_key)
        if "userPrivateData" in maps:
            private = maps["userPrivateData"]
            self._instances.confide(card.out_track_id, user_id, private, Cause.ANSWERED, by_key=private_by_key)
        if not maps:
            return ClickResult()
        layout = layout_of(self._world, card.client_id, card.template_id)
        return ClickResult(card=drawn(layout, self._instances.face(card.out_track_id, user_id).variables))


def _spoken(message: Message, action: str) -> str:
    """What a press on a message that is no card says, empty where it only opens an address.

    Raises:
        _Refused: There is no such link.
    """
    if message.kind != MARKDOWN:
        labels = [label for label, _ in action_links(message.content)]
        if action in (*labels, *(f"link:{number}" for number in range(len(labels)))):
            return ""
        raise _Refused("gone")
    for number, link in enumerate(speaking_links(message.content.get("text", ""))):
        if action in (f"{SPEAKS}{number}", link.label):
            return link.text
    raise _Refused("gone")


def _answer(content: str) -> dict[str, Any]:
    found = decoded_object(content) if content.strip() else {}
    if found is None:
        raise _Refused("bad answer")
    return found
