"""The way from the platform to an app: what an envelope looks like, and what can come back over either ingress."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.feishu.faults import FaultKind
from sandbox.feishu.settings import CARD_CLICKED, FakeApp
from sandbox.feishu.world import World

Envelope = dict[str, Any]

_FOREIGN_TOKEN = "a token of somebody else"  # noqa: S105 it opens nothing


class Outcome(StrEnum):
    """What became of one try to reach an app."""

    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    NOT_REACHED = "not_reached"
    NOT_RESOLVED = "not_resolved"
    CONNECTION_LOST = "connection_lost"
    NO_ROUTE = "no_route"
    """No address is configured, or no long connection is alive."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        outcome: Whether anything came at all.
        status: HTTP status, or `code` of the answer frame; 0 without an answer.
        content: The answer's JSON text; None where an answer frame carries no `data`.
    """

    outcome: Outcome
    status: int = 0
    content: bytes | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the platform counts the event as delivered."""
        return self.outcome is Outcome.ANSWERED and self.status == 200


class Line(Protocol):
    """One ingress of apps."""

    async def send(self, app: FakeApp, envelope: Envelope) -> Reply:
        """Deliver an envelope once and wait for the answer, as long as the platform does."""
        ...


def envelope_of(world: World, app: FakeApp, event_type: str, event: Mapping[str, Any]) -> Envelope:
    """An envelope of version 2.0 with a new event id; card callbacks count in microseconds, others in milliseconds."""
    now_ms = world.now_ms()
    return {
        "schema": "2.0",
        "header": {
            "event_id": world.store.mint(""),
            "token": app.verification_token,
            "create_time": str(now_ms * 1000 if event_type == CARD_CLICKED else now_ms),
            "event_type": event_type,
            "tenant_key": world.tenant_key,
            "app_id": app.app_id,
        },
        "event": dict(event),
    }


def on_the_wire(world: World, envelope: Envelope) -> bytes:
    """The envelope as it leaves, with the faults that change it."""
    header = dict(envelope["header"])
    if world.faults.take(FaultKind.NO_TOKEN):
        del header["token"]
    elif world.faults.take(FaultKind.WRONG_TOKEN):
        header["token"] = _FOREIGN_TOKEN
    return json.dumps({**envelope, "header": header}, ensure_ascii=False).encode()
