"""The robot's messages to people (机器人单聊消息), up to twenty receivers a call.

HTTP 200 says nothing about who got it: three lists inside name whoever did not. Formats: dingtalk.md 4.2, read
2026-11-22. There is no idempotency key: a message whose answer was lost is sent again, and may arrive twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.errors import FILTERED_STAFF, FLOW_CONTROLLED, INVALID_STAFF, refused_receiver
from adapters.dingtalk.render import Words
from domain.errors import PlatformDown, PlatformError, Undeliverable

BATCH_SEND = "/v1.0/robot/oToMessages/batchSend"

MOST_RECEIVERS = 20
"""The error text of the platform says 100, its table of parameters 20."""

SEPARATOR = ":"
"""Stands between the key of a call and a receiver in a message's id; no card's id holds one."""


async def say(
    api: DingTalkApi, robot_code: str, receivers: Sequence[str], words: Words, attempts: int
) -> list[str | PlatformError]:
    """Say the same to some people in one call.

    Args:
        api: The server API.
        robot_code: The robot's code.
        receivers: At most `MOST_RECEIVERS` userids, each once.
        words: What is said.
        attempts: Tries before this one.

    Returns:
        For each, in order: the id of their message, or why they did not get it.

    Raises:
        PlatformError: Nobody got it.
    """
    request = {"robotCode": robot_code, "userIds": list(receivers), "msgKey": words.key, "msgParam": words.param}
    try:
        payload = await api.call("POST", BATCH_SEND, request, attempts=attempts)
    except Undeliverable:
        if len(receivers) == 1:
            raise
        # The platform does not say which of them it minds (dingtalk.md 4.2: the split is not documented).
        return [await _say_alone(api, robot_code, receiver, words, attempts) for receiver in receivers]
    return _results(payload, receivers, attempts)


async def _say_alone(
    api: DingTalkApi, robot_code: str, receiver: str, words: Words, attempts: int
) -> str | PlatformError:
    try:
        return (await say(api, robot_code, [receiver], words, attempts))[0]
    except PlatformError as error:
        return error


def _results(payload: Mapping[str, Any], receivers: Sequence[str], attempts: int) -> list[str | PlatformError]:
    refused = {
        each: name
        for name in (FILTERED_STAFF, FLOW_CONTROLLED, INVALID_STAFF)
        for each in payload.get(name) or ()
        if isinstance(each, str)
    }
    key = payload.get("processQueryKey")
    if not isinstance(key, str) or not key:
        if not all(receiver in refused for receiver in receivers):
            raise PlatformDown("no-process-query-key", "the platform reported success without a key")
        key = ""
    return [
        refused_receiver(refused[receiver], attempts) if receiver in refused else f"{key}{SEPARATOR}{receiver}"
        for receiver in receivers
    ]
