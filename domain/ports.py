"""What the core asks of the outer world. Each port has at least two implementations, one of them in the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.errors import PlatformError
from domain.messages import Outgoing


class Clock(Protocol):
    """Tells the time. Nothing else in the product may."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""


class Catalogue(Protocol):
    """The sentences shown to people, one set a language."""

    def say(self, locale: str, key: str, values: Mapping[str, object] | None = None) -> str:
        """Return the sentence in that language with its placeholders filled.

        Args:
            locale: "zh-CN" or "en"; an unknown one falls back to "zh-CN".
            key: Dotted name; an unknown one is a programming error and raises `KeyError`.
            values: One value a placeholder.
        """

    def instant(self, locale: str, at: datetime, zone: str, now: datetime) -> str:
        """Return an instant in people's words, in the reader's zone ("周五 16:05", "明天 16:05", "3月6日 16:05")."""

    def stamp(self, locale: str, at: datetime, zone: str) -> str:
        """Return an instant in words that stay true however old they get ("11月27日 周五 16:05"), for cards."""

    def day(self, locale: str, day: date) -> str:
        """Return a local date in people's words ("11月27日")."""

    def span(self, locale: str, seconds: float) -> str:
        """Return a length of time in people's words ("1 天 3 小时")."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a platform can do, as data; whoever composes or delivers asks for it instead of for a name.

    Attributes:
        cards: Shows cards with buttons.
        forms: Cards can hold input fields.
        updates: A sent card can be given a new face.
        update_days: For how many days.
        mentions: Can call a reader by name.
        calls_per_minute: The pace a lane may use: calls in any 60 s.
        calls_per_second: Calls in any 1 s.
        per_receiver_per_second: Calls to one person in any 1 s.
        idempotent_seconds: How long the platform recognises a repeated key; 0 if never.
        text_limit: Characters of a text message.
        batch: Receivers of one text at most; 1 where every message is a call of its own.
        batch_cards: The same for cards.
        per_receiver_per_minute: Calls to one person in any 60 s; 0 where there is no such limit.
        per_receiver_per_hour: Calls to one person in any 60 min; 0 where there is no such limit.
    """

    cards: bool = True
    forms: bool = True
    updates: bool = True
    update_days: int = 14
    mentions: bool = True
    calls_per_minute: int = 1000
    calls_per_second: int = 50
    per_receiver_per_second: int = 5
    idempotent_seconds: int = 3600
    text_limit: int = 5000
    batch: int = 1
    batch_cards: int = 1
    per_receiver_per_minute: int = 0
    per_receiver_per_hour: int = 0


class Platform(Protocol):
    """Sends what the outbox holds. One object serves one app of one organisation."""

    @property
    def abilities(self) -> Abilities:
        """What this platform can do."""

    async def deliver(self, message: Outgoing) -> str:
        """Make the one call that the row stands for.

        Returns:
            The platform's id of the message, or an empty string where it makes none.

        Raises:
            PlatformError: As its subclasses say what to do next; never returns a failure as success.
        """

    async def deliver_batch(self, messages: Sequence[Outgoing]) -> Sequence[str | PlatformError]:
        """Say the same to several people in one call, where `Abilities.batch` is more than 1.

        Args:
            messages: At most `Abilities.batch`, or `batch_cards`, of one kind of call and with equal bodies, each for
                another receiver.

        Returns:
            For each, in order: the platform's id of it, unique among all, or why this receiver did not get it.

        Raises:
            PlatformError: Nobody got it.
        """
        return [await self.deliver(message) for message in messages]


class Tally(Protocol):
    """Counts the calls that a platform bills or limits by the month."""

    def count(self, kind: str, calls: int) -> None:
        """Note calls that were made now.

        Args:
            kind: Which allowance they use up: "api" or "push".
            calls: How many.
        """


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """Somebody as a platform's directory shows them; links are that platform's ids.

    Attributes:
        external_id: The platform's id.
        name: As colleagues write it.
        department: Path of names from the top, joined by "/".
        manager: Line manager, or empty.
        dotted: A second manager, or empty.
        hrbp: HR business partner by the department, or empty.
        mail: Address, or empty if the app may not see it.
        active: False if frozen, resigned or not yet joined.
        title: Job title, or empty.
    """

    external_id: str
    name: str
    department: str = ""
    manager: str = ""
    dotted: str = ""
    hrbp: str = ""
    mail: str = ""
    active: bool = True
    title: str = ""


class DirectorySource(Protocol):
    """Reads a platform's directory whole."""

    def read(self) -> AsyncIterator[Sequence[DirectoryPerson]]:
        """Yield everybody the app may see, page by page.

        Raises:
            PlatformError: The reading is incomplete; what was yielded must not be taken as everybody.
        """


@dataclass(frozen=True, slots=True)
class Probe:
    """What a check of one connection found.

    Attributes:
        name: What was probed ("feishu.token").
        ok: Whether it works.
        detail: What was seen, safe to print.
        fix: What to do, in words; empty if ok.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""
