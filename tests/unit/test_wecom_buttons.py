"""WeCom: a click tells card and action; a receipt what a later change needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.buttons import KEY_BYTES, button_key, read_key
from adapters.wecom.receipt import Receipt
from domain.cards import CardKey
from domain.errors import ContentRefused
from tests import strategies

KEY = CardKey("checkin", "0190f0f0f0f07000800000000000abcd")


def test_a_key_is_readable_and_plain() -> None:
    assert button_key(KEY, "submit") == "submit|checkin:0190f0f0f0f07000800000000000abcd"


@given(strategies.card_keys(), st.text(min_size=1, max_size=40))
def test_what_is_packed_into_a_button_is_unpacked(key: CardKey, action: str) -> None:
    packed = button_key(key, action)
    assert packed.isascii()
    assert packed.isprintable()
    assert read_key(packed) == (key, action)


@pytest.mark.parametrize("foreign", ["", "approve:tweak-17", "submit", "a|b", "a|", "|", "x|y:", "a|:b", "a|é:b"])
def test_a_foreign_key_is_an_action_without_a_card(foreign: str) -> None:
    assert read_key(foreign) == (None, foreign)


@given(st.text())
def test_any_key_is_read(key: str) -> None:
    card, action = read_key(key)
    assert card is None or card.kind
    assert card is not None or action == key


def test_a_key_that_the_platform_would_refuse_is_refused_here() -> None:
    with pytest.raises(ContentRefused):
        button_key(CardKey("checkin", "x" * KEY_BYTES), "submit")


@given(st.builds(Receipt, st.text(), st.text(), st.text()))
def test_a_receipt_comes_back_as_it_was(receipt: Receipt) -> None:
    assert Receipt.unpack(receipt.pack()) == receipt


@pytest.mark.parametrize("foreign", ["", "om_1", "[]", '["a","b"]', '["a","b",1]', '{"a":1}', "null"])
def test_a_foreign_id_is_no_receipt(foreign: str) -> None:
    assert Receipt.unpack(foreign) is None
