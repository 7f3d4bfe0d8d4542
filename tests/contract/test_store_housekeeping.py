"""What is only kept for a while goes, slice by slice; everything else stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.cards import Answer, CardKey, Toast, ToastKind
from domain.events import Origin
from domain.ids import PersonId
from domain.repositories import Conversation
from storage.database import Database
from storage.housekeeping import EVENTS_KEPT, sweep
from tests.builders import FRIDAY, ORG, WANG_LEI
from tests.contract.store_world import company, employ

SAID = Answer(Toast(ToastKind.SUCCESS, "收到"))


def _origin(name: str) -> Origin:
    return Origin(ORG, "feishu", name, "ou_wanglei", FRIDAY)


def _receive(database: Database, name: str, now: datetime) -> Answer | None:
    with company(database, now=now) as store:
        earlier = store.inbox.receive(_origin(name), now)
        if earlier is None:
            store.inbox.answered(_origin(name), SAID)
        return earlier


def _swept(database: Database, now: datetime, most: int = 100) -> int:
    with database.transaction() as transaction:
        return sweep(transaction, now, most)


def test_an_event_is_remembered_as_long_as_a_platform_may_repeat_it(database: Database) -> None:
    _receive(database, "e1", FRIDAY)
    assert _swept(database, FRIDAY + EVENTS_KEPT) == 0
    assert _receive(database, "e1", FRIDAY + EVENTS_KEPT) == SAID


def test_an_old_event_goes_with_its_answer(database: Database) -> None:
    later = FRIDAY + EVENTS_KEPT + timedelta(seconds=1)
    _receive(database, "old", FRIDAY)
    _receive(database, "new", later)
    assert _swept(database, later) == 1
    assert _receive(database, "new", later) == SAID
    assert _receive(database, "old", later) is None


def test_a_slice_is_no_larger_than_it_may_be(database: Database) -> None:
    for number in range(5):
        _receive(database, f"e{number}", FRIDAY)
    later = FRIDAY + EVENTS_KEPT * 2
    assert [_swept(database, later, most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_question_nobody_answered_is_forgotten_after_its_time(database: Database) -> None:
    employ(database)
    until = FRIDAY + timedelta(hours=24)
    with company(database) as store:
        store.conversations.put(Conversation(PersonId(WANG_LEI), CardKey("checkin", "r"), "result", {}, until))
    _swept(database, until)
    with company(database) as store:
        assert store.conversations.get(WANG_LEI, FRIDAY) is not None
    _swept(database, until + timedelta(seconds=1))
    with company(database) as store:
        assert store.conversations.get(WANG_LEI, FRIDAY) is None
