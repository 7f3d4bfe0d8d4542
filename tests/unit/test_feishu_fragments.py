"""Feishu: payloads that come in pieces are put together in any order, and incomplete ones do not fill the memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.fragments import LIFETIME_SECONDS, MAX_HELD_BYTES, Fragments
from adapters.feishu.frames import DATA, Frame
from domain.errors import Malformed


def piece(index: int | str, pieces: int | str, payload: bytes = b"x", message_id: str = "m1") -> Frame:
    headers = (("type", "event"), ("message_id", message_id), ("sum", str(pieces)), ("seq", str(index)))
    return Frame(method=DATA, headers=headers, payload=payload)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.randoms())
def test_pieces_in_any_order_with_repetitions_make_the_whole(parts: list[bytes], random: st.DataObject) -> None:
    fragments = Fragments()
    frames = [piece(index, len(parts), part) for index, part in enumerate(parts)]
    random.shuffle(frames)  # type: ignore[attr-defined]
    results = [fragments.add(frame, 0.0) for frame in [*frames[:-1], *frames[:-1], frames[-1]]]
    assert results[-1] == b"".join(parts)
    assert all(result is None for result in results[:-1])


def test_a_payload_in_one_piece_is_whole_at_once() -> None:
    assert Fragments().add(Frame(method=DATA, payload=b"{}"), 0.0) == b"{}"
    assert Fragments().add(piece(0, 1), 0.0) == b"x"
    assert Fragments().add(Frame(method=DATA), 0.0) == b""


def test_pieces_of_two_payloads_do_not_mix() -> None:
    fragments = Fragments()
    assert fragments.add(piece(0, 2, b"a", "m1"), 0.0) is None
    assert fragments.add(piece(1, 2, b"b", "m2"), 0.0) is None
    assert fragments.add(piece(1, 2, b"c", "m1"), 0.0) == b"ac"


def test_a_piece_that_comes_too_late_begins_anew() -> None:
    fragments = Fragments()
    assert fragments.add(piece(0, 2), 0.0) is None
    assert fragments.add(piece(1, 2), LIFETIME_SECONDS + 0.1) is None
    assert fragments.add(piece(0, 2), LIFETIME_SECONDS + 0.2) == b"xx"


def test_a_piece_that_comes_just_in_time_completes_the_payload() -> None:
    fragments = Fragments()
    assert fragments.add(piece(0, 2), 0.0) is None
    assert fragments.add(piece(1, 2), LIFETIME_SECONDS) == b"xx"


def test_the_oldest_pieces_are_forgotten_when_there_are_too_many() -> None:
    fragments = Fragments()
    large = bytes(MAX_HELD_BYTES // 4)
    for number in range(5):
        assert fragments.add(piece(0, 2, large, f"m{number}"), 0.0) is None
    assert fragments.add(piece(1, 2, b"y", "m0"), 0.0) is None
    assert fragments.add(piece(1, 2, b"y", "m4"), 0.0) == large + b"y"


@pytest.mark.parametrize(
    ("index", "pieces"), [(2, 2), ("-1", 2), ("x", 2), (0, "y"), (0, 100_000), (0, "9" * 20), (0, "٣")]
)
def test_impossible_numbers_are_malformed(index: int | str, pieces: int | str) -> None:
    with pytest.raises(Malformed):
        Fragments().add(piece(index, pieces), 0.0)


def test_pieces_that_disagree_are_malformed() -> None:
    fragments = Fragments()
    fragments.add(piece(0, 2), 0.0)
    with pytest.raises(Malformed):
        fragments.add(piece(1, 3), 0.0)
