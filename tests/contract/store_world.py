"""What the contract tests of the store share: a small company in the store, and shorthands for what it does."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.cadences import Round
from domain.cards import Card, CardKey
from domain.ids import OrgId, PersonId
from domain.messages import Draft, Fate, Outcome, Priority
from domain.people import Person
from domain.repositories import AskPlan
from storage.database import Database
from storage.lanes import Lane
from storage.org_store import OrgStore
from storage.picking import Candidate
from tests import builders
from tests.builders import FRIDAY, ORG

OTHER = OrgId("other")
"""A second organisation in the same database, with ids equal to those of the first."""

LEASE = timedelta(seconds=30)
LATER = FRIDAY + timedelta(hours=1)


def migrated(url: str) -> None:
    """Bring an empty database up to date."""
    database = Database.open(url)
    database.migrate()
    database.dispose()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """Give the database at a URL, and close its connections afterwards."""
    database = Database.open(url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def company(database: Database, org_id: OrgId = ORG, now: datetime = FRIDAY) -> Iterator[OrgStore]:
    """Give one organisation's rows in a transaction of their own, at an instant."""
    with database.transaction() as transaction:
        transaction.tell(now)
        yield transaction.store(org_id)


def employ(database: Database, people: Iterable[Person] = (), org_id: OrgId = ORG) -> None:
    """Store people, by default the cast, with the Feishu id "ou_" and their own."""
    with company(database, org_id) as store:
        for person in people or builders.staff():
            store.people.save(replace(person, org_id=org_id))
            if person.platform is not None:
                store.people.bind(person.platform, f"ou_{person.person_id}", person.person_id)


def crowd(size: int) -> list[Person]:
    """Return many people without a manager, whose ids sort as they are counted."""
    return [builders.person(f"p{number:04}", f"员工{number}") for number in range(size)]


def prompt(round_: Round, title: str = "本周复盘") -> Card:
    """Return the card that asks in a round."""
    return builders.card(CardKey("checkin", round_.occurrence_id), title)


def plan(round_: Round, asked_at: datetime = FRIDAY) -> AskPlan:
    """Return how a round asks everybody without a zone of their own, in two languages."""
    return AskPlan(
        round=round_,
        person_zone=None,
        asked_at=asked_at,
        due_at=asked_at + timedelta(hours=48),
        next_at=asked_at + timedelta(hours=24),
        prompts={"zh-CN": prompt(round_), "en": prompt(round_, "Weekly review")},
        default_locale="zh-CN",
        away_on=date(2026, 11, 27),
        priority=Priority.PROMPT,
    )


def begun(database: Database, round_: Round | None = None) -> Round:
    """Store a round, by default the weekly review's, and return it."""
    chosen = round_ or builders.occurrence()
    with company(database, chosen.org_id) as store:
        assert store.rounds.begin(chosen)
    return chosen


def put(database: Database, *drafts: Draft, org_id: OrgId = ORG, now: datetime = FRIDAY) -> None:
    """Put messages into an organisation's outbox at an instant."""
    with company(database, org_id, now) as store:
        for draft in drafts:
            store.outbox.put(draft)


def message(to: str = builders.LI_HUA, dedupe: str = "m1", priority: Priority = Priority.REMINDER) -> Draft:
    """Return a text that asks for nothing."""
    return Draft(PersonId(to), f"你好 {dedupe}", priority, dedupe)


def claim(database: Database, owner: str = "replica-1", now: datetime = LATER) -> Sequence[Lane]:
    """Claim every lane that is ready."""
    with database.transaction() as transaction:
        return transaction.engine.claim_lanes(owner, now, LEASE, 100)


def pick(database: Database, lane: Lane, now: datetime = LATER, limit: int = 100) -> Sequence[Candidate]:
    """Look at what a lane would send next."""
    with database.transaction() as transaction:
        return transaction.engine.pick(lane, now, limit)


def reserve(database: Database, lane: Lane, now: datetime = LATER, limit: int = 100) -> Sequence[Candidate]:
    """Pick and reserve what a lane sends next."""
    with database.transaction() as transaction:
        candidates = transaction.engine.pick(lane, now, limit)
        ids = [candidate.outgoing.message_id for candidate in candidates]
        assert transaction.engine.reserve(lane, ids, [], now, now)
        return candidates


def record(database: Database, lane: Lane, *outcomes: Outcome, now: datetime = LATER) -> bool:
    """Record what became of tries."""
    with database.transaction() as transaction:
        return transaction.engine.record(lane, outcomes, now, LEASE)


def sent(candidate: Candidate, external_id: str = "") -> Outcome:
    """Return that a message went out; the platform's id is made from ours."""
    message_id = candidate.outgoing.message_id
    return Outcome(message_id, Fate.SENT, external_id or f"om_{message_id}")


def deliver(database: Database, now: datetime = LATER) -> list[str]:
    """Send everything that may go; return the dedupe keys in the order in which they went."""
    gone: list[str] = []
    for lane in claim(database, now=now):
        candidates = reserve(database, lane, now)
        assert record(database, lane, *map(sent, candidates), now=now)
        gone += [candidate.dedupe for candidate in candidates]
        with database.transaction() as transaction:
            transaction.engine.release(lane, now)
    return gone
