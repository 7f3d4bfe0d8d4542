"""Pressing buttons: what the client lets a person do, what the app is told, and what its answer does to the card.

Rules: wecom.md sections 5, 11 and 12. The client shows nothing after a press but the card itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.wecom import payloads
from sandbox.wecom.deliveries import Pusher, State
from sandbox.wecom.messages import Message, Messages
from sandbox.wecom.response_codes import ResponseCodes
from sandbox.wecom.view import Question, buttons_of, menu_keys, questions_of
from sandbox.wecom.visibility import is_visible

NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class ClickResult:
    """What a person sees right after pressing.

    Attributes:
        toast: Always None: WeCom has no such notice.
        card: The card as it stands after the press, None where it did not change.
        error: None where it went well, `no answer` where the app did not take the event (it is tried again), else the
            client's own refusal: `gone`, `disabled`, `recalled`, `not yours`, `unknown input: <name>`,
            `not possible: <name>`.
    """

    toast: dict[str, str] | None = None
    card: dict[str, Any] | None = None
    error: str | None = None


class _Refused(Exception):
    """The client does not let the person do this; says why."""


class Clicker:
    """Simulates clicks.

    Args:
        messages: The company's messages.
        codes: Where the codes of clicks come from.
        pusher: Delivers what happens.
    """

    def __init__(self, messages: Messages, codes: ResponseCodes, pusher: Pusher) -> None:
        self._messages = messages
        self._world = messages.world
        self._codes = codes
        self._pusher = pusher

    async def click(self, user_id: str, message_id: str, action: str, form: Mapping[str, Any]) -> ClickResult:
        """Press what is named `action` (by key, or by what is written on it) on the card as it stands."""
        try:
            message = self._clickable(user_id, message_id)
            questions = questions_of(message.content)
            if action in {question.key for question in questions}:
                return ClickResult()  # choosing alone tells the app nothing
            button = _target(message, action)
            selected = _selected(questions, form)
        except _Refused as refused:
            return ClickResult(error=str(refused))
        if button["link"] is not None:
            return ClickResult()
        in_menu = button["action"] in menu_keys(message.content)
        return await self._tell(message, button["action"], {} if in_menu else selected, in_menu=in_menu)

    def _clickable(self, user_id: str, message_id: str) -> Message:
        message = self._messages.known(message_id)
        app = self._world.apps[message.agent_id]
        if message.user_id != user_id:
            raise _Refused("not yours")
        if message.recalled:
            raise _Refused("recalled")
        if not message.is_card or not is_visible(self._world.directory, app, self._world.directory.user(user_id)):
            raise _Refused("gone")
        return message

    async def _tell(
        self, card: Message, key: str, selected: Mapping[str, Sequence[str]], *, in_menu: bool
    ) -> ClickResult:
        app, event = self._world.apps[card.agent_id], payloads.MENU_CHOSEN if in_menu else payloads.CARD_CLICKED
        code = self._codes.issue(app.agent_id, card.msgid)
        told = payloads.card_clicked(card, key, code, selected)
        fields = payloads.event(self._world, app, card.user_id, event, told)
        number = await self._pusher.push(app, event, card.user_id, fields, card.message_id)
        present = self._messages.known(card.message_id)
        changed = present.content if present.version != card.version and not present.recalled else None
        return ClickResult(card=changed, error=self._failure(number))

    def _failure(self, number: int | None) -> str | None:
        if number is None:
            return NO_ANSWER
        return NO_ANSWER if self._pusher.delivery(number).state in (State.RETRY, State.DEAD) else None


def _target(message: Message, action: str) -> dict[str, Any]:
    buttons = buttons_of(message.content)
    found = [each for each in buttons if each["action"] == action] or [
        each for each in buttons if each["label"] == action
    ]
    if found and found[0]["disabled"]:
        raise _Refused("disabled")
    if not found or not action:
        raise _Refused("disabled" if message.content.get("replace_text") else "gone")
    return found[0]


def _selected(questions: Sequence[Question], form: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """What a submit sends: every question with its chosen options, whether touched or not."""
    strangers = set(form) - {question.key for question in questions}
    if strangers:
        raise _Refused(f"unknown input: {min(strangers)}")
    return {question.key: _chosen(question, form) for question in questions}


def _chosen(question: Question, form: Mapping[str, Any]) -> Sequence[str]:
    if question.fixed or question.key not in form:
        return question.initial
    given = form[question.key]
    chosen = list(given) if isinstance(given, list | tuple) else [given] if given not in (None, "") else []
    if not chosen and not question.may_be_empty:
        return question.initial
    if len(chosen) > 1 and not question.several:
        raise _Refused(f"not possible: {question.key}")
    if not all(isinstance(each, str) and each in question.options for each in chosen):
        raise _Refused(f"not possible: {question.key}")
    return [each for each in question.options if each in chosen]
