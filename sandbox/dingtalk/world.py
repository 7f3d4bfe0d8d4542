"""What all parts of one fake organisation share: apps, clocks, memory, directory, meters, faults, listeners."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from sandbox.dingtalk.directory import Directory
from sandbox.dingtalk.faults import Faults
from sandbox.dingtalk.meters import Quota, Rates
from sandbox.dingtalk.settings import FakeDingTalkApp, Limits
from sandbox.dingtalk.store import Store


class World:
    """The shared state of one organisation.

    Attributes:
        address: Where the organisation's site is reached, learnt from the requests to it; stands in the addresses that
            the platform hands out (`sessionWebhook`, `downloadUrl`).

    Args:
        store: Its memory.
        apps: Its apps, at least one.
        limits: What its edition allows.
        now: Its clock, UTC; may be simulated.
        monotonic: Real time in seconds, for rates.
        chance: Picks connections, nonces and tickets.
    """

    def __init__(
        self,
        store: Store,
        apps: Sequence[FakeDingTalkApp],
        limits: Limits,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Random,
    ) -> None:
        self.store = store
        self.home_client_id = apps[0].client_id
        self.apps = {app.client_id: app for app in apps}
        self.directory = Directory(store)
        self.limits = limits
        self.rates = Rates(limits, monotonic)
        self.quota = Quota(store, limits, now)
        self.faults = Faults()
        self.now = now
        self.monotonic = monotonic
        self.chance = chance
        self.address = "https://oapi.dingtalk.com"
        self.corp_id = store.setting("corp_id") or store.mint("ding")
        store.save_setting("corp_id", self.corp_id)
        self.complaints: list[str] = []
        self._listeners: list[Callable[[str], None]] = []

    def now_ms(self) -> int:
        """The organisation's time in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def ms_ago(self, age: timedelta) -> int:
        """The moment that lies so far back, in milliseconds since 1970."""
        return self.now_ms() - int(age.total_seconds() * 1000)

    def set_app(self, app: FakeDingTalkApp) -> None:
        """Replace an app's settings.

        Raises:
            KeyError: The organisation has no such app.
        """
        if app.client_id not in self.apps:
            raise KeyError(app.client_id)
        self.apps[app.client_id] = app

    def listen(self, callback: Callable[[str], None]) -> None:
        """Call back with the `userid` of everybody whose chat changes."""
        self._listeners.append(callback)

    def changed(self, user_ids: Iterable[str]) -> None:
        """Tell the listeners that what these people see has changed."""
        for user_id in user_ids:
            for callback in self._listeners:
                callback(user_id)

    def complain(self, sentence: str) -> None:
        """Note what an app did against the protocol where the real platform would silently ignore it."""
        self.complaints.append(sentence)

    def mint_opaque(self) -> str:
        """A new handle as the platform makes them: base64 that holds `+`, `/` and `=`, which sloppy clients break."""
        return base64.b64encode(b"\xfb\xef\xff\xff" + bytes.fromhex(self.store.mint(""))).decode()


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
