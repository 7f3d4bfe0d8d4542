"""Choices let into a team's mean: in blocks, once, without names, unmoved by whatever happens later."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ids import PersonId
from storage.database import Database
from tests.builders import LI_HUA, person
from tests.contract.store_world import company, employ
from tests.contract.test_store_checkins import submitted, week

ROUND = week(0).occurrence_id


def _hire(database: Database, names: Sequence[str], manager: str = LI_HUA) -> None:
    employ(database, [person(name, manager=manager) for name in names])


def _answer(database: Database, names: Sequence[str], choice: str = "") -> None:
    with company(database) as store:
        for name in names:
            checkin = week(0, name)
            store.checkins.add(checkin)
            store.checkins.save(submitted(checkin, result=choice or name, secret="x"), keep_version=True)


def _seen(database: Database) -> list[str]:
    with company(database) as store:
        found = store.checkins.published_choices(ROUND, LI_HUA, ["result"], 5)
        assert all(set(choices) == {"result"} for choices in found)
        return [str(choices["result"]) for choices in found]


def test_four_are_not_published_and_the_fifth_lets_all_five_in(database: Database) -> None:
    _hire(database, "abcde")
    _answer(database, "abcd")
    assert _seen(database) == []
    _answer(database, "e")
    assert sorted(_seen(database)) == list("abcde")


def test_the_next_are_let_in_together_or_not_at_all(database: Database) -> None:
    _hire(database, "abcdefghij")
    _answer(database, "abcdefghi")
    first = _seen(database)
    assert len(first) == 5
    _answer(database, "j")
    assert _seen(database)[:5] == first
    assert sorted(_seen(database)) == list("abcdefghij")


def test_an_edit_moves_nothing_that_was_published(database: Database) -> None:
    """Who looks before and after a colleague has changed an answer sees the same mean."""
    _hire(database, "abcde")
    _answer(database, "abcde")
    before = _seen(database)
    _answer(database, "c", choice="changed")
    assert _seen(database) == before


def test_somebody_who_moved_to_another_team_is_not_published_again(database: Database) -> None:
    _hire(database, "abcde", manager="another")
    _answer(database, "abcde")
    with company(database) as store:
        assert len(store.checkins.published_choices(ROUND, PersonId("another"), ["result"], 5)) == 5
    _hire(database, "abcde")
    assert _seen(database) == []


def test_within_a_block_the_order_tells_nothing(database: Database) -> None:
    _hire(database, "edcba")
    _answer(database, "edcba")
    assert _seen(database) == list("abcde")
