"""Signatures and encryption of HTTP mode, platform side (dingtalk.md section 10)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from random import Random

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_RANDOM_BYTES = 16
_LENGTH_BYTES = 4


class Unreadable(Exception):
    """An encrypted text is not what the platform would have made."""


def robot_sign(timestamp: str, app_secret: str) -> str:
    """The header `sign` of a message to the robot."""
    return _mac(app_secret, f"{timestamp}\n{app_secret}")


def card_sign(timestamp: str, api_secret: str) -> str:
    """The header `x-ddpaas-signature` of a click."""
    return _mac(api_secret, timestamp)


def event_sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """`msg_signature`: lower-case hex SHA-1 of the four strings in their order as strings."""
    # The platform prescribes SHA-1; nothing of ours rests on it.
    return hashlib.sha1("".join(sorted((token, timestamp, nonce, encrypted))).encode()).hexdigest()  # noqa: S324


def encrypt(aes_key: str, message: str, suffix: str, chance: Random) -> str:
    """AES-256-CBC of random bytes, length, message and suffix, in base64 without line breaks."""
    plain = _framed(message, suffix, chance)
    pad = _BLOCK - len(plain) % _BLOCK
    return _sealed(aes_key, plain + bytes([pad]) * pad)


def encrypt_badly(aes_key: str, message: str, suffix: str, chance: Random) -> str:
    """As `encrypt`, but the padding ends in a zero byte, which it never does."""
    plain = _framed(message, suffix, chance)
    return _sealed(aes_key, plain + bytes(_BLOCK - len(plain) % _BLOCK))


def decrypt(aes_key: str, encrypted: str) -> tuple[str, str]:
    """The message and the suffix of an encrypted text.

    Raises:
        Unreadable: It has another form.
    """
    key = _key(aes_key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
    except (binascii.Error, ValueError):
        raise Unreadable("it is no base64 of whole blocks") from None
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= _BLOCK:
        raise Unreadable("the padding is out of range")
    plain = padded[_RANDOM_BYTES:-pad]
    length = int.from_bytes(plain[:_LENGTH_BYTES], "big")
    message, suffix = plain[_LENGTH_BYTES : _LENGTH_BYTES + length], plain[_LENGTH_BYTES + length :]
    if len(message) != length:
        raise Unreadable("the length is wrong")
    return message.decode(errors="replace"), suffix.decode(errors="replace")


def _framed(message: str, suffix: str, chance: Random) -> bytes:
    raw = message.encode()
    return chance.randbytes(_RANDOM_BYTES) + len(raw).to_bytes(_LENGTH_BYTES, "big") + raw + suffix.encode()


def _sealed(aes_key: str, padded: bytes) -> str:
    key = _key(aes_key)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _key(aes_key: str) -> bytes:
    return base64.b64decode(aes_key + "=")


def _mac(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()
