"""The whole contract of an adapter, put together from its parts; each platform subclasses it once."""

from __future__ import annotations

from tests.contract.adapters.cards import CardContract
from tests.contract.adapters.clicks import ClickContract
from tests.contract.adapters.envelopes import EnvelopeContract
from tests.contract.adapters.pacing import PacingContract
from tests.contract.adapters.refusals import RefusalContract


class AdapterContract(EnvelopeContract, RefusalContract, CardContract, PacingContract, ClickContract):
    """What the core relies on, whatever the platform."""
