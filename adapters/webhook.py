"""What a web server needs to know of a platform's callbacks, without knowing the platform.

The server reads at most `MAX_BODY_BYTES`, calls `Webhook.receive`, and either sends the immediate answer or hands the
event on and sends what `Received.reply` makes of the answer. `NotAuthentic` becomes 401, `Malformed` 400.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.cards import Answer
from domain.events import Inbound

MAX_BODY_BYTES = 1024 * 1024
"""Callbacks are some kilobytes; whoever sends more is answered 413 before anything is verified."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer in full."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Immediate:
    """A call that concerns only the adapter, such as the check of a new address; send the answer and forget it."""

    answer: HttpAnswer


@dataclass(frozen=True, slots=True)
class Received:
    """A call that carries an event.

    Attributes:
        inbound: What happened.
        reply: Turns the core's answer into HTTP; may be called again with the same result.
    """

    inbound: Inbound
    reply: Callable[[Answer], HttpAnswer]


WebhookCall = Immediate | Received


class Webhook(Protocol):
    """Verifies and decodes the callbacks of one app."""

    def receive(
        self, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes, received_at: datetime
    ) -> WebhookCall:
        """Verify and decode one call; touches nothing but its arguments.

        Args:
            headers: Looked up without regard to case, as aiohttp's are.
            query: The decoded query; some platforms sign there.
            raw: The body, byte for byte, at most `MAX_BODY_BYTES`.
            received_at: UTC; stands in where the platform gives no time of its own.

        Raises:
            NotAuthentic: The proof of origin is missing or wrong.
            Malformed: Authentic but unreadable.
        """
