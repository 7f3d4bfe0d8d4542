"""Messages before and after they are sent: put once, withdrawn, folded, given a new face."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.cards import Card, CardKey
from domain.ids import DutyId, PersonId
from domain.messages import Body, Call, Draft, Fate, Mail, Outcome, Priority, SentCopy
from storage.database import Database
from tests import builders
from tests.builders import CHEN_JING, FRIDAY, LI_HUA, ORG, WANG_LEI, person
from tests.contract.store_world import (
    LATER,
    claim,
    company,
    deliver,
    employ,
    message,
    pick,
    put,
    record,
    reserve,
    sent,
)

DUTY = DutyId("duty-1")
KEY = CardKey("reply", "duty-1")
DAY = date(2026, 11, 27)


@pytest.fixture(autouse=True)
def _staff(database: Database) -> None:
    employ(database)


def shown(database: Database, to: str = LI_HUA, dedupe: str = "shown") -> SentCopy:
    """Send somebody a card and return the copy that lies in their chat."""
    with company(database) as store:
        before = list(store.outbox.copies(KEY))
    put(database, builders.draft(to, dedupe=dedupe))
    deliver(database)
    with company(database) as store:
        (copy,) = [found for found in store.outbox.copies(KEY, PersonId(to)) if found not in before]
        return copy


def dead(database: Database) -> Sequence[tuple[str, str]]:
    with database.transaction() as transaction:
        return [(letter.dedupe, letter.error) for letter in transaction.engine.dead_letters(FRIDAY)]


def test_a_draft_becomes_a_message_with_everything_it_said(database: Database) -> None:
    put(database, replace(builders.draft(), asked=True))
    (lane,) = claim(database)
    (found,) = pick(database, lane)
    assert (found.outgoing.org_id, found.outgoing.lane, found.outgoing.call) == (ORG, "feishu", Call.CARD)
    assert (found.outgoing.person_id, found.outgoing.receiver) == (LI_HUA, "ou_lihua")
    assert (found.outgoing.body, found.outgoing.target, found.outgoing.attempts) == (builders.card(), "", 0)
    assert (found.asked, found.priority, found.duty_id) == (True, Priority.REMINDER, DUTY)
    assert (found.dedupe, found.first_try) == ("duty-1:0", True)
    assert found.person == person(LI_HUA, "李华", manager=builders.ZHAO_MIN, hrbp=CHEN_JING)


def test_a_second_draft_with_the_same_key_is_dropped(database: Database) -> None:
    put(database, message(), replace(message(), body="again"))
    put(database, replace(message(), body="and again"))
    (lane,) = claim(database)
    assert [found.outgoing.body for found in pick(database, lane)] == ["你好 m1"]
    deliver(database)
    put(database, message())
    assert deliver(database) == []


def test_a_mail_goes_to_the_mail_lane_and_address(database: Database) -> None:
    put(database, replace(message(), body=Mail("催办", "请回复"), by_mail=True))
    (lane,) = claim(database)
    (found,) = pick(database, lane)
    assert (lane.name, found.outgoing.call, found.outgoing.lane) == ("mail", Call.MAIL, "mail")
    assert (found.outgoing.receiver, found.outgoing.body) == ("lihua@example.com", Mail("催办", "请回复"))


def test_whoever_cannot_be_reached_gets_a_dead_letter_with_the_reason(database: Database) -> None:
    unreachable = replace(person("x"), platform=None, mail=None)
    employ(database, [unreachable])
    put(
        database,
        message("x", "chat"),
        replace(message("x", "mail"), by_mail=True),
        message("nobody", "unknown"),
    )
    assert claim(database) == []
    assert sorted(dead(database)) == [("chat", "no_platform"), ("mail", "no_mail"), ("unknown", "no_person")]


def test_somebody_whose_identity_is_learned_late_is_reached_all_the_same(database: Database) -> None:
    with company(database) as store:
        store.people.save(person("late"))
    put(database, message("late"))
    with company(database) as store:
        store.people.bind("feishu", "ou_late", PersonId("late"))
    assert deliver(database) == ["m1"]


def test_a_missing_identity_makes_a_dead_letter_when_it_is_needed_and_does_not_block_others(database: Database) -> None:
    with company(database) as store:
        store.people.save(person("unbound"))
    put(database, message("unbound", "m1"), message(LI_HUA, "m2"))
    assert deliver(database) == ["m2"]
    assert dead(database) == [("m1", "no_identity")]


def test_a_receiver_the_platform_has_lost_is_not_tried_again_until_bound_again(database: Database) -> None:
    put(database, message(dedupe="m1"))
    (lane,) = claim(database)
    (first,) = reserve(database, lane)
    lost = Outcome(first.outgoing.message_id, Fate.DEAD, error="230013", receiver_lost=True)
    assert record(database, lane, lost)
    put(database, message(dedupe="m2"), message(WANG_LEI, "m3"))
    later = LATER + timedelta(minutes=5)
    assert deliver(database, later) == ["m3"]
    assert dead(database) == [("m1", "230013"), ("m2", "receiver_lost")]
    with company(database) as store:
        store.people.bind("feishu", "ou_lihua", LI_HUA)
    put(database, message(dedupe="m4"))
    assert deliver(database, later + timedelta(minutes=5)) == ["m4"]


def test_closing_a_duty_withdraws_what_was_not_yet_said_for_it(database: Database) -> None:
    put(database, builders.draft(dedupe="stored"), message(dedupe="other"))
    with company(database) as store:
        store.outbox.put(builders.draft(dedupe="waiting"))
        assert store.outbox.withdraw(DUTY) == 2
        assert store.outbox.withdraw(DUTY) == 0
    assert deliver(database) == ["other"]


def test_a_withdrawn_message_is_not_put_again(database: Database) -> None:
    with company(database) as store:
        store.outbox.put(builders.draft())
        store.outbox.withdraw(DUTY)
        store.outbox.put(builders.draft())
    put(database, builders.draft())
    assert deliver(database) == []


def test_withdrawing_does_not_reach_what_was_sent(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        assert store.outbox.withdraw(DUTY) == 0
        assert list(store.outbox.copies(KEY)) == [copy]


def test_a_message_withdrawn_in_flight_is_neither_counted_nor_tried_again(database: Database) -> None:
    put(database, builders.draft())
    (lane,) = claim(database)
    (flying,) = reserve(database, lane)
    with company(database) as store:
        assert store.outbox.withdraw(DUTY) == 0
    failed = Outcome(flying.outgoing.message_id, Fate.RETRY, error="timeout", retry_at=LATER)
    assert record(database, lane, failed)
    assert pick(database, lane) == []


def test_a_message_withdrawn_in_flight_that_did_arrive_is_known_as_sent(database: Database) -> None:
    put(database, builders.draft())
    (lane,) = claim(database)
    (flying,) = reserve(database, lane)
    with company(database) as store:
        store.outbox.withdraw(DUTY)
    assert record(database, lane, sent(flying, "om_1"))
    with company(database) as store:
        assert [copy.external_id for copy in store.outbox.copies(KEY)] == ["om_1"]


def test_a_card_can_be_withdrawn_by_what_it_is_about(database: Database) -> None:
    put(database, builders.draft(LI_HUA, dedupe="m1"), builders.draft(WANG_LEI, dedupe="m2"))
    other = replace(message(dedupe="m4"), body=builders.card(CardKey("reply", "duty-2")))
    with company(database) as store:
        store.outbox.put(builders.draft(CHEN_JING, dedupe="m3"))
        store.outbox.put(other)
        assert store.outbox.withdraw_card(KEY) == 3
    assert deliver(database) == ["m4"]


def test_sent_copies_of_a_card_are_found_in_everybodys_chats_or_in_ones(database: Database) -> None:
    mine, others = shown(database, LI_HUA, "m1"), shown(database, WANG_LEI, "m2")
    put(database, builders.draft(CHEN_JING, dedupe="not yet"))
    assert (mine.person_id, mine.lane, mine.card, mine.sent_at) == (LI_HUA, "feishu", KEY, LATER)
    assert mine.external_id == f"om_{mine.message_id}"
    with company(database) as store:
        assert sorted(copy.message_id for copy in store.outbox.copies(KEY)) == sorted(
            [mine.message_id, others.message_id]
        )
        assert list(store.outbox.copies(KEY, LI_HUA)) == [mine]
        assert not store.outbox.copies(KEY, CHEN_JING)
        assert not store.outbox.copies(CardKey("reply", "duty-2"))


def test_a_sent_card_is_found_by_the_platforms_id(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        assert store.outbox.subject_of(copy.external_id) == KEY
        assert store.outbox.subject_of("om_unknown") is None


def faces(database: Database) -> list[tuple[str, str]]:
    """Send what may go; return target and title of every new face, in the order in which they went."""
    (lane,) = claim(database, now=LATER + timedelta(minutes=1))
    candidates = reserve(database, lane, LATER + timedelta(minutes=1))
    record(database, lane, *map(sent, candidates))
    updates = [c.outgoing for c in candidates if c.outgoing.call is Call.UPDATE]
    return [(update.target, update.body.title) for update in updates if isinstance(update.body, Card)]


def test_a_new_face_goes_to_the_copy_in_its_readers_chat_as_if_asked_for(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        store.outbox.update(copy, builders.card(title="已回复"))
    (lane,) = claim(database, now=LATER + timedelta(minutes=1))
    (update,) = pick(database, lane)
    assert (update.outgoing.call, update.outgoing.target) == (Call.UPDATE, copy.external_id)
    assert (update.outgoing.receiver, update.outgoing.body) == ("ou_lihua", builders.card(title="已回复"))
    assert (update.asked, update.duty_id) == (True, None)


def test_only_the_last_of_several_faces_is_shown(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        store.outbox.update(copy, builders.card(title="first"))
        store.outbox.update(copy, builders.card(title="second"))
    with company(database) as store:
        store.outbox.update(copy, builders.card(title="third"))
    assert faces(database) == [(copy.external_id, "third")]


def test_faces_follow_each_other_once_they_are_shown(database: Database) -> None:
    copy = shown(database)
    seen = []
    for title in ("first", "second", "first"):
        with company(database) as store:
            store.outbox.update(copy, builders.card(title=title))
        seen += [shown_title for _, shown_title in faces(database)]
    assert seen == ["first", "second", "first"]


def test_an_older_face_whose_sending_failed_never_covers_a_newer_one(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        store.outbox.update(copy, builders.card(title="old"))
    moment = LATER + timedelta(minutes=1)
    (lane,) = claim(database, now=moment)
    (old,) = reserve(database, lane, moment)
    with company(database) as store:
        store.outbox.update(copy, builders.card(title="new"))
    failed = Outcome(old.outgoing.message_id, Fate.RETRY, error="timeout", retry_at=moment)
    assert record(database, lane, failed, now=moment)
    later = [candidate.outgoing.body for candidate in pick(database, lane, moment + timedelta(minutes=1))]
    assert later == [builders.card(title="new")]


def test_a_new_face_is_no_copy_of_its_own(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        store.outbox.update(copy, builders.card(title="已回复"))
    faces(database)
    with company(database) as store:
        assert list(store.outbox.copies(KEY)) == [copy]


LONG_AGO = FRIDAY - timedelta(days=30)
NEW = builders.card(title="已回复")


def show(database: Database, *, oldest: datetime = LONG_AGO, answered: str = "", face: Card = NEW) -> None:
    """Give every card of the key in Li Hua's chat its present face."""
    with company(database) as store:
        store.outbox.show(KEY, LI_HUA, face, oldest, answered)


