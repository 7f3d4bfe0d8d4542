"""A fake DingTalk (钉钉): the open platform, the people on it and their phones, in one process, on loopback.

It checks what the real one checks and can be told to misbehave. It is an independent judge: it imports nothing of ours.
"""

from sandbox.dingtalk.clicks import ClickResult
from sandbox.dingtalk.deliveries import Delivery, State
from sandbox.dingtalk.fake import DingTalkFake
from sandbox.dingtalk.faults import Fault, FaultKind
from sandbox.dingtalk.journal import CallRecord
from sandbox.dingtalk.server import make_app
from sandbox.dingtalk.settings import (
    CARD_TEMPLATE,
    CARD_VARIABLES,
    FORM_TEMPLATE,
    FORM_VARIABLES,
    FakeDingTalkApp,
    Layout,
    Limits,
    Template,
    Timing,
)

__all__ = [
    "CARD_TEMPLATE",
    "CARD_VARIABLES",
    "FORM_TEMPLATE",
    "FORM_VARIABLES",
    "CallRecord",
    "ClickResult",
    "Delivery",
    "DingTalkFake",
    "FakeDingTalkApp",
    "Fault",
    "FaultKind",
    "Layout",
    "Limits",
    "State",
    "Template",
    "Timing",
    "make_app",
]
