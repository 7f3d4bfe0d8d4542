"""DingTalk: what a web server gets from a callback, and sends back."""

import contextlib
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from adapters.dingtalk.render import Template, face
from adapters.dingtalk.settings import DingTalkSettings, Mode
from adapters.dingtalk.verify import EventCipher
from adapters.dingtalk.webhook import DingTalkWebhook
from adapters.webhook import HttpAnswer, Immediate, Received, Webhook
from domain.cards import Answer, Card, CardKey, Paragraph, Toast, ToastKind
from domain.errors import Malformed, Misconfigured, NotAuthentic
from domain.events import CardClicked, DirectoryChanged, Ignored, TextSaid
from domain.ids import OrgId
from tests.contract.dingtalk_stub import Counted
from tests.unit.test_dingtalk_verify import (
    AES_KEY,
    NOW,
    NOW_MS,
    SETTINGS,
    TOKEN,
    body,
    click_headers,
    encrypt,
    robot_headers,
    signed,
)
from tests.unit.test_dingtalk_wire import click, message

JSON = "application/json; charset=utf-8"
DONE = Card(CardKey("checkin", "c1"), "本周复盘", "已提交", blocks=(Paragraph("收到"),))


@pytest.fixture
def tally() -> Counted:
    return Counted()


@pytest.fixture
def webhook(tally: Counted) -> Webhook:
    return DingTalkWebhook(SETTINGS, OrgId("acme"), bytes, tally)


def robot(webhook: Webhook, payload: dict[str, Any]) -> Received:
    call = webhook.receive(robot_headers(), {}, orjson.dumps(payload), NOW)
    assert isinstance(call, Received)
    return call


