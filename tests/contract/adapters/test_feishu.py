"""Feishu's adapter keeps the contract of all adapters."""

from __future__ import annotations

from tests.contract.adapters.contract import AdapterContract
from tests.contract.adapters.feishu import FeishuHands


class TestFeishu(AdapterContract):
    hands = FeishuHands()
