"""Pushing events and callbacks to an app's address: encrypted, signed, with the platform's patience.

Wire format: feishu.md sections 6.1, 6.2 and 6.4.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from random import Random

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from sandbox.feishu.faults import FaultKind
from sandbox.feishu.lines import Envelope, Outcome, Reply, on_the_wire
from sandbox.feishu.settings import FakeApp, Timing
from sandbox.feishu.world import World

_BLOCK_BITS = 128
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class Webhook:
    """The ingress over HTTP.

    Args:
        world: The tenant.
        timing: How long to wait.
    """

    def __init__(self, world: World, timing: Timing) -> None:
        self._world = world
        self._timing = timing
        self._session: aiohttp.ClientSession | None = None

    async def send(self, app: FakeApp, envelope: Envelope) -> Reply:
        """Post an envelope once; see `sandbox.feishu.lines.Line`."""
        if app.callback_url is None:
            return Reply(Outcome.NO_ROUTE)
        body, headers = self._packed(app, on_the_wire(self._world, envelope))
        return await self._post(app.callback_url, body, headers, self._timing.answer_seconds)

    async def challenge(self, app: FakeApp) -> bool:
        """Check the address as the console does when it is saved: whether the challenge came back within a second."""
        if app.callback_url is None:
            return False
        challenge = self._world.store.mint("")
        check = {"challenge": challenge, "token": app.verification_token, "type": "url_verification"}
        body = json.dumps(check).encode()
        if app.encrypt_key is not None:
            body = _wrapped(encrypt(app.encrypt_key, body, self._world.chance))
        reply = await self._post(app.callback_url, body, {}, self._timing.challenge_seconds)
        try:
            return reply.succeeded and json.loads(reply.content or b"") == {"challenge": challenge}
        except ValueError:
            return False

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()

    def _packed(self, app: FakeApp, body: bytes) -> tuple[bytes, dict[str, str]]:
        if app.encrypt_key is None:
            return body, {}
        world = self._world
        broken = world.faults.take(FaultKind.BAD_PADDING) is not None
        sealed = encrypt_badly if broken else encrypt
        body = _wrapped(sealed(app.encrypt_key, body, world.chance))
        if world.faults.take(FaultKind.NO_SIGNATURE):
            return body, {}
        timestamp, nonce = str(world.now_ms() // 1000), str(world.chance.getrandbits(63))
        signature = sign(timestamp, nonce, app.encrypt_key, body)
        if world.faults.take(FaultKind.WRONG_SIGNATURE):
            signature = sha256(signature.encode()).hexdigest()
        return body, {
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": signature,
        }

    async def _post(self, url: str, body: bytes, headers: dict[str, str], wait_seconds: float) -> Reply:
        limits = aiohttp.ClientTimeout(total=wait_seconds, sock_connect=self._timing.connect_seconds)
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(
                url, data=body, headers={**_JSON, **headers}, timeout=limits, allow_redirects=False
            ) as response:
                return Reply(Outcome.ANSWERED, response.status, await response.read())
        except aiohttp.ClientConnectorDNSError:
            return Reply(Outcome.NOT_RESOLVED)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Reply(Outcome.NOT_REACHED)
        except TimeoutError:
            return Reply(Outcome.TIMED_OUT)
        except (aiohttp.ClientError, OSError):
            return Reply(Outcome.CONNECTION_LOST)


def encrypt(encrypt_key: str, plain: bytes, chance: Random) -> str:
    """Base64 of a random IV and the AES-256-CBC text; the key is the SHA-256 of the Encrypt Key."""
    padder = PKCS7(_BLOCK_BITS).padder()
    return _encrypted(encrypt_key, padder.update(plain) + padder.finalize(), chance)


def encrypt_badly(encrypt_key: str, plain: bytes, chance: Random) -> str:
    """As `encrypt`, but the padding ends in a zero byte, which PKCS#7 never does."""
    return _encrypted(encrypt_key, plain + bytes(16 - len(plain) % 16), chance)


def sign(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """Lowercase hex SHA-256 over timestamp, nonce, Encrypt Key and the raw body."""
    return sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()


def _encrypted(encrypt_key: str, padded: bytes, chance: Random) -> str:
    iv = chance.randbytes(16)
    encryptor = Cipher(algorithms.AES(sha256(encrypt_key.encode()).digest()), modes.CBC(iv)).encryptor()
    return base64.b64encode(iv + encryptor.update(padded) + encryptor.finalize()).decode()


def _wrapped(encrypted: str) -> bytes:
    return json.dumps({"encrypt": encrypted}).encode()
