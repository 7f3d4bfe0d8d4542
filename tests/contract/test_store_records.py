"""Received events, open conversations and history, on both engines."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.cards import Answer, Button, Card, CardKey, ChoiceField, Option, TextField, Toast, ToastKind
from domain.events import Origin
from domain.ids import PersonId
from domain.repositories import Conversation
from storage.database import Database
from tests import builders
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI
from tests.contract.store_world import OTHER, company

LONG_AGO = FRIDAY - timedelta(days=999)
EVENT = Origin(ORG, "feishu", "event-1", "ou_1", FRIDAY)
TOLD = Answer(Toast(ToastKind.SUCCESS, "已提交"), builders.card())
TALK = Conversation(WANG_LEI, CardKey("checkin", "round-1"), "result", {"result": "半句"}, FRIDAY + timedelta(hours=1))


def test_an_event_is_new_once(database: Database) -> None:
    with company(database) as store:
        assert store.inbox.receive(EVENT, FRIDAY) is None
        store.inbox.answered(EVENT, TOLD)
        assert store.inbox.receive(EVENT, FRIDAY) == TOLD
    with company(database) as store:
        assert store.inbox.receive(EVENT, FRIDAY + timedelta(days=1)) == TOLD


def test_a_repeated_event_without_an_answer_gets_an_empty_one(database: Database) -> None:
    for expected in (None, Answer(), Answer()):
        with company(database) as store:
            assert store.inbox.receive(EVENT, FRIDAY) == expected


def test_events_are_told_apart_by_platform_and_id(database: Database) -> None:
    with company(database) as store:
        assert store.inbox.receive(EVENT, FRIDAY) is None
        assert store.inbox.receive(replace(EVENT, event_id="event-2"), FRIDAY) is None
        assert store.inbox.receive(replace(EVENT, platform="wecom"), FRIDAY) is None
        assert store.inbox.receive(replace(EVENT, actor="ou_2"), FRIDAY) == Answer()


def test_an_event_whose_handling_was_undone_is_new_again(database: Database) -> None:
    with database.reading() as transaction:
        assert transaction.store(ORG).inbox.receive(EVENT, FRIDAY) is None
    with company(database) as store:
        assert store.inbox.receive(EVENT, FRIDAY) is None


def test_a_conversation_lasts_until_it_expires(database: Database) -> None:
    with company(database) as store:
        store.conversations.put(TALK)
    with company(database) as store:
        assert store.conversations.get(WANG_LEI, TALK.expires_at - timedelta(microseconds=1)) == TALK
        assert store.conversations.get(WANG_LEI, TALK.expires_at) is None
        assert store.conversations.get(LI_HUA, FRIDAY) is None


def test_a_conversation_about_a_cards_fields_keeps_them_and_the_button(database: Database) -> None:
    fields = (ChoiceField("why", "为什么？", (Option("a", "忙"),), initial=("a",)), TextField("note", "还有？"))
    buttons = (Button("skip_yes", "跳过这次", submits=True, confirm="确定吗？"),)
    card = Card(CardKey("checkin", "round-1"), "这周跳过", "", fields=fields, buttons=buttons)
    talk = replace(TALK, step="note", answers={"why": "a", "areas": ("x", "y")}, action="skip_yes", card=card)
    with company(database) as store:
        store.conversations.put(TALK)
        store.conversations.put(talk)
    with company(database) as store:
        assert store.conversations.get(WANG_LEI, FRIDAY) == talk
        store.conversations.put(TALK)
        assert store.conversations.get(WANG_LEI, FRIDAY) == TALK


def test_somebody_has_one_conversation_at_a_time(database: Database) -> None:
    next_step = replace(
        TALK, topic=CardKey("reply", "duty-1"), step="", answers={}, expires_at=FRIDAY.replace(year=2027)
    )
    with company(database) as store:
        store.conversations.put(TALK)
        store.conversations.put(next_step)
        assert store.conversations.get(WANG_LEI, FRIDAY) == next_step


def test_a_conversation_that_ended_is_forgotten(database: Database) -> None:
    with company(database) as store:
        store.conversations.put(TALK)
        store.conversations.end(WANG_LEI)
        store.conversations.end(LI_HUA)
        assert store.conversations.get(WANG_LEI, FRIDAY) is None


def test_a_conversation_that_was_begun_or_ended_in_vain_is_as_it_was_before(database: Database) -> None:
    with company(database) as store:
        store.conversations.put(TALK)
    with database.transaction() as transaction:
        talks = transaction.store(ORG).conversations
        assert talks.get(WANG_LEI, FRIDAY) == TALK
        with suppress(LookupError), transaction.savepoint():
            talks.end(WANG_LEI)
            talks.put(replace(TALK, person_id=LI_HUA))
            assert [talks.get(who, FRIDAY) is None for who in (WANG_LEI, LI_HUA)] == [True, False]
            raise LookupError
        assert talks.get(WANG_LEI, FRIDAY) == TALK
        assert talks.get(LI_HUA, FRIDAY) is None


NOTES = st.lists(
    st.tuples(
        st.sampled_from(["checkin.submitted", "duty.rung"]),
        st.integers(0, 3).map(lambda hours: FRIDAY + timedelta(hours=hours)),
        st.dictionaries(st.sampled_from("ab"), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NOTES)
def test_history_keeps_every_entry_in_the_order_it_was_noted(
    sqlite_store: Database, notes: list[tuple[str, datetime, dict[str, str]]]
) -> None:
    with sqlite_store.reading() as transaction:
        for kind, at, detail in notes:
            transaction.store(ORG).history.note(kind, "subject", None, at, detail)
            transaction.flush()
        found = [(entry.kind, entry.at, entry.detail) for entry in transaction.engine.history_after(ORG, LONG_AGO)]
        assert found == sorted(notes, key=lambda note: note[1])


def test_the_same_thing_may_happen_twice(database: Database) -> None:
    with company(database) as store:
        for _ in range(2):
            store.history.note("duty.rung", "duty-1", PersonId("x"), FRIDAY, {"act": "remind"})
    with database.transaction() as transaction:
        assert len(transaction.engine.history_after(ORG, LONG_AGO)) == 2
        assert len(transaction.engine.history_after(OTHER, LONG_AGO)) == 0
