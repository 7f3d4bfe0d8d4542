"""What platforms tell us, after an adapter has verified and decoded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.cards import CardKey
from domain.ids import OrgId

FormValue = str | tuple[str, ...] | bool
"""What a field brings back: text or one option; several options; a tick."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from, and the key under which a repetition is recognised.

    Attributes:
        org_id: Whose app received it.
        platform: The platform's name in the configuration.
        event_id: Unique within platform and organisation; a redelivery carries the same.
        actor: The platform's id of whoever acted, empty for events without one.
        occurred_at: The platform's own time of the event, UTC.
    """

    org_id: OrgId
    platform: str
    event_id: str
    actor: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class TextSaid:
    """Somebody wrote to the bot in private.

    Attributes:
        origin: Where it comes from.
        text: Their words, mentions of the bot removed, outer blanks stripped.
        reply_to: The platform's id of the message they quoted, or `None`.
    """

    origin: Origin
    text: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class CardClicked:
    """Somebody pressed a button of a card.

    Attributes:
        origin: Where it comes from; the actor is whoever clicked, whoever the card was for.
        card: What the card is about, or `None` if the button is not of ours or too old to know.
        action: The button's name.
        form: The fields sent along; fields left empty may be missing.
        message: The platform's id of the message that holds the card, or ours where the platform gives that back.
        silent: The platform shows no sentence after a click; what is to be said must come as a message.
    """

    origin: Origin
    card: CardKey | None
    action: str
    form: Mapping[str, FormValue] = field(default_factory=dict)
    message: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ChatOpened:
    """Somebody opened the chat with the bot."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class DirectoryChanged:
    """Somebody joined, moved or left, or what the app may see has changed: the directory should be read again.

    Attributes:
        origin: Where it comes from.
        left: The platform's ids of those who certainly left.
    """

    origin: Origin
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic, but of a sort we have no use for: acknowledged so that it is not repeated."""

    origin: Origin
    event_type: str


Inbound = TextSaid | CardClicked | ChatOpened | DirectoryChanged | Ignored
