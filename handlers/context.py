"""What every handler is given: one organisation, one transaction, one instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from domain.calendar import first_allowed, local_instant
from domain.cards import Card, CardKey
from domain.duties import Duty, Pace, next_at
from domain.ids import PersonId
from domain.people import Person
from domain.policy import OrgPolicy
from domain.ports import Catalogue
from domain.repositories import Store

CHANGEABLE = timedelta(days=14)
"""How long after it was sent a card may get a new face at the longest: what Feishu allows (page "更新已发送的消息卡片",
read 2026-11-22). Where a platform allows less, it says so itself."""


@dataclass(frozen=True, slots=True)
class Context:
    """The world of one handler call.

    Attributes:
        now: UTC; the only time a handler knows.
        policy: The organisation's settings.
        words: Sentences.
        store: The organisation's rows, inside the event's transaction.
        new_id: Makes a fresh id.
    """

    now: datetime
    policy: OrgPolicy
    words: Catalogue
    store: Store
    new_id: Callable[[], str]

    def speaker(self, reader: Person) -> Speaker:
        """Return how to speak to somebody."""
        return Speaker(self.words, self.policy.locale_of(reader), self.policy.zone_of(reader), self.now)

    def today(self, person: Person) -> date:
        """Return the person's local date."""
        return self.now.astimezone(self.policy.zone_of(person)).date()

    def person(self, person_id: PersonId) -> Person:
        """Return somebody who is known to exist.

        Raises:
            LookupError: The store holds a reference to nobody, which is a defect.
        """
        person = self.store.people.person(person_id)
        if person is None:
            raise LookupError(f"nobody has the id {person_id}")
        return person

    def deputy(self, person: Person) -> Person | None:
        """Return who stands in for somebody; `None` if nobody does, or whoever did has left."""
        deputy = self.store.people.person(person.deputy_id) if person.deputy_id else None
        return deputy if deputy is not None and deputy.active else None

    def pace(self, person: Person, kind: str) -> Pace:
        """Return how time passes for the person's duties of a kind."""
        alone = person.deputy_id is not None and self.deputy(person) is None
        debtor = replace(person, deputy_id=None) if alone else person
        return self.policy.pace_for(debtor, self.store.people.leave_of(person.person_id), kind)

    def show(self, reader: PersonId, card: Card, clicked: str = "") -> None:
        """Give all cards of a key in somebody's chat their present face, wherever they are on their way.

        Args:
            reader: In whose chat.
            card: The face; its key tells which cards.
            clicked: The platform's id of the message whose callback carries the new face itself.
        """
        self.store.outbox.show(card.key, reader, card, self.now - CHANGEABLE, clicked)

    def end_conversation(self, person: Person, about: CardKey | None) -> None:
        """Stop waiting for words about something that the person has just settled by a click."""
        conversation = self.store.conversations.get(person.person_id, self.now)
        if conversation is not None and conversation.topic == about:
            self.store.conversations.end(person.person_id)

    def keep(self, duty: Duty) -> None:
        """Store a duty with the moment at which it next wants attention."""
        self.store.duties.save(duty, self._next_at(duty) if duty.is_open else None)

    def _next_at(self, duty: Duty) -> datetime | None:
        return next_at(duty, self.pace(self.person(duty.debtor_id), duty.kind))

    def evening(self, person: Person) -> datetime:
        """Return 18:00 of today for somebody; past 17:00, the first allowed minute of tomorrow from 9:00 on."""
        zone = self.policy.zone_of(person)
        today = self.now.astimezone(zone).date()
        evening = local_instant(today, datetime.min.time().replace(hour=18), zone)
        if evening - self.now >= timedelta(hours=1):
            return evening
        rules = self.policy.attention_for(person)
        morning = local_instant(today + timedelta(days=1), datetime.min.time().replace(hour=9), zone)
        return first_allowed(
            morning,
            quiet=rules.quiet,
            calendar=self.policy.calendar,
            zone=zone,
            leave=tuple(self.store.people.leave_of(person.person_id)),
            workdays_only=rules.workdays_only,
        )


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks one reader's language, in the reader's zone."""

    words: Catalogue
    locale: str
    zone: ZoneInfo
    now: datetime

    def say(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """Return a sentence."""
        return self.words.say(self.locale, key, values)

    def when(self, at: datetime) -> str:
        """Return an instant in people's words."""
        return self.words.instant(self.locale, at, self.zone.key, self.now)

    def stamp(self, at: datetime) -> str:
        """Return an instant in words that stay true on a card that is read days later."""
        return self.words.stamp(self.locale, at, self.zone.key)

    def listed(self, parts: Sequence[str]) -> str:
        """Return several things as one, separated as the language does it."""
        return reduce(lambda before, after: self.say("list.pair", {"before": before, "after": after}), parts)

    def span(self, length: timedelta) -> str:
        """Return a length of time in people's words."""
        return self.words.span(self.locale, length.total_seconds())
