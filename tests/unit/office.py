"""An office on a store of its own: the real handlers, rounds, ladders and gate, with the test's hand on the clock.

What a platform would do is played in memory: chats hold the present face of every card, and a click is checked against
that face. For the tests of the handlers; sockets, tasks and threads have their own tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from bot.organisations import Organisations
from config.catalogue import read_catalogue
from domain.cards import (
    Answer,
    Block,
    Button,
    Card,
    CardKey,
    Chart,
    ChoiceField,
    Divider,
    Facts,
    Field,
    Mention,
    Paragraph,
    Quote,
)
from domain.directory import DirectoryChange, Overlay
from domain.events import CardClicked, ChatOpened, DirectoryChanged, FormValue, Inbound, Origin, TextSaid
from domain.ids import PersonId
from domain.messages import Body, Call, Fate, Mail, Outcome, Outgoing
from domain.people import Person
from domain.policy import OrgPolicy
from domain.ports import DirectoryPerson
from handlers import directory, dispatch, ladders, rounds
from handlers.context import Context
from handlers.release import Gate, local_days
from storage.database import Database
from storage.lanes import Lane
from storage.steering import HistoryEntry
from storage.transaction import Transaction
from tests.builders import ADMIN, CHEN_JING, LI_HUA, WANG_LEI, ZHAO_MIN, at, person
from tests.stores import Databases

LEASE = timedelta(minutes=1)

OPENING = at("2026-11-26 12:00")
"""When an office opens unless told otherwise: the Thursday before an ordinary Friday."""

REVIEW = {"result": "上线了报表", "obstacle": "测试环境不稳", "next": "补上回归用例"}
"""Answers to the open questions of the weekly review."""

_STEPS = 2000
"""Turns of letting time pass; more would mean that two parts feed one another for ever."""


def migrated(url: str) -> None:
    """Give an empty database its tables."""
    database = Database.open(url)
    database.migrate()
    database.dispose()


def zh(key: str, values: Mapping[str, object] | None = None) -> str:
    """Return a sentence of the catalogue in Chinese, so that no test repeats its wording."""
    return read_catalogue().say("zh-CN", key, values)


def crew() -> tuple[Person, ...]:
    """Return who works in an office: Li Hua with six reports, Zhao Min above, Chen Jing as HRBP, and the admin."""
    team = {
        WANG_LEI: "王磊",
        "zhangwei": "张伟",
        "liuyang": "刘洋",
        "xuxin": "徐欣",
        "huangbo": "黄波",
        "maxiao": "马晓",
    }
    return (
        *(person(who, name, manager=LI_HUA, hrbp=CHEN_JING) for who, name in team.items()),
        person(LI_HUA, "李华", manager=ZHAO_MIN, hrbp=CHEN_JING),
        person(CHEN_JING, "陈静", manager=ZHAO_MIN, department="人力资源"),
        person(ZHAO_MIN, "赵敏", department=""),
        person(ADMIN, "管理员", manager=ZHAO_MIN, department="信息部"),
    )


@dataclass(slots=True)
class Shown:
    """A message in somebody's chat.

    Attributes:
        external_id: The platform's id of it.
        at: When it came, UTC.
        body: What it shows now.
        faces: How often it has got a new face.
    """

    external_id: str
    at: datetime
    body: Body
    faces: int = 0

    @property
    def card(self) -> Card:
        """The card it shows."""
        assert isinstance(self.body, Card), f"{self.body!r} is no card"
        return self.body

    @property
    def words(self) -> str:
        """Everything that can be read on it."""
        return "\n".join(words_of(self.body))

    @property
    def actions(self) -> list[str]:
        """Its buttons."""
        return [button.action for button in self.card.buttons] if isinstance(self.body, Card) else []


class Office:
    """One organisation at work.

    Args:
        database: Migrated.
        policy: Its settings.
        now: The first instant.
    """

    def __init__(self, database: Database, policy: OrgPolicy, now: datetime) -> None:
        self.database = database
        self.policy = policy
        self.now = now
        self.chats: dict[str, list[Shown]] = {}
        self.letters: list[tuple[str, Mail]] = []
        self.refusals: list[str] = []
        self._numbers = count(1)
        self._events = count(1)
        self._words = read_catalogue()
        self.organisations = self._organisations(policy)

    def _organisations(self, policy: OrgPolicy) -> Organisations:
        organisations = Organisations(self._words, lambda: f"{next(self._numbers):032x}")
        organisations.replace({policy.org_id: policy})
        return organisations

    def hire(self, *people: Person) -> None:
        """Let people work there, reachable on Feishu as "ou_" and their id."""
        with self.database.transaction() as transaction:
            store = transaction.store(self.policy.org_id)
            for person in people:
                store.people.save(replace(person, org_id=self.policy.org_id))
                store.people.bind("feishu", f"ou_{person.person_id}", person.person_id)
        self.settle()

    def join(self, who: str, platform: str) -> None:
        """Make somebody reachable on another platform too."""
        with self.database.transaction() as transaction:
            transaction.store(self.policy.org_id).people.bind(platform, f"ou_{who}", person(who).person_id)

    def configure(self, policy: OrgPolicy) -> None:
        """Take over other settings, as an edit of the file does."""
        self.policy = policy
        self.organisations = self._organisations(policy)
        self.settle()

    def read_directory(
        self, *seen: DirectoryPerson, overlays: Mapping[PersonId, Overlay] | None = None
    ) -> DirectoryChange:
        """Take over a reading of Feishu's directory."""
        with self.database.transaction() as transaction:
            change = directory.apply(self._context(transaction), "feishu", seen, overlays or {}, {})
        self.settle()
        return change

    def leave(self, who: str) -> None:
        """Let Feishu tell that somebody has left the firm."""
        self._tell(DirectoryChanged(self._origin(who), (f"ou_{who}",)))

    # Time

    def until(self, instant: datetime) -> None:
        """Let time pass: everything that falls due on the way is done at its moment."""
        for _ in range(_STEPS):
            moment = self._next()
            if moment is None or moment > instant:
                self.now = instant
                self.settle()
                return
            self.now = moment
            self.settle()
        raise AssertionError(f"time stands still at {self.now}")

    def wake_up_at(self, instant: datetime) -> None:
        """Let time pass while nothing runs, as over an outage; then do what is due."""
        self.now = instant
        self.settle()

    def settle(self) -> None:
        """Do everything that is due now."""
        for _ in range(_STEPS):
            if not self._work() + self._deliver():
                return
        raise AssertionError(f"something goes on for ever at {self.now}")

    def _next(self) -> datetime | None:
        with self.database.transaction() as transaction:
            moments = list(transaction.engine.next_moments(self.now).values())
            opening = rounds.next_opening(self._context(transaction))
        return min([*moments, *([opening] if opening else [])], default=None)

    def _work(self) -> int:
        with self.database.transaction() as transaction:
            ctx = self._context(transaction)
            begun = rounds.begin_due(ctx, None)
            due_rounds = transaction.engine.due_rounds(self.now, 100)
            for round_ in due_rounds:
                rounds.advance(ctx, round_)
            due_duties = transaction.engine.due_duties(self.now, 100)
            for duty in due_duties:
                ladders.climb(ctx, duty)
            return begun + len(due_rounds) + len(due_duties)

    # What people do

    def say(self, who: str, text: str, reply_to: Shown | None = None) -> str:
        """Write to the bot, perhaps quoting one of its messages; return the words of the newest message after that."""
        self._tell(TextSaid(self._origin(who), text, reply_to.external_id if reply_to else None))
        return self.chats[who][-1].words if self.chats.get(who) else ""

    def say_on(self, platform: str, who: str, text: str) -> None:
        """Write to the bot on another platform."""
        self._tell(TextSaid(self._origin(who, platform=platform), text))

    def open_chat(self, who: str, platform: str = "feishu") -> None:
        """Open the chat with the bot."""
        self._tell(ChatOpened(self._origin(who, platform=platform)))

    def press(self, who: str, shown: Shown, action: str, form: Mapping[str, FormValue] | None = None) -> Answer:
        """Press a button that the card shows."""
        assert action in shown.actions, f"{action} is not among {shown.actions}"
        return self.click(who, shown.card.key, action, form, shown)

    def click(
        self,
        who: str,
        key: CardKey | None,
        action: str,
        form: Mapping[str, FormValue] | None = None,
        shown: Shown | None = None,
        *,
        event_id: str = "",
        silent: bool = False,
    ) -> Answer:
        """Send a click, whatever the card shows by now; the clicked copy gets the face that the answer brings."""
        origin, message = self._origin(who, event_id), shown.external_id if shown else ""
        return self._tell(CardClicked(origin, key, action, form or {}, message, silent), shown)

    def _tell(self, event: Inbound, shown: Shown | None = None) -> Answer:
        with self.database.transaction() as transaction:
            answer = dispatch.handle(self._context(transaction), event)
        if shown is not None and answer.card is not None:
            shown.body = answer.card
            shown.faces += 1
        self.settle()
        return answer

    def _origin(self, who: str, event_id: str = "", platform: str = "feishu") -> Origin:
        return Origin(self.policy.org_id, platform, event_id or f"event-{next(self._events)}", f"ou_{who}", self.now)

    # What people see

    def chat(self, who: str) -> list[Shown]:
        """Return somebody's chat, oldest first."""
        return list(self.chats.get(who, ()))

    def saw(self, who: str, words: str) -> list[Shown]:
        """Return the messages of a chat on which certain words can be read."""
        return [shown for shown in self.chat(who) if words in shown.words]

    def card(self, who: str, kind: str) -> Shown:
        """Return the newest card of a kind in a chat."""
        found = self.cards(who, kind)
        assert found, f"{who} has no card of {kind}: {[shown.words[:40] for shown in self.chat(who)]}"
        return found[-1]

    def cards(self, who: str, kind: str) -> list[Shown]:
        """Return the cards of a kind in a chat, oldest first."""
        return [each for each in self.chat(who) if isinstance(each.body, Card) and each.body.key.kind == kind]

    def history(self, kind: str) -> list[HistoryEntry]:
        """Return what has happened, of one sort."""
        with self.database.transaction() as transaction:
            entries = transaction.engine.history_after(self.policy.org_id, datetime.fromtimestamp(0, self.now.tzinfo))
        return [entry for entry in entries if entry.kind == kind]

    def _deliver(self) -> int:
        with self.database.transaction() as transaction:
            engine = transaction.engine
            lanes = engine.claim_lanes("office", self.now, LEASE, 10)
            done = sum(sum(self._drain(transaction, lane)) for lane in lanes)
            for lane in lanes:
                engine.release(lane, self.now)
            return done

    def _drain(self, transaction: Transaction, lane: Lane) -> Iterator[int]:
        engine = transaction.engine
        while candidates := engine.pick(lane, self.now, 64):
            ctx = self._context(transaction)
            said = engine.said_today([(lane.org_id, *pair) for pair in local_days(ctx, candidates)])
            known = {(person_id, day): number for (_, person_id, day), number in said.items()}
            released = Gate(ctx, known).judge(candidates)
            engine.postpone(lane, released.waits)
            engine.fold(lane, released.folds)
            engine.void(lane, released.voids)
            ids = [message.message_id for message in released.sends]
            assert engine.reserve(lane, ids, list(released.said.values()), self.now, self.now)
            assert engine.record(lane, [self._show(message) for message in released.sends], self.now, LEASE)
            yield len(candidates)

    def _show(self, message: Outgoing) -> Outcome:
        if isinstance(message.body, Mail):
            self.letters.append((message.receiver, message.body))
            return Outcome(message.message_id, Fate.SENT)
        chat = self.chats.setdefault(message.person_id, [])
        if message.call is Call.UPDATE:
            return self._new_face(chat, message)
        external_id = f"om_{message.message_id}"
        chat.append(Shown(external_id, self.now, message.body))
        return Outcome(message.message_id, Fate.SENT, external_id=external_id)

    def _new_face(self, chat: Iterable[Shown], message: Outgoing) -> Outcome:
        shown = next(each for each in chat if each.external_id == message.target)
        if self.now - shown.at > timedelta(days=14):
            self.refusals.append("too old")
            return Outcome(message.message_id, Fate.DEAD, error="230031")
        shown.body = message.body
        shown.faces += 1
        return Outcome(message.message_id, Fate.SENT)

    def _context(self, transaction: Transaction) -> Context:
        return self.organisations.context(transaction, self.policy.org_id, self.now)


