"""WeCom's adapter keeps the contract of all adapters."""

from __future__ import annotations

from tests.contract.adapters.contract import AdapterContract
from tests.contract.adapters.wecom import WeComHands


class TestWeCom(AdapterContract):
    hands = WeComHands()
