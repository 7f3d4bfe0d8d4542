"""Feishu: only the platform's own callbacks are opened; every other one is refused.

The test encrypts and signs with its own few lines, after the vendor page "Encrypt Key 加密策略" (read 2026-11-22). Its
example: the key "test key" and the cipher text below give "hello world".
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from adapters.feishu.settings import FeishuSettings, Mode
from adapters.feishu.verify import Verifier
from adapters.feishu.webhook import challenge_of, open_envelope
from domain.errors import Malformed, Misconfigured, NotAuthentic

NOW = datetime(2026, 11, 27, 6, 0, 2, tzinfo=UTC)
SIGNED_AT = "1795759200"
"""Two seconds before."""

KEY = "test key"
TOKEN = "v-token"
VENDOR_EXAMPLE = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="

SIGNED = FeishuSettings("cli_1", "secret", Mode.WEBHOOK, encrypt_key=KEY, verification_token=TOKEN)
KEY_ONLY = FeishuSettings("cli_1", "secret", Mode.WEBHOOK, encrypt_key=KEY)
TOKEN_ONLY = FeishuSettings("cli_1", "secret", Mode.WEBHOOK, verification_token=TOKEN)
NEITHER = FeishuSettings("cli_1", "secret", Mode.WEBSOCKET)

EVENT = {
    "schema": "2.0",
    "header": {"event_id": "1", "token": TOKEN, "create_time": "1795759199123", "app_id": "cli_1"},
    "event": {},
}
CHECK = {"type": "url_verification", "token": TOKEN, "challenge": "demo-4f1c"}


def of_time(create_time: object) -> dict[str, Any]:
    return {"schema": "2.0", "header": {"token": TOKEN, "app_id": "cli_1", "create_time": create_time}, "event": {}}


def encrypt(plain: bytes, key: str = KEY, padding: bytes | None = None) -> bytes:
    missing = 16 - len(plain) % 16
    padded = plain + (bytes([missing]) * missing if padding is None else padding)
    iv = bytes(range(16))
    cipher = Cipher(AES(hashlib.sha256(key.encode()).digest()), CBC(iv)).encryptor()
    return orjson.dumps({"encrypt": base64.b64encode(iv + cipher.update(padded)).decode()})


def signed(raw: bytes, key: str = KEY, timestamp: str = SIGNED_AT, nonce: str = "n") -> CIMultiDict[str]:
    signature = hashlib.sha256((timestamp + nonce + key).encode() + raw).hexdigest()
    return CIMultiDict(
        {
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": signature,
        }
    )


def stamp(instant: datetime) -> str:
    return str(int(instant.timestamp()))


def without(table: dict[str, Any], *path: str) -> dict[str, Any]:
    copied: dict[str, Any] = orjson.loads(orjson.dumps(table))
    spot = copied
    for name in path[:-1]:
        spot = spot[name]
    del spot[path[-1]]
    return copied


class TestSigned:
    def test_an_event_of_the_platform_is_opened(self) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        assert Verifier(SIGNED).open(signed(raw), raw, NOW) == EVENT
        assert open_envelope(SIGNED, signed(raw), raw, NOW) == EVENT

    def test_the_vendors_own_example_is_decrypted(self) -> None:
        raw = orjson.dumps({"encrypt": VENDOR_EXAMPLE})
        with pytest.raises(Malformed, match="not JSON"):  # "hello world" is what it holds
            Verifier(SIGNED).open(signed(raw), raw, NOW)

    def test_header_names_are_found_in_any_case(self) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        headers = CIMultiDict({name.lower(): value for name, value in signed(raw).items()})
        assert Verifier(SIGNED).open(headers, raw, NOW) == EVENT

    @pytest.mark.parametrize("name", ["X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"])
    def test_no_signature_header_may_be_missing(self, name: str) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        headers = signed(raw)
        del headers[name]
        with pytest.raises(NotAuthentic):
            Verifier(SIGNED).open(headers, raw, NOW)

    @pytest.mark.parametrize("forged", ["", "0" * 64, "签名", "\udcff", "x"])
    def test_a_wrong_signature_is_refused_whatever_it_is_made_of(self, forged: str) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        headers = signed(raw)
        headers["X-Lark-Signature"] = forged
        with pytest.raises(NotAuthentic):
            Verifier(SIGNED).open(headers, raw, NOW)

    def test_a_signature_is_for_this_body_only(self) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        with pytest.raises(NotAuthentic):
            Verifier(SIGNED).open(signed(raw), raw.replace(b"=", b"A") + b" ", NOW)

    def test_a_signature_with_another_key_is_refused(self) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        with pytest.raises(NotAuthentic):
            Verifier(SIGNED).open(signed(raw, key="other"), raw, NOW)

    @pytest.mark.parametrize(
        "age",
        [
            timedelta(),
            timedelta(hours=7, minutes=6),  # the last of the platform's repetitions, were it signed but once
            timedelta(hours=12),
            timedelta(minutes=-5),
        ],
    )
    def test_an_event_signed_hours_ago_is_opened_since_the_platform_repeats_for_hours(self, age: timedelta) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        assert Verifier(SIGNED).open(signed(raw, timestamp=stamp(NOW - age)), raw, NOW) == EVENT

    @pytest.mark.parametrize(
        "age",
        [timedelta(hours=12, seconds=2), timedelta(days=7), timedelta(days=9000), timedelta(minutes=-5, seconds=-2)],
    )
    def test_an_event_signed_longer_ago_or_in_the_future_is_stale(self, age: timedelta) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        with pytest.raises(NotAuthentic) as refused:
            Verifier(SIGNED).open(signed(raw, timestamp=stamp(NOW - age)), raw, NOW)
        assert refused.value.reason == "stale"

    @pytest.mark.parametrize(
        "timestamp",
        ["", "soon", "-1795759200", "+1795759200", " 1795759200", "1795759200.0", "1" * 40, "１７９５７５９２００"],
    )
    def test_what_is_no_time_is_stale_however_well_it_is_signed(self, timestamp: str) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        with pytest.raises(NotAuthentic, match="stale"):
            Verifier(SIGNED).open(signed(raw, timestamp=timestamp), raw, NOW)

    @given(st.integers(1, 9))
    def test_digits_moved_between_time_and_nonce_sign_the_same_and_are_stale(self, digits: int) -> None:
        """The platform signs both in a row without a sign between them."""
        raw = encrypt(orjson.dumps(EVENT))
        longer, shorter = signed(raw, nonce="123456789"), signed(raw, nonce="123456789")
        longer["X-Lark-Request-Timestamp"] = SIGNED_AT + "123456789"[:digits]
        longer["X-Lark-Request-Nonce"] = "123456789"[digits:]
        shorter["X-Lark-Request-Timestamp"] = SIGNED_AT[:-digits]
        shorter["X-Lark-Request-Nonce"] = SIGNED_AT[-digits:] + "123456789"
        for headers in (longer, shorter):
            with pytest.raises(NotAuthentic, match="stale"):
                Verifier(SIGNED).open(headers, raw, NOW)

    def test_a_forged_signature_is_called_so_and_not_stale(self) -> None:
        raw = encrypt(orjson.dumps(EVENT))
        with pytest.raises(NotAuthentic, match="signature"):
            Verifier(SIGNED).open(signed(raw, key="other", timestamp="1000000000"), raw, NOW)

    def test_behind_a_signature_a_missing_token_is_no_fault_but_a_wrong_one_is(self) -> None:
        raw = encrypt(orjson.dumps(without(EVENT, "header", "token")))
        assert "token" not in Verifier(SIGNED).open(signed(raw), raw, NOW)["header"]
        wrong = encrypt(orjson.dumps(EVENT).replace(TOKEN.encode(), b"other"))
        with pytest.raises(NotAuthentic):
            Verifier(SIGNED).open(signed(wrong), wrong, NOW)
        assert Verifier(KEY_ONLY).open(signed(wrong), wrong, NOW)

    def test_an_event_for_another_app_is_refused(self) -> None:
        raw = encrypt(orjson.dumps(EVENT).replace(b"cli_1", b"cli_2"))
        with pytest.raises(NotAuthentic, match="another app"):
            Verifier(SIGNED).open(signed(raw), raw, NOW)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"no json",
            b"[]",
            b"{}",
            b'{"encrypt":5}',
            b'{"encrypt":"%%%"}',
            b'{"encrypt":"AAAA"}',
            orjson.dumps(EVENT),
            encrypt(b"no json"),
            encrypt(b"[1]"),
            encrypt(b"x" * 16, padding=b""),
            encrypt(orjson.dumps(EVENT), key="other"),
        ],
        ids=lambda raw: repr(raw[:20]),
    )
    def test_what_is_signed_but_unreadable_is_malformed(self, raw: bytes) -> None:
        with pytest.raises(Malformed):
            Verifier(SIGNED).open(signed(raw), raw, NOW)

    @pytest.mark.parametrize("padding", [b"\x00", b"\x11", b"\x02", b"\x01\x02", b"\x03\x02\x03", b"\xff"])
    def test_the_padding_is_checked_to_the_last_octet(self, padding: bytes) -> None:
        plain = b'{"a":1}'
        plain += b" " * (16 - len(plain) - len(padding))
        raw = encrypt(plain, padding=padding)
        with pytest.raises(Malformed, match="padding"):
            Verifier(SIGNED).open(signed(raw), raw, NOW)

    @pytest.mark.parametrize("size", range(33))
    def test_every_length_of_a_body_is_opened(self, size: int) -> None:
        event = EVENT | {"x": "y" * size}
        raw = encrypt(orjson.dumps(event))
        assert Verifier(SIGNED).open(signed(raw), raw, NOW) == event


class TestCheckOfAddress:
    @pytest.mark.parametrize("settings", [SIGNED, KEY_ONLY])
    def test_it_comes_encrypted_and_unsigned(self, settings: FeishuSettings) -> None:
        assert challenge_of(Verifier(settings).open({}, encrypt(orjson.dumps(CHECK)), NOW)) == "demo-4f1c"

    def test_it_comes_plain_where_no_key_is_set(self) -> None:
        assert challenge_of(Verifier(TOKEN_ONLY).open({}, orjson.dumps(CHECK), NOW)) == "demo-4f1c"

    @pytest.mark.parametrize(
        "raw",
        [
            orjson.dumps(CHECK),
            encrypt(orjson.dumps(EVENT)),
            encrypt(orjson.dumps(CHECK).replace(TOKEN.encode(), b"other")),
            encrypt(orjson.dumps(without(CHECK, "token"))),
            encrypt(orjson.dumps(CHECK), key="other"),
            encrypt(b"x" * 16, padding=b""),
            b"no json",
        ],
        ids=["plain", "an event", "wrong token", "no token", "wrong key", "wrong padding", "no json"],
    )
    def test_nothing_else_may_come_unsigned_and_no_refusal_tells_more_than_another(self, raw: bytes) -> None:
        with pytest.raises(NotAuthentic) as refused:
            Verifier(SIGNED).open({}, raw, NOW)
        assert refused.value.reason == "no signature"

    def test_without_a_question_it_is_malformed(self) -> None:
        with pytest.raises(Malformed):
            challenge_of({"type": "url_verification", "challenge": 5})

    def test_an_event_is_none(self) -> None:
        assert challenge_of(EVENT) is None


class TestTokenOnly:
    def test_an_event_with_the_token_is_opened(self) -> None:
        assert Verifier(TOKEN_ONLY).open({}, orjson.dumps(EVENT), NOW) == EVENT

    @pytest.mark.parametrize("unit", [1, 1000, 1_000_000], ids=["seconds", "milliseconds", "microseconds"])
    @pytest.mark.parametrize(
        ("age", "opened"),
        [
            (timedelta(hours=14), True),  # behind one that failed for seven hours, and then late itself
            (timedelta(days=3), True),
            (timedelta(days=3, seconds=2), False),
            (timedelta(days=400), False),
            (timedelta(minutes=-5), True),
            (timedelta(minutes=-5, seconds=-2), False),
        ],
    )
    def test_an_old_event_is_stale_by_its_own_time(self, age: timedelta, opened: bool, unit: int) -> None:
        event = of_time(str(round((NOW - age).timestamp() * unit)))
        if opened:
            assert Verifier(TOKEN_ONLY).open({}, orjson.dumps(event), NOW) == event
        else:
            with pytest.raises(NotAuthentic, match="stale"):
                Verifier(TOKEN_ONLY).open({}, orjson.dumps(event), NOW)

    def test_an_envelope_of_the_old_sort_says_its_time_at_the_top(self) -> None:
        old = {"ts": "1795759199.7171419", "uuid": "1", "token": TOKEN, "type": "event_callback", "event": {}}
        assert Verifier(TOKEN_ONLY).open({}, orjson.dumps(old), NOW) == old
        with pytest.raises(NotAuthentic, match="stale"):
            Verifier(TOKEN_ONLY).open({}, orjson.dumps(old | {"ts": "1502199207.7171419"}), NOW)

    def test_an_event_without_a_time_is_stale(self) -> None:
        with pytest.raises(NotAuthentic, match="stale"):
            Verifier(TOKEN_ONLY).open({}, orjson.dumps(without(EVENT, "header", "create_time")), NOW)

    @pytest.mark.parametrize("time", ["soon", "", "-1", 5, None, True, "9" * 40])
    def test_a_time_that_cannot_be_read_proves_nothing(self, time: object) -> None:
        with pytest.raises(NotAuthentic, match="stale"):
            Verifier(TOKEN_ONLY).open({}, orjson.dumps(of_time(time)), NOW)

    def test_behind_a_signature_the_events_own_time_does_not_matter(self) -> None:
        raw = encrypt(orjson.dumps(of_time("1000000000000")))
        assert Verifier(SIGNED).open(signed(raw), raw, NOW)["header"]["create_time"] == "1000000000000"

    @pytest.mark.parametrize("token", ["", "other", None, 5, "\N{DIGIT ONE}"])
    def test_the_token_is_the_only_proof_and_must_be_right(self, token: object) -> None:
        forged = {"header": {"token": token, "app_id": "cli_1"}}
        with pytest.raises(NotAuthentic):
            Verifier(TOKEN_ONLY).open({}, orjson.dumps(forged), NOW)

    def test_an_encrypted_body_names_what_is_missing(self) -> None:
        with pytest.raises(NotAuthentic, match="encrypt_key"):
            Verifier(TOKEN_ONLY).open({}, encrypt(orjson.dumps(EVENT)), NOW)

    @pytest.mark.parametrize("token", ["", None, "x"])
    def test_an_app_without_any_secret_for_callbacks_opens_none(self, token: object) -> None:
        with pytest.raises(NotAuthentic):
            Verifier(NEITHER).open({}, orjson.dumps({"header": {"token": token}}), NOW)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_opened_refused_or_malformed(raw: bytes, sign: bool) -> None:
    with pytest.raises((NotAuthentic, Malformed)):
        Verifier(SIGNED).open(signed(raw) if sign else {}, raw, NOW)


@given(st.text(), st.text(), st.text())
def test_any_headers_are_refused(timestamp: str, nonce: str, signature: str) -> None:
    raw = encrypt(orjson.dumps(EVENT))
    headers = signed(raw)
    headers["X-Lark-Request-Timestamp"] = timestamp
    headers["X-Lark-Request-Nonce"] = nonce
    headers["X-Lark-Signature"] = signature
    with pytest.raises(NotAuthentic):
        Verifier(SIGNED).open(headers, raw, NOW)


class TestSettings:
    def test_printing_them_shows_no_secret(self) -> None:
        settings = FeishuSettings("cli_1", "S1", Mode.WEBHOOK, "https://x/", "S2", "S3", "http://user:S4@proxy")
        assert not any(secret in repr(settings) for secret in ("S1", "S2", "S3", "S4"))
        assert settings.base_url == "https://x"

    @pytest.mark.parametrize(("app_id", "app_secret"), [("", "s"), ("cli_1", "")])
    def test_without_credentials_there_is_no_start(self, app_id: str, app_secret: str) -> None:
        with pytest.raises(Misconfigured):
            FeishuSettings(app_id, app_secret)

    def test_a_webhook_without_any_proof_of_origin_does_not_start(self) -> None:
        with pytest.raises(Misconfigured):
            FeishuSettings("cli_1", "s", Mode.WEBHOOK)
