"""What the shared suite must be given of a platform: its adapter, its fake, its seal and its codes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from adapters.webhook import Webhook
from domain.cards import Answer, CardKey
from domain.errors import PlatformError
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Outgoing
from domain.ports import Clock, Platform

ORG = OrgId("acme")
NOW = datetime.fromisoformat("2026-11-27T08:00:00+00:00")
"""When the suite's callbacks are made: Friday, 16:00 in Shanghai."""

STRANGER = "nobody-9"
"""The platform's id of somebody whom no fake knows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A callback as it arrives: body and whatever proves where it comes from."""

    raw: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


class Fake(Protocol):
    """What all three fakes of the sandbox can be asked."""

    @property
    def complaints(self) -> Sequence[str]:
        """What the app did against the protocol."""

    def messages_of(self, external_id: str, /) -> list[dict[str, Any]]:
        """Return what somebody sees."""

    def set_fault(self, kind: str, times: int | None = 1, seconds: float = 0.0) -> None:
        """Misbehave from now on."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that the fake has seen.

    Attributes:
        path: Of the API.
        failed: Whether it was answered with an error.
        at_seconds: By the fake's clock.
        receivers: How many people it named; 0 where the fake does not count them.
    """

    path: str
    failed: bool
    at_seconds: float
    receivers: int = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """An adapter beside its fake.

    Attributes:
        client: Sends, with everything the platform can show.
        plain: Sends where nothing was set up that need not be; the same as `client` where there is no such thing.
        fake: The platform.
        people: Ids of some who can be reached.
        calls: What the fake has seen, oldest first.
        token: Gets a token as every call does.
    """

    client: Platform
    plain: Platform
    fake: Fake
    people: Sequence[str]
    calls: Callable[[], Sequence[Made]]
    token: Callable[[], Awaitable[str]]


Refuse = Callable[[str], Awaitable[PlatformError]]
"""Lets the platform answer a call with a code and returns what our adapter raised for it."""


class Hands(ABC):
    """One platform's own hands.

    Attributes:
        platform: Its name in the configuration.
        kinds: Sorts of callbacks that it makes over HTTP.
        ageless: Those whose proof never ends, because the platform sends them again days later with the same proof.
        window: How old a proof may be.
        meanings: What each documented code stands for, the whole table.
        token_codes: Those of them after which the token is renewed and the call made once more.
        token_path: Part of the path by which a token is asked for.
        send_path: Part of the path of every call that sends a message.
        token_faults: Kinds of faults by which the fake ends a token early.
    """

    platform: ClassVar[str]
    kinds: ClassVar[Sequence[str]]
    ageless: ClassVar[frozenset[str]] = frozenset()
    window: ClassVar[timedelta]
    meanings: ClassVar[Mapping[type[PlatformError], Sequence[str]]]
    token_codes: ClassVar[Sequence[str]]
    token_path: ClassVar[str]
    send_path: ClassVar[str]
    token_faults: ClassVar[Sequence[str]]

    @abstractmethod
    def webhook(self) -> Webhook:
        """Return what reads callbacks of the suite's app."""

    @abstractmethod
    def payload(self, kind: str, who: str, key: CardKey, action: str, form: Mapping[str, str]) -> bytes:
        """Return what a callback says before it is sealed; texts say the action."""

    @abstractmethod
    def seal(self, kind: str, payload: bytes, at: datetime, *, forged: bool = False) -> Envelope:
        """Prove that a payload comes from the platform; a forged one is made with other secrets."""

    @abstractmethod
    def known(self) -> frozenset[str]:
        """Return every code to which the adapter gives a meaning."""

    @abstractmethod
    def refusing(self) -> AbstractAsyncContextManager[Refuse]:
        """Open a server that answers as it is told."""

    @abstractmethod
    def bench(self, clock: Clock) -> AbstractAsyncContextManager[Bench]:
        """Open the fake, whose limits are on and run by that clock, with the adapter beside it."""

    def text(self, words: str = "你好", who: str = "wanglei") -> bytes:
        """Return what somebody writing to the bot looks like before it is sealed."""
        return self.payload(self.kinds[0], who, CardKey("checkin", "c1"), words, {})

    def click(self, key: CardKey, action: str, form: Mapping[str, str] | None = None, who: str = "wanglei") -> bytes:
        """Return what a click looks like before it is sealed."""
        return self.payload("click", who, key, action, form or {})

    def row(self, to: str, body: Body, call: Call = Call.TEXT, message_id: str = "m00abcdef", **more: Any) -> Outgoing:
        """Return a row of the outbox."""
        return Outgoing(ORG, MessageId(message_id), self.platform, call, PersonId(to), to, body, **more)


async def nothing_to_say(_: object) -> Answer:
    """Handle an event by doing nothing."""
    return Answer()
