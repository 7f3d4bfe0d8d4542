"""The outbox as a state machine: however senders die, nothing is lost and nothing withdrawn is sent."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.ids import DutyId, MessageId
from domain.messages import Draft, Fate, Outcome, Priority
from storage.database import Database
from storage.lanes import Lane
from tests.builders import FRIDAY, LI_HUA, ORG
from tests.contract.store_world import LEASE, employ, migrated

TICK = timedelta(seconds=10)


class Sender:
    """A process that sends: what it holds, and what it has handed to the platform but not recorded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lane: Lane | None = None
        self.flying: list[MessageId] = []


class OutboxMachine(RuleBasedStateMachine):
    """Two senders, one lane, a platform that forgets nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="fupan-machine-"))
        url = f"sqlite:///{self.folder / 'store.db'}"
        migrated(url)
        self.database = Database.open(url)
        employ(self.database)
        self.now = FRIDAY
        self.senders = [Sender("a"), Sender("b")]
        self.put_so_far: dict[str, MessageId | None] = {}
        self.withdrawn: set[str] = set()
        self.arrived: Counter[MessageId] = Counter()
        self.told_sent: set[MessageId] = set()
        self.given_up: set[MessageId] = set()
        self.crashes = 0

    def teardown(self) -> None:
        """See that everything still wanted gets out in the end."""
        self.everything_wanted_goes_out()
        self.database.dispose()
        shutil.rmtree(self.folder)

    @rule(priority=st.sampled_from(Priority), delay=st.integers(0, 3))
    def put(self, priority: Priority, delay: int) -> None:
        """A handler puts a message, perhaps for later."""
        dedupe = f"m{len(self.put_so_far)}"
        draft = Draft(LI_HUA, "你好", priority, dedupe, duty_id=DutyId(dedupe), send_after=self.now + delay * TICK)
        with self.database.transaction() as transaction:
            transaction.tell(self.now)
            transaction.store(ORG).outbox.put(draft)
        self.put_so_far[dedupe] = None

    @rule()
    def pass_time(self) -> None:
        """Time passes."""
        self.now += TICK

    @rule(which=st.integers(0, 1))
    def claim(self, which: int) -> None:
        """A sender tries to get the lane."""
        sender = self.senders[which]
        with self.database.transaction() as transaction:
            lanes = transaction.engine.claim_lanes(sender.name, self.now, LEASE, 9)
        if lanes:
            sender.lane, sender.flying = lanes[0], []

    @precondition(lambda self: any(sender.lane for sender in self.senders))
    @rule(which=st.integers(0, 1), limit=st.integers(1, 3))
    def send(self, which: int, limit: int) -> None:
        """A sender, who may have been overtaken, reserves and sends."""
        sender = self.senders[which]
        if sender.lane is None or sender.flying:
            return
        with self.database.transaction() as transaction:
            picked = transaction.engine.pick(sender.lane, self.now, limit)
            ids = [candidate.outgoing.message_id for candidate in picked]
            reserved = transaction.engine.reserve(sender.lane, ids, [], self.now, self.now)
        assert reserved or not picked
        for candidate in picked:
            assert candidate.dedupe not in self.withdrawn
            assert candidate.outgoing.message_id not in self.told_sent | self.given_up
            self.put_so_far[candidate.dedupe] = candidate.outgoing.message_id
        sender.flying = ids
        self.arrived.update(ids)

    @rule(which=st.integers(0, 1), fates=st.lists(st.sampled_from(Fate), min_size=3, max_size=3))
    def record(self, which: int, fates: list[Fate]) -> None:
        """A sender, who may have been overtaken, says what became of its tries."""
        sender = self.senders[which]
        if sender.lane is None:
            return
        outcomes = [
            Outcome(message_id, fate, f"om_{message_id}" if fate is Fate.SENT else "", retry_at=self.now + TICK)
            for message_id, fate in zip(sender.flying, fates, strict=False)
        ]
        with self.database.transaction() as transaction:
            held = transaction.engine.record(sender.lane, outcomes, self.now, LEASE)
        self.told_sent |= {outcome.message_id for outcome in outcomes if outcome.fate is Fate.SENT}
        if held:
            self.given_up |= {outcome.message_id for outcome in outcomes if outcome.fate is Fate.DEAD}
        else:
            sender.lane = None
        sender.flying = []

    @rule(which=st.integers(0, 1))
    def crash(self, which: int) -> None:
        """A sender dies and forgets everything."""
        self.crashes += bool(self.senders[which].flying)
        self.senders[which] = Sender(self.senders[which].name)

    @rule(which=st.integers(0, 1))
    def release(self, which: int) -> None:
        """A sender gives the lane back."""
        sender = self.senders[which]
        if sender.lane is not None and not sender.flying:
            with self.database.transaction() as transaction:
                transaction.engine.release(sender.lane, self.now)
            sender.lane = None

    @precondition(lambda self: self.put_so_far)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """A handler closes what a message speaks for."""
        dedupe = data.draw(st.sampled_from(sorted(self.put_so_far)))
        with self.database.transaction() as transaction:
            transaction.store(ORG).outbox.withdraw(DutyId(dedupe))
        self.withdrawn.add(dedupe)

    @invariant()
    def what_was_recorded_as_sent_had_arrived(self) -> None:
        """Nothing is said to be sent that no sender has sent."""
        assert self.told_sent <= set(self.arrived)

    def everything_wanted_goes_out(self) -> None:
        """After all leases have ended, one honest sender gets everything out that is still wanted."""
        self.now += LEASE + 10 * TICK
        with self.database.transaction() as transaction:
            lanes = transaction.engine.claim_lanes("last", self.now, LEASE, 9)
            picked = transaction.engine.pick(lanes[0], self.now, 100) if lanes else []
        last = {candidate.dedupe: candidate.outgoing.message_id for candidate in picked}
        done = {
            dedupe
            for dedupe, message_id in self.put_so_far.items()
            if message_id in self.told_sent or message_id in self.given_up
        }
        assert set(last) == set(self.put_so_far) - done - self.withdrawn
        assert not set(last.values()) & self.told_sent


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
