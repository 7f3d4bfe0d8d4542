"""Calls of a month: added up over processes, warned of once, and never mixed up between organisations."""

from __future__ import annotations

from storage.database import Database
from storage.quotas import MonthOfCalls, add_calls, calls_of, note_warning
from tests.builders import ORG
from tests.contract.store_world import OTHER

NOVEMBER = "2026-11"


def used(calls: int, platform: str = "dingtalk", kind: str = "api", month: str = NOVEMBER) -> MonthOfCalls:
    return MonthOfCalls(ORG, platform, kind, month, calls)


def test_calls_add_up(database: Database) -> None:
    with database.transaction() as transaction:
        assert add_calls(transaction, used(3)) == 3
        assert add_calls(transaction, used(4)) == 7
    with database.transaction() as transaction:
        assert calls_of(transaction, ORG, NOVEMBER) == [used(7)]


def test_platforms_kinds_months_and_organisations_are_counted_apart(database: Database) -> None:
    with database.transaction() as transaction:
        add_calls(transaction, used(1))
        add_calls(transaction, used(2, kind="push"))
        add_calls(transaction, used(3, platform="wecom"))
        add_calls(transaction, used(4, month="2026-12"))
        add_calls(transaction, MonthOfCalls(OTHER, "dingtalk", "api", NOVEMBER, 5))
        assert calls_of(transaction, ORG, NOVEMBER) == [used(1), used(2, kind="push"), used(3, platform="wecom")]
        assert calls_of(transaction, ORG, "2026-12") == [used(4, month="2026-12")]
        assert [each.calls for each in calls_of(transaction, OTHER, NOVEMBER)] == [5]
        assert calls_of(transaction, ORG, "2026-10") == []


def test_a_percentage_is_warned_of_once_and_a_higher_one_once_more(database: Database) -> None:
    with database.transaction() as transaction:
        add_calls(transaction, used(80))
        assert note_warning(transaction, used(80), 80)
        assert not note_warning(transaction, used(80), 80)
    with database.transaction() as transaction:
        assert not note_warning(transaction, used(90), 80)
        assert note_warning(transaction, used(100), 100)
        assert not note_warning(transaction, used(101), 80)


def test_a_new_month_is_warned_of_anew(database: Database) -> None:
    with database.transaction() as transaction:
        add_calls(transaction, used(80))
        assert note_warning(transaction, used(80), 80)
        add_calls(transaction, used(80, month="2026-12"))
        assert note_warning(transaction, used(80, month="2026-12"), 80)


def test_more_calls_do_not_undo_a_warning(database: Database) -> None:
    with database.transaction() as transaction:
        add_calls(transaction, used(80))
        note_warning(transaction, used(80), 80)
        add_calls(transaction, used(1))
        assert not note_warning(transaction, used(81), 80)
