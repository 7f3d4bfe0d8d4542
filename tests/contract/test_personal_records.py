"""What is written down about a person and taken out again, on both engines, from rows as the product makes them."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

from domain.cards import Card, CardKey, Quote
from domain.ids import OrgId, PersonId
from domain.messages import Draft, Priority
from domain.repositories import Conversation
from storage.columns import metadata
from storage.compaction import compact
from storage.database import Database
from storage.personal_erasure import SHORTEST_WORDS
from storage.personal_records import ERASED_NAME, UnknownPerson, erase_person, export_person
from storage.transaction import Transaction
from tests.builders import CHEN_JING, FRIDAY, LI_HUA, ORG, WANG_LEI, hours
from tests.living import Life, migrated, talkative_policy
from tests.stores import Migrate

OTHER = OrgId("other")
ANSWERS = {"result": "新模具一次试产成功", "obstacle": "来料检验\n排队两天", "action": '与质检约定"加急"通道'}
EDITED = {**ANSWERS, "action": "改为每日站会同步"}
REPLY = "加急通道我去谈，周二给你信"
DRAFTED = "这句话还没有写完"


@pytest.fixture
def database(template_url: Callable[[Migrate], str]) -> Iterator[Database]:
    """A migrated store."""
    opened = Database.open(template_url(migrated))
    yield opened
    opened.dispose()


@pytest.fixture
def life(database: Database) -> Life:
    """Two organisations of the same people who write the same words, after a week in which much was said."""
    life = Life(database, talkative_policy(), talkative_policy(OTHER))
    for org_id in (ORG, OTHER):
        life.hire(org_id=org_id)
    life.until(FRIDAY)
    for org_id in (ORG, OTHER):
        _converse(life, org_id)
    life.until(FRIDAY + hours(3))
    return life


def _converse(life: Life, org_id: OrgId) -> None:
    own = life.checkin_of(WANG_LEI, org_id)
    card = CardKey("checkin", own.occurrence_id)
    life.click(WANG_LEI, card, "submit", ANSWERS, org_id)
    life.click(LI_HUA, CardKey("reply", own.checkin_id), "submit", {"reply": REPLY}, org_id)
    life.click(WANG_LEI, card, "submit", EDITED, org_id)
    life.click(LI_HUA, card, "submit", {name: f"李华自己的{name}" for name in ANSWERS}, org_id)
    life.say(CHEN_JING, "在吗", org_id)
    life.say(CHEN_JING, DRAFTED, org_id)


def dumped(database: Database, org_id: OrgId) -> dict[str, list[Any]]:
    """Return every row of an organisation, by table."""
    with database.transaction() as transaction:
        return {
            table.name: sorted(map(repr, transaction.query(select(table).where(table.c.org_id == org_id))))
            for table in metadata.sorted_tables
        }


def all_text(database: Database, org_id: OrgId) -> str:
    """Return every text of an organisation, what is stored as JSON also unescaped."""
    return "\n".join(text for table in metadata.sorted_tables for text in _texts(database, table, org_id))


def _texts(database: Database, table: Table, org_id: OrgId) -> Iterator[str]:
    with database.transaction() as transaction:
        for row in transaction.query(select(table).where(table.c.org_id == org_id)):
            for value in row:
                if isinstance(value, str):
                    yield value
                    yield from _unpacked(value)


def _unpacked(value: str) -> Iterator[str]:
    if value.startswith("{"):
        yield json.dumps(json.loads(value), ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')


def exported(database: Database, person_id: PersonId, org_id: OrgId = ORG) -> dict[str, Any]:
    with database.reading() as transaction:
        return export_person(transaction, org_id, person_id)


def erased(database: Database, person_id: PersonId, org_id: OrgId = ORG) -> Mapping[str, int]:
    with database.transaction() as transaction:
        return erase_person(transaction, org_id, person_id)


def test_the_week_left_what_there_is_to_find(life: Life) -> None:
    """Else the tests below would hold for an empty store."""
    text = all_text(life.database, ORG)
    for words in (*ANSWERS.values(), *EDITED.values(), REPLY, "王磊", "wanglei@example.com", "ou_wanglei"):
        assert words in text
    assert DRAFTED in text


def test_a_record_holds_every_version_and_the_replies(life: Life) -> None:
    [checkin] = exported(life.database, WANG_LEI)["checkins"]
    assert checkin["answers"] == EDITED
    assert [version["answers"] for version in checkin["versions"]] == [ANSWERS, EDITED]
    assert [(reply["author_id"], reply["answers"]) for reply in checkin["replies"]] == [(LI_HUA, {"reply": REPLY})]
    assert checkin["questions"]["result"] == "本周最重要的成果?"


def test_a_record_tells_who_the_person_is_and_under_which_names(life: Life) -> None:
    record = exported(life.database, WANG_LEI)
    assert record["person"]["name"] == "王磊"
    assert record["person"]["mail"] == "wanglei@example.com"
    assert [each["external_id"] for each in record["identities"]] == ["ou_wanglei"]


def test_a_record_lists_messages_without_their_words(life: Life) -> None:
    record = exported(life.database, WANG_LEI)
    assert {each["card_kind"] for each in record["messages"]} >= {"checkin", "answered", "summary"}
    assert "李华自己的result" not in json.dumps(record, ensure_ascii=False)


def test_a_record_has_what_the_person_wrote_to_others_but_not_what_they_had_written(life: Life) -> None:
    record = exported(life.database, LI_HUA)
    assert [each["answers"] for each in record["replies_written"]] == [{"reply": REPLY}]
    assert ANSWERS["result"] not in json.dumps(record, ensure_ascii=False)


def test_a_record_holds_an_unfinished_conversation(life: Life) -> None:
    [talk] = exported(life.database, CHEN_JING)["conversation"]
    assert DRAFTED in json.dumps(talk, ensure_ascii=False)


def test_a_record_holds_duties_and_history(life: Life) -> None:
    record = exported(life.database, WANG_LEI)
    assert {(each["kind"], each["debtor_id"]) for each in record["duties"]} >= {("answer", WANG_LEI), ("reply", LI_HUA)}
    assert "checkin.submitted" in {each["kind"] for each in record["history"]}


def test_a_record_is_plain_json(life: Life) -> None:
    record = exported(life.database, WANG_LEI)
    assert json.loads(json.dumps(record)) == json.loads(json.dumps(record, sort_keys=True))
    assert record["checkins"][0]["asked_at"] == FRIDAY.isoformat()


def test_nobody_has_no_record(life: Life) -> None:
    with pytest.raises(UnknownPerson, match="nobody of the id nobody"):
        exported(life.database, PersonId("nobody"))


def test_nobody_cannot_be_erased(life: Life) -> None:
    before = dumped(life.database, ORG)
    with pytest.raises(UnknownPerson):
        erased(life.database, PersonId("nobody"))
    assert dumped(life.database, ORG) == before


def test_no_word_of_an_erased_person_is_left_in_any_table(life: Life) -> None:
    erased(life.database, WANG_LEI)
    text = all_text(life.database, ORG)
    for words in (*ANSWERS.values(), *EDITED.values(), REPLY, "王磊", "wanglei@example.com", "ou_wanglei"):
        for line in words.splitlines():
            assert line not in text


def test_what_somebody_erased_was_writing_is_gone_too(life: Life) -> None:
    erased(life.database, CHEN_JING)
    assert DRAFTED not in all_text(life.database, ORG)
    assert exported(life.database, CHEN_JING)["conversation"] == []


def test_a_reply_that_somebody_was_about_to_write_to_the_person_is_forgotten(life: Life) -> None:
    topic = CardKey("reply", life.checkin_of(WANG_LEI).checkin_id)
    with life.database.transaction() as transaction:
        talk = Conversation(LI_HUA, topic, "", {"reply": "我想说的是"}, life.now + hours(1))
        transaction.store(ORG).conversations.put(talk)
    assert erased(life.database, WANG_LEI)["conversations"] == 1
    assert exported(life.database, LI_HUA)["conversation"] == []


def test_what_others_are_asked_on_a_card_that_names_the_person_is_forgotten(life: Life) -> None:
    card = Card(CardKey("goal", "g1"), "王磊 的目标", "")
    with life.database.transaction() as transaction:
        talk = Conversation(LI_HUA, card.key, "", {}, life.now + hours(1), "approve", card)
        transaction.store(ORG).conversations.put(talk)
    assert erased(life.database, WANG_LEI)["conversations"] == 1
    assert exported(life.database, LI_HUA)["conversation"] == []


def test_a_face_that_holds_words_of_the_person_is_blanked_with_its_card(life: Life) -> None:
    with life.database.transaction() as transaction:
        store = transaction.store(ORG)
        store.outbox.put(Draft(LI_HUA, Card(CardKey("note", "n"), "随便", ""), Priority.PERSONAL, "note", asked=True))
    life.until(life.now + hours(1))
    with life.database.transaction() as transaction:
        outbox = transaction.store(ORG).outbox
        (copy,) = outbox.copies(CardKey("note", "n"))
        outbox.note_face(copy.external_id, LI_HUA, Card(CardKey("note", "n"), ANSWERS["result"], ""))
    erased(life.database, WANG_LEI)
    assert ANSWERS["result"] not in all_text(life.database, ORG)
    with life.database.transaction() as transaction:
        assert transaction.store(ORG).outbox.newest(CardKey("note", "n"), LI_HUA) is None


def test_words_that_everybody_writes_are_not_looked_for_in_others_messages(life: Life) -> None:
    """Answers such as 无 or "ok" would otherwise blank what has nothing to do with the person."""
    with life.database.transaction() as transaction:
        _answer(transaction, {"result": "ok"})
        transaction.store(ORG).outbox.put(_note(LI_HUA, "ok"))
    erased(life.database, WANG_LEI)
    with life.database.transaction() as transaction:
        [lane] = transaction.engine.claim_lanes("test", life.now, hours(1), 1)
        assert [each.outgoing.body for each in transaction.engine.pick(lane, life.now, 10)] == ["ok"]


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=SHORTEST_WORDS, max_size=20)
"""What somebody may type; PostgreSQL takes no NUL in a text, and platforms send none."""


@given(lines=st.lists(LINE.filter(lambda line: len(line.strip()) >= SHORTEST_WORDS), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_somebody_typed_is_found_where_it_was_quoted(life: Life, lines: list[str]) -> None:
    """Quotes, backslashes, line breaks and control characters look different inside JSON."""
    typed = "\n".join(lines)
    quoting = Card(CardKey("summary", "round"), "小结", "小结", blocks=(Quote("谁", typed),))
    with _undone(life.database) as transaction:
        _answer(transaction, {"result": typed})
        for body in (quoting, typed):
            transaction.store(ORG).outbox.put(Draft(LI_HUA, body, Priority.SUMMARY, type(body).__name__))
        assert erase_person(transaction, ORG, WANG_LEI)["messages_withdrawn"] == 2


def _answer(transaction: Transaction, answers: Mapping[str, str]) -> None:
    checkins = transaction.store(ORG).checkins
    own = checkins.latest(WANG_LEI)
    assert own is not None
    checkins.save(replace(own, answers=answers), keep_version=False)


@contextmanager
def _undone(database: Database) -> Iterator[Transaction]:
    with suppress(_Undo), database.transaction() as transaction:
        yield transaction
        raise _Undo


class _Undo(Exception):
    """Ends a transaction whose work shall not stay."""


def test_a_manager_who_is_erased_takes_only_their_own_words_along(life: Life) -> None:
    erased(life.database, LI_HUA)
    text = all_text(life.database, ORG)
    assert REPLY not in text
    assert "李华" not in text
    assert exported(life.database, WANG_LEI)["checkins"][0]["answers"] == EDITED


def test_another_organisation_keeps_every_row(life: Life) -> None:
    """Though its people have the same ids, names and words."""
    before = dumped(life.database, OTHER)
    erased(life.database, WANG_LEI)
    assert dumped(life.database, OTHER) == before


def test_counts_stay_as_they_were(life: Life) -> None:
    occurrence = life.checkin_of(LI_HUA).occurrence_id
    with life.database.transaction() as transaction:
        before = transaction.store(ORG).checkins.counts([occurrence])
    erased(life.database, WANG_LEI)
    with life.database.transaction() as transaction:
        assert transaction.store(ORG).checkins.counts([occurrence]) == before
    assert before.submitted == 2


def test_what_others_wrote_and_owe_stays(life: Life) -> None:
    before = exported(life.database, LI_HUA)
    erased(life.database, WANG_LEI)
    after = exported(life.database, LI_HUA)
    assert after["checkins"] == before["checkins"]
    assert [each["duty_id"] for each in after["duties"]] == [each["duty_id"] for each in before["duties"]]


def test_history_keeps_ids(life: Life) -> None:
    before = [(each["kind"], each["subject"]) for each in exported(life.database, WANG_LEI)["history"]]
    erased(life.database, WANG_LEI)
    assert [(each["kind"], each["subject"]) for each in exported(life.database, WANG_LEI)["history"]] == before


def test_the_erased_person_is_somebody_inactive_without_a_name(life: Life) -> None:
    erased(life.database, WANG_LEI)
    record = exported(life.database, WANG_LEI)
    assert record["person"]["name"] == ERASED_NAME
    assert not record["person"]["active"]
    assert record["identities"] == record["leave"] == record["messages_a_day"] == []


def test_erasing_says_what_it_changed_and_the_second_time_nothing(life: Life) -> None:
    changed = erased(life.database, WANG_LEI)
    assert changed["people"] == changed["identities"] == changed["checkins"] == changed["replies"] == 1
    assert changed["versions"] == 2
    assert changed["messages_blanked"] > 3
    again = erased(life.database, WANG_LEI)
    assert set(again.values()) == {0}


def test_what_waits_for_or_speaks_of_the_person_is_never_sent(life: Life) -> None:
    with life.database.transaction() as transaction:
        for who, words in ((WANG_LEI, "周末愉快"), (LI_HUA, "王磊在等你"), (LI_HUA, "周五见")):
            transaction.store(ORG).outbox.put(_note(who, words))
    with life.database.transaction() as transaction:
        changed = erase_person(transaction, ORG, WANG_LEI)
    assert changed["messages_withdrawn"] == 2
    with life.database.transaction() as transaction:
        [lane] = transaction.engine.claim_lanes("test", life.now, hours(1), 1)
        assert [each.outgoing.body for each in transaction.engine.pick(lane, life.now, 10)] == ["周五见"]


def _note(to: PersonId, words: str) -> Draft:
    return Draft(to, words, Priority.PERSONAL, f"note:{words}")


def test_what_is_being_sent_is_not_tried_again(life: Life) -> None:
    with life.database.transaction() as transaction:
        transaction.store(ORG).outbox.put(_note(WANG_LEI, "王磊"))
    with life.database.transaction() as transaction:
        [lane] = transaction.engine.claim_lanes("first", life.now, hours(1), 1)
        [found] = transaction.engine.pick(lane, life.now, 10)
        assert transaction.engine.reserve(lane, [found.outgoing.message_id], [], life.now, life.now)
    erased(life.database, WANG_LEI)
    with life.database.transaction() as transaction:
        [again] = transaction.engine.claim_lanes("second", life.now + hours(2), hours(1), 1)
        assert transaction.engine.pick(again, life.now + hours(2), 10) == []


def test_a_sqlite_file_holds_no_byte_of_it_after_compaction(sqlite_databases: Any) -> None:
    url = sqlite_databases.clone(migrated)
    database = Database.open(url)
    life = Life(database, talkative_policy())
    life.hire()
    life.until(FRIDAY)
    _converse(life, ORG)
    file = Path(url.removeprefix("sqlite:///"))
    assert REPLY.encode() in _bytes_beside(file)
    erased(database, WANG_LEI)
    compact(url)
    left = _bytes_beside(file)
    for words in (*ANSWERS.values(), *EDITED.values(), REPLY, "王磊", "wanglei@example.com", "ou_wanglei"):
        for line in words.splitlines():
            assert line.encode() not in left
    database.dispose()
    sqlite_databases.drop(url)


def _bytes_beside(file: Path) -> bytes:
    return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))


def test_compaction_keeps_every_row(template_url: Callable[[Migrate], str]) -> None:
    url = template_url(migrated)
    database = Database.open(url)
    life = Life(database, talkative_policy())
    life.hire()
    before = dumped(database, ORG)
    compact(url)
    assert dumped(database, ORG) == before
    database.dispose()
