"""What the handlers ask of the store, for one organisation inside one transaction.

Every repository is bound to its organisation when it is made, so a handler cannot reach another one's rows. Reads see
the writes made before them in the same transaction. What is read to be changed is locked until the transaction ends
where the store has row locks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.cadences import Audience, Cadence, Round
from domain.calendar import Leave
from domain.cards import Answer, Card, CardKey
from domain.checkin import Checkin, CheckinState, Reply
from domain.duties import Duty
from domain.events import Origin
from domain.ids import CheckinId, DutyId, MessageId, OccurrenceId, OrgId, PersonId
from domain.messages import Body, Draft, Priority, SentCopy
from domain.people import Directory, Person
from domain.questionnaire import Answers


class People(Directory, Protocol):
    """People, their platform identities and their leave."""

    def by_identity(self, platform: str, external_id: str) -> Person | None:
        """Return whoever acts under that platform id, or `None` if unknown."""

    def identity(self, person_id: PersonId, platform: str) -> str | None:
        """Return the person's id on a platform, or `None`."""

    def prefetch(self, person_ids: Iterable[PersonId]) -> None:
        """Read many people at once, so that `person` and `away` answer from memory."""

    def leave_of(self, person_id: PersonId) -> Sequence[Leave]:
        """Return the person's leave, past and future, that was not cancelled."""

    def add_leave(self, person_id: PersonId, leave: Leave) -> None:
        """Note a leave; overlapping ones are kept side by side."""

    def end_leave(self, person_id: PersonId, day: date) -> bool:
        """End all leave that reaches `day` or later on the day before; later ones are cancelled.

        Returns:
            Whether anything changed.
        """

    def reports_of(self, manager_id: PersonId) -> Sequence[Person]:
        """Return the active direct reports by name."""

    def cared_for(self, hrbp_id: PersonId) -> Sequence[Person]:
        """Return the active people whose own HRBP it is, by name; at most 500."""

    def stood_in_for(self, deputy_id: PersonId) -> Sequence[Person]:
        """Return the active people whose deputy it is, by name."""

    def called(self, name: str) -> Sequence[Person]:
        """Return the active people of exactly that name."""

    def everybody(self) -> Sequence[Person]:
        """Return all people, those who left included; meant for directory changes."""

    def identities(self, platform: str) -> Mapping[str, PersonId]:
        """Return who is who on a platform: external id to our id."""

    def save(self, person: Person) -> None:
        """Insert the person or replace what was known."""

    def bind(self, platform: str, external_id: str, person_id: PersonId) -> None:
        """Note a platform identity; binding it again to somebody else moves it."""

    def managers(self, after: PersonId, limit: int) -> Sequence[PersonId]:
        """Return ids of active people with at least one active report, greater than `after`, ascending."""

    def hrbps(self, after: PersonId, limit: int) -> Sequence[PersonId]:
        """Return ids of active people who are somebody's HRBP, greater than `after`, ascending."""

    def zones(self) -> Sequence[str | None]:
        """Return the distinct zones of active people; `None` stands for the organisation's."""

    def in_audience(self, audience: Audience, zone: str | None, after: PersonId, limit: int) -> Sequence[Person]:
        """Return active people of an audience, by id, greater than `after`.

        Args:
            audience: Whom.
            zone: Only those with this own zone; `None` for those without one of their own; "*" for all.
            after: Empty for the first slice.
            limit: At most so many.
        """


@dataclass(frozen=True, slots=True)
class AskPlan:
    """One fan-out in numbers and words: everything that is equal for all who are asked.

    Attributes:
        round: The occurrence; its zone and cadence's audience choose the people.
        person_zone: As in `People.in_audience`.
        asked_at: UTC.
        due_at: Until when an answer is in time for somebody without leave, or `None`.
        next_at: When the answer duty first wants attention, for somebody without leave; `None` if nothing is owed.
        prompts: The card a language, shared by all its readers.
        default_locale: For people without their own.
        away_on: People on leave on this local day are not asked.
        priority: Rank of the prompt.
    """

    round: Round
    person_zone: str | None
    asked_at: datetime
    due_at: datetime | None
    next_at: datetime | None
    prompts: Mapping[str, Card]
    default_locale: str
    away_on: date
    priority: Priority


@dataclass(frozen=True, slots=True)
class AskedSlice:
    """What one slice of a fan-out did.

    Attributes:
        cursor: The last person reached.
        asked: How many were asked now (those asked before in this period are not asked again).
        finished: Whether nobody is left.
        with_leave: Duties just opened for people who have leave ahead: their times want computing one by one.
    """

    cursor: str
    asked: int
    finished: bool
    with_leave: tuple[DutyId, ...]


@dataclass(frozen=True, slots=True)
class RoundCounts:
    """How a round went, over some people.

    Attributes:
        asked: Check-ins.
        submitted: Answered, late ones included.
        late: Answered late.
        skipped: Skipped by the person.
        replied: Answers that have a reply.
    """

    asked: int
    submitted: int
    late: int
    skipped: int
    replied: int


