"""Two organisations in one database never see each other, whatever is asked and however equal their ids are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain import repositories
from domain.cadences import Audience
from domain.cards import Answer
from domain.checkin import Reaction, submit
from domain.duties import fulfil
from domain.events import Origin
from domain.ids import OccurrenceId, OrgId, PersonId
from domain.messages import SentCopy
from storage.columns import metadata
from storage.database import Database
from storage.instants import micros
from storage.message_ids import message_id_of
from storage.org_store import OrgStore
from storage.transaction import Transaction
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, hours
from tests.contract.store_world import (
    LATER,
    LEASE,
    OTHER,
    claim,
    company,
    deliver,
    employ,
    message,
    pick,
    plan,
    put,
    record,
    reserve,
    sent,
)

DAY = date(2026, 11, 27)
CHECKIN = builders.checkin()
DUTY = builders.duty()
CARD = builders.card()
TALK = repositories.Conversation(WANG_LEI, CARD.key, "result", {}, FRIDAY + hours(9))


def of(org_id: OrgId, value: Any) -> Any:
    """Return the same value, with the same ids, of an organisation."""
    return replace(value, org_id=org_id)


def event(org_id: OrgId) -> Origin:
    return Origin(org_id, "feishu", "event-1", "ou_wanglei", FRIDAY)


def live(database: Database, org_id: OrgId) -> None:
    """Let an organisation do a little of everything."""
    employ(database, org_id=org_id)
    employ(database, [builders.person("stoodinfor", deputy=builders.ZHAO_MIN)], org_id)
    with company(database, org_id) as store:
        store.inbox.receive(event(org_id), FRIDAY)
        store.people.add_leave(WANG_LEI, builders.leave("2026-12-24"))
        store.rounds.first_seen("weekly", FRIDAY)
        store.rounds.begin(of(org_id, builders.occurrence()))
        store.checkins.add(of(org_id, CHECKIN))
        answered = submit(of(org_id, CHECKIN), builders.review_answers(), FRIDAY).checkin
        store.checkins.save(answered, keep_version=True)
        store.checkins.add_reply(of(org_id, builders.reply()))
        store.checkins.published_choices(CHECKIN.occurrence_id, LI_HUA, ["result"], 1)
        store.duties.open(of(org_id, DUTY), FRIDAY + hours(24))
        store.outbox.put(builders.draft())
        store.conversations.put(TALK)
        store.history.note("kind", "subject", None, FRIDAY, {})
    deliver(database)
    put(database, replace(builders.draft(), dedupe="folded"), org_id=org_id)
    (lane,) = claim(database)
    with database.transaction() as transaction:
        (found,) = transaction.engine.pick(lane, LATER, 9)
        assert transaction.engine.reserve(lane, [found.outgoing.message_id], [(LI_HUA, DAY)], LATER, LATER)
    with database.transaction() as transaction:
        (again,) = transaction.engine.claim_lanes("another", LATER + LEASE, LEASE, 9)
        assert transaction.engine.pick(again, LATER + LEASE, 9)
        transaction.engine.fold(again, [(found.outgoing.message_id, DAY)])
        transaction.engine.release(again, LATER + LEASE)


def rows_of(database: Database, org_id: OrgId) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of an organisation, by table."""
    with database.transaction() as transaction:
        return {
            table.name: sorted(transaction.query(select(table).where(table.c.org_id == org_id)), key=repr)
            for table in metadata.sorted_tables
        }


def copy_of(store: OrgStore) -> SentCopy:
    return builders.sent_copy(CARD.key)


Ask = Callable[[OrgStore], object]
"""A question to one organisation; the answer is empty if it has nothing."""

