"""The ticker: what is due is asked of the store, so nothing that fails, starves or restarts makes it forget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.organisations import Organisations
from bot.ticker import BATCH, POISON_DELAY, RECHECK, Ticker
from bot.writer import Writer
from config.catalogue import read_catalogue
from domain.duties import Duty
from domain.errors import StoreDown
from domain.ids import DutyId, OrgId, PersonId
from storage.database import Database
from tests.builders import (
    FRIDAY,
    LI_HUA,
    ORG,
    WANG_LEI,
    at,
    cadence,
    checkin,
    duty,
    ladder,
    occurrence,
    org_policy,
    person,
    staff,
)
from tests.builders import remind as remind_after
from tests.contract.bot_rig import WORKING_HOURS, Breaks, FragileDatabase, HandClock, eventually, fragile, hire

OTHER = OrgId("other")


@dataclass(slots=True)
class Bench:
    """A ticker on a store.

    Attributes:
        database: The store as the test sees it.
        store: The same as the ticker sees it; it can be broken.
        clock: Its clock.
        ticker: Under test.
        organisations: Who is served.
        woken: How often delivery was told.
    """

    database: Database
    store: FragileDatabase
    clock: HandClock
    writer: Writer
    organisations: Organisations
    ticker: Ticker
    woken: list[None]

    def replica(self) -> Ticker:
        """Return the ticker of another process, or of this one after a restart."""
        return Ticker(self.writer, self.organisations, self.clock, lambda: self.woken.append(None))

    def asked(self, org_id: OrgId = ORG) -> set[str]:
        """Return who was asked in a running or past round."""
        with self.database.transaction() as transaction:
            store = transaction.store(org_id)
            people = [each.person_id for each in store.people.everybody()]
            return {who for who in people if store.checkins.latest(PersonId(who)) is not None}

    def rounds(self, kind: str, org_id: OrgId = ORG) -> int:
        """Return how many rounds are noted with a word of the history."""
        start = WORKING_HOURS - timedelta(days=400)
        with self.database.transaction() as transaction:
            return sum(entry.kind == kind for entry in transaction.engine.history_after(org_id, start))


@pytest.fixture
async def bench(sqlite_store: Database) -> AsyncIterator[Bench]:
    """A ticker two hours before Friday's card, whose people are known."""
    hire(sqlite_store, staff())
    store, clock, woken = fragile(sqlite_store), HandClock(), list[None]()
    writer = Writer(store)
    writer.start()
    numbers = iter(range(1, 10_000))
    organisations = Organisations(read_catalogue(), lambda: f"{next(numbers):032x}")
    organisations.replace({ORG: org_policy()})
    ticker = Ticker(writer, organisations, clock, lambda: woken.append(None))
    yield Bench(sqlite_store, store, clock, writer, organisations, ticker, woken)
    await ticker.close()
    await writer.close()
    store.dispose()


def _open_duties(database: Database, org_id: OrgId, number: int) -> None:
    """Store so many duties that are due since Friday."""
    with database.transaction() as transaction:
        store = transaction.store(org_id)
        round_ = replace(occurrence(cadence("drill"), occurrence_id="drill"), org_id=org_id)
        store.rounds.begin(round_)
        store.rounds.save(replace(round_, next_at=None))
        for count in range(number):
            about = replace(checkin(round_.cadence, checkin_id=f"c{count:04}", person_id=f"p{count:04}"), org_id=org_id)
            store.checkins.add(about)
            due: Duty = duty(
                ladder(remind_after(1)), debtor=LI_HUA, about=WANG_LEI, subject=f"c{count:04}", duty_id=f"d{count:04}"
            )
            store.duties.open(replace(due, org_id=org_id), FRIDAY + timedelta(hours=1, seconds=count))


