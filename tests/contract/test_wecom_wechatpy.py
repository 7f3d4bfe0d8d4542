"""WeCom: wechatpy, which others wrote, opens what we seal, seals what we open, and reads the same messages (ADR 0016).

Its stable release calls WeCom `enterprise`. It knows no template card, so that of events only the common part is
compared.
"""

import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook import Received
from adapters.wecom.buttons import button_key
from adapters.wecom.crypto import Envelope
from adapters.wecom.verify import Verifier
from adapters.wecom.webhook import WeComWebhook
from domain.cards import Answer, Button, Card, CardKey
from domain.events import CardClicked, ChatOpened, TextSaid
from domain.ids import OrgId
from tests.contract.wecom_stub import AES_KEY, CORP, NOW, SETTINGS, TIMESTAMP, TOKEN, event

pytestmark = pytest.mark.vendor

NONCE = "demo123"
TEXT = (
    f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[zhangsan]]></FromUserName>"
    f"<CreateTime>{TIMESTAMP}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[本周完成了登录页 <b>]]></Content>"
    "<MsgId>7561255354251345929</MsgId><AgentID>1000002</AgentID></xml>"
)


@pytest.fixture(scope="session")
def wechatpy() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the vendor's dependencies deprecate is not ours to fix
        importlib.import_module("wechatpy.enterprise.crypto")
        yield importlib.import_module("wechatpy.enterprise")


@pytest.fixture(scope="session")
def judge(wechatpy: Any) -> Any:
    return wechatpy.crypto.WeChatCrypto(TOKEN, AES_KEY, CORP)


def called_back(judge: Any, message: str) -> tuple[dict[str, str], bytes]:
    """Return the query and body of a callback as wechatpy makes them."""
    raw = judge.encrypt_message(message, NONCE, TIMESTAMP)
    encrypted = raw.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    signature = raw.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = {"msg_signature": signature, "timestamp": TIMESTAMP, "nonce": NONCE}
    return query, f"<xml><ToUserName>{CORP}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()


@given(words=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=80))
def test_what_it_seals_we_open(judge: Any, words: str) -> None:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    opened = Verifier(SETTINGS).open(*called_back(judge, f"<xml><Content>x{escaped}x</Content></xml>"), NOW)
    assert opened.said("Content") == f"x{words}x"


@given(words=st.text(max_size=80))
def test_what_we_seal_it_opens(judge: Any, words: str) -> None:
    envelope = Envelope(TOKEN, AES_KEY, CORP)
    encrypted = envelope.seal(words.encode(), NONCE)
    raw = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    signature = envelope.signature(TIMESTAMP, NONCE, encrypted)
    assert judge.decrypt_message(raw, signature, TIMESTAMP, NONCE) == words


def test_the_check_of_an_address_is_the_same(judge: Any) -> None:
    envelope = Envelope(TOKEN, AES_KEY, CORP)
    echo = envelope.seal(b"5127093846015523", NONCE)
    query = {"msg_signature": envelope.signature(TIMESTAMP, NONCE, echo), "timestamp": TIMESTAMP, "nonce": NONCE}
    expected = judge.check_signature(query["msg_signature"], TIMESTAMP, NONCE, echo)
    assert Verifier(SETTINGS).echo(query | {"echostr": echo}, NOW).decode() == expected


def test_our_answer_to_a_click_is_opened_and_read(wechatpy: Any, judge: Any) -> None:
    key = button_key(CardKey("checkin", "c1"), "later")
    click = event("template_card_event", inner=f"<EventKey>{key}</EventKey><TaskId>m1</TaskId>")
    call = WeComWebhook(SETTINGS, OrgId("acme")).receive({}, *called_back(judge, click), NOW)
    assert isinstance(call, Received)
    assert isinstance(call.inbound, CardClicked)
    card = Card(CardKey("checkin", "c1"), "小结", "s", tag="已提交", buttons=(Button("edit", "修改"),))
    body = call.reply(Answer(None, card)).body.decode()
    signature = body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    plain = judge.decrypt_message(body, signature, TIMESTAMP, NONCE)
    read = wechatpy.parse_message(plain)
    assert (read.source, read.target) == (CORP, "zhangsan")
    assert read._data["TemplateCard"]["MainTitle"]["Title"] == "小结"
    assert read._data["TemplateCard"]["ButtonList"]["Text"] == "修改"


def test_a_text_is_read_alike(wechatpy: Any, judge: Any) -> None:
    call = WeComWebhook(SETTINGS, OrgId("acme")).receive({}, *called_back(judge, TEXT), NOW)
    assert isinstance(call, Received)
    assert isinstance(call.inbound, TextSaid)
    read = wechatpy.parse_message(TEXT)
    assert (call.inbound.text, call.inbound.origin.actor) == (read.content, read.source)
    assert call.inbound.origin.event_id == f"1000002/{read.id}"


def test_opening_the_chat_is_read_alike(wechatpy: Any, judge: Any) -> None:
    entered = event("subscribe")
    call = WeComWebhook(SETTINGS, OrgId("acme")).receive({}, *called_back(judge, entered), NOW)
    assert isinstance(call, Received)
    assert isinstance(call.inbound, ChatOpened)
    read = wechatpy.parse_message(entered)
    assert (read.event, read.source) == ("subscribe", call.inbound.origin.actor)
