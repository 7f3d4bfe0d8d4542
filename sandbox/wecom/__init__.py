"""A fake WeCom (企业微信): the API, the people on it and their phones, in one process, on loopback.

It checks what the real one checks and can be told to misbehave. It is an independent judge: it imports nothing of ours.
"""

from sandbox.wecom.aibot import AibotGateway, FakeRobot
from sandbox.wecom.callbacks import Outcome, Reply
from sandbox.wecom.clicks import ClickResult
from sandbox.wecom.deliveries import Delivery, State
from sandbox.wecom.fake import WeComFake
from sandbox.wecom.faults import Fault, FaultKind
from sandbox.wecom.journal import CallRecord
from sandbox.wecom.server import make_app
from sandbox.wecom.settings import CONTACT_SYNC, FakeWeComApp, Limits, Timing
from sandbox.wecom.world import Drop

__all__ = [
    "CONTACT_SYNC",
    "AibotGateway",
    "CallRecord",
    "ClickResult",
    "Delivery",
    "Drop",
    "FakeRobot",
    "FakeWeComApp",
    "Fault",
    "FaultKind",
    "Limits",
    "Outcome",
    "Reply",
    "State",
    "Timing",
    "WeComFake",
    "make_app",
]
