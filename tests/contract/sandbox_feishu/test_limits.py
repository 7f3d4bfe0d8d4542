"""Request rates: each window, its signal, and that windows slide."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.feishu import Limits
from sandbox.feishu.limits import SlidingWindows
from tests.contract.sandbox_feishu.harness import APP, COMPANY, IM, LEI, OTHER_APP, Desk, open_desk, plain_card

_INFO = "/open-apis/bot/v3/info"


async def test_the_fifty_first_call_of_a_second_is_refused_with_both_headers(desk: Desk) -> None:
    assert {(await desk.call("GET", _INFO)).code for _ in range(50)} == {0}
    answer = await desk.call("GET", _INFO)
    assert answer.refusal == (429, 99991400)
    assert (answer.headers["x-ogw-ratelimit-limit"], answer.headers["x-ogw-ratelimit-reset"]) == ("50", "1")
    desk.clock.wait(1)
    assert (await desk.call("GET", _INFO)).code == 0


async def test_a_minute_has_a_window_of_its_own() -> None:
    async with open_desk(limits=Limits(per_second=10, per_minute=12)) as desk:
        for _ in range(12):
            desk.clock.wait(0.2)
            assert (await desk.call("GET", _INFO)).code == 0
        answer = await desk.call("GET", _INFO)
        assert answer.refusal == (429, 99991400)
        assert (answer.headers["x-ogw-ratelimit-limit"], answer.headers["x-ogw-ratelimit-reset"]) == ("12", "58")
        desk.clock.wait(58)
        assert (await desk.call("GET", _INFO)).code == 0


async def test_apis_and_apps_have_windows_of_their_own() -> None:
    async with open_desk(apps=(APP, OTHER_APP), limits=Limits(per_second=1)) as desk:
        assert (await desk.send_text(LEI)).code == 0
        assert (await desk.call("GET", _INFO)).code == 0
        assert (await desk.send_text(LEI)).refusal == (429, 99991400)
        desk.become(OTHER_APP)
        assert (await desk.call("GET", _INFO)).code == 0


async def test_one_person_gets_five_messages_a_second(desk: Desk) -> None:
    assert {(await desk.send_text(LEI)).code for _ in range(5)} == {0}
    assert (await desk.send_text(LEI)).refusal == (400, 230020)
    assert (await desk.send_text(COMPANY.users[0].open_id)).code == 0
    desk.clock.wait(1)
    assert (await desk.send_text(LEI)).code == 0
    assert len(desk.fake.messages_of(LEI)) == 6


async def test_a_repeated_uuid_does_not_count_against_the_person(desk: Desk) -> None:
    assert {(await desk.send_text(LEI, uuid="u")).code for _ in range(10)} == {0}


async def test_one_card_is_updated_five_times_a_second(desk: Desk) -> None:
    message_id, other = await desk.card_id(LEI), await desk.card_id(LEI)
    assert {(await desk.patch(message_id, plain_card(str(number)))).code for number in range(5)} == {0}
    assert (await desk.patch(message_id, plain_card("5"))).refusal == (400, 230020)
    assert (await desk.patch(other, plain_card("5"))).code == 0
    desk.clock.wait(1)
    assert (await desk.patch(message_id, plain_card("6"))).code == 0


async def test_the_old_batch_api_tells_frequency_with_http_200() -> None:
    async with open_desk(limits=Limits(per_second=1)) as desk:
        body = {"msg_type": "text", "content": {"text": "榜"}, "open_ids": [LEI]}
        path = "/open-apis/message/v4/batch_send/"
        assert (await desk.call("POST", path, body)).code == 0
        assert (await desk.call("POST", path, body)).refusal == (200, 11232)


async def test_a_refused_call_leaves_no_message(desk: Desk) -> None:
    for _ in range(8):
        await desk.send_text(LEI)
    assert len(desk.fake.messages_of(LEI)) == 5
    assert [call.code for call in desk.fake.calls if call.path == f"{IM}/messages"].count(230020) == 3


@given(st.lists(st.floats(0, 2), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_its_limit(steps: list[float], limit: int) -> None:
    windows, now, passed = SlidingWindows((limit, 1.0), (2 * limit, 5.0)), 0.0, []
    for step in steps:
        now += step
        if windows.try_pass("key", now) is None:
            passed.append(now)
    for moment in passed:
        assert sum(moment - 1.0 < each <= moment for each in passed) <= limit
        assert sum(moment - 5.0 < each <= moment for each in passed) <= 2 * limit


@given(st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_after_the_told_wait_the_next_one_passes(steps: list[float]) -> None:
    windows, now = SlidingWindows((2, 1.0), (3, 5.0)), 0.0
    for step in steps:
        now += step
        full = windows.try_pass("key", now)
        while full is not None:
            now += full.wait_seconds + 1e-9
            full = windows.try_pass("key", now)


def test_forgotten_keys_do_not_pile_up() -> None:
    windows = SlidingWindows((1, 1.0))
    for number in range(10_000):
        windows.try_pass(number, number * 0.01)
    assert windows.try_pass(9_999, 99.995) is not None
    assert windows.size() < 5_000


def test_keys_are_separate() -> None:
    windows = SlidingWindows((1, 1.0))
    assert windows.try_pass("one", 0.0) is None
    assert windows.try_pass("another", 0.0) is None
