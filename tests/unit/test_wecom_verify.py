"""WeCom: only the platform's own callbacks are opened; every other one is refused.

The first example's values are those of wecom.md 10, all invented; the tests encrypt with their own few lines.
"""

import struct
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.crypto import Envelope
from adapters.wecom.settings import WeComSettings
from adapters.wecom.verify import WINDOW, Verifier
from adapters.wecom.xml_tree import MOST_DEPTH, MOST_ELEMENTS, read_xml
from domain.errors import Malformed, Misconfigured, NotAuthentic
from tests.contract.wecom_stub import (
    AES_KEY,
    CORP,
    NOW,
    SETTINGS,
    TIMESTAMP,
    TOKEN,
    called_back,
    encrypt,
    encrypt_blocks,
    envelope,
    event,
    sign,
)

EXAMPLE = "az3WkI3IpCTIC3yu/QbUolygmqyo2TyT0NdgriSa2Fk7LlFXVVELswq/OhvgFmoc00WRdKUbq8HHkjMjT3h5ZQ=="
EXAMPLE_SIGNATURE = "8d7a3616503eb11f2a4b05521fbfd9a6e4af5f1a"
VERIFIER = Verifier(SETTINGS)
ENVELOPE = Envelope(TOKEN, AES_KEY, CORP)


class TestEnvelope:
    def test_the_worked_example_comes_out(self) -> None:
        assert ENVELOPE.signature("1795316400", "demo123", EXAMPLE) == EXAMPLE_SIGNATURE
        assert ENVELOPE.open(EXAMPLE) == b"5127093846015523"
        assert encrypt(b"5127093846015523", noise=b"abcdefghijklmnop") == EXAMPLE

    def test_a_key_whose_last_character_carries_spare_bits_is_taken(self) -> None:
        key = "A" * 42 + "B"
        assert Envelope(TOKEN, key, CORP).open(encrypt(b"x", aes_key=key)) == b"x"

    @pytest.mark.parametrize("size", range(70))
    def test_every_length_is_opened(self, size: int) -> None:
        assert ENVELOPE.open(encrypt(b"y" * size)) == b"y" * size

    @given(st.binary(max_size=200), st.text(max_size=20))
    def test_what_we_seal_the_platform_opens(self, message: bytes, nonce: str) -> None:
        sealed = ENVELOPE.seal(message, nonce)
        assert ENVELOPE.open(sealed) == message
        assert sealed == ENVELOPE.seal(message, nonce)
        assert sealed != ENVELOPE.seal(message + b"x", nonce)

    @pytest.mark.parametrize("padding", [b"\x00", b"\x21", b"\x02", b"\x01\x02", b"\xff", b"\x03\x02\x03"])
    def test_the_padding_is_checked_to_the_last_octet(self, padding: bytes) -> None:
        plain = b"r" * 16 + struct.pack(">I", 3) + b"abc" + CORP.encode()
        plain += b"z" * (64 - len(plain) - len(padding)) + padding
        with pytest.raises(Malformed, match="padding"):
            ENVELOPE.open(encrypt_blocks(plain))

    @pytest.mark.parametrize("broken", ["", "%%%", "AAAA", "好", "YWJj" * 5, EXAMPLE[:-1], EXAMPLE[4:], "\udcff" * 4])
    def test_what_is_no_cipher_text_is_malformed(self, broken: str) -> None:
        with pytest.raises((Malformed, NotAuthentic)):
            ENVELOPE.open(broken)

    @pytest.mark.parametrize("length", [1000, 2**32 - 1])
    def test_a_message_shorter_than_it_says_is_malformed(self, length: int) -> None:
        plain = b"r" * 16 + struct.pack(">I", length) + b"abc" + CORP.encode()
        missing = 32 - len(plain) % 32
        with pytest.raises(Malformed, match="shorter"):
            ENVELOPE.open(encrypt_blocks(plain + bytes([missing]) * missing))

    @pytest.mark.parametrize("receiver", ["", "ww0", CORP + "x", "x" + CORP, CORP.upper()])
    def test_a_message_for_another_company_is_refused(self, receiver: str) -> None:
        with pytest.raises(NotAuthentic, match="company"):
            ENVELOPE.open(encrypt(b"<xml/>", receive_id=receiver))