QUESTIONS: dict[str, Ask] = {
    "people.person": lambda s: s.people.person(WANG_LEI),
    "people.away": lambda s: s.people.away(WANG_LEI, date(2026, 12, 24)),
    "people.by_identity": lambda s: s.people.by_identity("feishu", "ou_wanglei"),
    "people.identity": lambda s: s.people.identity(WANG_LEI, "feishu"),
    "people.prefetch": lambda s: _prefetched(s),
    "people.leave_of": lambda s: s.people.leave_of(WANG_LEI),
    "people.reports_of": lambda s: s.people.reports_of(LI_HUA),
    "people.cared_for": lambda s: s.people.cared_for(builders.CHEN_JING),
    "people.stood_in_for": lambda s: s.people.stood_in_for(builders.ZHAO_MIN),
    "people.called": lambda s: s.people.called("王磊"),
    "people.everybody": lambda s: s.people.everybody(),
    "people.identities": lambda s: s.people.identities("feishu"),
    "people.managers": lambda s: s.people.managers(PersonId(""), 9),
    "people.hrbps": lambda s: s.people.hrbps(PersonId(""), 9),
    "people.zones": lambda s: s.people.zones(),
    "people.in_audience": lambda s: s.people.in_audience(Audience(), "*", PersonId(""), 9),
    "rounds.get": lambda s: s.rounds.get(OccurrenceId("round-1")),
    "rounds.latest": lambda s: s.rounds.latest("weekly", FRIDAY + hours(1)),
    "checkins.get": lambda s: s.checkins.get(CHECKIN.checkin_id),
    "checkins.of_round": lambda s: s.checkins.of_round(CHECKIN.occurrence_id, WANG_LEI),
    "checkins.latest": lambda s: s.checkins.latest(WANG_LEI),
    "checkins.of_people": lambda s: s.checkins.of_people([CHECKIN.occurrence_id], [WANG_LEI]),
    "checkins.counts": lambda s: s.checkins.counts([CHECKIN.occurrence_id]).asked,
    "checkins.published_choices": lambda s: s.checkins.published_choices(CHECKIN.occurrence_id, LI_HUA, ["result"], 1),
    "checkins.states": lambda s: s.checkins.states(WANG_LEI, "weekly", FRIDAY, 9),
    "checkins.versions": lambda s: s.checkins.versions(CHECKIN.checkin_id),
    "checkins.replies": lambda s: s.checkins.replies(CHECKIN.checkin_id),
    "checkins.reply": lambda s: s.checkins.reply("reply-1"),
    "duties.get": lambda s: s.duties.get(DUTY.duty_id),
    "duties.find": lambda s: s.duties.find("reply", "checkin-1"),
    "duties.owed_by": lambda s: s.duties.owed_by(LI_HUA),
    "duties.about": lambda s: s.duties.about(WANG_LEI),
    "duties.open_of_people": lambda s: s.duties.open_of_people([LI_HUA], 9),
    "outbox.copies": lambda s: s.outbox.copies(CARD.key),
    "outbox.readers": lambda s: s.outbox.readers(CARD.key),
    "outbox.subject_of": lambda s: s.outbox.subject_of(_sent_id(s)),
    "outbox.in_chat": lambda s: s.outbox.in_chat(LI_HUA, FRIDAY, 9),
    "outbox.newest": lambda s: s.outbox.newest(CARD.key, LI_HUA),
    "outbox.quoted": lambda s: s.outbox.quoted(_sent_id(s), LI_HUA),
    "outbox.referred": lambda s: s.outbox.referred(_sent_id(s)[-6:], LI_HUA),
    "outbox.folded": lambda s: s.outbox.folded(LI_HUA, DAY),
    "conversations.get": lambda s: s.conversations.get(WANG_LEI, FRIDAY),
}

CHANGES: dict[str, Ask] = {
    "inbox.receive": lambda s: s.inbox.receive(event(s.org_id), FRIDAY),
    "inbox.answered": lambda s: s.inbox.answered(event(s.org_id), Answer()),
    "people.save": lambda s: _save_staff(s),
    "people.bind": lambda s: s.people.bind("feishu", "ou_wanglei", LI_HUA),
    "people.add_leave": lambda s: s.people.add_leave(WANG_LEI, builders.leave("2026-12-24", "2026-12-31")),
    "people.end_leave": lambda s: s.people.end_leave(WANG_LEI, date(2026, 12, 1)),
    "rounds.first_seen": lambda s: s.rounds.first_seen("weekly", FRIDAY - hours(1)),
    "rounds.begin": lambda s: s.rounds.begin(of(s.org_id, builders.occurrence())),
    "rounds.save": lambda s: s.rounds.save(of(s.org_id, replace(builders.occurrence(), cursor="x", next_at=None))),
    "rounds.ask": lambda s: s.rounds.ask(plan(of(s.org_id, builders.occurrence())), 9),
    "checkins.add": lambda s: s.checkins.add(of(s.org_id, replace(CHECKIN, period="2026-W49"))),
    "checkins.save": lambda s: s.checkins.save(of(s.org_id, replace(CHECKIN, version=1)), keep_version=True),
    "checkins.add_reply": lambda s: s.checkins.add_reply(of(s.org_id, builders.reply())),
    "checkins.save_reply": lambda s: s.checkins.save_reply(of(s.org_id, builders.reply().react(Reaction.HELPFUL))),
    "duties.open": lambda s: s.duties.open(of(s.org_id, DUTY), FRIDAY),
    "duties.save": lambda s: s.duties.save(of(s.org_id, fulfil(DUTY, FRIDAY, LI_HUA)), None),
    "outbox.put": lambda s: s.outbox.put(builders.draft()),
    "outbox.update": lambda s: s.outbox.update(copy_of(s), CARD),
    "outbox.show": lambda s: s.outbox.show(CARD.key, LI_HUA, CARD, FRIDAY - hours(1)),
    "outbox.note_face": lambda s: s.outbox.note_face(_sent_id(s), LI_HUA, CARD),
    "outbox.withdraw": lambda s: s.outbox.withdraw(DUTY.duty_id),
    "outbox.withdraw_card": lambda s: s.outbox.withdraw_card(CARD.key),
    "outbox.unfold": lambda s: s.outbox.unfold(LI_HUA, DAY, LATER),
    "conversations.put": lambda s: s.conversations.put(replace(TALK, step="other")),
    "conversations.end": lambda s: s.conversations.end(WANG_LEI),
    "history.note": lambda s: s.history.note("kind", "subject", None, FRIDAY, {}),
}


