"""What a refused call means for its row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.retry import MOST_TRIES, outcome_of
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Call, Fate, Outgoing

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
MESSAGE = Outgoing(OrgId("acme"), MessageId("m1"), "feishu", Call.TEXT, PersonId("wanglei"), "ou_1", "你好")


def test_a_throttled_call_waits_as_long_as_the_platform_says() -> None:
    outcome = outcome_of(MESSAGE, Throttled("99991400", timedelta(seconds=7)), NOW)
    assert (outcome.fate, outcome.retry_at) == (Fate.RETRY, NOW + timedelta(seconds=7))


def test_a_call_without_an_answer_is_tried_again_later_and_later() -> None:
    delays = []
    for attempts in range(MOST_TRIES - 1):
        outcome = outcome_of(replace(MESSAGE, attempts=attempts), PlatformDown("timeout"), NOW)
        assert outcome.fate is Fate.RETRY
        assert outcome.retry_at is not None
        delays.append(outcome.retry_at - NOW)
    assert delays == sorted(delays)
    assert delays[0] == timedelta(seconds=1)


def test_a_row_is_given_up_after_its_last_try_and_keeps_the_code() -> None:
    outcome = outcome_of(replace(MESSAGE, attempts=MOST_TRIES - 1), PlatformDown("timeout"), NOW)
    assert (outcome.fate, outcome.error) == (Fate.DEAD, "timeout")


def test_a_receiver_who_cannot_be_reached_is_noted_and_not_tried_again() -> None:
    outcome = outcome_of(MESSAGE, Undeliverable("230013"), NOW)
    assert (outcome.fate, outcome.receiver_lost) == (Fate.DEAD, True)


@pytest.mark.parametrize("error", [ContentRefused("230028"), TargetGone("230031"), PlatformError("4711")])
def test_what_will_never_pass_is_given_up_at_once_without_blaming_the_receiver(error: PlatformError) -> None:
    outcome = outcome_of(MESSAGE, error, NOW)
    assert (outcome.fate, outcome.receiver_lost, outcome.error) == (Fate.DEAD, False, error.code)


def test_a_wrong_secret_waits_for_an_admin() -> None:
    outcome = outcome_of(MESSAGE, Misconfigured("99991543"), NOW)
    assert outcome.fate is Fate.RETRY
    assert outcome.retry_at == NOW + timedelta(minutes=5)