def event(payload: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    blob = encrypt(orjson.dumps(payload))
    return signed(blob), body(blob)


class TestRobot:
    def test_a_message_is_handed_on_and_answered_with_nothing(self, webhook: Webhook, tally: Counted) -> None:
        call = robot(webhook, message())
        assert isinstance(call.inbound, TextSaid)
        assert call.inbound.text == "本周上线了报表"
        assert call.reply(Answer()) == HttpAnswer(200, JSON, b"{}")
        assert tally.calls == {"push": 1}

    def test_a_replay_has_the_same_key(self, webhook: Webhook) -> None:
        first, again = (robot(webhook, message()).inbound.origin.event_id for _ in range(2))
        assert first == again

    def test_an_old_one_is_refused(self, webhook: Webhook, tally: Counted) -> None:
        with pytest.raises(NotAuthentic):
            webhook.receive(robot_headers(), {}, orjson.dumps(message()), NOW + timedelta(minutes=61))
        assert tally.calls == {}

    @pytest.mark.parametrize("raw", [b"", b"no json", b"[]", b"\xff"])
    def test_what_is_signed_but_unreadable_is_malformed(self, webhook: Webhook, raw: bytes) -> None:
        with pytest.raises(Malformed):
            webhook.receive(robot_headers(), {}, raw, NOW)


class TestClicks:
    def clicked(self, webhook: Webhook, at_ms: int = NOW_MS, **fields: Any) -> Received:
        call = webhook.receive(click_headers(at_ms), {}, orjson.dumps(click(**fields)), NOW)
        assert isinstance(call, Received)
        return call

    def test_a_click_is_answered_with_the_new_face(self, webhook: Webhook, tally: Counted) -> None:
        call = self.clicked(webhook, outTrackId="m1.form")
        assert isinstance(call.inbound, CardClicked)
        assert (call.inbound.action, call.inbound.silent) == ("later", True)
        answer = call.reply(Answer(Toast(ToastKind.SUCCESS, "已提交"), DONE))
        drawn = orjson.loads(answer.body)["cardData"]["cardParamMap"]
        assert drawn == face(DONE, Template.FORM, SETTINGS)
        assert tally.calls == {"push": 1}

    def test_without_a_new_face_the_answer_is_empty(self, webhook: Webhook) -> None:
        call = self.clicked(webhook)
        assert call.reply(Answer(Toast(ToastKind.SUCCESS, "已提交"))) == HttpAnswer(200, JSON, b"{}")

    def test_a_face_that_cannot_be_shown_leaves_the_old_one(self, webhook: Webhook) -> None:
        long = Card(CardKey("a", "b"), "t", "s", blocks=(Paragraph("字" * 5000),))
        assert self.clicked(webhook).reply(Answer(None, long)).body == b"{}"

    def test_a_replay_has_the_same_key_and_a_second_click_another(self, webhook: Webhook) -> None:
        first, again = (self.clicked(webhook).inbound.origin.event_id for _ in range(2))
        second = self.clicked(webhook, NOW_MS + 1).inbound.origin.event_id
        assert first == again != second


class TestEvents:
    def test_the_check_of_the_address_is_answered_at_once(self, webhook: Webhook) -> None:
        query, raw = event({"EventType": "check_url"})
        call = webhook.receive({}, query, raw, NOW)
        expected = EventCipher(SETTINGS, bytes).success(NOW)
        assert call == Immediate(HttpAnswer(200, JSON, orjson.dumps(expected)))

    def test_an_event_is_answered_with_success_every_time(self, webhook: Webhook, tally: Counted) -> None:
        payload = {"EventType": "user_leave_org", "EventTime": 1663143335567, "eventId": "ev-1", "userId": ["015"]}
        query, raw = event(payload | {"CorpId": "dinge8a5", "timeStamp": "1663143335569"})
        call = webhook.receive({}, query, raw, NOW)
        assert isinstance(call, Received)
        assert isinstance(call.inbound, DirectoryChanged)
        assert (call.inbound.left, call.inbound.origin.event_id) == (("015",), "dingabc/ev-1")
        assert call.inbound.origin.occurred_at.year == 2022
        answer = call.reply(Answer())
        assert set(orjson.loads(answer.body)) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
        assert call.reply(Answer()) == answer
        assert tally.calls == {}

    def test_events_that_we_have_no_use_for_are_answered_too(self, webhook: Webhook) -> None:
        query, raw = event({"EventType": "robot_msg_read", "UserId": "015", "ProcessQueryKey": "k"})
        call = webhook.receive({}, query, raw, NOW)
        assert isinstance(call, Received)
        assert isinstance(call.inbound, Ignored)
        assert b"encrypt" in call.reply(Answer()).body

    def test_without_token_and_key_no_event_is_believed(self, tally: Counted) -> None:
        settings = DingTalkSettings("dingabc", "top-secret", Mode.WEBHOOK)
        query, raw = event({"EventType": "check_url"})
        with pytest.raises(NotAuthentic):
            DingTalkWebhook(settings, OrgId("acme"), bytes, tally).receive({}, query, raw, NOW)

    def test_a_key_that_is_none_is_a_fault_of_the_settings(self, tally: Counted) -> None:
        settings = DingTalkSettings("d", "s", event_token="t", event_aes_key="你" * 43)
        with pytest.raises(Misconfigured):
            DingTalkWebhook(settings, OrgId("acme"), bytes, tally)


class TestForgeries:
    def test_a_call_without_any_proof_is_refused(self, webhook: Webhook) -> None:
        with pytest.raises(NotAuthentic):
            webhook.receive(CIMultiDict(), {}, orjson.dumps(message()), NOW)

    def test_the_proof_of_one_kind_is_none_of_another(self, webhook: Webhook) -> None:
        mixed = CIMultiDict(click_headers())
        mixed["X-DDPaaS-Signature"] = robot_headers()["sign"]
        with pytest.raises(NotAuthentic):
            webhook.receive(mixed, {}, orjson.dumps(click()), NOW)

    @given(
        st.dictionaries(
            st.sampled_from(["timestamp", "sign", "x-ddpaas-signature", "x-ddpaas-signature-timestamp"]), st.text()
        ),
        st.dictionaries(st.sampled_from(["msg_signature", "signature", "timestamp", "nonce"]), st.text()),
        st.binary(max_size=100),
    )
    def test_any_forged_call_is_refused(self, headers: dict[str, str], query: dict[str, str], raw: bytes) -> None:
        with pytest.raises(NotAuthentic):
            DingTalkWebhook(SETTINGS, OrgId("acme"), bytes, Counted()).receive(headers, query, raw, NOW)

    @given(st.binary(max_size=200), st.sampled_from(["robot", "click", "event"]))
    def test_any_bytes_of_the_platforms_own_are_an_event_or_malformed(self, raw: bytes, kind: str) -> None:
        webhook = DingTalkWebhook(SETTINGS, OrgId("acme"), bytes, Counted())
        blob = encrypt(raw)
        headers, query, sent = {
            "robot": (robot_headers(), {}, raw),
            "click": (click_headers(), {}, raw),
            "event": (CIMultiDict[str](), signed(blob), body(blob)),
        }[kind]
        with contextlib.suppress(Malformed):
            webhook.receive(headers, query, sent, NOW)


def test_the_test_speaks_of_the_same_secrets() -> None:
    assert (SETTINGS.event_token, SETTINGS.event_aes_key) == (TOKEN, AES_KEY)
