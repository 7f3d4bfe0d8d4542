"""A company that lives on a store: the real handlers and queries in one thread, with a clock that the test sets.

What platforms would do is played: every message that is due counts as delivered. For tests that want rows as the
product makes them, all kinds of them, without sockets or tasks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

from bot.organisations import Organisations
from config.catalogue import read_catalogue
from domain.cadences import Listener, Section, Summary
from domain.cards import Answer, CardKey
from domain.checkin import Checkin
from domain.events import CardClicked, FormValue, Inbound, Origin, TextSaid
from domain.ids import OrgId, PersonId
from domain.messages import Fate, Outcome
from domain.people import Person
from domain.policy import OrgPolicy
from handlers import dispatch, ladders, rounds
from storage.database import Database
from storage.transaction import Transaction
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, cadence, hours, org_policy, review_answers, staff
from tests.command_line import configured

LEASE = timedelta(minutes=1)

REPLY = "加急通道我去谈，周二给你信"
"""What Li Hua writes to Wang Lei."""

_NOBODY_WHO_SPEAKS = "people:\n  - {id: zhaomin, name: 赵敏, ids: {feishu: ou_zhaomin}}\n"


def migrated(url: str) -> None:
    """Give an empty database its tables; the one migration that all tests share a template of."""
    database = Database.open(url)
    database.migrate()
    database.dispose()


def talkative_policy(org_id: OrgId = ORG) -> OrgPolicy:
    """Return settings under which everything is told: the weekly review, then its answers to the whole team."""
    told = (Section.COUNTS, Section.KEY_POINTS, Section.ANSWERS, Section.OPEN_DUTIES)
    weekly = replace(cadence(), summary=Summary(Listener.TEAM, told, after=hours(3)))
    return replace(org_policy(weekly), org_id=org_id)


class _StillClock:
    """Shows a life's instant."""

    def __init__(self, life: "Life") -> None:
        self._life = life

    def now(self) -> datetime:
        return self._life.now


class Life:
    """Organisations that live on one store.

    Args:
        database: Migrated.
        policies: Their settings.
    """

    def __init__(self, database: Database, *policies: OrgPolicy) -> None:
        self.database = database
        self.now = FRIDAY - timedelta(minutes=1)
        numbers = count(1)
        self.organisations = Organisations(read_catalogue(), lambda: f"{next(numbers):032x}")
        self.organisations.replace({policy.org_id: policy for policy in policies})
        self.clock = _StillClock(self)
        self._events = count(1)

    def hire(self, people: Iterable[Person] | None = None, org_id: OrgId = ORG) -> None:
        """Let people work there, reachable on Feishu as "ou_" and their id; without people, the usual cast."""
        with self.database.transaction() as transaction:
            store = transaction.store(org_id)
            for person in people or staff():
                store.people.save(replace(person, org_id=org_id))
                store.people.bind("feishu", f"ou_{person.person_id}", person.person_id)
        self._begin()  # what is first seen now may fire from now on

    def until(self, instant: datetime) -> None:
        """Let time pass at once: what is due then is done and delivered, until nothing is due any more."""
        self.now = instant
        self._begin()
        while self._work() + self._deliver():
            continue

    def click(
        self, who: str, card: CardKey, action: str, form: Mapping[str, FormValue] | None = None, org_id: OrgId = ORG
    ) -> Answer:
        """Press a button; what follows is delivered."""
        return self._tell(CardClicked(self._origin(who, org_id), card, action, form or {}))

    def say(self, who: str, text: str, org_id: OrgId = ORG) -> None:
        """Write to the bot; what follows is delivered."""
        self._tell(TextSaid(self._origin(who, org_id), text))

    def checkin_of(self, who: str, org_id: OrgId = ORG) -> Checkin:
        """Return somebody's newest check-in."""
        with self.database.transaction() as transaction:
            found = transaction.store(org_id).checkins.latest(PersonId(who))
        assert found is not None
        return found

    def _origin(self, who: str, org_id: OrgId) -> Origin:
        return Origin(org_id, "feishu", f"event-{next(self._events)}", f"ou_{who}", self.now)

    def _tell(self, event: Inbound) -> Answer:
        with self.database.transaction() as transaction:
            answer = dispatch.handle(self.organisations.context(transaction, event.origin.org_id, self.now), event)
        while self._deliver():
            continue
        return answer

    def _begin(self) -> None:
        with self.database.transaction() as transaction:
            for org_id in self.organisations.ids():
                rounds.begin_due(self.organisations.context(transaction, org_id, self.now), None)

    def _work(self) -> int:
        with self.database.transaction() as transaction:
            due_rounds = transaction.engine.due_rounds(self.now, 100)
            for round_ in due_rounds:
                rounds.advance(self.organisations.context(transaction, round_.org_id, self.now), round_)
            due_duties = transaction.engine.due_duties(self.now, 100)
            for duty in due_duties:
                ladders.climb(self.organisations.context(transaction, duty.org_id, self.now), duty)
            return len(due_rounds) + len(due_duties)

    def _deliver(self) -> int:
        with self.database.transaction() as transaction:
            return sum(self._drain(transaction))

    def _drain(self, transaction: Transaction) -> Iterator[int]:
        engine = transaction.engine
        for lane in engine.claim_lanes("test", self.now, LEASE, 100):
            while found := engine.pick(lane, self.now, 100):
                ids = [each.outgoing.message_id for each in found]
                heard: Sequence[tuple[PersonId, date]] = [(each.person.person_id, self.now.date()) for each in found]
                assert engine.reserve(lane, ids, heard, self.now, self.now)
                sent = [Outcome(message_id, Fate.SENT, external_id=f"om_{message_id}") for message_id in ids]
                assert engine.record(lane, sent, self.now, LEASE)
                yield len(found)
            engine.release(lane, self.now)


def with_a_week(folder: Path) -> Path:
    """Return a configuration whose store has seen a check-in and its reply; its file names neither of the two."""
    file = configured(folder, people=_NOBODY_WHO_SPEAKS)
    migrated(f"sqlite:///{folder}/fupan.db")
    database = Database.open(f"sqlite:///{folder}/fupan.db")
    life = Life(database, talkative_policy())
    life.hire()
    life.until(FRIDAY)
    own = life.checkin_of(WANG_LEI)
    life.click(WANG_LEI, CardKey("checkin", own.occurrence_id), "submit", review_answers())
    life.click(LI_HUA, CardKey("reply", own.checkin_id), "submit", {"reply": REPLY})
    database.dispose()
    return file
