"""Outgoing messages: what waits in the outbox, and what became of it.

One row is one API call. A row's id is also the idempotency key handed to the platform, so that a call repeated after a
crash is recognised there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol

from domain.cards import Card, CardKey
from domain.ids import DutyId, MessageId, OrgId, PersonId
from domain.people import Person

MAIL_LANE = "mail"
"""The lane of the mail server; every other lane bears a platform's name."""


class Call(StrEnum):
    """Which kind of call a row is."""

    CARD = "card"
    TEXT = "text"
    UPDATE = "update"
    MAIL = "mail"


class Priority(IntEnum):
    """What goes first when a lane is busy or a person's daily budget is short; smaller is sooner."""

    ANSWER = 0
    """The person has just asked for it."""
    PERSONAL = 10
    """Somebody's reply, a decision."""
    ESCALATION = 20
    REMINDER = 30
    PROMPT = 40
    SUMMARY = 50
    DIGEST = 60


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text; the adapter adds nothing but headers."""

    subject: str
    text: str


Body = Card | Mail | str
"""What is said; a string is a plain text message."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be put into the outbox.

    Attributes:
        to: Who gets it.
        body: What is said, in their language.
        priority: Its rank.
        dedupe: Unique within the organisation; a second draft with the same is dropped.
        asked: True for the answer to the person's own act: quiet hours and the daily budget do not apply.
        duty_id: The duty it speaks for; when that closes, an unsent message is withdrawn.
        send_after: Not before this instant, UTC.
        by_mail: Goes to the person's mail address.
    """

    to: PersonId
    body: Body
    priority: Priority
    dedupe: str
    asked: bool = False
    duty_id: DutyId | None = None
    send_after: datetime | None = None
    by_mail: bool = False


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A card that lies in somebody's chat and may have to show a new face.

    Attributes:
        message_id: Our id of the message that carried it.
        person_id: In whose chat it lies.
        lane: Which platform carried it.
        external_id: The platform's id of it.
        card: What it is about.
        sent_at: UTC; platforms let cards be changed only for some days.
    """

    message_id: MessageId
    person_id: PersonId
    lane: str
    external_id: str
    card: CardKey
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row claimed for sending.

    Attributes:
        org_id: The organisation.
        message_id: Our id and the idempotency key.
        lane: Where it goes.
        call: What kind of call.
        person_id: Who gets it.
        receiver: The platform's id of that person, or the mail address.
        body: What is said.
        target: The platform's id of the message to change, for updates.
        attempts: Tries before this one.
    """

    org_id: OrgId
    message_id: MessageId
    lane: str
    call: Call
    person_id: PersonId
    receiver: str
    body: Body
    target: str = ""
    attempts: int = 0


class Fate(StrEnum):
    """What became of a try."""

    SENT = "sent"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one try.

    Attributes:
        message_id: Which row.
        fate: What became of it.
        external_id: The platform's id of the message, if it made one.
        error: The platform's code, never content.
        retry_at: When to try again, for `RETRY`.
        receiver_lost: The receiver cannot be reached by this platform until the directory says otherwise.
    """

    message_id: MessageId
    fate: Fate
    external_id: str = ""
    error: str = ""
    retry_at: datetime | None = None
    receiver_lost: bool = False


class Candidate(Protocol):
    """A due row of a claimed lane, with what is needed to judge whether it may be said now."""

    @property
    def outgoing(self) -> Outgoing:
        """What would be sent."""

    @property
    def person(self) -> Person:
        """Who gets it."""

    @property
    def asked(self) -> bool:
        """Whether it answers the person's own act."""

    @property
    def first_try(self) -> bool:
        """False for a repetition, which was counted against the budget before."""

    @property
    def interrupted(self) -> bool:
        """Whether a sender was lost while sending it: it may have gone out, and must be made sure of now."""
