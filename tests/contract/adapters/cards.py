"""Every card of the handlers, and any other: accepted by the platform, within its sizes, nothing cut silently."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count, pairwise
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from structlog.testing import capture_logs

from adapters.webhook import Received
from domain.cards import Answer, Button, Card, CardKey, Quote, Style
from domain.errors import PlatformDown, PlatformError, TargetGone, Undeliverable
from domain.messages import Call
from domain.ports import Platform
from tests import strategies
from tests.contract.adapters.hands import NOW, STRANGER, Bench, Hands
from tests.contract.adapters.pacing import short_card
from tests.contract.adapters.week import longest
from tests.contract.bot_rig import HandClock

BETWEEN = timedelta(seconds=30)
"""Between two messages, so that nobody is written to faster than a platform allows."""

_SUBMIT = Button("submit", "提交", Style.MAIN, submits=True)
_UNSEEN = re.compile(r"[\s\u200b\u200d\ufeff]+")


class CardContract:
    """How cards are shown."""

    hands: ClassVar[Hands]
    numbers: ClassVar[Any] = count(1)

    def _id(self) -> str:
        return f"{next(self.numbers):032x}"

    @pytest.fixture(params=["set up", "plain"])
    def way_out(self, request: pytest.FixtureRequest, bench: Bench) -> Platform:
        """The adapter with everything set up, and with nothing that can be left out."""
        return bench.client if request.param == "set up" else bench.plain

    @pytest.fixture
    async def quiet(self) -> AsyncIterator[None]:
        """Nothing that was to be shown could not be."""
        with capture_logs() as logs:
            yield
        assert [entry for entry in logs if str(entry.get("action", "")).endswith("unshown")] == []

    async def test_every_card_of_the_handlers_is_shown_with_all_that_people_wrote(
        self, bench: Bench, clock: HandClock, way_out: Platform, lived_cards: list[Card]
    ) -> None:
        who = bench.people[0]
        for card in [*lived_cards, *map(longest, lived_cards)]:
            clock.advance(BETWEEN)
            before = len(bench.fake.messages_of(who))
            await way_out.deliver(self.hands.row(who, card, Call.CARD, self._id()))
            came = bench.fake.messages_of(who)[before:]
            shown = _read("".join([*(str(each["text"] or "") for each in came), *map(_words, came)]))
            assert _read(card.title) in shown
            for quote in (block for block in card.blocks if isinstance(block, Quote)):
                assert _read(quote.text) in shown or "…" in shown, (card.key.kind, card.tag)

    async def test_every_button_of_the_handlers_can_be_pressed_or_typed(
        self, bench: Bench, clock: HandClock, way_out: Platform, lived_cards: list[Card]
    ) -> None:
        who = bench.people[0]
        for card in lived_cards:
            clock.advance(BETWEEN)
            before = len(bench.fake.messages_of(who))
            await way_out.deliver(self.hands.row(who, card, Call.CARD, self._id()))
            came = bench.fake.messages_of(who)[before:]
            shown = _read("".join(map(_words, came)))
            labels = [str(button["label"]) for message in came for button in message["buttons"]]
            in_words = any("文字" in label for label in labels)
            for button in card.buttons:
                assert _read(button.label) in shown or (button.submits and in_words), (card.key.kind, button.label)

    async def test_every_card_of_the_handlers_can_become_the_next(
        self, bench: Bench, clock: HandClock, lived_cards: list[Card]
    ) -> None:
        who, gone = bench.people[0], 0
        for card, face in pairwise([*lived_cards, *map(longest, lived_cards)]):
            clock.advance(BETWEEN)
            target = await bench.client.deliver(self.hands.row(who, card, Call.CARD, self._id()))
            try:
                await bench.client.deliver(self.hands.row(who, face, Call.UPDATE, self._id(), target=target))
            except TargetGone:
                gone += bool(card.buttons)
        # What cannot be changed, because it was said in words, is told as gone and nothing worse.
        assert gone <= len(lived_cards)

    def test_every_card_of_the_handlers_can_be_the_answer_to_a_click(
        self, quiet: None, lived_cards: list[Card]
    ) -> None:
        sealed = self.hands.seal("click", self.hands.click(CardKey("checkin", "c1"), "submit"), NOW)
        call = self.hands.webhook().receive(sealed.headers, sealed.query, sealed.raw, NOW)
        assert isinstance(call, Received)
        for card in lived_cards:
            assert call.reply(Answer(None, card)).status == 200

    @settings(
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to find the smallest such card would take minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(card=strategies.cards())
    async def test_any_card_is_accepted(self, bench: Bench, clock: HandClock, card: Card) -> None:
        clock.advance(BETWEEN)
        whole = replace(card, buttons=(*(each for each in card.buttons if each.action != "submit"), _SUBMIT))
        who = bench.people[0]
        for way_out in (bench.client, bench.plain):
            clock.advance(BETWEEN)
            target = await way_out.deliver(self.hands.row(who, whole, Call.CARD, self._id()))
        assert isinstance(target, str)
        assert bench.fake.complaints == []

    async def test_the_same_card_delivered_twice_is_one_message(self, bench: Bench) -> None:
        row = self.hands.row(bench.people[0], short_card("c1"), Call.CARD, self._id())
        await bench.client.deliver(row)
        await bench.client.deliver(replace(row, attempts=1))
        assert len(bench.fake.messages_of(bench.people[0])) == 1

    async def test_the_same_text_delivered_twice_is_one_message_where_the_platform_takes_a_key(
        self, bench: Bench
    ) -> None:
        row = self.hands.row(bench.people[0], "周五见", Call.TEXT, self._id())
        await bench.client.deliver(row)
        await bench.client.deliver(replace(row, attempts=1))
        most = 1 if bench.client.abilities.idempotent_seconds else 2
        assert len(bench.fake.messages_of(bench.people[0])) == most

    async def test_a_card_whose_answer_was_lost_is_still_one_message(self, bench: Bench) -> None:
        await bench.token()
        bench.fake.set_fault("reset_after")
        row = self.hands.row(bench.people[0], short_card("c1"), Call.CARD, self._id())
        with pytest.raises(PlatformDown):
            await bench.client.deliver(row)
        await bench.client.deliver(replace(row, attempts=1))
        assert len(bench.fake.messages_of(bench.people[0])) == 1

    @pytest.mark.parametrize("body", ["周五见", short_card("c1")], ids=["text", "card"])
    async def test_in_a_batch_each_receiver_has_an_outcome_of_their_own(
        self, bench: Bench, way_out: Platform, body: str | Card
    ) -> None:
        call = Call.TEXT if isinstance(body, str) else Call.CARD
        people = [*bench.people[:3], STRANGER, *bench.people[3:6]][: max(way_out.abilities.batch, 3)]
        rows = [self.hands.row(who, body, call, self._id()) for who in people]
        results = await way_out.deliver_batch(rows)
        expected = [Undeliverable if who == STRANGER else str for who in people]
        assert [type(result) for result in results] == expected
        ids = [result for result in results if not isinstance(result, PlatformError)]
        assert len(set(ids)) == len(ids)
        assert [len(bench.fake.messages_of(who)) for who in people if who != STRANGER] == [1] * len(ids)


def _words(part: object) -> str:
    """Return everything that a message shows, one thing after the other."""
    if isinstance(part, Mapping):
        return "\n".join(_words(value) for value in part.values())
    if isinstance(part, list):
        return "\n".join(map(_words, part))
    return part if isinstance(part, str) else ""


def _read(text: str) -> str:
    """Return a text as an eye takes it in: without blanks and without what escapes markup."""
    return re.sub(r"[\\*_`~>]", "", _UNSEEN.sub("", text))
