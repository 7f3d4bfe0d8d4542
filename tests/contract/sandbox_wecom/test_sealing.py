"""Envelopes: the reference's worked example, and what every one of them has in common."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wecom import FakeWeComApp
from sandbox.wecom.sealing import SealBroken, seal, seal_badly, sign, unseal
from tests.contract.sandbox_wecom.harness import CORP, KEY, OTHER_KEY, opened, sealed

_EXAMPLE = "az3WkI3IpCTIC3yu/QbUolygmqyo2TyT0NdgriSa2Fk7LlFXVVELswq/OhvgFmoc00WRdKUbq8HHkjMjT3h5ZQ=="


def test_the_worked_example_of_the_reference_comes_out() -> None:
    assert seal(KEY, b"5127093846015523", CORP, b"abcdefghijklmnop") == _EXAMPLE
    assert sign("DemoToken2026", "1795316400", "demo123", _EXAMPLE) == "8d7a3616503eb11f2a4b05521fbfd9a6e4af5f1a"
    assert unseal(KEY, _EXAMPLE, CORP) == b"5127093846015523"


@given(st.binary(max_size=200), st.text("abcwW0189", max_size=20), st.binary(min_size=16, max_size=16))
def test_whatever_is_sealed_can_be_opened_by_both_sides(plain: bytes, receive_id: str, salt: bytes) -> None:
    box = seal(KEY, plain, receive_id, salt)
    assert opened(KEY, box) == (salt, plain, receive_id)
    assert unseal(KEY, box, receive_id) == plain
    assert len(base64.b64decode(box)) % 32 == 0


@given(st.text(max_size=80))
def test_what_an_app_seals_is_understood(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    assert unseal(OTHER_KEY, sealed(OTHER_KEY, text), CORP) == text.encode()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_opener(raw: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, base64.b64encode(raw).decode(), CORP)


@pytest.mark.parametrize(
    "box",
    [
        *("", "*", "é", base64.b64encode(bytes(16)).decode(), seal_badly(KEY, b"x", CORP, bytes(16))),
        *(seal(KEY, b"x", "ww-another", bytes(16)), seal(OTHER_KEY, b"x", CORP, bytes(16))),
    ],
)
def test_a_broken_seal_is_refused(box: str) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, box, CORP)


def test_a_salt_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        seal(KEY, b"", CORP, b"short")


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "é"])
def test_an_app_needs_a_key_of_43_letters_and_digits(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        FakeWeComApp(CORP, 1, "s", "t", key)
