"""Access tokens (dingtalk.md section 3): one for both hosts, the same until it expires, prolonged by every asking."""

from __future__ import annotations

import hmac
from typing import Any

from sandbox.dingtalk.calls import ApiCall, Body
from sandbox.dingtalk.refusals import BAD_TOKEN, Refusal, old_refusal, refusal
from sandbox.dingtalk.settings import TOKEN_LIFE, FakeDingTalkApp
from sandbox.dingtalk.world import World

_LIFE_SECONDS = int(TOKEN_LIFE.total_seconds())


class Tokens:
    """The tokens of one organisation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def issue(self, call: ApiCall) -> Body:
        """`POST /v1.0/oauth2/accessToken`.

        Raises:
            Refusal: 400 `invalidClientIdOrSecret`.
        """
        app = self.proven(call.body.get("appKey"), call.body.get("appSecret"))
        if app is None:
            raise refusal("invalidClientIdOrSecret")
        return {"accessToken": self._current(app), "expireIn": _LIFE_SECONDS}

    def issue_unified(self, call: ApiCall) -> Body:
        """`POST /v1.0/oauth2/{corpId}/token`.

        Raises:
            Refusal: 400 `unsupported.grant.type` or `invalid.client`, 401 `unauthorized.client`.
        """
        if call.body.get("grant_type") != "client_credentials":
            raise refusal("unsupported.grant.type")
        app = self.proven(call.body.get("client_id"), call.body.get("client_secret"))
        if app is None:
            raise refusal("invalid.client")
        if call.parts["corp_id"] != self._world.corp_id:
            raise refusal("unauthorized.client")
        return {"access_token": self._current(app), "expires_in": _LIFE_SECONDS}

    def issue_old(self, call: ApiCall) -> Body:
        """`GET /gettoken`.

        Raises:
            Refusal: 40096; the real number is not confirmed.
        """
        app = self.proven(call.asked("appkey"), call.asked("appsecret"))
        if app is None:
            raise old_refusal(40096)
        return {"errcode": 0, "errmsg": "ok", "access_token": self._current(app), "expires_in": _LIFE_SECONDS}

    def proven(self, client_id: Any, client_secret: Any) -> FakeDingTalkApp | None:
        """Which app proves itself by these, None where none does."""
        app = self._world.apps.get(client_id) if isinstance(client_id, str) else None
        if app is None or not isinstance(client_secret, str):
            return None
        return app if hmac.compare_digest(app.client_secret.encode(), client_secret.encode()) else None

    def check(self, token: str, missing: Refusal, wrong: Refusal) -> FakeDingTalkApp:
        """Which app calls with a token.

        Args:
            token: As it came, empty for none.
            missing: What to raise where there is none.
            wrong: What to raise for one that is unknown or over.

        Raises:
            Refusal: One of these.
        """
        if not token:
            raise missing
        row = self._store.row(
            "SELECT client_id FROM tokens WHERE token = ? AND expires_ms > ?", token, self._world.now_ms()
        )
        if row is None or row["client_id"] not in self._world.apps:
            raise wrong
        return self._world.apps[row["client_id"]]

    def check_new(self, token: str) -> FakeDingTalkApp:
        """As `check`, in the words of the new host."""
        return self.check(token, refusal(BAD_TOKEN), refusal(BAD_TOKEN))

    def check_old(self, token: str) -> FakeDingTalkApp:
        """As `check`, in the numbers of the old host: 41001 for none, 40014 for a wrong one."""
        return self.check(token, old_refusal(41001), old_refusal(40014))

    def forget(self, token: str) -> None:
        """A token ends now, as when the platform revokes it."""
        self._store.run("DELETE FROM tokens WHERE token = ?", token)

    def forget_all(self, client_id: str) -> None:
        """All tokens of an app end now, as when its secret is reset."""
        self._store.run("DELETE FROM tokens WHERE client_id = ?", client_id)

    def _current(self, app: FakeDingTalkApp) -> str:
        now_ms = self._world.now_ms()
        expires_ms = now_ms + _LIFE_SECONDS * 1000
        self._store.run("DELETE FROM tokens WHERE expires_ms <= ?", now_ms)
        row = self._store.row("SELECT token FROM tokens WHERE client_id = ?", app.client_id)
        token = str(row["token"]) if row is not None else self._store.mint("")
        self._store.run(
            "INSERT OR REPLACE INTO tokens (token, client_id, expires_ms) VALUES (?, ?, ?)",
            *(token, app.client_id, expires_ms),
        )
        return token
