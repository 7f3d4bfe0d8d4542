"""What all parts of one fake tenant share: apps, clocks, memory, directory, rates, faults, listeners."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from sandbox.feishu.directory import Directory
from sandbox.feishu.faults import Faults
from sandbox.feishu.limits import RateLimits
from sandbox.feishu.settings import FakeApp, Limits
from sandbox.feishu.store import Store


class World:
    """The shared state of one tenant.

    Args:
        store: Its memory.
        apps: Its apps, at least one; the first one sees the company's own open_ids.
        limits: Its request rates.
        now: The tenant's clock, UTC; may be simulated.
        monotonic: Real time in seconds, for rates.
        chance: Picks connections and log ids.
    """

    def __init__(
        self,
        store: Store,
        apps: Sequence[FakeApp],
        limits: Limits,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Random,
    ) -> None:
        self.store = store
        self.home_app_id = apps[0].app_id
        self.apps = {app.app_id: self._with_stored_range(app) for app in apps}
        self.directory = Directory(store, tuple(self.apps))
        self.limits = limits
        self.rates = RateLimits(limits, monotonic)
        self.faults = Faults()
        self.now = now
        self.monotonic = monotonic
        self.chance = chance
        self.tenant_key = store.setting("tenant_key") or store.mint("")[:16]
        store.save_setting("tenant_key", self.tenant_key)
        self.complaints: list[str] = []
        self._listeners: list[Callable[[str], None]] = []

    def now_ms(self) -> int:
        """The tenant's time in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def ms_ago(self, age: timedelta) -> int:
        """The moment that lies so far back, in milliseconds since 1970."""
        return self.now_ms() - int(age.total_seconds() * 1000)

    def set_app(self, app: FakeApp) -> None:
        """Replace an app's settings.

        Raises:
            KeyError: The tenant has no such app.
        """
        if app.app_id not in self.apps:
            raise KeyError(app.app_id)
        self.apps[app.app_id] = app

    def set_range(self, app_id: str, contact_range: frozenset[str] | None) -> FakeApp:
        """Change what an app may see of the directory; it outlives a restart, unlike other settings of apps."""
        app = replace(self.apps[app_id], contact_range=contact_range)
        self.set_app(app)
        stored = None if contact_range is None else sorted(contact_range)
        self.store.save_setting(f"contact range {app_id}", json.dumps(stored))
        return app

    def open_id_of(self, user_id: str) -> str:
        """The open_id by which the outside of the fake (page, tests) names a person."""
        return self.directory.open_id(self.home_app_id, user_id)

    def listen(self, callback: Callable[[str], None]) -> None:
        """Call back with the first app's open_id of everybody whose chat changes."""
        self._listeners.append(callback)

    def changed(self, user_id: str) -> None:
        """Tell the listeners that what a person sees has changed."""
        open_id = self.open_id_of(user_id)
        for callback in self._listeners:
            callback(open_id)

    def complain(self, sentence: str) -> None:
        """Note what an app did against the protocol where the real platform would silently ignore it."""
        self.complaints.append(sentence)

    def _with_stored_range(self, app: FakeApp) -> FakeApp:
        stored = self.store.setting(f"contact range {app.app_id}")
        if stored is None:
            return app
        user_ids = json.loads(stored)
        return replace(app, contact_range=None if user_ids is None else frozenset(user_ids))


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
