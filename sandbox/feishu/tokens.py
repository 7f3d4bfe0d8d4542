"""Access tokens (feishu.md section 2): issued for two hours, renewable in the last half hour, the old one lives on."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from sandbox.feishu.calls import Body
from sandbox.feishu.refusals import refusal
from sandbox.feishu.settings import TOKEN_LIFE, TOKEN_RENEWABLE_BELOW, FakeApp
from sandbox.feishu.world import World

_LIFE_MS = int(TOKEN_LIFE.total_seconds() * 1000)
_RENEWABLE_MS = int(TOKEN_RENEWABLE_BELOW.total_seconds() * 1000)


class Tokens:
    """The tokens of one tenant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def issue(self, body: Mapping[str, Any]) -> Body:
        """`POST /auth/v3/tenant_access_token/internal` and `app_access_token/internal`; one answer serves both.

        Raises:
            Refusal: 10003 for malformed, 10014 for unknown and 10015 for wrong credentials, all with HTTP 200.
        """
        app_id, secret = body.get("app_id"), body.get("app_secret")
        if not (isinstance(app_id, str) and isinstance(secret, str) and app_id and secret):
            raise refusal(10003)
        app = self._world.apps.get(app_id)
        if app is None:
            raise refusal(10014)
        if not hmac.compare_digest(app.secret.encode(), secret.encode()):
            raise refusal(10015)
        token, expires_ms = self._current(app_id)
        seconds = (expires_ms - self._world.now_ms()) // 1000
        return {"code": 0, "msg": "ok", "tenant_access_token": token, "app_access_token": token, "expire": seconds}

    def check(self, authorization: str) -> FakeApp:
        """Which app calls with this `Authorization` header.

        Raises:
            Refusal: 99991661, 99991671, 99991668 or 99991663.
        """
        token = authorization.removeprefix("Bearer").strip()
        if not token:
            raise refusal(99991661)
        if token.startswith("u-") or token.startswith("Bearer "):
            raise refusal(99991668)
        if not token.startswith("t-"):
            raise refusal(99991671)
        row = self._store.row(
            "SELECT app_id FROM tokens WHERE token = ? AND expires_ms > ?", token, self._world.now_ms()
        )
        if row is None or row["app_id"] not in self._world.apps:
            raise refusal(99991663)
        return self._world.apps[row["app_id"]]

    def forget(self, app_id: str) -> None:
        """All tokens of an app end now, as when its secret is reset."""
        self._store.run("DELETE FROM tokens WHERE app_id = ?", app_id)

    def _current(self, app_id: str) -> tuple[str, int]:
        now_ms = self._world.now_ms()
        row = self._store.row(
            "SELECT token, expires_ms FROM tokens WHERE app_id = ? ORDER BY expires_ms DESC LIMIT 1", app_id
        )
        if row is not None and row["expires_ms"] - now_ms >= _RENEWABLE_MS:
            return row["token"], row["expires_ms"]
        token = self._store.mint("t-")
        self._store.run("DELETE FROM tokens WHERE expires_ms <= ?", now_ms)
        self._store.run(
            "INSERT INTO tokens (token, app_id, expires_ms) VALUES (?, ?, ?)", token, app_id, now_ms + _LIFE_MS
        )
        return token, now_ms + _LIFE_MS
