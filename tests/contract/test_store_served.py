"""Two processes serve different organisations from one store: neither takes, holds or removes what is the other's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.cards import CardKey
from domain.events import Origin
from domain.ids import OrgId, PersonId
from domain.repositories import Conversation
from storage.database import Database
from storage.housekeeping import EVENTS_KEPT, sweep
from storage.transaction import Transaction
from storage.watching import Lag
from tests import builders
from tests.builders import FRIDAY, ORG, WANG_LEI, hours, occurrence
from tests.contract.store_world import LATER, LEASE, OTHER, begun, company, employ, message, put

MOMENT = FRIDAY + hours(24)
NOBODY = OrgId("nobody")


@pytest.fixture(autouse=True)
def _both(database: Database) -> None:
    """Two organisations with the same people."""
    for org_id in (ORG, OTHER):
        employ(database, org_id=org_id)


def owe(database: Database, org_id: OrgId, count: int = 1) -> None:
    with company(database, org_id) as store:
        for number in range(count):
            duty = builders.duty(subject=f"c{number}", duty_id=f"d{number:03}")
            assert store.duties.open(replace(duty, org_id=org_id), MOMENT)


def due(database: Database, served: tuple[OrgId, ...], limit: int = 9) -> list[str]:
    with database.transaction() as transaction:
        return [duty.org_id for duty in transaction.engine.due_duties(MOMENT, limit, served)]


def claimed(database: Database, served: tuple[OrgId, ...], limit: int = 9) -> list[str]:
    with database.transaction() as transaction:
        return [lane.org_id for lane in transaction.engine.claim_lanes("one", LATER, LEASE, limit, served)]


@pytest.mark.parametrize(
    ("served", "expected"),
    [((ORG,), [ORG]), ((OTHER,), [OTHER]), ((ORG, OTHER), [ORG, OTHER]), ((NOBODY,), []), ((), [])],
)
def test_only_duties_of_the_served_are_due(database: Database, served: tuple[OrgId, ...], expected: list[str]) -> None:
    for org_id in (ORG, OTHER):
        owe(database, org_id)
    assert sorted(due(database, served)) == expected


def test_a_foreign_backlog_does_not_hide_what_is_ones_own(database: Database) -> None:
    """As many foreign duties as a batch holds, all of them earlier in order."""
    owe(database, OTHER, 30)
    owe(database, ORG, 3)
    assert due(database, (ORG,), limit=3) == [ORG] * 3


def test_a_drain_goes_on_where_it_ended_also_among_foreign_duties(database: Database) -> None:
    owe(database, OTHER, 7)
    owe(database, ORG, 7)
    done: list[str] = []
    while True:
        with database.transaction() as transaction:
            batch = transaction.engine.due_duties(MOMENT, 3, (ORG,))
            for duty in batch:
                transaction.store(ORG).duties.save(duty, None)
        done += [duty.duty_id for duty in batch]
        if not batch:
            break
    assert done == [f"d{number:03}" for number in range(7)]
    assert due(database, (OTHER,)) == [OTHER] * 7


def test_only_rounds_of_the_served_are_due(database: Database) -> None:
    begun(database)
    begun(database, replace(occurrence(), org_id=OTHER))
    with database.transaction() as transaction:
        for served in ((ORG,), (OTHER,), ()):
            found = transaction.engine.due_rounds(FRIDAY, 9, served)
            assert [round_.org_id for round_ in found] == list(served)


def test_only_lanes_of_the_served_are_claimed_and_the_others_are_free_for_their_own_process(database: Database) -> None:
    for org_id in (ORG, OTHER):
        put(database, message(), org_id=org_id)
    assert claimed(database, (NOBODY,)) == []
    assert claimed(database, (ORG,)) == [ORG]
    assert claimed(database, (OTHER,)) == [OTHER]


def test_a_foreign_lane_takes_no_place_among_those_that_may_be_claimed(database: Database) -> None:
    put(database, message(), org_id=OTHER)
    put(database, message(), now=FRIDAY + timedelta(minutes=1))
    assert claimed(database, (ORG,), limit=1) == [ORG]


def test_what_waits_for_another_process_is_no_lag_of_this_one(database: Database) -> None:
    put(database, message(), org_id=OTHER)
    owe(database, OTHER)
    with database.transaction() as transaction:
        assert transaction.engine.lag(MOMENT + hours(1), (ORG,)) == Lag(hours(0), hours(0))
        assert transaction.engine.lag(MOMENT + hours(1), (ORG, OTHER)) == Lag(hours(1), hours(25))


def _received(transaction: Transaction, org_id: OrgId) -> bool:
    return transaction.store(org_id).inbox.receive(Origin(org_id, "feishu", "e", "ou_1", FRIDAY), FRIDAY) is not None


def _asked(transaction: Transaction, org_id: OrgId) -> bool:
    return transaction.store(org_id).conversations.get(PersonId(WANG_LEI), FRIDAY) is not None


@pytest.mark.parametrize("kept", [_received, _asked])
def test_only_what_the_served_have_kept_long_enough_is_removed(
    database: Database, kept: Callable[[Transaction, OrgId], bool]
) -> None:
    for org_id in (ORG, OTHER):
        with company(database, org_id) as store:
            origin = Origin(org_id, "feishu", "e", "ou_1", FRIDAY)
            store.inbox.receive(origin, FRIDAY)
            store.conversations.put(Conversation(PersonId(WANG_LEI), CardKey("checkin", "r"), "result", {}, LATER))
    with database.transaction() as transaction:
        assert sweep(transaction, FRIDAY + EVENTS_KEPT * 2, served=(ORG,)) == 1
    with database.reading() as transaction:
        assert not kept(transaction, ORG)
    with database.reading() as transaction:
        assert kept(transaction, OTHER)
