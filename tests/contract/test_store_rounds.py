"""Occurrences of cadences: begun once, walked through stage by stage, found again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from domain.cadences import Round, Stage
from domain.duties import Ladder
from domain.ids import OccurrenceId
from storage.database import Database
from tests import builders
from tests.builders import FRIDAY, cadence, occurrence
from tests.contract.store_world import OTHER, begun, company

WEEK = timedelta(days=7)


def weekly(occurrence_id: str, weeks: int = 0, zone: str = "Asia/Shanghai", name: str = "weekly") -> Round:
    """Return the round of some week, a variant of the family "weekly"."""
    fires_at = FRIDAY + weeks * WEEK
    return replace(occurrence(cadence(name), fires_at, occurrence_id), zone=zone)


def latest(database: Database, weeks: int) -> list[str]:
    with company(database) as store:
        return [found.occurrence_id for found in store.rounds.latest("weekly", FRIDAY + weeks * WEEK)]


def test_a_round_comes_back_with_the_cadence_it_was_opened_with(database: Database) -> None:
    round_ = begun(database)
    with company(database) as store:
        assert store.rounds.get(round_.occurrence_id) == round_
        assert store.rounds.get(OccurrenceId("another")) is None


def test_the_same_occurrence_begins_once_whoever_tries(database: Database) -> None:
    first = begun(database)
    with company(database) as store:
        assert not store.rounds.begin(replace(first, occurrence_id=OccurrenceId("again")))
    with company(database) as store:
        assert store.rounds.get(OccurrenceId("again")) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(occurrence(occurrence_id="x"), nominal_day=date(2026, 12, 4)),
        replace(occurrence(occurrence_id="x"), at=time(17, 0)),
        replace(occurrence(occurrence_id="x"), zone="UTC"),
        occurrence(cadence("weekly@研发"), occurrence_id="x"),
    ],
    ids=["day", "time", "zone", "cadence"],
)
def test_occurrences_that_differ_in_any_part_of_the_key_begin_each(database: Database, other: Round) -> None:
    begun(database)
    begun(database, other)


def test_an_occurrence_that_a_holiday_moved_is_still_the_same(database: Database) -> None:
    begun(database)
    with company(database) as store:
        moved = replace(occurrence(occurrence_id="moved"), fires_at=FRIDAY - timedelta(days=2))
        assert not store.rounds.begin(moved)


def test_a_round_walks_on(database: Database) -> None:
    round_ = begun(database)
    walked = replace(round_, stage=Stage.SUMMARY, next_at=FRIDAY + WEEK, cursor="lihua")
    with company(database) as store:
        store.rounds.save(walked)
        assert store.rounds.get(round_.occurrence_id) == walked
    done = replace(walked, stage=Stage.DONE, next_at=None, cursor="")
    with company(database) as store:
        store.rounds.save(done)
    with company(database) as store:
        assert store.rounds.get(round_.occurrence_id) == done


def test_a_round_that_is_skipped_after_it_had_begun_keeps_why(database: Database) -> None:
    round_ = begun(database)
    skipped = replace(round_, stage=Stage.SKIPPED, next_at=None, reason="too_late")
    with company(database) as store:
        store.rounds.save(skipped)
    with company(database) as store:
        assert store.rounds.get(round_.occurrence_id) == skipped


def test_a_later_edit_of_the_cadence_does_not_reach_a_round_that_has_begun(database: Database) -> None:
    begun(database)
    edited = replace(cadence(), title="新标题")
    begun(database, occurrence(edited, FRIDAY + WEEK, "round-2"))
    with company(database) as store:
        first, second = (store.rounds.get(OccurrenceId(name)) for name in ("round-1", "round-2"))
        assert first is not None
        assert second is not None
        assert (first.cadence.title, second.cadence.title) == ("本周复盘", "新标题")


def test_the_latest_rounds_are_all_of_the_newest_period_that_has_fired(database: Database) -> None:
    for round_ in (
        weekly("last-week", -1),
        weekly("here"),
        weekly("there", zone="UTC"),
        weekly("variant", name="weekly@研发"),
        weekly("next-week", 1),
        occurrence(cadence("monthly"), FRIDAY, "monthly"),
    ):
        begun(database, round_)
    assert sorted(latest(database, weeks=1)) == ["here", "there", "variant"]
    assert latest(database, weeks=0) == ["last-week"]
    assert latest(database, weeks=-1) == []


def test_a_skipped_round_is_not_the_latest(database: Database) -> None:
    begun(database, weekly("asked", -1))
    begun(database, replace(weekly("skipped"), stage=Stage.SKIPPED, next_at=None, reason="day_off"))
    assert latest(database, weeks=1) == ["asked"]


def test_of_a_period_that_fires_zone_by_zone_only_what_has_fired_is_latest(database: Database) -> None:
    begun(database, weekly("east"))
    begun(database, replace(weekly("west", zone="America/New_York"), fires_at=FRIDAY + timedelta(hours=13)))
    with company(database) as store:
        found = store.rounds.latest("weekly", FRIDAY + timedelta(hours=1))
        assert [round_.occurrence_id for round_ in found] == ["east"]


def test_a_cadence_is_known_since_it_was_first_seen(database: Database) -> None:
    with company(database) as store:
        assert store.rounds.first_seen("weekly", FRIDAY) == FRIDAY
        assert store.rounds.first_seen("weekly", FRIDAY + WEEK) == FRIDAY
    with company(database) as store:
        assert store.rounds.first_seen("weekly", FRIDAY - WEEK) == FRIDAY
        assert store.rounds.first_seen("monthly", FRIDAY + WEEK) == FRIDAY + WEEK


def test_a_round_of_another_organisation_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="belongs to acme"), company(database, OTHER) as store:
        store.rounds.begin(occurrence())


def test_a_cadence_is_stored_once_and_found_by_its_digest(database: Database) -> None:
    with company(database) as store:
        digest = store.definitions.digest(cadence())
        assert store.definitions.digest(cadence()) == digest
    with company(database) as store:
        assert store.cadence(digest) == cadence()
        assert store.definitions.digest(replace(cadence(), title="新标题")) != digest


def test_a_definition_that_nobody_stored_is_not_found(database: Database) -> None:
    with company(database) as store, pytest.raises(KeyError):
        store.cadence("0" * 32)


def test_a_definition_that_was_undone_is_stored_again_when_it_is_needed(database: Database) -> None:
    ladder = builders.ladder()
    with database.transaction() as transaction:
        with pytest.raises(LookupError), transaction.savepoint():
            _store_and_fail(transaction.store(builders.ORG).definitions.digest, ladder)
        digest = transaction.store(builders.ORG).definitions.digest(ladder)
    with company(database) as store:
        assert store.definitions.ladder(digest) == ladder


def _store_and_fail(digest: Callable[[Ladder], str], ladder: Ladder) -> None:
    digest(ladder)
    raise LookupError
