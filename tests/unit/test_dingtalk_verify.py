"""DingTalk: only the platform's own callbacks are opened; every other one is refused, and nothing says why.

The test encrypts and signs with its own few lines, after dingtalk.md 10 (read 2026-11-22).
"""

import base64
import contextlib
import hashlib
import hmac
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

from adapters.dingtalk.settings import DingTalkSettings, Mode
from adapters.dingtalk.verify import EventCipher, check_click, check_robot, click_secret
from domain.errors import Malformed, NotAuthentic

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
NOW_MS = 1795766400000
TOKEN = "e-token"
AES_KEY = base64.b64encode(bytes(range(32))).decode()[:43]
SETTINGS = DingTalkSettings("dingabc", "top-secret", Mode.WEBHOOK, event_token=TOKEN, event_aes_key=AES_KEY)


def sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def robot_headers(at_ms: int | str = NOW_MS, secret: str = "top-secret") -> CIMultiDict[str]:
    return CIMultiDict({"timestamp": str(at_ms), "sign": sign(secret, f"{at_ms}\n{secret}")})


def click_headers(at_ms: int = NOW_MS, settings: DingTalkSettings = SETTINGS) -> CIMultiDict[str]:
    signature = sign(click_secret(settings), str(at_ms))
    return CIMultiDict({"X-DDPaaS-Signature-Timestamp": str(at_ms), "X-DDPaaS-Signature": signature})


def encrypt(message: bytes, owner: str = "dingabc", key: str = AES_KEY, **odd: Any) -> str:
    """Encrypt as the platform does; `odd` may hold the padding and the length that is claimed."""
    length = odd.get("length", len(message))
    plain = bytes(16) + int(length).to_bytes(4, "big") + message + owner.encode()
    missing = 32 - len(plain) % 32
    plain += odd.get("padding", bytes([missing]) * missing)
    aes = base64.b64decode(key + "=")
    return base64.b64encode(Cipher(AES(aes), CBC(aes[:16])).encryptor().update(plain)).decode()


def signed(blob: str, token: str = TOKEN, timestamp: str = str(NOW_MS), nonce: str = "n-1") -> dict[str, str]:
    signature = hashlib.sha1("".join(sorted((token, timestamp, nonce, blob))).encode()).hexdigest()
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


def body(blob: str) -> bytes:
    return orjson.dumps({"encrypt": blob})


@pytest.fixture
def cipher() -> EventCipher:
    return EventCipher(SETTINGS, bytes)


class TestRobot:
    @pytest.mark.parametrize("apart", [timedelta(0), timedelta(minutes=59), timedelta(minutes=-59)])
    def test_a_signed_message_of_this_hour_is_authentic(self, apart: timedelta) -> None:
        check_robot(SETTINGS, robot_headers(), NOW + apart)

    @pytest.mark.parametrize("apart", [timedelta(minutes=61), timedelta(minutes=-61)])
    def test_one_that_is_old_or_of_the_future_is_not(self, apart: timedelta) -> None:
        with pytest.raises(NotAuthentic):
            check_robot(SETTINGS, robot_headers(), NOW + apart)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"timestamp": str(NOW_MS)},
            {"sign": robot_headers()["sign"]},
            dict(robot_headers()) | {"timestamp": str(NOW_MS + 1)},
            robot_headers(secret="another"),
            dict(robot_headers()) | {"sign": ""},
            dict(robot_headers()) | {"sign": "ü\udcff"},
            robot_headers(at_ms="soon"),
            robot_headers(at_ms="9" * 40),
            robot_headers(at_ms=-5),
        ],
    )
    def test_everything_else_is_refused(self, headers: dict[str, str]) -> None:
        with pytest.raises(NotAuthentic):
            check_robot(SETTINGS, headers, NOW)


class TestClicks:
    def test_a_signed_click_is_authentic_and_known_by_its_time(self) -> None:
        assert check_click(SETTINGS, click_headers(), NOW) == str(NOW_MS)

    def test_the_secret_is_the_apps_own_and_not_its_app_secret(self) -> None:
        other = DingTalkSettings("dingabc", "another")
        assert click_secret(SETTINGS) != click_secret(other)
        assert "top-secret" not in click_secret(SETTINGS)
        with pytest.raises(NotAuthentic):
            check_click(SETTINGS, click_headers(settings=other), NOW)

    def test_an_old_or_unsigned_one_is_refused(self) -> None:
        for headers, now in ((click_headers(), NOW + timedelta(hours=2)), (CIMultiDict[str](), NOW)):
            with pytest.raises(NotAuthentic):
                check_click(SETTINGS, headers, now)


