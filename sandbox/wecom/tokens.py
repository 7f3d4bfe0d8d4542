"""Access tokens (wecom.md section 3): two hours, the same one to everybody who asks meanwhile."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta

from sandbox.wecom.calls import Body, ok
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import TOKEN_LIFE, FakeWeComApp
from sandbox.wecom.world import World

_REMEMBERED = timedelta(days=1)
"""So long an expired token is told from an unknown one."""

_LIFE_MS = int(TOKEN_LIFE.total_seconds() * 1000)


class Tokens:
    """The tokens of one company; `world` is what they open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def issue(self, query: Mapping[str, str]) -> Body:
        """`GET /cgi-bin/gettoken`.

        Raises:
            Refusal: 41002, 41004, 40013, 40001; 45009 after too many wrong secrets, also for the right one.
        """
        corp_id, secret = query.get("corpid", ""), query.get("corpsecret", "")
        if not corp_id:
            raise Refusal(41002)
        if not secret:
            raise Refusal(41004)
        if self._world.rates.is_blocked():
            raise Refusal(45009)
        if corp_id != self._world.corp_id:
            raise Refusal(40013)
        app = self._owner(secret)
        token, expires_ms = self._current(app.agent_id)
        return ok({"access_token": token, "expires_in": (expires_ms - self._world.now_ms()) // 1000})

    def check(self, token: str) -> FakeWeComApp:
        """Which app calls with this token.

        Raises:
            Refusal: 41001 for none, 40014 for an unknown and 42001 for an expired one.
        """
        if not token:
            raise Refusal(41001)
        row = self._store.row("SELECT agent_id, expires_ms FROM tokens WHERE token = ?", token)
        if row is None or row["agent_id"] not in self._world.apps:
            raise Refusal(40014)
        if row["expires_ms"] <= self._world.now_ms():
            raise Refusal(42001)
        return self._world.apps[row["agent_id"]]

    def expire(self, agent_id: int) -> None:
        """All tokens of an app end now, before their time."""
        self._store.run("UPDATE tokens SET expires_ms = ? WHERE agent_id = ?", self._world.now_ms(), agent_id)

    def forget(self, agent_id: int) -> None:
        """All tokens of an app become unknown, as when its secret is reset."""
        self._store.run("DELETE FROM tokens WHERE agent_id = ?", agent_id)

    def _owner(self, secret: str) -> FakeWeComApp:
        for app in self._world.apps.values():
            if hmac.compare_digest(app.secret.encode(), secret.encode()):
                return app
        self._world.rates.bad_secret()
        raise Refusal(40001)

    def _current(self, agent_id: int) -> tuple[str, int]:
        now_ms = self._world.now_ms()
        row = self._store.row(
            "SELECT token, expires_ms FROM tokens WHERE agent_id = ? AND expires_ms > ?", agent_id, now_ms
        )
        if row is not None:
            return row["token"], row["expires_ms"]
        token = self._store.mint("")
        self._store.run("DELETE FROM tokens WHERE expires_ms <= ?", self._world.ms_ago(_REMEMBERED))
        self._store.run(
            "INSERT INTO tokens (token, agent_id, expires_ms) VALUES (?, ?, ?)", token, agent_id, now_ms + _LIFE_MS
        )
        return token, now_ms + _LIFE_MS
