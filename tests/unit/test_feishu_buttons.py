"""Feishu: what we put into a button, a click brings back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.buttons import button_name, button_value, read_button, read_button_name
from domain.cards import CardKey

words = st.text(min_size=1, max_size=40)
keys = st.builds(CardKey, words.filter(lambda kind: ":" not in kind), words)


@given(keys, words)
def test_the_name_alone_tells_card_and_action(key: CardKey, action: str) -> None:
    assert read_button_name(button_name(key, action)) == (key, action)


@given(keys, words, st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text())))
def test_a_click_without_a_useful_value_is_read_from_its_name(key: CardKey, action: str, value: object) -> None:
    assert read_button(value if value != "" else None, button_name(key, action)) == (key, action)


@given(keys, words)
def test_the_value_alone_tells_card_and_action(key: CardKey, action: str) -> None:
    assert read_button(button_value(key, action), None) == (key, action)


def test_a_value_that_comes_as_a_string_is_read_too() -> None:
    assert read_button('{"card":"checkin:c1","action":"submit"}', None) == (CardKey("checkin", "c1"), "submit")


def test_a_name_holds_only_letters_digits_and_underscores_where_the_action_does() -> None:
    name = button_name(CardKey("goal.tweak", "0190-ü"), "approve")
    assert re.fullmatch(r"[A-Za-z0-9_]+", name)


@given(st.lists(st.tuples(keys, words), unique=True, max_size=8))
def test_different_buttons_have_different_names(buttons: list[tuple[CardKey, str]]) -> None:
    assert len({button_name(key, action) for key, action in buttons}) == len(buttons)


@pytest.mark.parametrize("name", ["btn_approve", "", "x__k", "x__kabc", "__k"])
def test_a_foreign_name_is_an_action_without_a_card(name: str) -> None:
    assert read_button_name(name) == (None, name)


@pytest.mark.parametrize(
    "value", [{}, {"op": "approve"}, {"card": 5, "action": None}, {"card": "nocolon", "action": ""}]
)
def test_a_foreign_value_names_no_card(value: dict[str, object]) -> None:
    assert read_button(value, "old") == (None, "old")


def test_a_click_that_says_nothing_at_all_is_still_readable() -> None:
    assert read_button(None, None) == (None, "")
