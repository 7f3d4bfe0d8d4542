"""What lies in somebody's chat: cards found by quoting, by reference and by what they are about, with their faces."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.cards import Button, Card, CardKey, Paragraph
from domain.ids import DutyId, PersonId
from domain.messages import Draft, Fate, Outcome, Priority, SentCopy
from storage.database import Database
from tests import builders
from tests.builders import CHEN_JING, FRIDAY, LI_HUA, WANG_LEI
from tests.contract.store_world import (
    LATER,
    begun,
    claim,
    company,
    deliver,
    employ,
    message,
    pick,
    plan,
    prompt,
    put,
    record,
    reserve,
)

DUTY = DutyId("duty-1")
KEY = CardKey("reply", "duty-1")
LONG_AGO = FRIDAY - timedelta(days=30)
NEW = builders.card(title="已回复")


@pytest.fixture(autouse=True)
def _staff(database: Database) -> None:
    employ(database)


def shown(database: Database, to: str = LI_HUA, dedupe: str = "shown") -> SentCopy:
    """Send somebody a card and return the copy that lies in their chat."""
    put(database, builders.draft(to, dedupe=dedupe))
    deliver(database)
    with company(database) as store:
        (copy,) = store.outbox.copies(KEY, PersonId(to))
        return copy


def in_chat(
    database: Database, who: str = LI_HUA, since: datetime = LONG_AGO, limit: int = 9
) -> list[tuple[str, list[str]]]:
    """Return title and labels of the cards in somebody's chat, newest first."""
    with company(database) as store:
        found = store.outbox.in_chat(PersonId(who), since, limit)
    return [(each.card.title, [button.label for button in each.face.buttons]) for each in found]


def card_about(subject: str, *labels: str, title: str = "") -> Card:
    """Return a card with buttons."""
    buttons = tuple(Button(f"a{number}", label) for number, label in enumerate(labels))
    return replace(builders.card(CardKey("reply", subject), title or subject), buttons=buttons)


def say(database: Database, card: Card, at: datetime, to: str = LI_HUA) -> SentCopy:
    """Send somebody a card at an instant, and return the copy."""
    put(database, Draft(PersonId(to), card, Priority.PERSONAL, f"{card.title}:{to}"), now=at)
    deliver(database, at)
    with company(database) as store:
        return store.outbox.copies(card.key, PersonId(to))[-1]


def test_a_chat_holds_the_cards_that_arrived_newest_first(database: Database) -> None:
    say(database, card_about("one", "甲"), LATER)
    say(database, card_about("two", "乙", "丙"), LATER + timedelta(days=1))
    say(database, card_about("hers"), LATER, WANG_LEI)
    put(database, message(dedupe="a text"), now=LATER)
    deliver(database, LATER + timedelta(days=2))
    put(database, Draft(LI_HUA, card_about("not yet"), Priority.PERSONAL, "not yet"), now=LATER + timedelta(days=3))
    assert in_chat(database) == [("two", ["乙", "丙"]), ("one", ["甲"])]
    assert in_chat(database, since=LATER + timedelta(minutes=1)) == [("two", ["乙", "丙"])]
    assert in_chat(database, limit=1) == [("two", ["乙", "丙"])]
    assert in_chat(database, CHEN_JING) == []


def test_a_card_that_died_or_was_withdrawn_is_in_no_chat(database: Database) -> None:
    put(database, builders.draft(dedupe="dies"), builders.draft(WANG_LEI, dedupe="withdrawn"))
    with company(database) as store:
        store.outbox.put(builders.draft(dedupe="too"))
        store.outbox.withdraw(DUTY)
    put(database, Draft(LI_HUA, card_about("dies"), Priority.PERSONAL, "dies too"))
    (lane,) = claim(database)
    (flying,) = reserve(database, lane)
    assert record(database, lane, Outcome(flying.outgoing.message_id, Fate.DEAD, error="230020"))
    assert in_chat(database) == in_chat(database, WANG_LEI) == []


