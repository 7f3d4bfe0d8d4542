"""Feishu: what a web server gets from a callback, and sends back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.buttons import button_name, button_value
from adapters.feishu.settings import FeishuSettings, Mode
from adapters.feishu.webhook import FeishuWebhook
from adapters.webhook import HttpAnswer, Immediate, Received, Webhook
from domain.cards import Answer, Card, CardKey, Mention, Toast, ToastKind
from domain.errors import Malformed, NotAuthentic
from domain.events import CardClicked, TextSaid
from domain.ids import OrgId
from tests.unit.test_feishu_verify import encrypt, signed
from tests.unit.test_feishu_wire import click, message

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
KEY = CardKey("checkin", "c1")


@pytest.fixture
def webhook() -> Webhook:
    settings = FeishuSettings("cli_1", "s", Mode.WEBHOOK, encrypt_key="test key", verification_token="t")
    return FeishuWebhook(settings, OrgId("acme"), "ou_bot")


def received(webhook: Webhook, payload: dict[str, Any]) -> Received:
    raw = encrypt(orjson.dumps(payload))
    call = webhook.receive(signed(raw), {}, raw, NOW)
    assert isinstance(call, Received)
    return call


def test_the_check_of_the_address_is_answered_at_once(webhook: Webhook) -> None:
    raw = encrypt(orjson.dumps({"type": "url_verification", "token": "t", "challenge": "demo-4f1c"}))
    assert webhook.receive({}, {}, raw, NOW) == Immediate(
        HttpAnswer(200, "application/json; charset=utf-8", b'{"challenge":"demo-4f1c"}')
    )


def test_a_message_is_handed_on_and_answered_with_nothing(webhook: Webhook) -> None:
    call = received(webhook, message())
    assert isinstance(call.inbound, TextSaid)
    assert call.inbound.text == "本周上线了报表"
    assert call.reply(Answer()) == HttpAnswer(200, "application/json; charset=utf-8", b"{}")


def test_a_click_is_answered_with_a_sentence_and_a_card_for_whoever_clicked(webhook: Webhook) -> None:
    call = received(webhook, click(value=button_value(KEY, "submit"), name=button_name(KEY, "submit")))
    assert isinstance(call.inbound, CardClicked)
    card = Card(KEY, "t", "s", blocks=(Mention("张三", "收到"),))
    answer = call.reply(Answer(Toast(ToastKind.SUCCESS, "已提交"), card))
    body = orjson.loads(answer.body)
    assert answer.status == 200
    assert body["toast"]["content"] == "已提交"
    assert "<at id=ou_zhang></at>" in body["card"]["data"]["body"]["elements"][0]["content"]


def test_an_answer_can_be_given_again_with_the_same_result(webhook: Webhook) -> None:
    call = received(webhook, click(value=button_value(KEY, "submit")))
    answer = Answer(Toast(ToastKind.INFO, "已提交过"))
    assert call.reply(answer) == call.reply(answer)


def test_a_click_without_an_answer_gets_an_empty_object(webhook: Webhook) -> None:
    assert received(webhook, click()).reply(Answer()).body == b"{}"


def test_a_forged_callback_is_not_authentic(webhook: Webhook) -> None:
    raw = encrypt(orjson.dumps(message()))
    with pytest.raises(NotAuthentic):
        webhook.receive(signed(raw, key="other"), {}, raw, NOW)


def test_a_callback_that_was_recorded_and_is_sent_again_half_a_day_later_is_not_authentic(webhook: Webhook) -> None:
    raw = encrypt(orjson.dumps(message()))
    headers = signed(raw)
    assert isinstance(webhook.receive(headers, {}, raw, NOW), Received)
    with pytest.raises(NotAuthentic, match="stale"):
        webhook.receive(headers, {}, raw, NOW + timedelta(hours=12))


def test_an_authentic_callback_without_an_event_is_malformed(webhook: Webhook) -> None:
    raw = encrypt(b'{"header":{"token":"t"}}')
    with pytest.raises(Malformed):
        webhook.receive(signed(raw), {}, raw, NOW)


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_any_bytes_are_refused_and_never_break_the_adapter(raw: bytes, sign: bool, wrap: bool) -> None:
    settings = FeishuSettings("cli_1", "s", Mode.WEBHOOK, encrypt_key="test key", verification_token="t")
    body = encrypt(raw) if wrap else raw
    with pytest.raises((NotAuthentic, Malformed)):
        FeishuWebhook(settings, OrgId("acme")).receive(signed(body) if sign else {}, {}, body, NOW)
