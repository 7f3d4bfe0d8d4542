"""People, their lines, identities and leave, on both engines."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Leave
from domain.ids import PersonId
from storage.database import Database
from storage.instants import micros
from tests import builders
from tests.builders import ADMIN, CHEN_JING, FRIDAY, LI_HUA, WANG_LEI, ZHAO_MIN, leave, person
from tests.contract.store_world import OTHER, company, crowd, employ

NOBODY = PersonId("nobody")


def ids(people: object) -> list[str]:
    return [known.person_id for known in people]  # type: ignore[attr-defined]


def test_somebody_comes_back_as_they_were_saved(database: Database) -> None:
    everything = replace(
        person("x", "欧阳 O'Brien \"é\U0001f989", manager="m", hrbp="h", deputy="d", zone="Asia/Kathmandu"),
        dotted_id=PersonId("dotted"),
        locale="en",
    )
    nothing = replace(person("y", active=False), department="", mail=None, platform=None)
    employ(database, [everything, nothing])
    with company(database) as store:
        assert [store.people.person(PersonId("x")), store.people.person(PersonId("y"))] == [everything, nothing]


def test_saving_somebody_again_replaces_what_was_known(database: Database) -> None:
    employ(database)
    moved = person(WANG_LEI, "王磊", manager=ZHAO_MIN, department="销售")
    with company(database) as store:
        store.people.save(moved)
        assert store.people.person(WANG_LEI) == moved
    with company(database) as store:
        assert store.people.person(WANG_LEI) == moved


def test_somebody_who_was_never_known_is_none_and_never_away(database: Database) -> None:
    with company(database) as store:
        assert store.people.person(NOBODY) is None
        assert not store.people.away(NOBODY, date(2026, 11, 27))


def test_somebody_of_another_organisation_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="belongs to acme"), company(database, OTHER) as store:
        store.people.save(person())


def test_what_was_saved_is_found_in_the_same_transaction_by_every_question(database: Database) -> None:
    with company(database) as store:
        for known in builders.staff():
            store.people.save(known)
        store.people.bind("feishu", "ou_1", WANG_LEI)
        assert ids(store.people.reports_of(ZHAO_MIN)) == [LI_HUA, CHEN_JING]
        assert store.people.by_identity("feishu", "ou_1") == store.people.person(WANG_LEI)
        assert store.people.managers(PersonId(""), 9) == [LI_HUA, ZHAO_MIN]


def test_prefetched_people_are_answered_from_memory(database: Database) -> None:
    employ(database)
    with company(database) as store:
        store.people.add_leave(LI_HUA, leave("2026-11-27"))
        store.people.prefetch([LI_HUA, WANG_LEI, LI_HUA, NOBODY])
        assert ids(map(store.people.person, [LI_HUA, WANG_LEI])) == [LI_HUA, WANG_LEI]
        assert store.people.person(NOBODY) is None
        assert store.people.away(LI_HUA, date(2026, 11, 27))
        assert not store.people.away(WANG_LEI, date(2026, 11, 27))


def test_more_people_than_a_statement_takes_can_be_prefetched(database: Database) -> None:
    employ(database, crowd(1205))
    with company(database) as store:
        wanted = [known.person_id for known in crowd(1205)]
        store.people.prefetch(wanted)
        assert ids(map(store.people.person, wanted)) == wanted


def test_an_identity_names_its_person_and_the_person_its_identity(database: Database) -> None:
    employ(database)
    with company(database) as store:
        found = store.people.by_identity("feishu", "ou_lihua")
        assert found is not None
        assert found.person_id == LI_HUA
        assert store.people.identity(LI_HUA, "feishu") == "ou_lihua"
        assert store.people.identity(LI_HUA, "wecom") is None
        assert store.people.by_identity("wecom", "ou_lihua") is None
        assert store.people.identities("feishu")["ou_admin"] == ADMIN


def test_an_identity_may_be_bound_before_its_person_is_saved(database: Database) -> None:
    with company(database) as store:
        store.people.bind("feishu", "ou_1", WANG_LEI)
        store.people.save(person())
    with company(database) as store:
        assert store.people.by_identity("feishu", "ou_1") == person()


def test_somebody_who_left_is_still_known_by_identity_but_asked_for_nowhere(database: Database) -> None:
    gone = replace(person(WANG_LEI, manager=LI_HUA, hrbp=CHEN_JING), active=False)
    employ(database, [gone, person(LI_HUA, "李华")])
    with company(database) as store:
        assert store.people.by_identity("feishu", "ou_wanglei") == gone
        assert store.people.everybody() == [person(LI_HUA, "李华"), gone]
        assert not store.people.reports_of(LI_HUA)
        assert not store.people.cared_for(CHEN_JING)
        assert not store.people.called("王磊")
        assert not store.people.managers(PersonId(""), 9)
        assert not store.people.hrbps(PersonId(""), 9)


def test_a_deputy_finds_whom_they_stand_in_for_by_name_and_nobody_who_left(database: Database) -> None:
    gone = replace(person("c", "丙", deputy="d"), active=False)
    employ(database, [person("b", "乙", deputy="d"), person("a", "甲", deputy="d"), gone, person("e", deputy="a")])
    with company(database) as store:
        assert ids(store.people.stood_in_for(PersonId("d"))) == sorted("ab", key={"b": "乙", "a": "甲"}.__getitem__)
        store.people.save(person("b", "乙"))
        assert ids(store.people.stood_in_for(PersonId("d"))) == ["a"]


def test_reports_come_by_name_and_only_the_direct_ones(database: Database) -> None:
    employ(database, [person("b", "乙", manager="m"), person("a", "甲", manager="m"), person("c", "丙", manager="a")])
    with company(database) as store:
        assert ids(store.people.reports_of(PersonId("m"))) == sorted("ab", key={"b": "乙", "a": "甲"}.__getitem__)


def test_an_hrbp_cares_for_those_who_name_them_at_most_500(database: Database) -> None:
    employ(database, [replace(known, hrbp_id=CHEN_JING) for known in crowd(501)])
    with company(database) as store:
        assert len(store.people.cared_for(CHEN_JING)) == 500


def test_people_are_called_by_their_exact_name(database: Database) -> None:
    employ(database, [person("a", "李华"), person("b", "李华"), person("c", "李华东")])
    with company(database) as store:
        assert ids(store.people.called("李华")) == ["a", "b"]
        assert not store.people.called("李")


def test_leaders_come_page_by_page(database: Database) -> None:
    employ(database)
    with company(database) as store:
        assert store.people.managers(PersonId(""), 1) == [LI_HUA]
        assert store.people.managers(LI_HUA, 1) == [ZHAO_MIN]
        assert store.people.managers(ZHAO_MIN, 1) == []
        assert store.people.hrbps(PersonId(""), 9) == [CHEN_JING]
        assert store.people.hrbps(CHEN_JING, 9) == []


def test_ids_are_ordered_by_code_point_on_every_server(database: Database) -> None:
    employ(database, [person(name, manager=name) for name in ("b", "B", "_", "é", "张", "a")])
    with company(database) as store:
        assert store.people.managers(PersonId(""), 9) == ["B", "_", "a", "b", "é", "张"]


def test_zones_are_those_of_active_people(database: Database) -> None:
    employ(
        database,
        [person("a"), person("b", zone="UTC"), person("c", zone="UTC"), person("d", zone="Asia/Tokyo", active=False)],
    )
    with company(database) as store:
        assert store.people.zones() == [None, "UTC"]
        store.people.save(person("e", zone="Asia/Kathmandu"))
        assert store.people.zones() == [None, "Asia/Kathmandu", "UTC"]


def test_overlapping_leave_is_kept_side_by_side(database: Database) -> None:
    employ(database)
    taken = [leave("2026-11-23", "2026-11-27"), leave("2026-11-26", "2026-12-01"), leave("2026-11-26", "2026-12-01")]
    with company(database) as store:
        for one in taken:
            store.people.add_leave(WANG_LEI, one)
        assert list(store.people.leave_of(WANG_LEI)) == taken[:2]
    with company(database) as store:
        assert list(store.people.leave_of(WANG_LEI)) == taken[:2]


def test_ending_leave_cuts_what_runs_and_cancels_what_is_to_come(database: Database) -> None:
    employ(database)
    with company(database) as store:
        for taken in (leave("2026-11-02", "2026-11-03"), leave("2026-11-23", "2026-11-30"), leave("2026-12-24")):
            store.people.add_leave(WANG_LEI, taken)
        assert store.people.end_leave(WANG_LEI, date(2026, 11, 26))
    with company(database) as store:
        left = [leave("2026-11-02", "2026-11-03"), leave("2026-11-23", "2026-11-25")]
        assert list(store.people.leave_of(WANG_LEI)) == left
        assert not store.people.end_leave(WANG_LEI, date(2026, 11, 26))


DAYS = st.dates(date(2026, 11, 1), date(2026, 11, 30))
LEAVES = st.lists(st.tuples(DAYS, DAYS).map(lambda ends: Leave(min(ends), max(ends))), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LEAVES, DAYS, DAYS)
def test_after_ending_leave_nobody_is_away_from_that_day_on(
    sqlite_store: Database, taken: list[Leave], ended: date, day: date
) -> None:
    with sqlite_store.reading() as transaction:
        people = transaction.store(builders.ORG).people
        people.save(person())
        for one in taken:
            people.add_leave(WANG_LEI, one)
        away = any(one.covers(day) for one in taken)
        people.end_leave(WANG_LEI, ended)
        assert people.away(WANG_LEI, day) == (away and day < ended)


def test_a_new_external_id_replaces_the_one_before_it(database: Database) -> None:
    employ(database)
    with company(database) as store:
        store.people.bind("feishu", "ou_new", WANG_LEI)
        assert store.people.identity(WANG_LEI, "feishu") == "ou_new"
        assert store.people.by_identity("feishu", "ou_wanglei") is None


def test_an_external_id_that_is_bound_to_somebody_else_moves(database: Database) -> None:
    employ(database)
    with company(database) as store:
        store.people.bind("feishu", "ou_wanglei", LI_HUA)
        assert store.people.identities("feishu")["ou_wanglei"] == LI_HUA
        assert store.people.identity(WANG_LEI, "feishu") is None
        assert store.people.identity(LI_HUA, "feishu") == "ou_wanglei"


EXTERNALS = ["ou_1", "ou_2", "ou_3"]
PEOPLE = [WANG_LEI, LI_HUA, CHEN_JING]
BINDINGS = st.tuples(st.sampled_from(EXTERNALS), st.sampled_from(PEOPLE))
STEPS = st.lists(BINDINGS | st.tuples(st.sampled_from(["flush", "read"]), st.just(WANG_LEI)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_identities_are_one_to_one_after_any_bindings(
    sqlite_store: Database, steps: list[tuple[str, PersonId]]
) -> None:
    expected: dict[str, PersonId] = {}
    with sqlite_store.reading() as transaction:
        people = transaction.store(builders.ORG).people
        for external_id, person_id in steps:
            if external_id == "flush":
                transaction.flush()
            elif external_id == "read":
                assert people.identities("feishu") == expected
            else:
                people.bind("feishu", external_id, person_id)
                expected = {name: owner for name, owner in expected.items() if owner != person_id}
                expected[external_id] = person_id
        assert people.identities("feishu") == expected


def test_an_instant_of_the_present_is_kept_by_the_transaction_and_never_goes_back(database: Database) -> None:
    with database.transaction() as transaction:
        assert transaction.present == 0
        assert transaction.tell(FRIDAY) == micros(FRIDAY)
        transaction.tell(FRIDAY.replace(year=2020))
        assert transaction.present == micros(FRIDAY)
