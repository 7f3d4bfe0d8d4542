"""HTTP mode: posting messages, events and clicks to an app's addresses, signed, with the platform's patience.

Wire format: dingtalk.md section 10.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import aiohttp

from sandbox.dingtalk import crypto
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.lines import Data, Outcome, Push, PushKind, Reply
from sandbox.dingtalk.payloads import http_event
from sandbox.dingtalk.settings import FakeDingTalkApp, Timing
from sandbox.dingtalk.world import World

CHECK_URL = "check_url"

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_TWO_HOURS_MS = 7_200_000

_Sign = Callable[[str], str]
"""From a timestamp to its signature."""


class Webhook:
    """The way to apps in HTTP mode.

    Args:
        world: The organisation.
        timing: How long to wait.
    """

    def __init__(self, world: World, timing: Timing) -> None:
        self._world = world
        self._timing = timing
        self._session: aiohttp.ClientSession | None = None

    async def send(self, app: FakeDingTalkApp, push: Push) -> Reply:
        """Post a message or an event once; see `sandbox.dingtalk.lines.Line`."""
        if not app.callback_url:
            return Reply(Outcome.NO_ROUTE)
        if push.kind is PushKind.EVENT:
            return await self._event(app, http_event(self._world, push))
        headers = self._signed("timestamp", "sign", lambda timestamp: crypto.robot_sign(timestamp, app.client_secret))
        return await self._post(app.callback_url, {}, _bytes(push.data), headers, self._timing.webhook_seconds)

    async def click(self, url: str, secret: str, data: Data) -> Reply:
        """Post a click to a registered address; unsigned where no secret was registered."""
        headers: dict[str, str] = {}
        if secret:
            names = ("x-ddpaas-signature-timestamp", "x-ddpaas-signature")
            headers = self._signed(*names, lambda timestamp: crypto.card_sign(timestamp, secret))
        return await self._post(url, {}, _bytes(data), headers, self._timing.click_seconds)

    async def check(self, app: FakeDingTalkApp) -> bool:
        """Check the events' address as the console does when it is saved."""
        return (await self._event(app, {"EventType": CHECK_URL})).succeeded

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()

    async def _event(self, app: FakeDingTalkApp, body: Data) -> Reply:
        url = app.event_url or app.callback_url
        if not (url and app.event_aes_key and app.event_token):
            return Reply(Outcome.NO_ROUTE)
        faults, chance = self._world.faults, self._world.chance
        seal = crypto.encrypt_badly if faults.take(FaultKind.BAD_PADDING) else crypto.encrypt
        suffix = "somebody else" if faults.take(FaultKind.WRONG_SUFFIX) else app.client_id
        encrypted = seal(app.event_aes_key, json.dumps(dict(body), ensure_ascii=False), suffix, chance)
        nonce = f"{chance.getrandbits(48):012x}"
        signed = self._signed(
            "timestamp", "msg_signature", lambda stamp: crypto.event_sign(app.event_token, stamp, nonce, encrypted)
        )
        sealed = _bytes({"encrypt": encrypted})
        reply = await self._post(url, {**signed, "nonce": nonce}, sealed, {}, self._timing.webhook_seconds)
        if reply.succeeded and not self._says_success(app, reply.content):
            return Reply(Outcome.BAD_ANSWER, reply.status)
        return reply

    def _signed(self, stamp_name: str, sign_name: str, sign: _Sign) -> dict[str, str]:
        faults = self._world.faults
        age_ms = _TWO_HOURS_MS if faults.take(FaultKind.OLD_TIMESTAMP) else 0
        timestamp = str(self._world.now_ms() - age_ms)
        if faults.take(FaultKind.NO_SIGNATURE):
            return {stamp_name: timestamp}
        shown = sign(timestamp)
        if faults.take(FaultKind.WRONG_SIGNATURE):
            shown = sign(timestamp + "0")
        return {stamp_name: timestamp, sign_name: shown}

    def _says_success(self, app: FakeDingTalkApp, content: str) -> bool:
        try:
            answer = json.loads(content)
            timestamp, nonce, encrypted = answer["timeStamp"], answer["nonce"], answer["encrypt"]
            expected = crypto.event_sign(app.event_token, timestamp, nonce, encrypted)
            message, suffix = crypto.decrypt(app.event_aes_key, encrypted)
        except (ValueError, TypeError, KeyError, AttributeError, crypto.Unreadable):
            self._world.complain("the answer to an event is no encrypted success")
            return False
        if answer.get("msg_signature") != expected or (message, suffix) != ("success", app.client_id):
            self._world.complain("the answer to an event is signed wrongly or says something else")
            return False
        return True

    async def _post(
        self, url: str, query: Mapping[str, str], body: bytes, headers: Mapping[str, str], wait_seconds: float
    ) -> Reply:
        limits = aiohttp.ClientTimeout(total=wait_seconds, sock_connect=self._timing.connect_seconds)
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(
                url, params=query, data=body, headers={**_JSON, **headers}, timeout=limits, allow_redirects=False
            ) as response:
                return Reply(Outcome.ANSWERED, response.status, await response.text(errors="replace"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Reply(Outcome.NOT_REACHED)
        except TimeoutError:
            return Reply(Outcome.TIMED_OUT)
        except (aiohttp.ClientError, OSError):
            return Reply(Outcome.CONNECTION_LOST)


def _bytes(data: Data) -> bytes:
    return json.dumps(dict(data), ensure_ascii=False).encode()