class TestCallbacks:
    def test_a_message_of_the_platform_is_opened(self) -> None:
        message = VERIFIER.open(*called_back(event("enter_agent")), NOW)
        assert (message.name, message.said("Event"), message.said("FromUserName")) == ("xml", "enter_agent", "zhangsan")

    def test_the_order_of_elements_and_blanks_do_not_matter(self) -> None:
        encrypted = encrypt(event("enter_agent").encode())
        raw = f"<xml>\n <Encrypt>\n{encrypted}\n </Encrypt><ToUserName>{CORP}</ToUserName><AgentID></AgentID>\n</xml>"
        assert VERIFIER.open(sign(encrypted), raw.encode(), NOW).said("Event") == "enter_agent"

    @pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
    def test_no_part_of_the_proof_may_be_missing(self, missing: str) -> None:
        query, raw = called_back(event("enter_agent"))
        del query[missing]
        with pytest.raises(NotAuthentic):
            VERIFIER.open(query, raw, NOW)

    @pytest.mark.parametrize("forged", ["", "0" * 40, "签名", "\udcff", "x", EXAMPLE_SIGNATURE.upper()])
    def test_a_wrong_signature_is_refused_whatever_it_is_made_of(self, forged: str) -> None:
        query, raw = called_back(event("enter_agent"))
        with pytest.raises(NotAuthentic):
            VERIFIER.open(query | {"msg_signature": forged}, raw, NOW)

    def test_a_signature_is_for_this_message_only(self) -> None:
        query, _ = called_back(event("enter_agent"))
        _, other = called_back(event("subscribe"))
        with pytest.raises(NotAuthentic):
            VERIFIER.open(query, other, NOW)

    def test_a_signature_with_another_token_is_refused(self) -> None:
        encrypted = encrypt(b"<xml/>")
        with pytest.raises(NotAuthentic):
            VERIFIER.open(sign(encrypted, token="other"), envelope(encrypted), NOW)

    @pytest.mark.parametrize("off", [timedelta(0), timedelta(hours=11), -timedelta(hours=11), WINDOW])
    def test_a_clock_that_is_hours_off_does_not_make_us_deaf(self, off: timedelta) -> None:
        assert VERIFIER.open(*called_back(event("enter_agent")), NOW + off)

    @pytest.mark.parametrize("off", [timedelta(hours=12, seconds=1), -timedelta(hours=13), timedelta(days=400)])
    def test_what_was_signed_long_ago_is_refused(self, off: timedelta) -> None:
        with pytest.raises(NotAuthentic, match="long ago"):
            VERIFIER.open(*called_back(event("enter_agent")), NOW + off)

    @pytest.mark.parametrize("timestamp", ["", "soon", "-5", "9" * 40, "１７９５３１６４００", "1795316400.0"])
    def test_a_time_that_is_none_is_refused(self, timestamp: str) -> None:
        with pytest.raises(NotAuthentic):
            VERIFIER.open(*called_back(event("enter_agent"), timestamp), NOW)

    def test_another_apps_callback_is_refused_by_either_of_its_names(self) -> None:
        encrypted = encrypt(event("enter_agent").encode())
        with pytest.raises(NotAuthentic, match="another app"):
            VERIFIER.open(sign(encrypted), envelope(encrypted, "1000003"), NOW)
        inner = encrypt(event("enter_agent").replace("1000002", "1000003").encode())
        with pytest.raises(NotAuthentic, match="another app"):
            VERIFIER.open(sign(inner), envelope(inner), NOW)

    @pytest.mark.parametrize("raw", [b"", b"no xml", b"{}", b"<xml>", b"<xml/>", b"\x00\xff", b"<xml><Encrypt/></xml>"])
    def test_a_body_without_an_envelope_proves_nothing(self, raw: bytes) -> None:
        with pytest.raises(NotAuthentic):
            VERIFIER.open(sign(EXAMPLE), raw, NOW)

    @pytest.mark.parametrize("inner", [b"", b"no xml", b"<xml>", b"\xff\xfe<xml/>", b"<xml>\x00</xml>"])
    def test_what_is_signed_but_no_xml_is_malformed(self, inner: bytes) -> None:
        encrypted = encrypt(inner)
        with pytest.raises(Malformed):
            VERIFIER.open(sign(encrypted), envelope(encrypted), NOW)

    def test_encrypted_with_another_key_it_is_malformed_and_the_setting_named(self) -> None:
        encrypted = encrypt(b"<xml/>", aes_key="A" * 43)
        with pytest.raises(Malformed, match="aes_key"):
            VERIFIER.open(sign(encrypted), envelope(encrypted), NOW)


