"""The platform's encryption of callbacks and of our answers to them.

Format: vendor page "加解密方案说明", read 2026-11-22 (wecom.md 10): AES-256-CBC whose IV is the start of the key,
PKCS#7 in blocks of 32, and inside 16 random octets, the message's length, the message, and whom it is for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from domain.errors import Malformed, NotAuthentic

_BLOCK = 16
_PADDED_TO = 32
_RANDOM = 16
_LENGTH = 4
_PADDINGS = tuple(bytes([length]) * length for length in range(_PADDED_TO + 1))


class Envelope:
    """Seals and opens messages of one app; the AES key is decoded once.

    Args:
        token: Of the app's settings for callbacks; signs.
        aes_key: Of the same, 43 letters and digits; encrypts.
        receive_id: The corp_id: in a message for somebody else it is another.
    """

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        self._token = token
        # The 43rd character carries bits that belong to no octet: a decoder that insists on zeros refuses good keys.
        self._key = binascii.a2b_base64(aes_key + "=")
        self._cipher = Cipher(AES(self._key), CBC(self._key[:_BLOCK]))
        self._receive_id = receive_id.encode()

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the signature that belongs to a sealed message: lower-case hexadecimal."""
        parts = sorted([self._token, timestamp, nonce, encrypted])
        # SHA-1 is the platform's choice; forging it needs the token, which is hashed along.
        return hashlib.sha1("".join(parts).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def check(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Compare a signature in constant time.

        Raises:
            NotAuthentic: It is not ours.
        """
        expected = self.signature(timestamp, nonce, encrypted)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
            raise NotAuthentic("the signature does not match the Token")

    def open(self, encrypted: str) -> bytes:
        """Return the message that lies in a text whose signature was right.

        Raises:
            Malformed: It cannot be decrypted: the EncodingAESKey is another.
            NotAuthentic: It is for another company.
        """
        plain = self._decrypted(encrypted)
        length = plain[-1]
        if not 1 <= length <= _PADDED_TO or not plain.endswith(_PADDINGS[length]):
            raise Malformed("the padding is wrong; compare aes_key with the console's EncodingAESKey")
        content = plain[_RANDOM:-length]
        end = _LENGTH + int.from_bytes(content[:_LENGTH], "big")
        if len(content) < end:
            raise Malformed("the message is shorter than it says")
        if not hmac.compare_digest(content[end:], self._receive_id):
            raise NotAuthentic("the callback is for another company")
        return content[_LENGTH:end]

    def seal(self, message: bytes, nonce: str) -> str:
        """Return a message encrypted for the platform.

        The octets that make equal messages differ are derived from the key, message and nonce instead of drawn, so
        that an answer that is given twice is the same; whoever lacks the key can not tell them from drawn ones.
        """
        mixed = hmac.digest(self._key, nonce.encode("utf-8", "surrogatepass") + b"\0" + message, "sha256")[:_RANDOM]
        content = mixed + len(message).to_bytes(_LENGTH, "big") + message + self._receive_id
        padding = _PADDINGS[_PADDED_TO - len(content) % _PADDED_TO]
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(content + padding) + encryptor.finalize()).decode()

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            blob = binascii.a2b_base64(encrypted.encode(), strict_mode=True)
        except (ValueError, UnicodeEncodeError):
            raise Malformed("the encrypted message is not base64") from None
        if not blob or len(blob) % _BLOCK:
            raise Malformed("the encrypted message is not made of whole blocks")
        decryptor = self._cipher.decryptor()
        return decryptor.update(blob) + decryptor.finalize()
