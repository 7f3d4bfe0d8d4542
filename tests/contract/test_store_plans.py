"""Statements find their rows by the index made for them, also in the minute after a fan-out.

A fan-out fills tables within seconds, while PostgreSQL looks at them only a minute later and SQLite never. A statement
that goes through a whole organisation instead of one row costs milliseconds with every event of that minute.
"""

import re

import pytest

from domain.ids import OccurrenceId
from storage import (
    checkin_rows,
    due,
    duty_rows,
    lanes,
    outbox_rows,
    outcomes,
    person_rows,
    picking,
    published,
    quotas,
    renewals,
    unreachable,
    watching,
)
from storage.database import Database
from storage.flavour import Flavour
from storage.prepared import Prepared
from storage.transaction import Transaction
from tests.contract.store_world import begun, company, crowd, employ, plan

PEOPLE = 1500
SOUGHT: dict[str, tuple[Prepared, str]] = {
    "a person": (person_rows.BY_ID, "key of person"),
    "people": (person_rows.BY_IDS, "key of person"),
    "whoever acts": (person_rows.BY_IDENTITY, "key of identity"),
    "whom somebody stands in for": (person_rows.BY_DEPUTY, "person_by_deputy"),
    "reports": (person_rows.BY_MANAGER, "person_by_manager"),
    "a check-in": (checkin_rows.BY_ID, "key of checkin"),
    "check-ins": (checkin_rows.LOCK_MANY, "key of checkin"),
    "a round's check-in": (checkin_rows.OF_ROUND, "checkin_of_round"),
    "the latest check-in": (checkin_rows.LATEST, "checkin_by_person"),
    "a changed check-in": (checkin_rows.SAVE, "key of checkin"),
    "choices of a group": (published._UNPUBLISHED, "checkin_of_round"),
    "a duty": (duty_rows.BY_ID, "key of duty"),
    "a changed duty": (duty_rows.SAVE, "key of duty"),
    "a duty that climbs": (duty_rows.ADVANCE, "key of duty"),
    "duties owed": (duty_rows.OWED_BY, "duty_by_debtor"),
    "duties about somebody": (duty_rows.ABOUT, "duty_by_about"),
    "due duties": (due._DUTIES, "duty_due"),
    "due duties of some": (due._DUTIES_SERVED, "duty_due"),
    "due rounds of some": (due._ROUNDS_SERVED, "occurrence_due"),
    "free lanes of some": (lanes._FREE_SERVED, "lane_ready"),
    "the oldest duty of some": (watching._OLDEST_DUTY_SERVED, "duty_due"),
    "whoever cannot be reached": (unreachable._PEOPLE, "identity_lost"),
    "when admins were told": (unreachable._LAST_TOLD, "history_by_subject"),
    "the card of a late change": (renewals._ORIGINAL, "outbox_by_card"),
    "a month's calls": (quotas._OF_MONTH, "key of quota"),
    "what a duty still says": (outbox_rows.WITHDRAW, "outbox_by_duty"),
    "copies of a card": (outbox_rows.COPIES_OF_PERSON, "outbox_by_card"),
    "cards on their way": (outbox_rows.ON_THE_WAY, "outbox_by_card"),
    "a sent card": (outbox_rows.SUBJECT_OF, "outbox_by_external"),
    "a chat": (outbox_rows.IN_CHAT, "outbox_in_chat"),
    "the newest card of a chat": (outbox_rows.NEWEST, "outbox_by_card"),
    "a quoted card": (outbox_rows.QUOTED, "outbox_by_external"),
    "a card that is referred to": (outbox_rows.REFERRED, "outbox_in_chat"),
    "earlier faces": (outbox_rows.VOID_FACES, "outbox_by_copy"),
    "what a lane sends next": (picking._PICK, "outbox_waiting"),
    "when a lane has something": (lanes._HEADS, "outbox_waiting"),
    "a message to be sent": (picking._RESERVE, "key of outbox"),
    "a message put off": (picking._POSTPONE, "key of outbox"),
    "a sent message": (outcomes._SENT, "key of outbox"),
    "a failed message": (outcomes._RETRY, "key of outbox"),
}


@pytest.fixture
def full(database: Database) -> Database:
    """A store right after its first import of people and its first fan-out."""
    employ(database, crowd(PEOPLE))
    round_ = begun(database)
    with company(database) as store:
        assert store.rounds.ask(plan(round_), PEOPLE).asked == PEOPLE
        assert store.rounds.get(OccurrenceId("round-1"))
    return database


def way_of(transaction: Transaction, statement: Prepared) -> str:
    """Return the engine's plan for a statement whose values it does not know, in its own words."""
    text = statement.text(transaction.flavour)
    run = transaction._connection.exec_driver_sql
    if transaction.flavour is Flavour.SQLITE:
        return " ".join(str(row[3]) for row in run(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?")))
    places = text.count("%s")
    numbers = iter(range(1, places + 1))
    spelled = re.sub(r"%s", lambda _: f"${next(numbers)}", text)
    run("SET LOCAL plan_cache_mode = force_generic_plan")
    run("SET LOCAL enable_seqscan = off")
    run(f"PREPARE sought AS {spelled}")
    values = f"({', '.join(['NULL'] * places)})" if places else ""
    way = " ".join(row[0] for row in run(f"EXPLAIN (COSTS OFF) EXECUTE sought{values}"))
    run("DEALLOCATE sought")
    return way


def index_named(flavour: Flavour, index: str) -> str:
    """Return an engine's own name of an index."""
    if not index.startswith("key of "):
        return index
    table = index.removeprefix("key of ")
    return f"sqlite_autoindex_{table}_1" if flavour is Flavour.SQLITE else f"{table}_pkey"


def test_every_row_is_found_by_the_index_made_for_it(full: Database) -> None:
    with full.reading() as transaction:
        ways = {name: way_of(transaction, statement) for name, (statement, _) in SOUGHT.items()}
        wanted = {name: index_named(full.flavour, index) for name, (_, index) in SOUGHT.items()}
    astray = {name: way for name, way in ways.items() if f"{wanted[name]} " not in f"{way} "}
    assert not astray, "\n".join(f"{name}: {way}" for name, way in astray.items())


def test_no_statement_by_key_reads_a_whole_table_on_sqlite(sqlite_store: Database) -> None:
    with sqlite_store.reading() as transaction:
        ways = {name: way_of(transaction, statement) for name, (statement, _) in SOUGHT.items()}
    # "SCAN anon_1" goes through a list that is given as a parameter, or the seven heads of a lane.
    assert {name: way for name, way in ways.items() if re.search(r"SCAN (?!anon_1)", way)} == {}
