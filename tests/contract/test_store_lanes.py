"""Lanes: one owner at a time, in order of rank and age, and nothing lost when an owner dies."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.ids import MessageId, PersonId
from domain.messages import Draft, Fate, Outcome, Priority
from storage.database import Database
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI
from tests.contract.store_world import (
    LATER,
    LEASE,
    OTHER,
    claim,
    company,
    crowd,
    deliver,
    employ,
    message,
    pick,
    put,
    record,
    reserve,
    sent,
)

DAY = date(2026, 11, 27)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _staff(database: Database) -> None:
    employ(database)


def dedupes(candidates: object) -> list[str]:
    return [candidate.dedupe for candidate in candidates]  # type: ignore[attr-defined]


def test_a_lane_is_claimed_when_something_in_it_may_go(database: Database) -> None:
    assert claim(database) == []
    put(database, replace(message(), send_after=LATER))
    assert claim(database, now=LATER - MINUTE) == []
    (lane,) = claim(database, now=LATER)
    assert (lane.org_id, lane.name, lane.owner, lane.epoch) == (ORG, "feishu", "replica-1", 1)


@pytest.mark.parametrize("first", ["now", "tomorrow"])
def test_the_earliest_of_several_messages_makes_the_lane_ready(database: Database, first: str) -> None:
    drafts = [message(dedupe="now"), replace(message(dedupe="tomorrow"), send_after=LATER + timedelta(days=1))]
    put(database, *sorted(drafts, key=lambda draft: draft.dedupe != first))
    assert deliver(database) == ["now"]


def test_a_claimed_lane_is_nobody_elses_until_the_lease_ends(database: Database) -> None:
    put(database, message())
    assert len(claim(database)) == 1
    assert claim(database, "replica-2", LATER + LEASE - timedelta(microseconds=1)) == []
    (lane,) = claim(database, "replica-2", LATER + LEASE)
    assert (lane.owner, lane.epoch) == ("replica-2", 2)


def test_recording_renews_the_lease(database: Database) -> None:
    put(database, message(dedupe="m1"), message(dedupe="m2"))
    (lane,) = claim(database)
    (first, _) = reserve(database, lane)
    assert record(database, lane, sent(first), now=LATER + LEASE / 2)
    assert claim(database, "replica-2", LATER + LEASE) == []
    assert len(claim(database, "replica-2", LATER + LEASE * 2)) == 1


def test_a_released_lane_is_free_at_once_if_something_waits(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    with database.transaction() as transaction:
        transaction.engine.release(lane, LATER)
    assert len(claim(database, "replica-2")) == 1


def test_an_empty_lane_is_not_claimed_again(database: Database) -> None:
    put(database, message())
    deliver(database)
    assert claim(database, now=LATER + timedelta(days=1)) == []


def test_a_message_put_while_its_lane_is_held_is_found_by_the_owner_and_after_the_release(database: Database) -> None:
    put(database, message(dedupe="m1"))
    (lane,) = claim(database)
    reserve(database, lane)
    put(database, message(dedupe="m2"))
    assert dedupes(pick(database, lane)) == ["m2"]
    with database.transaction() as transaction:
        transaction.engine.release(lane, LATER)
    assert len(claim(database, "replica-2")) == 1


def test_lanes_that_wait_longest_come_first_and_no_more_than_asked(database: Database) -> None:
    employ(database, org_id=OTHER)
    put(database, message(), now=FRIDAY + MINUTE)
    put(database, message(), org_id=OTHER)
    put(database, replace(message(dedupe="mail"), by_mail=True), now=FRIDAY + 2 * MINUTE)
    with database.transaction() as transaction:
        first = transaction.engine.claim_lanes("me", LATER, LEASE, 2)
        second = transaction.engine.claim_lanes("me", LATER, LEASE, 2)
    assert [(lane.org_id, lane.name) for lane in first] == [(OTHER, "feishu"), (ORG, "feishu")]
    assert [(lane.org_id, lane.name) for lane in second] == [(ORG, "mail")]


def test_messages_go_by_priority_then_by_age_then_as_they_came(database: Database) -> None:
    put(database, message(dedupe="late"), now=FRIDAY + 2 * MINUTE)
    put(
        database,
        message(dedupe="prompt", priority=Priority.PROMPT),
        message(dedupe="first"),
        message(dedupe="second"),
        replace(message(dedupe="timed"), send_after=FRIDAY + MINUTE),
        message(dedupe="answer", priority=Priority.ANSWER),
    )
    (lane,) = claim(database)
    expected = ["answer", "first", "second", "timed", "late", "prompt"]
    assert dedupes(pick(database, lane)) == expected
    assert dedupes(pick(database, lane, limit=3)) == expected[:3]


def test_what_waits_for_later_does_not_stand_in_the_way(database: Database) -> None:
    tomorrow = LATER + timedelta(days=1)
    put(database, *(replace(message(dedupe=f"m{n}"), send_after=tomorrow) for n in range(20)))
    put(database, message(dedupe="now", priority=Priority.DIGEST))
    (lane,) = claim(database)
    assert dedupes(pick(database, lane, limit=1)) == ["now"]


def test_a_reserved_message_is_not_picked_again_by_its_owner(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    assert len(reserve(database, lane)) == 1
    assert pick(database, lane) == []


def test_a_crashed_owners_messages_come_again_with_the_same_id(database: Database) -> None:
    put(database, message(dedupe="m1"), message(dedupe="m2"))
    (lane,) = claim(database)
    before = reserve(database, lane)
    (successor,) = claim(database, "replica-2", LATER + LEASE)
    again = pick(database, successor, LATER + LEASE)
    assert [c.outgoing.message_id for c in again] == [c.outgoing.message_id for c in before]
    assert [(c.first_try, c.interrupted, c.outgoing.attempts) for c in again] == [(False, True, 1)] * 2


def test_the_reserved_window_outlives_its_owner(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    assert lane.next_at <= LATER
    window_ends = LATER + timedelta(seconds=90)
    with database.transaction() as transaction:
        (candidate,) = transaction.engine.pick(lane, LATER, 9)
        message_id = candidate.outgoing.message_id
        assert transaction.engine.reserve(lane, [message_id], [], window_ends, LATER)
    (successor,) = claim(database, "replica-2", LATER + LEASE)
    assert successor.next_at == window_ends


def test_whoever_was_overtaken_reserves_postpones_and_folds_nothing(database: Database) -> None:
    put(database, message(dedupe="m1"), message(dedupe="m2"))
    (overtaken,) = claim(database)
    candidates = pick(database, overtaken)
    ids = [candidate.outgoing.message_id for candidate in candidates]
    (successor,) = claim(database, "replica-2", LATER + LEASE)
    with database.transaction() as transaction:
        engine = transaction.engine
        assert not engine.reserve(overtaken, ids, [(LI_HUA, DAY)], LATER + LEASE, LATER + LEASE)
        engine.postpone(overtaken, [(ids[0], LATER + timedelta(days=1))])
        engine.fold(overtaken, [(ids[1], DAY)])
        assert engine.pick(overtaken, LATER + LEASE, 9) == []
        engine.release(overtaken, LATER + LEASE)
        assert engine.said_today([(ORG, LI_HUA, DAY)]) == {}
    assert claim(database, "replica-3", LATER + LEASE) == []
    again = pick(database, successor, LATER + LEASE)
    assert [(c.outgoing.message_id, c.outgoing.attempts) for c in again] == [(ids[0], 0), (ids[1], 0)]


def test_a_late_owner_still_records_what_went_out_and_nothing_else(database: Database) -> None:
    put(database, *(message(dedupe=f"m{n}") for n in (1, 2, 3)))
    (overtaken,) = claim(database)
    went, failed, died = reserve(database, overtaken)
    (successor,) = claim(database, "replica-2", LATER + LEASE)
    outcomes = (
        sent(went),
        Outcome(failed.outgoing.message_id, Fate.RETRY, error="timeout", retry_at=LATER + timedelta(days=1)),
        Outcome(died.outgoing.message_id, Fate.DEAD, error="gone"),
    )
    assert not record(database, overtaken, *outcomes, now=LATER + LEASE)
    assert dedupes(pick(database, successor, LATER + LEASE)) == ["m2", "m3"]
    assert claim(database, "replica-3", LATER + LEASE) == []


def test_what_a_late_owner_sent_is_not_unsent_by_its_successor(database: Database) -> None:
    put(database, builders.draft())
    (overtaken,) = claim(database)
    (went,) = reserve(database, overtaken)
    (successor,) = claim(database, "replica-2", LATER + LEASE)
    reserve(database, successor, LATER + LEASE)
    assert not record(database, overtaken, sent(went, "om_first"), now=LATER + LEASE)
    failed = Outcome(went.outgoing.message_id, Fate.RETRY, error="timeout", retry_at=LATER)
    assert record(database, successor, failed, now=LATER + LEASE)
    assert pick(database, successor, LATER + LEASE * 2) == []
    with company(database) as store:
        (copy,) = store.outbox.copies(builders.card().key)
        assert copy.external_id == "om_first"


def test_the_first_platform_id_of_a_message_stays(database: Database) -> None:
    put(database, builders.draft())
    (lane,) = claim(database)
    (went,) = reserve(database, lane)
    assert record(database, lane, sent(went, "om_first"))
    assert record(database, lane, sent(went, "om_second"))
    with company(database) as store:
        assert [copy.external_id for copy in store.outbox.copies(builders.card().key)] == ["om_first"]


def test_a_failed_try_comes_again_when_it_was_told_to(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    (tried,) = reserve(database, lane)
    retry_at = LATER + timedelta(minutes=3)
    again = Outcome(tried.outgoing.message_id, Fate.RETRY, error="99991400", retry_at=retry_at)
    assert record(database, lane, again)
    assert pick(database, lane, retry_at - MINUTE) == []
    (found,) = pick(database, lane, retry_at)
    assert (found.outgoing.message_id, found.outgoing.attempts) == (tried.outgoing.message_id, 1)
    assert (found.first_try, found.interrupted) == (False, False)


def test_a_try_that_is_to_come_again_must_say_when(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    (tried,) = reserve(database, lane)
    with pytest.raises(ValueError, match="not said when"):
        record(database, lane, Outcome(tried.outgoing.message_id, Fate.RETRY))


def test_a_dead_message_is_never_tried_again(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    (tried,) = reserve(database, lane)
    assert record(database, lane, Outcome(tried.outgoing.message_id, Fate.DEAD, error="230020"))
    assert pick(database, lane, LATER + timedelta(days=9)) == []
    with database.transaction() as transaction:
        (letter,) = transaction.engine.dead_letters(LATER)
        assert (letter.error, letter.died_at, letter.lane) == ("230020", LATER, "feishu")


def test_a_message_withdrawn_after_it_was_picked_is_not_reserved(database: Database) -> None:
    put(database, builders.draft(dedupe="m1"), message(dedupe="m2"))
    (lane,) = claim(database)
    ids = [candidate.outgoing.message_id for candidate in pick(database, lane)]
    with company(database) as store:
        store.outbox.withdraw(builders.duty().duty_id)
    with database.transaction() as transaction:
        assert not transaction.engine.reserve(lane, ids, [(LI_HUA, DAY)], LATER, LATER)
        assert transaction.engine.said_today([(ORG, LI_HUA, DAY)]) == {}
    assert dedupes(reserve(database, lane)) == ["m2"]


def test_reserving_something_unknown_changes_nothing(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    with database.transaction() as transaction:
        (known,) = transaction.engine.pick(lane, LATER, 9)
        ids = [known.outgoing.message_id, MessageId("unknown")]
        assert not transaction.engine.reserve(lane, ids, [], LATER, LATER)
    assert len(pick(database, lane)) == 1


def test_postponed_messages_wait_and_the_lane_with_them(database: Database) -> None:
    morning = LATER + timedelta(hours=16)
    put(database, message())
    (lane,) = claim(database)
    with database.transaction() as transaction:
        (found,) = transaction.engine.pick(lane, LATER, 9)
        transaction.engine.postpone(lane, [(found.outgoing.message_id, morning)])
        transaction.engine.release(lane, LATER)
        assert transaction.engine.next_moment(LATER) == morning
    assert claim(database, now=morning - MINUTE) == []
    assert deliver(database, morning) == ["m1"]


def test_attention_is_counted_by_person_and_local_day(database: Database) -> None:
    put(database, *(message(dedupe=f"m{n}") for n in range(3)))
    (lane,) = claim(database)
    with database.transaction() as transaction:
        ids = [found.outgoing.message_id for found in transaction.engine.pick(lane, LATER, 9)]
        paid = [(LI_HUA, DAY), (LI_HUA, DAY), (WANG_LEI, DAY + timedelta(days=1))]
        assert transaction.engine.reserve(lane, ids, paid, LATER, LATER)
    with database.transaction() as transaction:
        pairs = [(ORG, LI_HUA, DAY), (ORG, WANG_LEI, DAY), (OTHER, LI_HUA, DAY)]
        assert transaction.engine.said_today(pairs) == {(ORG, LI_HUA, DAY): 2}
        assert transaction.engine.said_today([]) == {}


def test_attention_paid_for_what_was_not_heard_is_taken_back(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    with database.transaction() as transaction:
        ids = [found.outgoing.message_id for found in transaction.engine.pick(lane, LATER, 9)]
        assert transaction.engine.reserve(lane, ids, [(LI_HUA, DAY)], LATER, LATER)
        transaction.engine.take_back(lane, [(LI_HUA, DAY)])
        assert transaction.engine.said_today([(ORG, LI_HUA, DAY)]) == {(ORG, LI_HUA, DAY): 0}
    claim(database, "replica-2", LATER + LEASE)
    with database.transaction() as transaction:
        transaction.engine.take_back(lane, [(LI_HUA, DAY)])
        assert transaction.engine.said_today([(ORG, LI_HUA, DAY)]) == {(ORG, LI_HUA, DAY): 0}


def test_a_backlog_of_the_unreachable_does_not_hide_what_is_behind_it(database: Database) -> None:
    with company(database) as store:
        for person in crowd(5):
            store.people.save(person)
    put(database, *(message(f"p{number:04}", f"m{number}") for number in range(5)), message(dedupe="last"))
    (lane,) = claim(database)
    assert dedupes(pick(database, lane, limit=2)) == ["last"]


def test_a_message_without_any_time_goes_at_once(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.store(ORG).outbox.put(message())
    assert deliver(database, FRIDAY) == ["m1"]


def test_an_outcome_for_nothing_known_is_harmless(database: Database) -> None:
    put(database, message())
    (lane,) = claim(database)
    assert record(database, lane, Outcome(MessageId("unknown"), Fate.DEAD, error="x", receiver_lost=True))
    assert len(pick(database, lane)) == 1


def test_every_priority_that_a_draft_can_have_is_picked(database: Database) -> None:
    drafts = [Draft(PersonId(LI_HUA), "你好", priority, f"{priority.name}") for priority in Priority]
    put(database, *reversed(drafts))
    assert deliver(database) == [draft.dedupe for draft in drafts]
