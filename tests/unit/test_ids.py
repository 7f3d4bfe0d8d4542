"""Ids sort by the time of birth and are real UUIDs of version 7."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import uuid7
from tests.strategies import instants

entropies = st.binary(min_size=10, max_size=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(instants(), entropies)
def test_an_id_is_a_uuid_of_version_7_in_32_small_hexadecimal_digits(now: datetime, entropy: bytes) -> None:
    made = uuid7(now, entropy)
    assert made == UUID(made).hex
    assert (UUID(made).version, UUID(made).variant) == (7, RFC_4122)


@given(instants(), st.integers(0, 999_999), entropies)
def test_the_first_48_bits_are_the_milliseconds_of_birth(now: datetime, microseconds: int, entropy: bytes) -> None:
    born = now + timedelta(microseconds=microseconds)
    milliseconds = int(uuid7(born, entropy)[:12], 16)
    assert timedelta(0) <= born - (EPOCH + timedelta(milliseconds=milliseconds)) < timedelta(milliseconds=1)


def test_the_example_of_the_standard_is_made_from_its_parts() -> None:
    """RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 -05:00 gives 017F22E2-79B0-7CC3-98C4-DC0C0C07398F."""
    born = datetime.fromisoformat("2022-02-22T14:22:22-05:00")
    assert uuid7(born, bytes.fromhex("0CC318C4DC0C0C07398F")) == "017f22e279b07cc398c4dc0c0c07398f"


@given(st.lists(st.tuples(instants(), entropies), min_size=2, max_size=5))
def test_ids_of_different_instants_sort_as_the_instants_do(births: list[tuple[datetime, bytes]]) -> None:
    sorted_births = sorted(births)
    moments = [moment for moment, _ in sorted_births]
    prefixes = [uuid7(moment, entropy)[:12] for moment, entropy in sorted_births]
    assert prefixes == sorted(prefixes)
    assert len(set(prefixes)) == len(set(moments))


@given(instants(), entropies, entropies)
def test_ids_of_one_instant_differ_if_74_random_bits_do(now: datetime, one: bytes, other: bytes) -> None:
    fixed = 0xF << 76 | 0x3 << 62
    bits = [int.from_bytes(entropy, "big") & ~fixed for entropy in (one, other)]
    assert (uuid7(now, one) == uuid7(now, other)) == (bits[0] == bits[1])


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="ten random bytes"):
        uuid7(EPOCH, b"123456789")


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(TypeError):
        uuid7(EPOCH.replace(tzinfo=None), bytes(10))
