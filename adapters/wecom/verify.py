"""Whether a callback comes from the platform: signature, time, decryption, company and app, in that order.

Formats: vendor pages "回调配置" and "加解密方案说明", read 2026-11-22. Nothing but the envelope is parsed before the
signature holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from adapters.wecom.crypto import Envelope
from adapters.wecom.settings import WeComSettings
from adapters.wecom.xml_tree import Element, read_xml
from domain.errors import Malformed, NotAuthentic

WINDOW = timedelta(hours=12)
"""How far a callback's time may be from ours. The platform repeats within a minute; a clock that is set wrong by a time
zone must not make the bot deaf. Within it, a replayed event is recognised by its id."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TIMESTAMP = 11  # digits; five thousand years


class Verifier:
    """Opens callbacks of one app."""

    def __init__(self, settings: WeComSettings) -> None:
        self._envelope = Envelope(settings.token, settings.aes_key, settings.corp_id)
        self._agent_id = str(settings.agent_id)

    @property
    def envelope(self) -> Envelope:
        """What seals our answers."""
        return self._envelope

    def echo(self, query: Mapping[str, str], received_at: datetime) -> bytes:
        """Return what the check of a new address (验证URL有效性) wants to hear.

        Raises:
            NotAuthentic: The check is not the platform's.
            Malformed: It is, but cannot be decrypted.
        """
        # A plus sign in a query that was not encoded reaches us as a blank.
        encrypted = query.get("echostr", "").replace(" ", "+")
        self._check(query, encrypted, received_at)
        return self._envelope.open(encrypted)

    def open(self, query: Mapping[str, str], raw: bytes, received_at: datetime) -> Element:
        """Return the message of a callback that has proved where it comes from.

        Args:
            query: Decoded once.
            raw: The body as received.
            received_at: UTC.

        Raises:
            NotAuthentic: Signature, time, company or app are not ours.
            Malformed: Signed by the platform, but unreadable.
        """
        outer = _outer(raw)
        encrypted = outer.said("Encrypt")
        self._check(query, encrypted, received_at)
        message = read_xml(self._envelope.open(encrypted))
        for part in (outer, message):
            if part.said("AgentID") not in ("", self._agent_id):  # absent in what the contact-sync assistant sends
                raise NotAuthentic("the callback is for another app")
        return message

    def _check(self, query: Mapping[str, str], encrypted: str, received_at: datetime) -> None:
        timestamp = query.get("timestamp", "")
        self._envelope.check(query.get("msg_signature", ""), timestamp, query.get("nonce", ""), encrypted)
        at = instant_of(timestamp)
        if at is None or abs(received_at - at) > WINDOW:
            raise NotAuthentic("the callback was signed long ago, or a clock is wrong")


def instant_of(seconds: str) -> datetime | None:
    """Return the instant of a Unix time in decimal digits, or `None` if it is none."""
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= _LONGEST_TIMESTAMP):
        return None
    return _EPOCH + timedelta(seconds=int(seconds))


def _outer(raw: bytes) -> Element:
    try:
        return read_xml(raw)
    except Malformed:
        raise NotAuthentic("the body is no envelope") from None
