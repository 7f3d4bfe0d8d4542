"""What all parts of one fake company share: apps, clocks, memory, directory, rates, faults, listeners."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sandbox.wecom.directory import Directory
from sandbox.wecom.faults import Faults
from sandbox.wecom.limits import Rates
from sandbox.wecom.settings import PERSON_TIMES_PER_ACCOUNT, ZONE, FakeWeComApp, Limits
from sandbox.wecom.store import Store

_HINT_DIGITS = 24


@dataclass(frozen=True, slots=True)
class Drop:
    """A message that the platform accepted and let vanish.

    Attributes:
        agent_id: Whose message it was.
        user_id: Who never got it.
        msg_type: Its type.
        why: `rate` or `duplicate`.
    """

    agent_id: int
    user_id: str
    msg_type: str
    why: str


class World:
    """The shared state of one company.

    Args:
        store: Its memory.
        apps: Its apps, at least one, all of one company; the first is meant where none is named.
        limits: Its rates.
        now: The company's clock, UTC; may be simulated.
        monotonic: Seconds, for rates.
        chance: Picks nonces, the order of elements and hints.

    Raises:
        ValueError: The apps are of several companies, or two have one agent id.
    """

    def __init__(
        self,
        store: Store,
        apps: Sequence[FakeWeComApp],
        limits: Limits,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Random,
    ) -> None:
        if len({app.corp_id for app in apps}) != 1 or len({app.agent_id for app in apps}) != len(apps):
            raise ValueError("a fake is one company, whose apps have different agent ids")
        self.store = store
        self.corp_id = apps[0].corp_id
        self.home_agent_id = apps[0].agent_id
        self.apps = {app.agent_id: self._with_stored_range(app) for app in apps}
        self.directory = Directory(store)
        self.limits = limits
        self.rates = Rates(limits, monotonic)
        self.faults = Faults()
        self.now = now
        self.monotonic = monotonic
        self.chance = chance
        self.complaints: list[str] = []
        self.drops: list[Drop] = []
        self._listeners: list[Callable[[str], None]] = []

    def now_ms(self) -> int:
        """The company's time in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def ms_ago(self, age: timedelta) -> int:
        """The moment that lies so far back, in milliseconds since 1970."""
        return self.now_ms() - int(age.total_seconds() * 1000)

    def day(self, days_ago: int = 0) -> str:
        """The platform's day as YYYY-MM-DD."""
        return (self.now().astimezone(ZoneInfo(ZONE)).date() - timedelta(days=days_ago)).isoformat()

    def hint(self) -> str:
        """The digits of an error's hint."""
        return f"{self.now_ms()}{self.chance.getrandbits(63):020d}"[:_HINT_DIGITS]

    def most_person_times(self) -> int:
        """How many messages an app may send in a day, each receiver counted."""
        return self.limits.accounts * PERSON_TIMES_PER_ACCOUNT

    def set_app(self, app: FakeWeComApp) -> None:
        """Replace an app's settings.

        Raises:
            KeyError: The company has no such app.
        """
        if app.agent_id not in self.apps:
            raise KeyError(app.agent_id)
        self.apps[app.agent_id] = app

    def set_range(self, agent_id: int, departments: frozenset[str], users: frozenset[str]) -> FakeWeComApp:
        """Change whom an app sees; it outlives a restart, unlike other settings of apps."""
        app = replace(self.apps[agent_id], visible_departments=departments, visible_users=users)
        self.set_app(app)
        self.store.save_setting(f"visible range {agent_id}", json.dumps([sorted(departments), sorted(users)]))
        return app

    def listen(self, callback: Callable[[str], None]) -> None:
        """Call back with the userid of everybody whose chat changes."""
        self._listeners.append(callback)

    def changed(self, user_id: str) -> None:
        """Tell the listeners that what a person sees has changed."""
        for callback in self._listeners:
            callback(user_id)

    def complain(self, sentence: str) -> None:
        """Note what an app did against the protocol where the real platform would silently cut, drop or ignore it."""
        self.complaints.append(sentence)

    def _with_stored_range(self, app: FakeWeComApp) -> FakeWeComApp:
        stored = self.store.setting(f"visible range {app.agent_id}")
        if stored is None:
            return app
        departments, users = json.loads(stored)
        return replace(app, visible_departments=frozenset(departments), visible_users=frozenset(users))


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