def on_the_way(database: Database, now: datetime = LATER) -> dict[str, Body]:
    """Return what would be sent now, by dedupe key."""
    return {c.dedupe: c.outgoing.body for lane in claim(database, now=now) for c in pick(database, lane, now)}


def test_a_card_that_has_not_left_carries_the_new_face(database: Database) -> None:
    put(database, builders.draft(dedupe="stored"), builders.draft(WANG_LEI, dedupe="other"))
    with company(database) as store:
        store.outbox.put(builders.draft(dedupe="waiting"))
        store.outbox.show(KEY, LI_HUA, NEW, LONG_AGO)
    assert on_the_way(database) == {"stored": NEW, "other": builders.card(), "waiting": NEW}


def test_a_folded_card_is_told_with_its_new_face(database: Database) -> None:
    fold(database, builders.draft())
    show(database)
    with company(database) as store:
        assert list(store.outbox.folded(LI_HUA, DAY)) == [NEW]


def test_a_card_that_has_left_gets_one_update(database: Database) -> None:
    copy = shown(database)
    show(database, face=builders.card(title="older"))
    show(database)
    assert faces(database) == [(copy.external_id, "已回复")]


def test_a_card_too_old_to_be_changed_is_left_alone(database: Database) -> None:
    shown(database)
    show(database, oldest=LATER + timedelta(microseconds=1))
    assert on_the_way(database, LATER + timedelta(minutes=1)) == {}


