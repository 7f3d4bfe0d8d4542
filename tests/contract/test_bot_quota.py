"""The book of calls: what adapters count reaches the store, and somebody is told before a month's calls are used up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.meter import Meter
from bot.quota import Allowance, QuotaBook, forecast, month_of
from domain.errors import Throttled
from domain.ids import OrgId
from domain.ports import Tally
from storage.database import Database
from storage.quotas import MonthOfCalls, calls_of
from tests.builders import ADMIN, LI_HUA, ORG, at, hours, org_policy
from tests.contract.bot_rig import (
    Breaks,
    HandClock,
    Line,
    ScriptedPlatform,
    connection,
    open_line,
    open_service,
    settings_for,
)

API = Allowance(ORG, "dingtalk", "api")
NOVEMBER = "2026-11"


@dataclass(slots=True)
class Book:
    """A quota book on a store.

    Attributes:
        line: The store, the clock, and the chat that admins read.
        quotas: Under test.
        meter: What operators see.
    """

    line: Line
    quotas: QuotaBook
    meter: Meter

    def another(self) -> QuotaBook:
        """Return the book of another process, or of this one after a restart."""
        quotas = QuotaBook(self.line.writer, self.line.organisations, self.line.clock, Meter())
        quotas.allow({API: 100})
        return quotas

    def stored(self, month: str = NOVEMBER) -> dict[str, int]:
        """Return what the store holds of a month, by kind."""
        with self.line.database.transaction() as transaction:
            return {each.kind: each.calls for each in calls_of(transaction, ORG, month)}


@pytest.fixture
async def book(database: Database) -> AsyncIterator[Book]:
    """A book of an organisation with two admins that may call 100 times a month."""
    policy = replace(org_policy(), admins=(ADMIN, LI_HUA))
    async with open_line(database, policy=policy) as line:
        meter = Meter()
        quotas = QuotaBook(line.writer, line.organisations, line.clock, meter)
        quotas.allow({API: 100})
        yield Book(line, quotas, meter)


async def count(book: Book, calls: int, kind: str = "api") -> list[str]:
    """Count calls and write them; return the actions that were logged."""
    tally: Tally = book.quotas.tally(ORG, "dingtalk")
    tally.count(kind, calls)
    with capture_logs() as logs:
        await book.quotas.flush()
    return [entry["action"] for entry in logs]


class TestCounting:
    async def test_what_is_counted_reaches_the_store_when_it_is_written(self, book: Book) -> None:
        tally = book.quotas.tally(ORG, "dingtalk")
        tally.count("api", 1)
        tally.count("api", 2)
        tally.count("push", 5)
        assert book.stored() == {}
        await book.quotas.flush()
        assert book.stored() == {"api": 3, "push": 5}

    async def test_nothing_counted_is_nothing_written(self, book: Book) -> None:
        before = book.line.store.transactions
        await book.quotas.flush()
        assert book.line.store.transactions == before

    async def test_what_could_not_be_written_is_written_later_and_once(self, book: Book) -> None:
        book.line.store.breaks = Breaks.AT_ONCE
        assert await count(book, 3) == ["quota.store_down"]
        book.line.store.breaks = Breaks.NEVER
        await count(book, 4)
        await book.quotas.flush()
        assert book.stored() == {"api": 7}

    async def test_two_processes_add_to_one_sum(self, book: Book) -> None:
        other = book.another()
        other.tally(ORG, "dingtalk").count("api", 5)
        await other.flush()
        await count(book, 6)
        assert book.stored() == {"api": 11}

    async def test_a_call_belongs_to_the_month_of_the_organisations_zone(self, book: Book) -> None:
        """In Shanghai December begins eight hours before it does in UTC."""
        book.line.clock.at = at("2026-11-30 23:59")
        book.quotas.tally(ORG, "dingtalk").count("api", 1)
        book.line.clock.at = at("2026-12-01 00:00")
        book.quotas.tally(ORG, "dingtalk").count("api", 2)
        await book.quotas.flush()
        assert (book.stored(), book.stored("2026-12")) == ({"api": 1}, {"api": 2})

    async def test_calls_of_an_organisation_that_is_not_served_any_more_are_kept(self, book: Book) -> None:
        book.quotas.allow({Allowance(OrgId("gone"), "dingtalk", "api"): 1})
        book.quotas.tally(OrgId("gone"), "dingtalk").count("api", 2)
        await book.quotas.flush()
        with book.line.database.transaction() as transaction:
            kept = calls_of(transaction, OrgId("gone"), NOVEMBER)
        assert kept == [MonthOfCalls(OrgId("gone"), "dingtalk", "api", NOVEMBER, 2)]

    async def test_a_service_writes_what_is_left_when_it_ends(self, sqlite_store: Database) -> None:
        async with open_service(sqlite_store, settings_for(connection(ScriptedPlatform())), HandClock()) as service:
            service.quotas.tally(ORG, "dingtalk").count("api", 3)
        with sqlite_store.transaction() as transaction:
            assert [each.calls for each in calls_of(transaction, ORG, NOVEMBER)] == [3]


class TestWarning:
    async def test_at_80_and_100_percent_an_operator_is_told_once_a_month(self, book: Book) -> None:
        said = [await count(book, calls) for calls in (79, 1, 10, 10, 10)]
        assert said == [[], ["quota.low"], [], ["quota.spent"], []]
        book.line.clock.at = at("2026-12-05 10:00")
        assert await count(book, 85) == ["quota.low"]

    async def test_whoever_leaps_over_80_percent_is_told_the_worse_alone(self, book: Book) -> None:
        assert await count(book, 120) == ["quota.spent"]

    async def test_after_a_restart_it_is_not_told_again(self, book: Book) -> None:
        assert await count(book, 80) == ["quota.low"]
        with capture_logs() as logs:
            restarted = book.another()
            restarted.tally(ORG, "dingtalk").count("api", 1)
            await restarted.flush()
        assert logs == []

    async def test_each_admin_gets_one_line_in_chat(self, book: Book) -> None:
        await count(book, 80)
        await count(book, 1)
        await book.line.delivery.settle()
        assert sorted(call.message.person_id for call in book.line.chat.calls) == sorted([ADMIN, LI_HUA])
        assert all("80%" in str(words) for words in book.line.chat.words)

    async def test_where_there_is_no_admin_the_log_alone_tells(self, book: Book) -> None:
        book.line.organisations.replace({ORG: replace(org_policy(), admins=())})
        assert await count(book, 100) == ["quota.spent"]
        await book.line.delivery.settle()
        assert book.line.chat.calls == []

    async def test_what_has_no_limit_is_counted_and_not_warned_of(self, book: Book) -> None:
        assert await count(book, 1_000_000, "push") == []

    async def test_operators_see_the_share_that_is_used(self, book: Book) -> None:
        await count(book, 40)
        figures = book.meter.render().decode()
        assert 'fupan_month_quota_ratio{kind="api",org="acme",platform="dingtalk"} 0.4' in figures
        assert 'fupan_month_calls{kind="api",org="acme",platform="dingtalk"} 40.0' in figures

    async def test_a_warning_is_a_line_like_others_and_may_be_repeated_by_a_platform_that_throttles(
        self, book: Book
    ) -> None:
        book.line.chat.verdict = lambda _message: Throttled("x", hours(1))
        await count(book, 80)
        await book.line.delivery.settle()
        assert book.line.states() == {"ready": 2}


class TestForecast:
    def test_it_goes_on_as_it_has_until_now(self) -> None:
        assert forecast(100, at("2026-11-11 00:00"), "Asia/Shanghai") == 300

    def test_the_first_day_is_taken_as_a_whole_one(self) -> None:
        """Ten calls in the first minute are not ten thousand a day."""
        assert forecast(10, at("2026-11-01 00:01"), "Asia/Shanghai") == 300

    @given(st.integers(0, 10_000), st.datetimes(timezones=st.just(at("2026-11-01 00:00").tzinfo)))
    def test_it_is_never_less_than_what_was_used(self, calls: int, now: datetime) -> None:
        assert forecast(calls, now, "UTC") >= calls

    def test_a_month_is_written_with_its_year(self) -> None:
        assert month_of(at("2027-01-01 00:30"), "Asia/Shanghai") == "2027-01"
        assert month_of(at("2027-01-01 00:30"), "UTC") == "2026-12"
