"""What was seen while a world lived: what was said to whom, what was noted, what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.cadences import Round
from domain.calendar import Leave, local_day
from domain.duties import Pace
from domain.ids import DutyId, MessageId, PersonId
from domain.messages import Outgoing
from domain.people import Person
from domain.policy import AttentionRules, OrgPolicy
from storage.steering import HistoryEntry


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How things stood at some time.

    Attributes:
        policy: The settings in force.
        people: Everybody, by id.
        leave: Known leave, by person.
    """

    policy: OrgPolicy
    people: Mapping[PersonId, Person]
    leave: Mapping[PersonId, Sequence[Leave]]

    def zone(self, person_id: PersonId) -> ZoneInfo:
        """Return somebody's zone."""
        return self.policy.zone_of(self.people[person_id])

    def day(self, person_id: PersonId, at: datetime) -> date:
        """Return somebody's local day."""
        return local_day(at, self.zone(person_id))

    def rules(self, person_id: PersonId) -> AttentionRules:
        """Return how much may be said to somebody unasked."""
        return self.policy.attention_for(self.people[person_id])

    def pace(self, person_id: PersonId, kind: str) -> Pace:
        """Return how time passes for what somebody owes; a deputy who has left stands in for nobody."""
        person = self.people[person_id]
        deputy = self.people.get(person.deputy_id) if person.deputy_id else None
        debtor = person if deputy is not None and deputy.active else replace(person, deputy_id=None)
        return self.policy.pace_for(debtor, self.leave.get(person_id, ()), kind)


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that reached a platform and was not known there.

    Attributes:
        at: When, UTC.
        message: The call.
        circumstances: As it was made.
    """

    at: datetime
    message: Outgoing
    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry of the history, as it was first seen.

    Attributes:
        entry: The entry.
        circumstances: As it was made.
    """

    entry: HistoryEntry
    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class Asked:
    """A round whose questions had all gone out.

    Attributes:
        round: The round.
        at: When that was seen.
        forgotten: Who should have been asked and has no check-in.
    """

    round: Round
    at: datetime
    forgotten: Sequence[PersonId]


@dataclass(slots=True)
class Record:
    """The whole record of a run; everything in the order in which it was seen.

    Attributes:
        sent: What was said.
        repeated: Ids of messages that reached a platform again and were known there.
        cut_off: Ids of messages that were on their way when a power cut came: nobody knows whether they went out.
        noted: The history.
        folded: When a message was first seen folded.
        closed: When a duty was first seen closed.
        asked: Rounds that have asked.
        begun: When each occurrence was first seen, by its id.
        left: Since when somebody is gone.
        outages: From when to when nothing ran.
        turns: How things stood from when on; a new one whenever something changed by which time passes for people
            (settings, leave, deputies, zones) and whenever processes started.
        overdue: What was still due after everything due had been done: when, what sort, how late.
        rewritten: Entries of the history that are not there any more, or not as they were.
        errors: Lines logged as errors.
        broken_promises: What people were told and does not hold.
        story: What people, administrators and fate did, in words.
    """

    sent: list[Sent] = field(default_factory=list)
    repeated: list[MessageId] = field(default_factory=list)
    cut_off: set[MessageId] = field(default_factory=set)
    noted: list[Noted] = field(default_factory=list)
    folded: dict[MessageId, datetime] = field(default_factory=dict)
    closed: dict[DutyId, datetime] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    begun: dict[str, datetime] = field(default_factory=dict)
    left: dict[PersonId, datetime] = field(default_factory=dict)
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)
    turns: list[tuple[datetime, Circumstances]] = field(default_factory=list)
    overdue: list[tuple[datetime, str, timedelta]] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    broken_promises: list[str] = field(default_factory=list)
    story: list[tuple[datetime, str]] = field(default_factory=list)

    def last_turn(self, at: datetime) -> datetime:
        """Return the last instant, not after another, at which time changed for people; there is one at the start."""
        return max(turned_at for turned_at, _ in self.turns if turned_at <= at)

    def settings_between(self, first: datetime, last: datetime) -> list[OrgPolicy]:
        """Return the settings that were in force at some time from one instant to another."""
        before = [turn for turn in self.turns if turn[0] <= first][-1:]
        within = [turn for turn in self.turns if first < turn[0] <= last]
        return [circumstances.policy for _, circumstances in (*before, *within)]
