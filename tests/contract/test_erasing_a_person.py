"""What `erase` does to the matters of whoever is erased: closed, or passed on without the name."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from bot.commands.erase import erase, name_of
from domain.cards import Card, CardKey
from domain.duties import DutyState
from domain.ids import PersonId
from storage.database import Database
from storage.personal_records import UnknownPerson, export_person
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, ZHAO_MIN, hours
from tests.living import Life, migrated, talkative_policy
from tests.stores import Migrate

ANSWERS = {"result": "新模具一次试产成功", "obstacle": "来料检验排队两天", "action": "与质检约定加急通道"}


@pytest.fixture
def life(template_url: Callable[[Migrate], str]) -> Iterator[Life]:
    """A company in which Li Hua owes Wang Lei a reply."""
    database = Database.open(template_url(migrated))
    life = Life(database, talkative_policy())
    life.hire()
    life.until(FRIDAY)
    own = life.checkin_of(WANG_LEI)
    life.click(WANG_LEI, CardKey("checkin", own.occurrence_id), "submit", ANSWERS)
    yield life
    database.dispose()


def erased(life: Life, person_id: PersonId) -> Mapping[str, int]:
    with life.database.transaction() as transaction:
        return erase(transaction, talkative_policy(), person_id, life.clock)


def duties(life: Life, person_id: PersonId) -> list[tuple[str, str, str]]:
    with life.database.reading() as transaction:
        record = export_person(transaction, ORG, person_id)
    return sorted((each["kind"], each["debtor_id"], each["state"]) for each in record["duties"])


def waiting(life: Life) -> list[tuple[PersonId, object]]:
    """Return what waits to be sent, to whom."""
    with life.database.transaction() as transaction:
        return [
            (each.person.person_id, each.outgoing.body)
            for lane in transaction.engine.claim_lanes("test", life.now, hours(1), 9)
            for each in transaction.engine.pick(lane, life.now, 99)
        ]


def test_a_manager_s_open_reply_goes_to_the_next_in_line(life: Life) -> None:
    erased(life, LI_HUA)
    assert ("reply", ZHAO_MIN, "open") in duties(life, WANG_LEI)
    [asked] = [body for who, body in waiting(life) if who == ZHAO_MIN]
    assert isinstance(asked, Card)
    assert ANSWERS["result"] in str(asked)
    assert "李华" not in str(asked)


def test_nobody_owes_a_reply_to_somebody_erased(life: Life) -> None:
    erased(life, WANG_LEI)
    assert {state for _, _, state in duties(life, WANG_LEI)} <= {DutyState.WAIVED, DutyState.FULFILLED}
    life.until(FRIDAY + hours(200))
    assert not [body for who, body in waiting(life) if "王磊" in str(body) or ANSWERS["result"] in str(body)]


def test_the_erasure_itself_is_noted(life: Life) -> None:
    erased(life, WANG_LEI)
    with life.database.reading() as transaction:
        history = export_person(transaction, ORG, WANG_LEI)["history"]
    assert "person.erased" in {each["kind"] for each in history}


def test_it_says_what_it_changed(life: Life) -> None:
    assert erased(life, WANG_LEI)["checkins"] == 1


def test_the_name_is_told_before_it_is_taken(life: Life) -> None:
    with life.database.reading() as transaction:
        assert name_of(transaction, talkative_policy(), WANG_LEI) == "王磊"


def test_nobody_has_no_name(life: Life) -> None:
    with life.database.reading() as transaction, pytest.raises(UnknownPerson):
        name_of(transaction, talkative_policy(), PersonId("nobody"))
