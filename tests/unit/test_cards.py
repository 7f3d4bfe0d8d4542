"""The neutral card: keys that come back from buttons, and parts that can be told apart."""

from typing import get_args

import pytest
from hypothesis import given

from domain.cards import Answer, Block, Button, Card, CardKey, Field, Style, Tone
from tests.builders import card
from tests.strategies import card_keys, cards, texts


class TestKeys:
    @given(card_keys())
    def test_what_is_packed_into_a_button_is_unpacked(self, key: CardKey) -> None:
        assert CardKey.unpack(key.pack()) == key

    @given(card_keys(), card_keys())
    def test_different_keys_are_packed_differently(self, one: CardKey, other: CardKey) -> None:
        assert (one.pack() == other.pack()) == (one == other)

    @given(texts())
    def test_any_text_is_a_key_that_packs_into_it_again_or_none(self, packed: str) -> None:
        key = CardKey.unpack(packed)
        assert key is None or (key.pack() == packed and bool(key.kind) and bool(key.subject))

    def test_a_subject_may_hold_colons(self) -> None:
        assert CardKey.unpack("goal:2026-Q4:kr:1") == CardKey("goal", "2026-Q4:kr:1")

    @pytest.mark.parametrize("packed", ["", ":", "checkin", "checkin:", ":checkin-1", "checkin：checkin-1"])
    def test_what_is_not_of_ours_is_none(self, packed: str) -> None:
        assert CardKey.unpack(packed) is None


class TestParts:
    @pytest.mark.parametrize("union", [Block, Field])
    def test_each_part_has_a_kind_of_its_own(self, union: object) -> None:
        kinds = [part.__dataclass_fields__["kind"].default for part in get_args(union)]
        assert all(kinds)
        assert len(set(kinds)) == len(kinds)

    @given(cards())
    def test_equal_cards_are_one_card(self, drawn: Card) -> None:
        """A card is a value down to its last part, so that an unchanged face need not be sent again."""
        copy = Card(drawn.key, *(getattr(drawn, name) for name in Card.__dataclass_fields__ if name != "key"))
        assert len({drawn, copy}) == 1

    def test_a_part_cannot_be_changed_in_place(self) -> None:
        with pytest.raises(AttributeError):
            card().title = "另一个标题"  # type: ignore[misc]


class TestDefaults:
    def test_a_bare_card_is_calm_and_offers_nothing(self) -> None:
        bare = Card(CardKey("note", "1"), "公告", "一句话")
        assert (bare.tone, bare.tag, bare.blocks, bare.fields, bare.buttons) == (Tone.CALM, "", (), (), ())

    def test_a_bare_button_neither_submits_nor_presses(self) -> None:
        bare = Button("open", "看看徽章墙")
        assert (bare.style, bare.submits, bare.confirm) == (Style.PLAIN, False, None)

    def test_an_empty_answer_leaves_the_card_alone(self) -> None:
        assert (Answer().toast, Answer().card) == (None, None)
