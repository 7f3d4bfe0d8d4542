"""The states of outbox rows, and how words of our own are written into SQL."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, literal_column


class MessageState(StrEnum):
    """Where an outbox row stands.

    The way of a message: ready → sending → sent, with dead, folded and withdrawn as other ends.
    """

    READY = "ready"
    """Waits for its turn."""
    SENDING = "sending"
    """Handed to a sender; picked again if that sender loses its lane."""
    LAST_TRY = "last_try"
    """Handed to a sender and withdrawn since: if this try fails, there is no other."""
    SENT = "sent"
    """Gone out."""
    DEAD = "dead"
    """Cannot go out; kept for the operator."""
    FOLDED = "folded"
    """Will be told by the day's digest."""
    WITHDRAWN = "withdrawn"
    """Not wanted any more before it went out."""


class Unreachable(StrEnum):
    """Why a message is dead before any platform was asked."""

    NO_PERSON = "no_person"
    """Nobody has that id."""
    NO_PLATFORM = "no_platform"
    """The person has no platform on which the bot speaks to them."""
    NO_IDENTITY = "no_identity"
    """The person's id on their platform is not known."""
    NO_MAIL = "no_mail"
    """The person has no mail address."""
    RECEIVER_LOST = "receiver_lost"
    """The platform said before that it cannot reach the person."""


def spelled(word: StrEnum) -> ColumnElement[str]:
    """Return one of our own machine words as an SQL literal; never for anything that came from outside.

    Literals, because both engines use a partial index only where they see its condition word for word.
    """
    return literal_column(f"'{word.value}'")


def among(column: ColumnElement[str], *words: StrEnum) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some words."""
    return column.in_([spelled(word) for word in words])


def only(column: ColumnElement[str], word: StrEnum) -> ColumnElement[bool]:
    """Return the condition that a column holds a word."""
    return column == spelled(word)