def _prefetched(store: OrgStore) -> object:
    store.people.prefetch([WANG_LEI])
    return store.people.person(WANG_LEI)


def _save_staff(store: OrgStore) -> None:
    for known in builders.staff():
        store.people.save(of(store.org_id, known))


def _sent_id(store: OrgStore) -> str:
    """The platform's id of the card that ORG was shown; both organisations ask for it."""
    return f"om_{message_id_of(micros(FRIDAY), ORG, builders.draft().dedupe)}"


def test_every_method_of_the_store_is_tried() -> None:
    ports = ("People", "Rounds", "Checkins", "Duties", "Outbox", "Conversations", "Inbox", "History")
    methods = {
        f"{port.lower()}.{name}"
        for port in ports
        for name in dir(getattr(repositories, port))
        if not name.startswith("_")
    }
    assert set(QUESTIONS) | set(CHANGES) == methods
    assert not set(QUESTIONS) & set(CHANGES)


def test_one_organisation_finds_nothing_of_another(database: Database) -> None:
    live(database, ORG)
    with company(database) as store:
        unanswered = [name for name, question in QUESTIONS.items() if not question(store)]
        assert unanswered == []
    with company(database, OTHER) as store:
        answered = {name: answer for name, question in QUESTIONS.items() if (answer := question(store))}
        assert answered == {}


def test_one_organisation_changes_nothing_of_another_by_equal_ids(database: Database) -> None:
    live(database, ORG)
    before = rows_of(database, ORG)
    assert all(rows for name, rows in before.items() if name not in ("scratch", "definition", "quota"))
    with company(database, OTHER) as store:
        for change in CHANGES.values():
            change(store)
    assert rows_of(database, ORG) == before


def test_the_engine_keeps_equal_messages_of_two_organisations_apart(database: Database) -> None:
    for org_id in (ORG, OTHER):
        employ(database, org_id=org_id)
        put(database, message(), org_id=org_id)
    lanes = {lane.org_id: lane for lane in claim(database)}
    (mine,) = reserve(database, lanes[ORG])
    assert mine.outgoing.org_id == ORG
    assert record(database, lanes[ORG], sent(mine))
    (others,) = pick(database, lanes[OTHER])
    assert (others.outgoing.org_id, others.first_try) == (OTHER, True)


def test_due_duties_of_two_organisations_with_equal_ids_are_both_found(database: Database) -> None:
    for org_id in (ORG, OTHER):
        with company(database, org_id) as store:
            store.duties.open(of(org_id, DUTY), FRIDAY)
    with database.transaction() as transaction:
        assert {duty.org_id for duty in transaction.engine.due_duties(LATER, 9)} == {ORG, OTHER}


def test_a_definition_is_found_only_by_the_organisation_that_stored_it(database: Database) -> None:
    with company(database) as store:
        digest = store.definitions.digest(builders.cadence())
    with company(database) as store:
        assert store.cadence(digest) == builders.cadence()
    with company(database, OTHER) as store, pytest.raises(KeyError):
        store.cadence(digest)


def test_an_event_that_fails_in_one_organisation_leaves_the_others_of_the_batch_alone(database: Database) -> None:
    def handle(transaction: Transaction, org_id: OrgId) -> None:
        transaction.store(org_id).inbox.receive(event(org_id), FRIDAY)
        if org_id == OTHER:
            raise LookupError

    with database.transaction() as transaction:
        handle(transaction, ORG)
        with pytest.raises(LookupError), transaction.savepoint():
            handle(transaction, OTHER)
    with company(database, OTHER) as store:
        assert store.inbox.receive(event(OTHER), FRIDAY + timedelta(hours=1)) is None
    with company(database) as store:
        assert store.inbox.receive(event(ORG), FRIDAY + timedelta(hours=1)) is not None
