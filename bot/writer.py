"""The writer: everything that changes the store goes through one thread, many pieces of work to one commit.

Rule: a piece of work is acknowledged after its commit and never before. Each runs in a savepoint of its own, so a bad
one fails alone; when the common commit fails, nobody is acknowledged and platforms repeat what they sent.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from domain.errors import StoreDown
from storage.database import Database
from storage.transaction import Transaction

T = TypeVar("T")

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 256
"""Pieces of work that share a commit; more would let the first of them wait too long."""


@dataclass(slots=True)
class _Piece(Generic[T]):
    work: Callable[[Transaction], T]
    done: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop
    result: T | None = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.done.cancelled():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)  # type: ignore[arg-type] # None is a result for work that returns None


class Writer:
    """Runs pieces of work against a store, in the order given.

    Args:
        database: Where to; already migrated.
        most: Pieces that share a commit.
    """

    def __init__(self, database: Database, *, most: int = MOST_AT_ONCE) -> None:
        self._database = database
        self._most = most
        self._queue: queue.SimpleQueue[_Piece[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work in the writer's transaction and return what it returned, once that is durable.

        Raises:
            StoreDown: The store cannot be written, or the writer is closed; nothing has changed.
        """
        if self._closed:
            raise StoreDown("the writer is closed")
        loop = asyncio.get_running_loop()
        piece: _Piece[T] = _Piece(work, loop.create_future(), loop)
        self._queue.put(piece)
        return await piece.done

    async def close(self) -> None:
        """Finish what was given and stop the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    @property
    def waiting(self) -> int:
        """Pieces of work not yet begun."""
        return self._queue.qsize()

    def _run(self) -> None:
        while (pieces := self._next_batch()) is not None:
            self._commit(pieces)
            for loop in {piece.loop for piece in pieces}:
                mine = [piece for piece in pieces if piece.loop is loop]
                loop.call_soon_threadsafe(_settle_all, mine)

    def _next_batch(self) -> list[_Piece[Any]] | None:
        first = self._queue.get()
        if first is None:
            return None
        pieces = [first]
        while len(pieces) < self._most:
            try:
                piece = self._queue.get_nowait()
            except queue.Empty:
                return pieces
            if piece is None:
                self._queue.put(None)
                return pieces
            pieces.append(piece)
        return pieces

    def _commit(self, pieces: Sequence[_Piece[Any]]) -> None:
        try:
            with self._database.transaction() as transaction:
                for piece in pieces:
                    _attempt(transaction, piece)
        except StoreDown as error:
            for piece in pieces:
                piece.error = error
        except Exception as error:  # noqa: BLE001 - edge: one bad flush must not end the writer; each is tried alone
            log.warning("a common commit failed", action="writer.split", pieces=len(pieces), error=type(error).__name__)
            self._fall_back(pieces, error)

    def _fall_back(self, pieces: Sequence[_Piece[Any]], error: Exception) -> None:
        if len(pieces) == 1:
            pieces[0].error = error
            return
        for piece in pieces:
            piece.result, piece.error = None, None
            self._commit([piece])


def _attempt(transaction: Transaction, piece: _Piece[Any]) -> None:
    try:
        with transaction.savepoint():
            piece.result = piece.work(transaction)
    except StoreDown:
        raise
    except Exception as error:  # noqa: BLE001 - edge: the dispatcher; the error reaches whoever gave the work
        piece.error = error


def _settle_all(pieces: Sequence[_Piece[Any]]) -> None:
    for piece in pieces:
        piece.settle()