@contextmanager
def opened_office(databases: Databases, policy: OrgPolicy, now: datetime, people: Iterable[Person]) -> Iterator[Office]:
    """Open an office on a fresh store, and close the store afterwards."""
    url = databases.clone(migrated)
    database = Database.open(url)
    try:
        office = Office(database, policy, now)
        office.hire(*people)
        yield office
    finally:
        database.dispose()
        databases.drop(url)


def words_of(body: Body) -> Sequence[str]:
    """Return everything on a message that people read; never keys or values that only machines see."""
    if isinstance(body, str):
        return [body]
    if isinstance(body, Mail):
        return [body.subject, body.text]
    parts = [body.title, body.summary, body.tag]
    parts += [words for block in body.blocks for words in _block_words(block)]
    parts += [words for field in body.fields for words in _field_words(field)]
    parts += [words for button in body.buttons for words in _button_words(button)]
    return [words for words in parts if words]


def _block_words(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return [block.text]
        case Mention():
            return [block.name, block.text]
        case Quote():
            return [block.heading, block.text]
        case Facts():
            return [words for row in block.rows for words in row]
        case Chart():
            return [block.title, *block.labels, *(series.name for series in block.series)]
        case Divider():
            return []


def _field_words(field: Field) -> list[str]:
    options = [option.label for option in field.options] if isinstance(field, ChoiceField) else [field.initial]
    return [field.label, field.placeholder, *options]


def _button_words(button: Button) -> list[str]:
    return [button.label]