class TestOpenings:
    async def test_a_round_opens_at_its_moment_and_once(self, bench: Bench) -> None:
        await bench.ticker.tick()
        assert bench.asked() == set()
        bench.clock.at = FRIDAY
        assert await bench.ticker.tick() > 0
        assert bench.asked() == {each.person_id for each in staff()}
        assert bench.woken
        assert await bench.ticker.tick() == 0

    async def test_replicas_that_tick_at_once_open_it_once(self, bench: Bench) -> None:
        replicas = [bench.replica() for _ in range(4)]
        for each in replicas:
            await each.tick()
        bench.clock.at = FRIDAY
        await asyncio.gather(*(each.tick() for each in replicas))
        assert bench.rounds("round.begun") == 1
        for each in replicas:
            await each.close()

    @pytest.mark.parametrize("breaks", [Breaks.AT_ONCE, Breaks.AT_COMMIT], ids=lambda breaks: breaks.value)
    async def test_a_store_that_is_down_at_the_very_moment_loses_no_round(self, bench: Bench, breaks: Breaks) -> None:
        """What was looked at in a transaction that failed was not looked at."""
        await bench.ticker.tick()
        bench.clock.at = FRIDAY + timedelta(seconds=1)
        bench.store.breaks = breaks
        for _ in range(3):
            with pytest.raises(StoreDown):
                await bench.ticker.tick()
            bench.clock.advance(timedelta(seconds=1))
        bench.store.breaks = Breaks.NEVER
        await bench.ticker.tick()
        assert WANG_LEI in bench.asked()

    async def test_people_who_become_known_late_are_still_asked_within_the_grace(self, sqlite_store: Database) -> None:
        """The directory can only be read an hour after Friday's card was due."""
        store, clock = fragile(sqlite_store), HandClock()
        writer = Writer(store)
        writer.start()
        numbers = iter(range(1, 10_000))
        organisations = Organisations(read_catalogue(), lambda: f"{next(numbers):032x}")
        organisations.replace({ORG: org_policy()})
        ticker = Ticker(writer, organisations, clock, lambda: None)
        await ticker.tick()
        clock.at = FRIDAY + RECHECK
        await ticker.tick()
        hire(sqlite_store, staff())
        ticker.forget_openings()
        await ticker.tick()
        with sqlite_store.transaction() as transaction:
            assert transaction.store(ORG).checkins.latest(PersonId(WANG_LEI)) is not None
        await ticker.close()
        await writer.close()
        store.dispose()

    async def test_a_practice_that_is_moved_while_running_opens_at_its_new_time(self, bench: Bench) -> None:
        await bench.ticker.tick()
        bench.organisations.replace({ORG: org_policy(cadence(when="FRI 15:00"))})
        bench.ticker.forget_openings()
        bench.clock.at = at("2026-11-27 15:00")
        await bench.ticker.tick()
        assert WANG_LEI in bench.asked()

    async def test_after_a_restart_within_the_grace_the_round_is_still_asked(self, bench: Bench) -> None:
        await bench.ticker.tick()
        bench.clock.at = FRIDAY + timedelta(hours=3)
        restarted = bench.replica()
        await restarted.tick()
        assert WANG_LEI in bench.asked()
        await restarted.close()

    async def test_after_a_restart_beyond_it_the_round_is_skipped_once(self, bench: Bench) -> None:
        await bench.ticker.tick()
        bench.clock.at = FRIDAY + timedelta(days=2)
        for _ in range(2):
            restarted = bench.replica()
            await restarted.tick()
            await restarted.close()
        assert bench.asked() == set()
        assert bench.rounds("round.skipped") == 1

    async def test_a_zone_nobody_was_in_opens_without_a_restart(self, bench: Bench) -> None:
        await bench.ticker.tick()
        hire(bench.database, [person("nina", "Nina", zone="America/New_York")])
        bench.ticker.forget_openings()
        bench.clock.at = at("2026-11-28 05:00")
        await bench.ticker.tick()
        assert "nina" in bench.asked()


