"""Whether a callback comes from the platform: three kinds of calls, three kinds of proof.

The robot's messages and the clicks bear an HMAC of their time, events are encrypted and signed. Nothing is parsed
before its proof holds, and whatever fails, the answer is the same. Formats: dingtalk.md 10, read 2026-11-22.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from adapters.dingtalk.settings import DingTalkSettings
from domain.errors import Malformed, NotAuthentic

ROBOT_TIME, ROBOT_SIGN = "timestamp", "sign"
CLICK_TIME, CLICK_SIGN = "x-ddpaas-signature-timestamp", "x-ddpaas-signature"

WINDOW = timedelta(hours=1)
"""How far a signed time may lie from ours."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IV_BYTES = 16
_PAD_BLOCK = 32
_PREFIX_BYTES = 16
_LENGTH_BYTES = 4
_NO_PROOF = "the proof of origin does not hold"


def check_robot(settings: DingTalkSettings, headers: Mapping[str, str], now: datetime) -> None:
    """Check the signature of a robot's message.

    Raises:
        NotAuthentic: Missing, wrong, or more than an hour old.
    """
    timestamp = headers.get(ROBOT_TIME, "")
    secret = settings.client_secret
    _check(headers.get(ROBOT_SIGN, ""), secret, f"{timestamp}\n{secret}", timestamp, now)


def check_click(settings: DingTalkSettings, headers: Mapping[str, str], now: datetime) -> str:
    """Check the signature of a click and return its time, which its repetitions share.

    Raises:
        NotAuthentic: Missing, wrong, or more than an hour old.
    """
    timestamp = headers.get(CLICK_TIME, "")
    _check(headers.get(CLICK_SIGN, ""), click_secret(settings), timestamp, timestamp, now)
    return timestamp


def click_secret(settings: DingTalkSettings) -> str:
    """Return what signs clicks (apiSecret); made from the app's secret, so that nobody has to keep another."""
    return hmac.new(settings.client_secret.encode(), b"fupan card callback", hashlib.sha256).hexdigest()


class EventCipher:
    """Opens events and closes our answers to them; for an app whose settings hold token and key.

    Args:
        settings: Which app.
        entropy: Returns that many random bytes.

    Raises:
        ValueError: The key is not base64.
    """

    def __init__(self, settings: DingTalkSettings, entropy: Callable[[int], bytes]) -> None:
        key = binascii.a2b_base64(settings.event_aes_key + "=")  # leniently: unused bits at the end need not be zero
        self._aes = AES(key)
        self._iv = key[:_IV_BYTES]
        self._token = settings.event_token
        self._owner = settings.client_id.encode()
        self._entropy = entropy

    def open(self, query: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        """Return the event of one call.

        There is no window of time: an event that failed is sent again much later. A replay is known by its id.

        Args:
            query: Holds signature, time and nonce.
            raw: The body as received.

        Raises:
            NotAuthentic: It was not made with our token and key, or for another app.
            Malformed: Authentic but unreadable.
        """
        blob = _encrypted(raw)
        given = query.get("msg_signature") or query.get("signature") or ""
        timestamp = query.get("timestamp") or query.get("timeStamp") or ""
        expected = self._signature(timestamp, query.get("nonce", ""), blob)
        if not hmac.compare_digest(_octets(expected), _octets(given)):
            raise NotAuthentic(_NO_PROOF)
        try:
            event = orjson.loads(self._decrypted(blob))
        except orjson.JSONDecodeError:
            raise Malformed("the event is not JSON") from None
        if not isinstance(event, dict):
            raise Malformed("the event is not an object")
        return event

    def success(self, now: datetime) -> dict[str, str]:
        """Return the answer that the platform wants to see for every event: the encrypted word "success"."""
        blob = self._encrypted(b"success")
        timestamp, nonce = str((now - _EPOCH) // timedelta(milliseconds=1)), self._entropy(8).hex()
        signature = self._signature(timestamp, nonce, blob)
        return {"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": blob}

    def _signature(self, timestamp: str, nonce: str, blob: str) -> str:
        parts = sorted((self._token, timestamp, nonce, blob))
        return hashlib.sha1(_octets("".join(parts))).hexdigest()  # noqa: S324 - the platform's choice

    def _encrypted(self, message: bytes) -> str:
        plain = self._entropy(_PREFIX_BYTES) + len(message).to_bytes(_LENGTH_BYTES, "big") + message + self._owner
        missing = _PAD_BLOCK - len(plain) % _PAD_BLOCK
        cipher = Cipher(self._aes, CBC(self._iv)).encryptor()
        return base64.b64encode(cipher.update(plain + bytes([missing]) * missing)).decode()

    def _decrypted(self, blob: str) -> bytes:
        try:
            octets = binascii.a2b_base64(blob, strict_mode=True)
            plain = Cipher(self._aes, CBC(self._iv)).decryptor().update(octets)
        except ValueError:
            raise NotAuthentic(_NO_PROOF) from None
        if not plain or len(octets) % _IV_BYTES or not 1 <= plain[-1] <= _PAD_BLOCK:
            raise NotAuthentic(_NO_PROOF)
        content = plain[_PREFIX_BYTES : -plain[-1]]
        end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "big")
        if end > len(content) or not hmac.compare_digest(content[end:], self._owner):
            raise NotAuthentic(_NO_PROOF)
        return content[_LENGTH_BYTES:end]


def _check(given: str, secret: str, signed: str, timestamp: str, now: datetime) -> None:
    expected = base64.b64encode(hmac.new(secret.encode(), _octets(signed), hashlib.sha256).digest())
    if not hmac.compare_digest(expected, _octets(given)):
        raise NotAuthentic(_NO_PROOF)
    milliseconds = int(timestamp) if timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 15 else 0
    if abs(now - (_EPOCH + timedelta(milliseconds=milliseconds))) > WINDOW:
        raise NotAuthentic("the call is too old, or one of the clocks is wrong")


def _encrypted(raw: bytes) -> str:
    try:
        outer = orjson.loads(raw)
    except orjson.JSONDecodeError:
        outer = None
    blob = outer.get("encrypt") if isinstance(outer, dict) else None
    if not isinstance(blob, str):
        raise NotAuthentic(_NO_PROOF)
    return blob


def _octets(text: str) -> bytes:
    # Header bytes outside UTF-8 reach us as lone surrogates; they must compare as unequal, not raise.
    return text.encode("utf-8", "surrogatepass")
