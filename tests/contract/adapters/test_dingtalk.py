"""DingTalk's adapter keeps the contract of all adapters."""

from __future__ import annotations

from tests.contract.adapters.contract import AdapterContract
from tests.contract.adapters.dingtalk import DingTalkHands


class TestDingTalk(AdapterContract):
    hands = DingTalkHands()