class TestIsolation:
    async def test_what_belongs_to_an_organisation_that_is_not_served_holds_nobody_up(self, bench: Bench) -> None:
        """An organisation was taken out of the configuration with a round and many duties due."""
        hire(bench.database, [replace(each, org_id=OTHER) for each in staff()], OTHER)
        _open_duties(bench.database, OTHER, BATCH + 10)
        with bench.database.transaction() as transaction:
            stale = replace(occurrence(occurrence_id="stale"), org_id=OTHER, at=at("2026-11-27 12:00").time())
            transaction.store(OTHER).rounds.begin(replace(stale, next_at=FRIDAY - timedelta(hours=4)))
        await bench.ticker.tick()
        bench.clock.at = FRIDAY + timedelta(hours=3)
        _open_duties(bench.database, ORG, 3)
        await bench.ticker.tick()
        assert {WANG_LEI, LI_HUA} <= bench.asked()
        assert bench.asked(OTHER) <= {f"p{count:04}" for count in range(BATCH + 10)}
        assert self._steps(bench, ORG) == [1, 1, 1]
        assert set(self._steps(bench, OTHER)) == {0}

    async def test_what_another_process_serves_is_left_to_it_untouched(self, bench: Bench) -> None:
        """Nothing of it is put off: the process whose organisation it is does it in its next tick."""
        hire(bench.database, [replace(each, org_id=OTHER) for each in staff()], OTHER)
        _open_duties(bench.database, OTHER, 3)
        bench.clock.at = FRIDAY + timedelta(hours=3)
        await bench.ticker.tick()
        assert self._steps(bench, OTHER) == [0, 0, 0]
        theirs = Organisations(read_catalogue(), lambda: "0" * 32)
        theirs.replace({OTHER: replace(org_policy(), org_id=OTHER, cadences=())})
        other = Ticker(bench.writer, theirs, bench.clock, lambda: None)
        await other.tick()
        assert self._steps(bench, OTHER) == [1, 1, 1]
        await other.close()

    async def test_an_organisation_with_broken_settings_holds_nobody_else_up(self, bench: Bench) -> None:
        broken = replace(org_policy(), org_id=OTHER, zone="Nowhere/Land")
        hire(bench.database, [replace(each, org_id=OTHER) for each in staff()], OTHER)
        await bench.ticker.tick()
        bench.organisations.replace({OTHER: broken, ORG: org_policy()})
        bench.ticker.forget_openings()
        bench.clock.at = FRIDAY
        with capture_logs():
            await bench.ticker.tick()
        assert WANG_LEI in bench.asked()

    async def test_a_duty_that_cannot_be_handled_is_parked_and_the_others_fire(self, bench: Bench) -> None:
        """Its debtor was never known: a defect of the data, and no reason to remind nobody else."""
        await bench.ticker.tick()
        _open_duties(bench.database, ORG, 3)
        with bench.database.transaction() as transaction:
            found = transaction.store(ORG).duties.get(DutyId("d0001"))
            assert found is not None
            transaction.store(ORG).duties.save(replace(found, debtor_id=PersonId("nobody")), FRIDAY)
        bench.clock.at = at("2026-11-30 18:00")
        with capture_logs() as logs:
            await bench.ticker.tick()
        assert self._steps(bench, ORG) == [1, 0, 1]
        assert [each["action"] for each in logs if each["log_level"] == "error"] == ["duty.parked"]
        with capture_logs() as logs:
            await bench.ticker.tick()
        assert [each for each in logs if each["action"] == "duty.parked"] == []
        bench.clock.advance(POISON_DELAY)
        with capture_logs() as logs:
            await bench.ticker.tick()
        assert [each["action"] for each in logs if each["log_level"] == "error"] == ["duty.parked"]

    def _steps(self, bench: Bench, org_id: OrgId) -> list[int]:
        with bench.database.transaction() as transaction:
            duties = transaction.store(org_id).duties
            found = [duties.get(DutyId(f"d{count:04}")) for count in range(BATCH + 10)]
        return [each.step for each in found if each is not None]


class TestRunning:
    async def test_it_wakes_by_itself_and_goes_on_after_an_outage(self, bench: Bench) -> None:
        bench.store.breaks = Breaks.AT_ONCE
        with capture_logs() as logs:
            bench.ticker.start(timedelta(milliseconds=10))
            await eventually(lambda: any(each["action"] == "tick.store_down" for each in logs))
            bench.store.breaks = Breaks.NEVER
            await eventually(lambda: bench.ticker.last_tick is not None)

    async def test_closing_waits_for_the_tick_under_way_and_ends_it(self, bench: Bench) -> None:
        bench.ticker.start(timedelta(milliseconds=5))
        await eventually(lambda: bench.ticker.last_tick is not None)
        await bench.ticker.close()
        bench.clock.at = FRIDAY
        assert bench.asked() == set()