EVENT = {"EventType": "user_leave_org", "userId": ["015"], "name": "张三"}


class TestEvents:
    def test_an_encrypted_event_is_opened(self, cipher: EventCipher) -> None:
        blob = encrypt(orjson.dumps(EVENT))
        assert cipher.open(signed(blob), body(blob)) == EVENT

    def test_older_names_in_the_query_are_understood(self, cipher: EventCipher) -> None:
        blob = encrypt(orjson.dumps(EVENT))
        query = signed(blob)
        renamed = {"signature": query["msg_signature"], "timeStamp": query["timestamp"], "nonce": query["nonce"]}
        assert cipher.open(renamed, body(blob)) == EVENT

    @given(st.binary(max_size=200))
    def test_any_message_survives_the_way_there_and_back(self, message: bytes) -> None:
        blob = encrypt(message)
        with contextlib.suppress(Malformed):
            assert EventCipher(SETTINGS, bytes).open(signed(blob), body(blob)) == orjson.loads(message)

    @pytest.mark.parametrize(
        ("blob", "query"),
        [
            (encrypt(b"{}"), {}),
            (encrypt(b"{}"), signed(encrypt(b"{}"), token="another")),
            (encrypt(b"{}"), signed(encrypt(b"{}")) | {"nonce": "n-2"}),
            (encrypt(b"{}"), signed(encrypt(b"{} "))),
            (encrypt(b"{}", owner="dingother"), None),
            (encrypt(b"{}", owner=""), None),
            (encrypt(b"{}", padding=b""), None),
            (encrypt(b"{}", padding=bytes(32)), None),
            (encrypt(b"{}", padding=b"\x21" * 32), None),
            (encrypt(b"{}", length=2**31), None),
            (encrypt(b"{}", length=50), None),
            (encrypt(b"{}", key=base64.b64encode(bytes(32)).decode()[:43]), None),
            ("", None),
            ("not base64!", None),
            (base64.b64encode(b"short").decode(), None),
        ],
    )
    def test_what_is_not_made_with_our_token_and_key_is_refused(
        self, cipher: EventCipher, blob: str, query: dict[str, str] | None
    ) -> None:
        with pytest.raises(NotAuthentic) as refused:
            cipher.open(signed(blob) if query is None else query, body(blob))
        assert refused.value.reason == "the proof of origin does not hold"

    @pytest.mark.parametrize("raw", [b"", b"no json", b"[]", b"{}", b'{"encrypt":5}'])
    def test_a_body_without_a_cipher_text_is_refused_before_anything_else(
        self, cipher: EventCipher, raw: bytes
    ) -> None:
        with pytest.raises(NotAuthentic):
            cipher.open(signed(""), raw)

    @pytest.mark.parametrize("message", [b"no json", b"[]", b"\xff"])
    def test_what_is_authentic_but_no_event_is_unreadable(self, cipher: EventCipher, message: bytes) -> None:
        blob = encrypt(message)
        with pytest.raises(Malformed):
            cipher.open(signed(blob), body(blob))

    def test_the_answer_is_the_encrypted_word_success(self) -> None:
        answer = EventCipher(SETTINGS, lambda count: b"r" * count).success(NOW)
        assert set(answer) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
        assert answer["timeStamp"] == str(NOW_MS)
        assert "\n" not in answer["encrypt"]
        expected = signed(answer["encrypt"], TOKEN, answer["timeStamp"], answer["nonce"])["msg_signature"]
        assert answer["msg_signature"] == expected
        key = base64.b64decode(AES_KEY + "=")
        octets = base64.b64decode(answer["encrypt"])
        plain = Cipher(AES(key), CBC(key[:16])).decryptor().update(octets)
        assert plain[:16] == b"r" * 16
        assert plain[16 : -plain[-1]] == b"\x00\x00\x00\x07success" + b"dingabc"

    def test_a_key_whose_unused_bits_are_set_is_taken_too(self) -> None:
        odd = AES_KEY[:-1] + chr(ord(AES_KEY[-1]) + 1)
        settings = DingTalkSettings("dingabc", "s", event_token=TOKEN, event_aes_key=odd)
        blob = encrypt(orjson.dumps(EVENT))
        assert EventCipher(settings, bytes).open(signed(blob), body(blob)) == EVENT