def test_the_card_whose_click_is_being_answered_only_loses_updates_that_wait(database: Database) -> None:
    copy, other = shown(database, dedupe="m1"), shown(database, dedupe="m2")
    show(database, face=builders.card(title="older"))
    show(database, answered=copy.external_id)
    assert faces(database) == [(other.external_id, "已回复")]


def test_a_card_that_is_leaving_this_moment_is_followed_by_its_new_face(database: Database) -> None:
    put(database, builders.draft())
    (lane,) = claim(database)
    (flying,) = reserve(database, lane)
    show(database)
    soon = LATER + timedelta(minutes=1)
    assert pick(database, lane, soon) == []
    assert record(database, lane, sent(flying, "om_1"), now=soon)
    (follower,) = pick(database, lane, soon + timedelta(minutes=1))
    assert (follower.outgoing.call, follower.outgoing.target, follower.outgoing.body) == (Call.UPDATE, "om_1", NEW)


def test_the_new_face_of_a_card_that_never_arrived_is_given_up(database: Database) -> None:
    put(database, builders.draft())
    (lane,) = claim(database)
    (flying,) = reserve(database, lane)
    show(database)
    soon = LATER + timedelta(minutes=1)
    assert record(database, lane, Outcome(flying.outgoing.message_id, Fate.DEAD, error="230020"), now=soon)
    assert pick(database, lane, soon) == []
    assert sorted(error for _, error in dead(database)) == ["230020", "no_target"]


