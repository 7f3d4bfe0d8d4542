"""The way from the platform to an app: what is pushed, and what can come back over the stream or from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.dingtalk.settings import CARD_TOPIC, ROBOT_TOPIC, FakeDingTalkApp

Data = Mapping[str, Any]


class PushKind(StrEnum):
    """What is pushed."""

    MESSAGE = "message"
    EVENT = "event"
    CLICK = "click"

    @property
    def frame_type(self) -> str:
        """The `type` of its frames."""
        return "EVENT" if self is PushKind.EVENT else "CALLBACK"

    @property
    def topic(self) -> str:
        """The topic that a connection must have subscribed to."""
        return {PushKind.MESSAGE: ROBOT_TOPIC, PushKind.EVENT: "*", PushKind.CLICK: CARD_TOPIC}[self]


@dataclass(frozen=True, slots=True)
class Push:
    """One thing that an app is told.

    Attributes:
        push_id: `msgId` of a message, `eventId` of an event; the same in every try.
        kind: What it is.
        event_type: Of an event; empty otherwise.
        data: The business object.
        born_ms: When it happened, in milliseconds since 1970.
    """

    push_id: str
    kind: PushKind
    event_type: str
    data: Data
    born_ms: int


class Outcome(StrEnum):
    """What became of one try to reach an app."""

    ANSWERED = "answered"
    LATER = "later"
    """An event was answered with the wish to get it again."""
    BAD_ANSWER = "bad_answer"
    TIMED_OUT = "timed_out"
    NOT_REACHED = "not_reached"
    CONNECTION_LOST = "connection_lost"
    NO_ROUTE = "no_route"
    """No connection is alive or has subscribed to the topic, or no address is configured."""
    LOST = "lost"
    """It went to a connection that waits for its end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        outcome: Whether anything came at all.
        status: HTTP status, or `code` of the ack; 0 without an answer.
        content: The body, or the ack's `data`.
    """

    outcome: Outcome
    status: int = 0
    content: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the platform counts the push as delivered."""
        return self.outcome is Outcome.ANSWERED and self.status == 200


class Line(Protocol):
    """One way to apps."""

    async def send(self, app: FakeDingTalkApp, push: Push) -> Reply:
        """Deliver once and wait for the answer, as long as the platform does."""
        ...
