"""What goes out in one call: a message, or equal messages to several people where a platform takes them together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.ids import MessageId
from domain.messages import Body, Call, Outgoing
from domain.ports import Abilities


@dataclass(frozen=True, slots=True)
class Parcel:
    """One call.

    Attributes:
        messages: What it carries: one, or several of one kind with equal bodies, each to somebody else.
        at: When it may start, UTC.
    """

    messages: Sequence[Outgoing]
    at: datetime


@dataclass(slots=True)
class _Open:
    """The parcel that takes the next message of a kind."""

    number: int
    messages: list[Outgoing] = field(default_factory=list)


def receivers_of(abilities: Abilities) -> Mapping[Call, int]:
    """Return how many receivers one call of a kind may have; of the kinds that are not named, one.

    A change is of one card, and a mail is read by whom it is addressed to.
    """
    return {Call.CARD: abilities.batch_cards, Call.TEXT: abilities.batch}


def packed(
    messages: Sequence[Outgoing], interrupted: Container[MessageId], most: Mapping[Call, int]
) -> Sequence[Sequence[Outgoing]]:
    """Divide messages into calls, in order of their first message.

    Nobody hears things in another order than they were said in. What a lost sender may have sent already goes apart
    from the rest and in the same order, so that the platform is given the same calls again.

    Args:
        messages: In order.
        interrupted: Those that may have been sent already.
        most: Receivers of one call, as `receivers_of` gives them.
    """
    if max(most.values()) == 1:
        return [(message,) for message in messages]
    parcels: list[list[Outgoing]] = []
    open_: dict[tuple[bool, Call, Body], _Open] = {}
    last: dict[str, int] = {}
    for message in messages:
        key = (message.message_id in interrupted, message.call, message.body)
        found = open_.get(key)
        if (
            found is None
            or len(found.messages) >= most.get(message.call, 1)
            or last.get(message.receiver, -1) >= found.number
        ):
            found = open_[key] = _Open(len(parcels))
            parcels.append(found.messages)
        found.messages.append(message)
        last[message.receiver] = found.number
    return parcels