def test_a_card_shared_by_a_whole_round_lies_in_everybodys_chat(database: Database) -> None:
    round_ = begun(database)
    with company(database) as store:
        store.rounds.ask(plan(round_), 9)
    deliver(database)
    with company(database) as store:
        found = store.outbox.newest(CardKey("checkin", round_.occurrence_id), WANG_LEI)
        assert found is not None
        assert found.card == found.face == prompt(round_)
        assert store.outbox.referred(found.message_id[-6:], WANG_LEI) == found


def test_a_card_is_found_by_what_it_is_about_by_quoting_it_and_by_the_end_of_its_id(database: Database) -> None:
    older, newer = (say(database, card_about("one", title=str(day)), LATER + timedelta(days=day)) for day in (0, 1))
    say(database, card_about("two"), LATER + timedelta(days=2))
    with company(database) as store:
        newest = store.outbox.newest(CardKey("reply", "one"), LI_HUA)
        assert newest is not None
        assert (newest.message_id, newest.sent_at) == (newer.message_id, newer.sent_at)
        quoted = store.outbox.quoted(older.external_id, LI_HUA)
        assert quoted is not None
        assert (quoted.message_id, quoted.card.title) == (older.message_id, "0")
        assert store.outbox.referred(older.message_id[-6:].upper(), LI_HUA) == quoted
        assert store.outbox.newest(CardKey("reply", "three"), LI_HUA) is None
        assert store.outbox.quoted("om_unknown", LI_HUA) is None
        assert store.outbox.referred("zzzzzz", LI_HUA) is None


def test_nobody_finds_a_card_in_somebody_elses_chat(database: Database) -> None:
    copy = shown(database)
    with company(database) as store:
        assert store.outbox.newest(KEY, WANG_LEI) is None
        assert store.outbox.quoted(copy.external_id, WANG_LEI) is None
        assert store.outbox.referred(copy.message_id[-6:], WANG_LEI) is None
        store.outbox.note_face(copy.external_id, WANG_LEI, NEW)
        found = store.outbox.newest(KEY, LI_HUA)
        assert found is not None
        assert found.face == builders.card()


def test_the_face_that_a_callback_gives_a_card_is_known_without_its_blocks(database: Database) -> None:
    copy = shown(database)
    face = replace(card_about("duty-1", "还是写一下"), blocks=(Paragraph("谁也不用再读的话"),))
    with company(database) as store:
        store.outbox.note_face(copy.external_id, LI_HUA, face)
    with company(database) as store:
        found = store.outbox.quoted(copy.external_id, LI_HUA)
        assert found is not None
        assert (found.card, found.face) == (builders.card(), replace(face, blocks=()))


def test_the_newest_face_is_known_whether_a_callback_or_an_update_brought_it(database: Database) -> None:
    copy = shown(database)
    for title in ("first", "second"):
        with company(database) as store:
            store.outbox.note_face(copy.external_id, LI_HUA, builders.card(title=f"{title} by callback"))
            store.outbox.update(copy, builders.card(title=f"{title} by update"))
            found = store.outbox.newest(KEY, LI_HUA)
            assert found is not None
            assert found.face.title == f"{title} by update"
    with company(database) as store:
        store.outbox.note_face(copy.external_id, LI_HUA, builders.card(title="last"))
        found = store.outbox.newest(KEY, LI_HUA)
        assert found is not None
        assert (found.card.title, found.face.title) == (builders.card().title, "last")


def test_a_card_given_a_face_is_still_sent_with_its_own_words(database: Database) -> None:
    """A sender that was lost leaves a card to be sent again: with everything there is to read on it."""
    put(database, builders.draft())
    (lane,) = claim(database)
    reserve(database, lane)
    with company(database) as store:
        store.outbox.show(KEY, LI_HUA, NEW, LONG_AGO)
    (again,) = claim(database, "replica-2", LATER + timedelta(minutes=5))
    bodies = [found.outgoing.body for found in pick(database, again, LATER + timedelta(minutes=5))]
    assert builders.card() in bodies
