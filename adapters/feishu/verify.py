"""Whether a callback comes from the platform, and lately: signature, time, decryption, token and app, in that order.

Formats: vendor page "Encrypt Key 加密策略", read 2026-11-22. Nothing is parsed before the signature holds, except the
check of a new address, which the platform does not sign.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from adapters.feishu.settings import FeishuSettings
from domain.errors import Malformed, NotAuthentic

Envelope = dict[str, Any]
"""A decoded callback; every member is optional and of any type until looked at."""

TIMESTAMP = "X-Lark-Request-Timestamp"
NONCE = "X-Lark-Request-Nonce"
SIGNATURE = "X-Lark-Signature"

SIGNED_FOR = timedelta(hours=12)
"""How old a signature may be. The platform repeats an event 15 s, 5 min, 1 h and 6 h after a failed try, so the last
try comes 7 h 5 min after the first (page "事件概述", read 2026-11-22); whether it signs each one anew, it does not say.
What comes a second time within this time is recognised, for the inbox remembers ids for longer."""

CREATED_FOR = timedelta(days=3)
"""How old an event may be where nothing is signed and only the event's own time is there to judge by. It says when the
event happened, not when it was sent: one of an ordered sort waits for those before it, seven hours for each that fails.
Still shorter than the inbox remembers ids."""

AHEAD = timedelta(minutes=5)
"""How far the platform's clock may be ahead of ours."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 16  # of microseconds until the year 2286
_BLOCK = 16
_PADDINGS = tuple(bytes([length]) * length for length in range(_BLOCK + 1))


class Verifier:
    """Opens callbacks of one app; the AES key is derived once."""

    def __init__(self, settings: FeishuSettings) -> None:
        self._app_id = settings.app_id
        self._token = settings.verification_token.encode()
        self._encrypt_key = settings.encrypt_key.encode()
        self._aes = AES(hashlib.sha256(self._encrypt_key).digest()) if self._encrypt_key else None

    def open(self, headers: Mapping[str, str], raw: bytes, received_at: datetime) -> Envelope:
        """Return the envelope of a callback that has proved where it comes from.

        Without an Encrypt Key the token is the proof, and the event's own time the only one there is: that keeps out
        a recorded callback that is sent again, though not somebody who knows the token.

        Args:
            headers: Looked up without regard to case.
            raw: The body as received.
            received_at: UTC.

        Raises:
            NotAuthentic: Signature, token or app are not ours, or they are "stale".
            Malformed: Signed by the platform, but unreadable.
        """
        if self._aes is None:
            envelope = self._checked(_parsed(raw), token_required=True)
            if envelope.get("type") != "url_verification":  # which carries no time, and changes nothing
                _check_age(_created_at(envelope), received_at, CREATED_FOR)
            return envelope
        signature = headers.get(SIGNATURE)
        if signature is None:
            return self._unsigned(raw)
        timestamp = headers.get(TIMESTAMP, "")
        expected = _signature(timestamp, headers.get(NONCE, ""), self._encrypt_key, raw)
        if not hmac.compare_digest(expected, _octets(signature)):
            raise NotAuthentic("the signature does not match the Encrypt Key")
        _check_age(_instant(timestamp, timedelta(seconds=1)), received_at, SIGNED_FOR)
        return self._checked(_parsed(self._decrypted(raw)), token_required=False)

    def _unsigned(self, raw: bytes) -> Envelope:
        """Open the check of a new address (请求地址校验), the one call that comes without a signature.

        Whatever fails, the answer is the same, so that nobody can learn from it how far a forgery got.
        """
        try:
            envelope = self._checked(_parsed(self._decrypted(raw)), token_required=bool(self._token))
        except (Malformed, NotAuthentic):
            raise NotAuthentic("no signature") from None
        if envelope.get("type") != "url_verification":
            raise NotAuthentic("no signature")
        return envelope

    def _decrypted(self, raw: bytes) -> bytes:
        outer = _parsed(raw).get("encrypt")
        if not isinstance(outer, str) or self._aes is None:
            raise Malformed("the body is not encrypted although an Encrypt Key is set")
        try:
            blob = binascii.a2b_base64(outer, strict_mode=True)
        except ValueError:
            raise Malformed("the encrypted body is not base64") from None
        if len(blob) < 2 * _BLOCK or len(blob) % _BLOCK:
            raise Malformed("the encrypted body is not made of whole blocks")
        plain = Cipher(self._aes, CBC(blob[:_BLOCK])).decryptor().update(blob[_BLOCK:])
        length = plain[-1]
        if not 1 <= length <= _BLOCK or not plain.endswith(_PADDINGS[length]):
            raise Malformed("the padding is wrong")
        return plain[:-length]

    def _checked(self, envelope: Envelope, *, token_required: bool) -> Envelope:
        if "encrypt" in envelope and self._aes is None:
            raise NotAuthentic("the body is encrypted, but no encrypt_key is configured")
        header = envelope.get("header")
        fields = header if isinstance(header, dict) else envelope
        self._check_token(fields.get("token"), required=token_required)
        app_id = fields.get("app_id")
        if app_id is not None and app_id != self._app_id:
            raise NotAuthentic("the callback is for another app")
        return envelope

    def _check_token(self, token: object, *, required: bool) -> None:
        # Behind a valid signature a missing token proves nothing; it was missing in real payloads
        # (larksuite/oapi-sdk-python#98). Without a signature the token is the only proof.
        if not required and (token is None or not self._token):
            return
        if not self._token or not isinstance(token, str) or not hmac.compare_digest(_octets(token), self._token):
            raise NotAuthentic("the verification token does not match")


def _check_age(at: datetime | None, received_at: datetime, longest: timedelta) -> None:
    if at is None or not -AHEAD <= received_at - at <= longest:
        raise NotAuthentic("stale")


def _created_at(envelope: Envelope) -> datetime | None:
    """Return when an event happened; its unit only its length tells: most count milliseconds, clicks microseconds."""
    header = envelope.get("header")
    given = header.get("create_time") if isinstance(header, dict) else envelope.get("ts")
    text = given.partition(".")[0] if isinstance(given, str) else ""
    unit = timedelta(microseconds=1) if len(text) > 14 else timedelta(milliseconds=1)
    return _instant(text, unit if len(text) > 11 else timedelta(seconds=1))


def _instant(digits: str, unit: timedelta) -> datetime | None:
    # Nothing but digits: a sign or a blank could be moved between the time and the nonce, which are signed in a row.
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
        return None
    try:
        return _EPOCH + int(digits) * unit
    except OverflowError:
        return None


def _signature(timestamp: str, nonce: str, key: bytes, raw: bytes) -> bytes:
    digest = hashlib.sha256(_octets(timestamp + nonce) + key)
    digest.update(raw)
    return digest.hexdigest().encode()


def _octets(text: str) -> bytes:
    # Header bytes outside UTF-8 reach us as lone surrogates; they must compare as unequal, not raise.
    return text.encode("utf-8", "surrogatepass")


def _parsed(raw: bytes) -> Envelope:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed("the body is not an object")
    return value