def test_the_readers_of_a_card_are_all_whom_it_has_reached_or_will_reach(database: Database) -> None:
    shown(database, LI_HUA, "m1")
    put(database, builders.draft(WANG_LEI, dedupe="m2"))
    gone = replace(builders.draft(builders.ADMIN, dedupe="m3"), duty_id=DutyId("duty-2"))
    put(database, gone)
    with company(database) as store:
        store.outbox.withdraw(DutyId("duty-2"))
        store.outbox.put(builders.draft(CHEN_JING, dedupe="m4"))
        assert list(store.outbox.readers(KEY)) == [CHEN_JING, LI_HUA, WANG_LEI]
        assert not store.outbox.readers(CardKey("reply", "duty-2"))


def fold(database: Database, *drafts: Draft) -> None:
    """Put messages and leave all of them to the day's digest."""
    put(database, *drafts)
    (lane,) = claim(database)
    with database.transaction() as transaction:
        ids = [found.outgoing.message_id for found in transaction.engine.pick(lane, LATER, 9)]
        transaction.engine.fold(lane, [(message_id, DAY) for message_id in ids])
        transaction.engine.release(lane, LATER)


def test_what_is_folded_is_told_by_the_digest_of_its_day_by_priority(database: Database) -> None:
    summary = message(dedupe="m1", priority=Priority.SUMMARY)
    fold(database, summary, builders.draft(dedupe="m2"))
    assert deliver(database) == []
    with company(database) as store:
        assert list(store.outbox.folded(LI_HUA, DAY)) == [builders.card(), "你好 m1"]
        assert not store.outbox.folded(LI_HUA, DAY + timedelta(days=1))
        assert not store.outbox.folded(WANG_LEI, DAY)


def test_what_was_folded_and_then_withdrawn_is_gone_from_the_digest(database: Database) -> None:
    fold(database, builders.draft(dedupe="m1"), message(dedupe="m2"))
    with company(database) as store:
        assert store.outbox.withdraw(DUTY) == 1
        assert list(store.outbox.folded(LI_HUA, DAY)) == ["你好 m2"]


def test_a_digest_can_be_unfolded_into_its_messages_as_if_asked_for(database: Database) -> None:
    fold(database, message(dedupe="m1"), message(dedupe="m2"))
    opened_at = LATER + timedelta(hours=2)
    with company(database) as store:
        assert store.outbox.unfold(LI_HUA, DAY, opened_at) == 2
        assert store.outbox.unfold(LI_HUA, DAY, opened_at) == 0
        assert not store.outbox.folded(LI_HUA, DAY)
    (lane,) = claim(database, now=opened_at)
    assert [(found.dedupe, found.asked) for found in pick(database, lane, opened_at)] == [("m1", True), ("m2", True)]


def test_a_text_that_cannot_be_stored_is_refused_when_it_is_put(database: Database) -> None:
    with database.transaction() as transaction:
        outbox = transaction.store(ORG).outbox
        with pytest.raises(ValueError, match="NUL"), transaction.savepoint():
            outbox.put(message(dedupe="said:\0"))
        outbox.put(replace(message(), body="NUL \0 within words is fine"))
    (lane,) = claim(database)
    assert [found.outgoing.body for found in pick(database, lane)] == ["NUL \0 within words is fine"]
