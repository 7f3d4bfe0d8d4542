"""Feishu: what the endpoint of the long connection asks for, and which of its refusals are final."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.endpoint import SocketConfig, configured, endpoint_error
from domain.errors import Misconfigured, PlatformDown


def test_what_the_server_asks_for_is_taken_over() -> None:
    sent = {"ReconnectCount": -1, "ReconnectInterval": 60, "ReconnectNonce": 0, "PingInterval": 90}
    assert configured(SocketConfig(), sent) == SocketConfig(90.0, 60.0, 0.0)


def test_a_missing_member_leaves_the_old_value() -> None:
    assert configured(SocketConfig(10.0, 20.0, 5.0), {"PingInterval": 30}) == SocketConfig(30.0, 20.0, 5.0)


@pytest.mark.parametrize("sent", [None, [], "x", {"PingInterval": "90"}, {"PingInterval": True}, {"PingInterval": 0}])
def test_nonsense_leaves_everything_as_it_was(sent: object) -> None:
    assert configured(SocketConfig(), sent) == SocketConfig()


@given(st.dictionaries(st.sampled_from(["PingInterval", "ReconnectInterval", "ReconnectNonce"]), st.floats()))
def test_no_server_can_make_us_spin_or_sleep_for_days(sent: dict[str, float]) -> None:
    config = configured(SocketConfig(), sent)
    assert 0 < config.ping_seconds <= 86_400
    assert 0 < config.interval_seconds <= 86_400
    assert 0 <= config.nonce_seconds <= 86_400


@pytest.mark.parametrize("code", [1, 1000040343])
def test_a_busy_platform_is_tried_again(code: int) -> None:
    assert isinstance(endpoint_error(code), PlatformDown)


@pytest.mark.parametrize("code", [403, 514, 1000040344, 1000040350, 10003, 10014, 777])
def test_every_other_refusal_needs_an_admin_and_says_where_to_look(code: int) -> None:
    error = endpoint_error(code)
    assert isinstance(error, Misconfigured)
    assert error.hint
