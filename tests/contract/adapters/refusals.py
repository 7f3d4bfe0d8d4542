"""What each documented code of a platform leads to, through the wire and not only in a table; and tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import ClassVar

import pytest

from domain.errors import PlatformError, Throttled
from tests.contract.adapters.hands import Bench, Hands, Refuse
from tests.contract.bot_rig import HandClock

A_DAY = timedelta(days=1)


class RefusalContract:
    """How the platform's refusals and its tokens are understood."""

    hands: ClassVar[Hands]

    @pytest.fixture
    def clock(self) -> HandClock:
        """Of the adapter, and of its fake."""
        return HandClock()

    @pytest.fixture
    async def bench(self, clock: HandClock) -> AsyncIterator[Bench]:
        """The adapter beside its fake, which must have nothing to complain of in the end."""
        async with self.hands.bench(clock) as opened:
            yield opened
            assert opened.fake.complaints == []

    @pytest.fixture
    async def refuse(self) -> AsyncIterator[Refuse]:
        """A platform that refuses as it is told."""
        async with self.hands.refusing() as opened:
            yield opened

    def test_the_table_holds_every_code_that_the_adapter_knows_and_no_other(self) -> None:
        listed = [code for codes in self.hands.meanings.values() for code in codes]
        assert len(listed) == len(set(listed))
        assert set(listed) == self.hands.known()

    async def test_each_code_becomes_its_error(self, refuse: Refuse) -> None:
        wrong = []
        for meaning, codes in self.hands.meanings.items():
            for code in codes:
                made = await refuse(code)
                if type(made) is not meaning or code not in made.code:
                    wrong.append((code, type(made).__name__, made.code, meaning.__name__))
        assert wrong == []

    async def test_whoever_is_throttled_is_told_how_long_to_wait(self, refuse: Refuse) -> None:
        for code in self.hands.meanings[Throttled]:
            made = await refuse(code)
            assert isinstance(made, Throttled)
            assert timedelta(0) < made.retry_after <= A_DAY

    async def test_a_hundred_callers_share_one_token(self, bench: Bench) -> None:
        tokens = await asyncio.gather(*(bench.token() for _ in range(100)))
        assert len(set(tokens)) == 1
        assert self._renewals(bench) == 1

    async def test_a_hundred_callers_whose_token_ended_renew_it_once(self, bench: Bench, clock: HandClock) -> None:
        first = await bench.token()
        clock.advance(timedelta(hours=2, seconds=1))
        tokens = await asyncio.gather(*(bench.token() for _ in range(100)))
        assert {*tokens} != {first}
        assert (len(set(tokens)), self._renewals(bench)) == (1, 2)

    async def test_a_token_that_ends_early_is_renewed_once_and_the_call_repeated_once(self, bench: Bench) -> None:
        for fault in self.hands.token_faults:
            await bench.client.deliver(self.hands.row(bench.people[0], "在吗", message_id="m1"))
            sends, renewals = self._sends(bench), self._renewals(bench)
            bench.fake.set_fault(fault)
            await bench.client.deliver(self.hands.row(bench.people[1], "在吗", message_id="m2"))
            assert (self._sends(bench) - sends, self._renewals(bench) - renewals) == (2, 1), fault
        assert len(bench.fake.messages_of(bench.people[1])) >= 1

    async def test_a_token_that_is_always_refused_is_no_endless_loop(self, bench: Bench) -> None:
        await bench.token()
        bench.fake.set_fault(self.hands.token_faults[0], times=10)
        before = len(bench.calls())
        with pytest.raises(PlatformError):
            await bench.client.deliver(self.hands.row(bench.people[0], "在吗"))
        assert len(bench.calls()) - before == 3  # the call, the token, the call once more
        bench.fake.set_fault(self.hands.token_faults[0], times=0)

    def _renewals(self, bench: Bench) -> int:
        return sum(self.hands.token_path in call.path for call in bench.calls())

    def _sends(self, bench: Bench) -> int:
        return sum(self.hands.send_path in call.path for call in bench.calls())
