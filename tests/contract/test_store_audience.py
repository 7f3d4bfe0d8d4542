"""The store and the domain agree on who is in an audience."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.cadences import Audience, AudienceRole, Scope
from domain.ids import PersonId
from domain.people import Person
from storage.database import Database
from tests import strategies
from tests.builders import ORG, person
from tests.contract.store_world import company, employ

DEPARTMENTS = ("研发", "研发/平台", "研发/平台/存储", "研发二部", "人力资源", "RD", "rd/x", "RD/x", "a%/b", "a_/b", "")


def members(database: Database, audience: Audience, zone: str | None = "*") -> list[str]:
    with company(database) as store:
        return [known.person_id for known in store.people.in_audience(audience, zone, PersonId(""), 100)]


@st.composite
def staffs(draw: st.DrawFn) -> list[Person]:
    """Draw people of a few departments, some of whom have left or have no manager."""
    ids = sorted(draw(st.sets(strategies.person_ids(), min_size=1)))
    managers = st.none() | strategies.person_ids()
    return [
        replace(
            person(person_id, manager=draw(managers), active=draw(st.booleans())),
            department=draw(st.sampled_from(DEPARTMENTS)),
        )
        for person_id in ids
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(staffs(), strategies.audiences())
def test_the_store_finds_exactly_those_whom_the_rule_holds(
    sqlite_store: Database, staff: list[Person], audience: Audience
) -> None:
    with sqlite_store.reading() as transaction:
        people = transaction.store(ORG).people
        for known in staff:
            people.save(known)
        found = people.in_audience(audience, "*", PersonId(""), 100)
        assert found == [known for known in staff if known.active and audience.holds(known)]


def test_a_department_holds_all_below_it_and_nothing_that_only_looks_alike(database: Database) -> None:
    employ(database, [replace(person(f"p{n:02}"), department=name) for n, name in enumerate(DEPARTMENTS)])
    found = {
        path: [DEPARTMENTS[int(found[1:])] for found in members(database, Audience(Scope(departments=(path,))))]
        for path in ("研发", "RD", "a%", "a_")
    }
    assert found == {
        "研发": ["研发", "研发/平台", "研发/平台/存储"],
        "RD": ["RD", "RD/x"],
        "a%": ["a%/b"],
        "a_": ["a_/b"],
    }


def test_an_exception_takes_out_a_team_but_not_those_without_a_manager(database: Database) -> None:
    employ(database, [person("a"), person("b", manager="m"), person("c", manager="n")])
    assert members(database, Audience(without=(Scope(teams=(PersonId("m"),)),))) == ["a", "c"]


def test_an_empty_exception_takes_out_everybody(database: Database) -> None:
    employ(database)
    assert members(database, Audience(without=(Scope(),))) == []


def test_managers_are_those_with_an_active_report(database: Database) -> None:
    employ(database, [person("a"), person("b", manager="a"), person("c"), person("d", manager="c", active=False)])
    assert members(database, Audience(role=AudienceRole.MANAGERS)) == ["a"]


def test_hrbps_are_those_whom_somebody_active_names(database: Database) -> None:
    employ(database, [person("a"), person("b", hrbp="a"), person("c"), person("d", hrbp="c", active=False)])
    assert members(database, Audience(role=AudienceRole.HRBPS)) == ["a"]


def test_a_role_is_looked_for_within_the_scope(database: Database) -> None:
    employ(database, [person("a"), person("b", manager="a"), person("c", manager="b")])
    audience = Audience(Scope(people=(PersonId("b"), PersonId("c"))), AudienceRole.MANAGERS)
    assert members(database, audience) == ["b"]


def test_a_zone_chooses_those_who_have_it_themselves(database: Database) -> None:
    employ(database, [person("a"), person("b", zone="UTC"), person("c", zone="Asia/Tokyo")])
    everybody = Audience()
    assert members(database, everybody, None) == ["a"]
    assert members(database, everybody, "UTC") == ["b"]
    assert members(database, everybody, "*") == ["a", "b", "c"]


def test_an_audience_comes_page_by_page(database: Database) -> None:
    employ(database, [person(name) for name in "abcde"])
    with company(database) as store:
        first = store.people.in_audience(Audience(), "*", PersonId(""), 2)
        second = store.people.in_audience(Audience(), "*", first[-1].person_id, 2)
        assert [known.person_id for known in (*first, *second)] == ["a", "b", "c", "d"]
