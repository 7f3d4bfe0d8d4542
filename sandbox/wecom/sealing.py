"""The callbacks' envelope: signature, AES and padding, written after wecom.md section 10 and nothing else."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha1

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK_BYTES = 32
"""Padding counts blocks of 32 bytes, not AES's 16."""

_RANDOM_BYTES = 16
_LENGTH_BYTES = 4


class SealBroken(Exception):
    """A sealed text is not what it claims to be; says why."""


def sign(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    """Lower-case hex SHA-1 over the four values, sorted as strings."""
    joined = "".join(sorted([token, timestamp, nonce, sealed]))
    return sha1(joined.encode()).hexdigest()  # noqa: S324 the platform's choice


def seal(aes_key: str, plain: bytes, receive_id: str, salt: bytes) -> str:
    """Base64 of AES-256-CBC over 16 random bytes, the length, the text, the receiver's id, and the padding."""
    if len(salt) != _RANDOM_BYTES:
        raise ValueError("the salt has 16 bytes")
    body = salt + len(plain).to_bytes(_LENGTH_BYTES) + plain + receive_id.encode()
    missing = _BLOCK_BYTES - len(body) % _BLOCK_BYTES
    return _encrypted(aes_key, body + bytes([missing]) * missing)


def seal_badly(aes_key: str, plain: bytes, receive_id: str, salt: bytes) -> str:
    """As `seal`, but the padding is zeros, which it never is."""
    body = salt + len(plain).to_bytes(_LENGTH_BYTES) + plain + receive_id.encode()
    return _encrypted(aes_key, body + bytes(_BLOCK_BYTES - len(body) % _BLOCK_BYTES))


def unseal(aes_key: str, sealed: str, receive_id: str) -> bytes:
    """The text in a sealed reply.

    Raises:
        SealBroken: No base64, no whole blocks, bad padding or length, or another receiver's id.
    """
    body = _decrypted(aes_key, sealed)
    padding = body[-1]
    if not 1 <= padding <= _BLOCK_BYTES or body[-padding:] != bytes([padding]) * padding:
        raise SealBroken("the padding is broken")
    body = body[_RANDOM_BYTES:-padding]
    length = int.from_bytes(body[:_LENGTH_BYTES])
    plain, rest = body[_LENGTH_BYTES : _LENGTH_BYTES + length], body[_LENGTH_BYTES + length :]
    if len(plain) != length or rest != receive_id.encode():
        raise SealBroken("the length or the receiver's id is wrong")
    return plain


def _decrypted(aes_key: str, sealed: str) -> bytes:
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise SealBroken("it is no base64") from None
    if not raw or len(raw) % _BLOCK_BYTES:
        raise SealBroken("it is not of whole blocks")
    decryptor = _cipher(aes_key).decryptor()
    return decryptor.update(raw) + decryptor.finalize()


def _encrypted(aes_key: str, padded: bytes) -> str:
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    # The key's last character carries bits that mean nothing; lenient decoding drops them, as the platform does.
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
