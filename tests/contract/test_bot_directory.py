"""Who works here, kept in step: a reading is taken over whole or not at all, and no failure ends the reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.app import Rhythm, Service, Settings
from bot.directory_sync import ConfiguredPeople
from domain.errors import Misconfigured, PlatformDown
from domain.events import DirectoryChanged, Origin
from domain.ids import OrgId, PersonId
from domain.people import Person
from domain.ports import DirectoryPerson
from storage.database import Database
from tests.builders import LI_HUA, ORG, WANG_LEI, ZHAO_MIN, org_policy, person, staff
from tests.contract.bot_rig import (
    LIMIT,
    Breaks,
    HandClock,
    ScriptedDirectory,
    ScriptedPlatform,
    connection,
    eventually,
    fragile,
    open_service,
    settings_for,
)

OFTEN = Rhythm(tick=timedelta(hours=1), poll=timedelta(hours=1), resync=timedelta(milliseconds=20))


def _seen(*people: Person) -> tuple[DirectoryPerson, ...]:
    return tuple(
        DirectoryPerson(
            f"ou_{each.person_id}",
            each.name,
            each.department,
            f"ou_{each.manager_id or ''}",
            hrbp=f"ou_{each.hrbp_id or ''}",
        )
        for each in people
    )


def _known(database: Database, org_id: OrgId = ORG) -> dict[str, Person]:
    """Return the active people by name."""
    with database.transaction() as transaction:
        return {each.name: each for each in transaction.store(org_id).people.everybody() if each.active}


@pytest.fixture
async def source() -> ScriptedDirectory:
    """A directory that shows the cast."""
    return ScriptedDirectory(_seen(*staff()))


@pytest.fixture
async def service(sqlite_store: Database, source: ScriptedDirectory) -> AsyncIterator[Service]:
    """A service whose people come from that directory."""
    settings = settings_for(connection(ScriptedPlatform(), directory=source))
    async with open_service(sqlite_store, settings, HandClock()) as running:
        await eventually(lambda: len(_known(sqlite_store)) == len(staff()))
        yield running


class TestReading:
    async def test_the_directory_is_read_at_the_start_with_lines_and_hrbps(
        self, service: Service, sqlite_store: Database
    ) -> None:
        known = _known(sqlite_store)
        assert known["王磊"].manager_id == known["李华"].person_id
        assert known["王磊"].hrbp_id == known["陈静"].person_id

    async def test_a_reading_that_breaks_off_changes_nothing(
        self, service: Service, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        """Two of five were shown when it broke off: nobody has left, and nobody new is half known."""
        source.people = _seen(person("new", "新人"), *staff()[:1])
        source.error = PlatformDown("timeout")
        with capture_logs() as logs:
            await service.sync_directories()
        assert set(_known(sqlite_store)) == {each.name for each in staff()}
        (entry,) = [each for each in logs if each["action"] == "directory.failed"]
        assert entry["code"] == "timeout"

    @pytest.mark.parametrize("error", [PlatformDown("timeout"), Misconfigured("99991672"), ValueError("a defect")])
    async def test_no_failure_ends_the_reading_for_ever(
        self, sqlite_store: Database, source: ScriptedDirectory, error: Exception
    ) -> None:
        source.error = error
        settings = settings_for(connection(ScriptedPlatform(), directory=source))
        async with open_service(sqlite_store, settings, HandClock(), OFTEN):
            await eventually(lambda: source.readings > 2)
            source.error = None
            await eventually(lambda: len(_known(sqlite_store)) == len(staff()))

    async def test_a_store_that_is_down_ends_it_neither(
        self, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        store = fragile(sqlite_store)
        settings = settings_for(connection(ScriptedPlatform(), directory=source))
        async with open_service(store, settings, HandClock(), OFTEN):
            store.breaks = Breaks.AT_COMMIT
            readings = source.readings
            await eventually(lambda: source.readings > readings + 2)
            store.breaks = Breaks.NEVER
            source.people = _seen(*staff(), person("new", "新人"))
            await eventually(lambda: "新人" in _known(sqlite_store))

    async def test_too_many_gone_at_once_is_refused_and_the_admins_are_told(
        self, service: Service, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        source.people = _seen(*staff()[:1])
        with capture_logs() as logs:
            await service.sync_directories()
        assert set(_known(sqlite_store)) == {each.name for each in staff()}
        assert [each["vanished"] for each in logs if each["action"] == "directory.refused"] == [4]

    async def test_a_cycle_of_reporting_lines_is_cut_and_named_in_the_log(
        self, service: Service, source: ScriptedDirectory
    ) -> None:
        looped = [
            replace(each, manager_id=PersonId(LI_HUA)) if each.person_id == ZHAO_MIN else each for each in staff()
        ]
        source.people = _seen(*looped)
        with capture_logs() as logs:
            await service.sync_directories()
        (entry,) = [each for each in logs if each["action"] == "directory.read"]
        assert {"ou_lihua", "ou_zhaomin"} <= set(entry["cycle"].split(" -> "))

    async def test_a_name_with_a_nul_harms_nobody_else(self, database: Database) -> None:
        """PostgreSQL keeps no NUL in a text; one odd name must not keep everybody else from being known."""
        odd = ScriptedDirectory(_seen(*staff(), person("odd", "怪\x00名")))
        settings = settings_for(connection(ScriptedPlatform(), directory=odd))
        async with open_service(database, settings, HandClock()):
            await eventually(lambda: {each.name for each in staff()} <= set(_known(database)))


class TestEvents:
    async def test_the_platforms_word_that_something_changed_is_followed_by_a_reading(
        self, service: Service, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        source.people = _seen(*staff(), person("new", "新人"))
        origin = Origin(ORG, "feishu", "ev-1", "", service.clock.now())
        await service.handle(DirectoryChanged(origin))
        await eventually(lambda: "新人" in _known(sqlite_store))

    async def test_somebody_who_left_is_gone_at_once_even_if_the_directory_cannot_be_read(
        self, service: Service, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        source.error = PlatformDown("timeout")
        origin = Origin(ORG, "feishu", "ev-1", "", service.clock.now())
        await service.handle(DirectoryChanged(origin, ("ou_wanglei",)))
        assert "王磊" not in _known(sqlite_store)


class TestFiles:
    def _configured(self, *people: Person, complete: bool) -> ConfiguredPeople:
        ids = {("feishu", f"ou_{each.person_id}"): each.person_id for each in people}
        return ConfiguredPeople(complete=complete, people=people, identities=ids)

    async def test_what_the_file_says_lies_over_the_directory_under_the_files_own_ids(
        self, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        deputy = person(LI_HUA, "李华", deputy=ZHAO_MIN)
        above = person(ZHAO_MIN, "赵敏")
        base = settings_for(connection(ScriptedPlatform(), directory=source))
        settings = replace(base, people={ORG: self._configured(deputy, above, complete=False)})
        async with open_service(sqlite_store, settings, HandClock()):
            await eventually(lambda: len(_known(sqlite_store)) == len(staff()))
            known = _known(sqlite_store)
            assert known["李华"].person_id == LI_HUA
            assert known["李华"].deputy_id == ZHAO_MIN
            assert known["王磊"].manager_id == LI_HUA
            assert known["王磊"].person_id == "ou_wanglei"

    async def test_a_file_that_is_the_whole_directory_is_known_before_the_service_listens(
        self, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        settings = settings_for(connection(ScriptedPlatform(), directory=source), people=staff())
        async with open_service(sqlite_store, settings, HandClock()):
            assert set(_known(sqlite_store)) == {each.name for each in staff()}
            assert source.readings == 0

    async def test_whoever_is_taken_out_of_the_file_has_left(self, sqlite_store: Database) -> None:
        settings = settings_for(connection(ScriptedPlatform()), people=staff())
        async with open_service(sqlite_store, settings, HandClock()) as service:
            fewer = [each for each in staff() if each.person_id != WANG_LEI]
            await service.apply(settings_for(connection(ScriptedPlatform()), people=fewer))
            assert "王磊" not in _known(sqlite_store)

    async def test_an_organisation_that_is_taken_out_while_its_directory_is_read_stops_nothing(
        self, sqlite_store: Database, source: ScriptedDirectory
    ) -> None:
        """Its policy is gone when the pages have come; the others are still read, then and later."""
        other = OrgId("other")
        slow = _SlowDirectory(_seen(*staff()))
        both = Settings(
            policies={other: replace(org_policy(), org_id=other), ORG: org_policy()},
            people={},
            connections=(
                connection(ScriptedPlatform(), other, directory=slow),
                connection(ScriptedPlatform(), directory=source),
            ),
        )
        async with open_service(sqlite_store, both, HandClock()) as service:
            await asyncio.wait_for(slow.read_once.wait(), LIMIT)
            await service.apply(settings_for(connection(ScriptedPlatform(), directory=source)))
            slow.gate.set()
            await eventually(lambda: len(_known(sqlite_store)) == len(staff()))
            source.people = _seen(*staff(), person("new", "新人"))
            await service.handle(DirectoryChanged(Origin(ORG, "feishu", "ev-1", "", service.clock.now())))
            await eventually(lambda: "新人" in _known(sqlite_store))

    async def test_two_organisations_with_equal_ids_are_kept_apart(self, sqlite_store: Database) -> None:
        other = OrgId("other")
        here = ScriptedDirectory(_seen(*staff()))
        there = ScriptedDirectory(_seen(person(WANG_LEI, "另一个王磊")))
        settings = Settings(
            policies={other: replace(org_policy(), org_id=other), ORG: org_policy()},
            people={},
            connections=(
                connection(ScriptedPlatform(), other, directory=there),
                connection(ScriptedPlatform(), directory=here),
            ),
        )
        async with open_service(sqlite_store, settings, HandClock()):
            await eventually(lambda: len(_known(sqlite_store)) == len(staff()))
            await eventually(lambda: set(_known(sqlite_store, other)) == {"另一个王磊"})
            assert "王磊" in _known(sqlite_store)


class _SlowDirectory(ScriptedDirectory):
    """Shows nothing until the gate is opened."""

    def __init__(self, people: tuple[DirectoryPerson, ...]) -> None:
        super().__init__(people)
        self.gate = asyncio.Event()

    async def read(self) -> AsyncIterator[tuple[DirectoryPerson, ...]]:
        """Wait, then yield everybody."""
        self.readings += 1
        self.read_once.set()
        await self.gate.wait()
        yield tuple(self.people)
