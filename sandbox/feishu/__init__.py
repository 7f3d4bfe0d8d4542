"""A fake Feishu (飞书): the open platform, the people on it and their phones, in one process, on loopback.

It checks what the real one checks and can be told to misbehave. It is an independent judge: it imports nothing of ours.
"""

from sandbox.feishu.clicks import ClickResult
from sandbox.feishu.deliveries import Delivery, State
from sandbox.feishu.fake import FeishuFake
from sandbox.feishu.faults import Fault, FaultKind
from sandbox.feishu.journal import CallRecord
from sandbox.feishu.server import make_app
from sandbox.feishu.settings import ClientConfig, FakeApp, Ingress, Limits, Timing

__all__ = [
    "CallRecord",
    "ClickResult",
    "ClientConfig",
    "Delivery",
    "FakeApp",
    "Fault",
    "FaultKind",
    "FeishuFake",
    "Ingress",
    "Limits",
    "State",
    "Timing",
    "make_app",
]