class TestCheckOfAddress:
    def test_it_hears_the_plain_words(self) -> None:
        assert VERIFIER.echo(sign(EXAMPLE) | {"echostr": EXAMPLE}, NOW) == b"5127093846015523"

    def test_a_plus_sign_that_was_taken_for_a_blank_is_one_again(self) -> None:
        encrypted = next(text for text in (encrypt(bytes([number]) * 9) for number in range(256)) if "+" in text)
        query = sign(encrypted) | {"echostr": encrypted.replace("+", " ")}
        assert len(VERIFIER.echo(query, NOW)) == 9

    @pytest.mark.parametrize("echo", ["", "AAAA", EXAMPLE[:-4]])
    def test_another_one_is_refused(self, echo: str) -> None:
        with pytest.raises(NotAuthentic):
            VERIFIER.echo(sign(EXAMPLE) | {"echostr": echo}, NOW)


class TestXml:
    def test_cdata_and_plain_text_read_alike(self) -> None:
        root = read_xml("<xml><A><![CDATA[一 <b>]]></A><A>二 &amp;</A><B>\n <C>x</C></B></xml>".encode())
        assert [each.text for each in root.all("A")] == ["一 <b>", "二 &"]
        assert root.find("B").said("C") == "x"
        assert (root.said("D"), list(root.find("D").all("E"))) == ("", [])

    @pytest.mark.parametrize(
        "raw",
        [
            b'<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
            b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml/>',
            b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
            b"<!DOCTYPE xml><xml/>",
            b"<xml>&a;</xml>",
            b'<?xml version="1.0" encoding="UTF-16"?><xml></xml',
            b"<a>" * (MOST_DEPTH + 1) + b"</a>" * (MOST_DEPTH + 1),
            b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>",
            b"<a/><a/>",
            b"<a></b>",
        ],
        ids=lambda raw: repr(raw[:40]),
    )
    def test_nothing_but_plain_elements_is_read(self, raw: bytes) -> None:
        with pytest.raises(Malformed):
            read_xml(raw)

    @given(st.binary(max_size=100) | st.text("<>xml/&;![CDATA]- ", max_size=60).map(str.encode))
    def test_any_bytes_are_read_or_malformed(self, raw: bytes) -> None:
        try:
            assert read_xml(raw).name
        except Malformed:
            return


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_opened_refused_or_malformed(raw: bytes, inside: bool) -> None:
    encrypted = encrypt(raw)
    with pytest.raises((NotAuthentic, Malformed)):
        VERIFIER.open(sign(encrypted), envelope(encrypted) if inside else raw, NOW)


@given(st.text(), st.text(), st.text())
def test_any_query_is_refused(signature: str, timestamp: str, nonce: str) -> None:
    _, raw = called_back(event("enter_agent"))
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
    with pytest.raises(NotAuthentic):
        VERIFIER.open(query, raw, NOW)


class TestSettings:
    def test_printing_them_shows_no_secret(self) -> None:
        key = "K4" + "x" * 41
        settings = WeComSettings(CORP, 1, "S1", "S2", key, "https://x/", "http://user:S3@proxy")
        assert not any(secret in repr(settings) for secret in ("S1", "S2", "S3", "K4"))
        assert settings.base_url == "https://x"

    @pytest.mark.parametrize(
        ("corp_id", "agent_id", "secret", "token", "aes_key"),
        [
            ("", 1, "s", "t", AES_KEY),
            (CORP, 0, "s", "t", AES_KEY),
            (CORP, 1, "", "t", AES_KEY),
            (CORP, 1, "s", "", AES_KEY),
            (CORP, 1, "s", "t", ""),
            (CORP, 1, "s", "t", AES_KEY[:-1]),
            (CORP, 1, "s", "t", AES_KEY[:-1] + "+"),
            (CORP, 1, "s", "t", AES_KEY + "="),
        ],
    )
    def test_without_credentials_there_is_no_start(
        self, corp_id: str, agent_id: int, secret: str, token: str, aes_key: str
    ) -> None:
        with pytest.raises(Misconfigured):
            WeComSettings(corp_id, agent_id, secret, token, aes_key)


def test_the_time_of_the_examples_is_what_the_tests_take_it_for() -> None:
    assert datetime.fromtimestamp(int(TIMESTAMP), NOW.tzinfo) == NOW
