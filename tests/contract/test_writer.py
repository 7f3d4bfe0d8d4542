"""The writer: one commit for many, a savepoint each, and no acknowledgement before the commit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from bot.writer import Writer
from domain.errors import StoreDown
from domain.ids import OrgId, PersonId
from domain.people import Person
from storage.database import Database
from storage.transaction import Transaction

ORG = OrgId("acme")
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


@pytest.fixture
async def database(template_url: Callable[[Callable[[str], None]], str]) -> AsyncIterator[Database]:
    """A migrated store."""
    opened = Database.open(template_url(_migrated))
    yield opened
    opened.dispose()


def _migrated(url: str) -> None:
    database = Database.open(url)
    database.migrate()
    database.dispose()


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[Writer]:
    """A running writer."""
    running = Writer(database)
    running.start()
    yield running
    await running.close()


def _save(name: str) -> Callable[[Transaction], str]:
    def work(transaction: Transaction) -> str:
        transaction.store(ORG).people.save(Person(ORG, PersonId(name), name))
        return name

    return work


def _known(database: Database) -> set[str]:
    with database.transaction() as transaction:
        return {person.person_id for person in transaction.store(ORG).people.everybody()}


async def test_what_is_acknowledged_is_stored(writer: Writer, database: Database) -> None:
    assert await writer.run(_save("wanglei")) == "wanglei"
    assert _known(database) == {"wanglei"}


async def test_work_given_together_shares_a_commit_and_keeps_its_order(writer: Writer, database: Database) -> None:
    """While the writer is held up by the first piece, the others gather and see one another's rows."""
    gate = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: gate.wait()))
    names = [f"p{number:03}" for number in range(100)]
    others = [asyncio.create_task(writer.run(_save(name))) for name in names]
    count = asyncio.create_task(writer.run(lambda tx: len(tx.store(ORG).people.everybody())))
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*others) == names
    assert await count == 100
    await held
    assert _known(database) == set(names)


async def test_a_bad_piece_fails_alone(writer: Writer, database: Database) -> None:
    def bad(transaction: Transaction) -> None:
        _save("half")(transaction)
        raise LookupError("on purpose")

    gate = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: gate.wait()))
    before, broken, after = (asyncio.create_task(writer.run(work)) for work in (_save("a"), bad, _save("b")))
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(before, broken, after, return_exceptions=True)
    assert results[0] == "a"
    assert isinstance(results[1], LookupError)
    assert results[2] == "b"
    await held
    assert _known(database) == {"a", "b"}


async def test_a_store_that_is_down_acknowledges_nobody_and_the_writer_lives_on(
    writer: Writer, database: Database
) -> None:
    def lost(_: Transaction) -> None:
        raise StoreDown("connection lost")

    gate = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: gate.wait()))
    pieces = [asyncio.create_task(writer.run(work)) for work in (_save("a"), lost, _save("b"))]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(held, *pieces, return_exceptions=True)
    assert all(isinstance(result, StoreDown) for result in results[1:])
    assert _known(database) == set()
    assert await writer.run(_save("c")) == "c"


async def test_closing_finishes_what_was_given_and_refuses_the_rest(database: Database) -> None:
    writer = Writer(database)
    writer.start()
    given = [asyncio.create_task(writer.run(_save(name))) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    await writer.close()
    assert await asyncio.gather(*given) == ["a", "b", "c"]
    with pytest.raises(StoreDown):
        await writer.run(_save("d"))
