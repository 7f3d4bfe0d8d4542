"""The platforms of a simulation: every chat in memory, every call on the record.

Like Feishu they know a repeated key for an hour and let a card be changed for fourteen days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.cards import Card
from domain.errors import PlatformDown, TargetGone
from domain.ids import MessageId, PersonId
from domain.messages import Body, Call, Outgoing
from domain.ports import Abilities, Platform
from tests.simulation.power import Power
from tests.simulation.process import VirtualClock
from tests.simulation.record import Circumstances, Record, Sent

_MANY = 10**6
"""Calls a second: nothing waits for a lane's pace, so no test waits either."""

ABILITIES = Abilities(calls_per_minute=60 * _MANY, calls_per_second=1000 * _MANY, per_receiver_per_second=1000 * _MANY)


@dataclass(slots=True)
class Shown:
    """A message in somebody's chat.

    Attributes:
        owner: In whose chat it lies.
        external_id: The platform's id of it.
        at: When it came, UTC.
        body: What it shows now.
    """

    owner: PersonId
    external_id: str
    at: datetime
    body: Body


class Phones(Platform):
    """The chats and mailboxes of a firm; implements `domain.ports.Platform` for all lanes.

    Attributes:
        chats: What lies in whose chat, oldest first.
        down_until: Until then no call arrives.

    Args:
        clock: The time.
        record: Where calls are noted.
        power: Fails before a call arrives, or before its answer does.
        present: Tells how things stand.
    """

    def __init__(self, clock: VirtualClock, record: Record, power: Power, present: Callable[[], Circumstances]) -> None:
        self._clock = clock
        self._record = record
        self._power = power
        self._present = present
        self._known: dict[MessageId, datetime] = {}
        self.chats: dict[PersonId, list[Shown]] = {}
        self.down_until = clock.now()

    @property
    def abilities(self) -> Abilities:
        """See `Platform.abilities`."""
        return ABILITIES

    async def deliver(self, message: Outgoing) -> str:
        """See `Platform.deliver`."""
        await asyncio.sleep(0)
        self._power.use()
        if self._clock.now() < self.down_until:
            raise PlatformDown("503")
        external_id = self._take(message)
        self._power.use()
        return external_id

    def cards(self, kind: str = "") -> list[Shown]:
        """Return all cards in the chats, of a kind if one is given: person by person, oldest first."""
        shown = (each for owner in sorted(self.chats) for each in self.chats[owner])
        return [each for each in shown if isinstance(each.body, Card) and kind in ("", each.body.key.kind)]

    def _take(self, message: Outgoing) -> str:
        now = self._clock.now()
        known_since = self._known.get(message.message_id)
        if known_since is not None and now - known_since < timedelta(seconds=ABILITIES.idempotent_seconds):
            self._record.repeated.append(message.message_id)
        else:
            self._show(message, now)
            self._known[message.message_id] = now
            self._record.sent.append(Sent(now, message, self._present()))
        return f"om_{message.message_id}"

    def _show(self, message: Outgoing, now: datetime) -> None:
        chat = self.chats.setdefault(message.person_id, [])
        if message.call is not Call.UPDATE:
            if message.call is not Call.MAIL:
                chat.append(Shown(message.person_id, f"om_{message.message_id}", now, message.body))
            return
        shown = next((each for each in chat if each.external_id == message.target), None)
        if shown is None or now - shown.at > timedelta(days=ABILITIES.update_days):
            raise TargetGone("230031")
        shown.body = message.body