class Rounds(Protocol):
    """Occurrences of cadences."""

    def first_seen(self, cadence: str, now: datetime) -> datetime:
        """Return since when a cadence is known, noting `now` for a new one; nothing earlier ever fires."""

    def begin(self, round_: Round) -> bool:
        """Insert the occurrence; False if a replica, or an earlier run, already has (cadence, nominal)."""

    def get(self, occurrence_id: OccurrenceId) -> Round | None:
        """Return the occurrence, or `None`."""

    def save(self, round_: Round) -> None:
        """Store stage, next_at, cursor and reason."""

    def latest(self, family: str, before: datetime) -> Sequence[Round]:
        """Return the rounds of a family's latest period fired before an instant, all variants and zones."""

    def ask(self, plan: AskPlan, limit: int) -> AskedSlice:
        """Create check-ins, answer duties and prompts for the next slice of the audience, set-based."""


class Checkins(Protocol):
    """Check-ins, their versions and the replies to them."""

    def get(self, checkin_id: CheckinId) -> Checkin | None:
        """Return the check-in, locked for change, or `None`."""

    def of_round(self, occurrence_id: OccurrenceId, person_id: PersonId) -> Checkin | None:
        """Return what a person was asked in a round, locked for change, or `None`."""

    def latest(self, person_id: PersonId, family: str | None = None) -> Checkin | None:
        """Return the person's newest check-in (of a family), locked for change, or `None`."""

    def save(self, checkin: Checkin, *, keep_version: bool) -> None:
        """Store the check-in; with `keep_version` its answers are also filed as the version they bear."""

    def add(self, checkin: Checkin) -> bool:
        """Insert a check-in asked for outside a fan-out; False if the person has one for that family and period."""

    def of_people(self, occurrence_ids: Sequence[OccurrenceId], people: Sequence[PersonId]) -> Sequence[Checkin]:
        """Return these people's check-ins of some rounds."""

    def counts(self, occurrence_ids: Sequence[OccurrenceId]) -> RoundCounts:
        """Count how rounds went."""

    def published_choices(
        self, occurrence_id: OccurrenceId, manager_id: PersonId, names: Sequence[str], at_least: int
    ) -> Sequence[Answers]:
        """Return the choices of a manager's reports that may be looked at together, without names.

        They are let in by blocks of so many people, once: what was let in stays as it was, so that what is seen at
        different times differs by whole blocks.

        Args:
            occurrence_id: The round.
            manager_id: Whose active reports.
            names: The questions whose choices count; others are not copied.
            at_least: People in a block.
        """

    def states(self, person_id: PersonId, family: str, until: datetime, limit: int) -> Sequence[CheckinState]:
        """Return where a person's newest check-ins of a family stand that were asked until an instant, newest first."""

    def versions(self, checkin_id: CheckinId) -> Sequence[Answers]:
        """Return the answers of every version kept, oldest first."""

    def add_reply(self, reply: Reply) -> None:
        """Store a reply."""

    def replies(self, checkin_id: CheckinId) -> Sequence[Reply]:
        """Return the replies to a check-in, oldest first."""

    def reply(self, reply_id: str) -> Reply | None:
        """Return one reply, or `None`."""

    def save_reply(self, reply: Reply) -> None:
        """Store a reply's reactions."""


class Duties(Protocol):
    """Duties."""

    def open(self, duty: Duty, next_at: datetime | None) -> bool:
        """Insert the duty; False if there already is one of that kind, subject and debtor."""

    def get(self, duty_id: DutyId) -> Duty | None:
        """Return the duty, locked for change, or `None`."""

    def find(self, kind: str, subject: str) -> Sequence[Duty]:
        """Return all duties of a kind and subject, locked for change, open ones first."""

    def save(self, duty: Duty, next_at: datetime | None) -> None:
        """Store a duty's new state."""

    def owed_by(self, person_id: PersonId) -> Sequence[Duty]:
        """Return the open duties of a debtor, the soonest due first."""

    def about(self, person_id: PersonId) -> Sequence[Duty]:
        """Return the open duties about a person."""

    def open_of_people(self, people: Sequence[PersonId], limit: int) -> Sequence[Duty]:
        """Return open duties owed by any of these people, the soonest due first."""


@dataclass(frozen=True, slots=True)
class ChatCard:
    """A card that lies in somebody's chat, with what can be done on it.

    Attributes:
        message_id: Our id of the message that carried it; its last six digits are the reference that links send along.
        card: As it was sent.
        face: The newest face it was given since, without its blocks; the card itself if there was none.
        sent_at: UTC.
    """

    message_id: MessageId
    card: Card
    face: Card
    sent_at: datetime


class Outbox(Protocol):
    """Messages on their way."""

    def put(self, draft: Draft) -> None:
        """Add a message; one with a known dedupe key is dropped. A person without a platform gets a dead letter."""

    def update(self, copy: SentCopy, card: Card) -> None:
        """Give a sent card a new face; an unsent update of the same copy is replaced by this one."""

    def copies(self, card: CardKey, person_id: PersonId | None = None) -> Sequence[SentCopy]:
        """Return the sent copies of a card, in everybody's chats or in one person's."""

    def readers(self, card: CardKey) -> Sequence[PersonId]:
        """Return everybody to whom a card was sent, is being sent or will be sent."""

    def show(self, card: CardKey, reader: PersonId, face: Card, oldest: datetime, answered: str = "") -> None:
        """Give every card of a key in one person's chat a new face, wherever it is on its way.

        One that has not left carries the new face when it does; one that has gets an update, which replaces any that
        waits; for one that is leaving this moment the update follows.

        Args:
            card: What the cards are about.
            reader: In whose chat they lie.
            face: How they look now.
            oldest: Cards sent before are left alone, since no platform would change them.
            answered: The platform's id, or ours, of the message whose callback carries the new face itself: it only
                loses updates that wait, for they are older.
        """

    def withdraw(self, duty_id: DutyId) -> int:
        """Void what is not yet sent for a duty; return how many."""

    def withdraw_card(self, card: CardKey) -> int:
        """Void what is not yet sent of a card; return how many."""

    def subject_of(self, external_id: str) -> CardKey | None:
        """Return what the sent card with that platform id is about, or `None`."""

    def in_chat(self, person_id: PersonId, since: datetime, limit: int) -> Sequence[ChatCard]:
        """Return the cards sent to a person since an instant, newest first, at most so many; blanked ones are gone."""

    def newest(self, card: CardKey, person_id: PersonId) -> ChatCard | None:
        """Return the newest card about something in a person's chat, or `None`."""

    def quoted(self, external_id: str, person_id: PersonId) -> ChatCard | None:
        """Return the card with that platform id if it lies in that person's chat, or `None`."""

    def referred(self, reference: str, person_id: PersonId) -> ChatCard | None:
        """Return the newest card in a person's chat whose message id ends with six such digits, or `None`."""

    def note_face(self, external_id: str, person_id: PersonId, face: Card) -> None:
        """Note the face that a callback gives a sent card, named by the platform's id or ours, in a person's chat."""

    def folded(self, person_id: PersonId, day: date) -> Sequence[Body]:
        """Return what is folded into the person's digest of a local day, by priority; withdrawn ones are gone."""

    def unfold(self, person_id: PersonId, day: date, now: datetime) -> int:
        """Send what is folded into a digest after all, as asked for (no budget, no quiet hours); return how many."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question that the bot has asked in words and whose answer it waits for.

    Attributes:
        person_id: Whom it talks with.
        topic: What the conversation is for; its subject is the card key's.
        step: Which question is open.
        answers: Given so far.
        expires_at: UTC; afterwards a message starts afresh.
        action: The button that the last answer presses; empty where the topic alone says what becomes of the answers,
            or where the person has still to choose among several buttons.
        card: What is asked, field by field, and the buttons; `None` where the topic's own questions are asked.
    """

    person_id: PersonId
    topic: CardKey
    step: str
    answers: Answers
    expires_at: datetime
    action: str = ""
    card: Card | None = None


class Conversations(Protocol):
    """At most one open conversation a person."""

    def get(self, person_id: PersonId, now: datetime) -> Conversation | None:
        """Return the open conversation, or `None` if there is none or it has expired."""

    def put(self, conversation: Conversation) -> None:
        """Open or go on with a conversation."""

    def end(self, person_id: PersonId) -> None:
        """Forget the conversation."""


class Inbox(Protocol):
    """What was received, so that a repetition gets the first answer again."""

    def receive(self, origin: Origin, now: datetime) -> Answer | None:
        """Note an event.

        Returns:
            `None` the first time, else the first answer.
        """

    def answered(self, origin: Origin, answer: Answer) -> None:
        """Keep the answer for repetitions."""


class History(Protocol):
    """The append-only record of what happened, in the words of the domain."""

    def note(self, kind: str, subject: str, actor: PersonId | None, at: datetime, detail: Mapping[str, str]) -> None:
        """Append one entry; details hold ids and machine words, never a person's text."""


class Store(Protocol):
    """One organisation inside one transaction."""

    @property
    def org_id(self) -> OrgId:
        """The organisation."""

    @property
    def people(self) -> People:
        """People, identities, leave."""

    @property
    def rounds(self) -> Rounds:
        """Occurrences of cadences."""

    @property
    def checkins(self) -> Checkins:
        """Check-ins and replies."""

    @property
    def duties(self) -> Duties:
        """Duties."""

    @property
    def outbox(self) -> Outbox:
        """Messages on their way."""

    @property
    def conversations(self) -> Conversations:
        """Questions asked in words."""

    @property
    def inbox(self) -> Inbox:
        """What was received."""

    @property
    def history(self) -> History:
        """What happened."""

    def cadence(self, digest: str) -> Cadence:
        """Return the definition stored under a digest."""
