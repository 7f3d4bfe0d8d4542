"""WeCom: callbacks over HTTP, from the check of the address to the encrypted answer to a click."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook import HttpAnswer, Immediate, Received, WebhookCall
from adapters.wecom.buttons import button_key
from adapters.wecom.crypto import Envelope
from adapters.wecom.passive import update_message
from adapters.wecom.webhook import WeComWebhook
from adapters.wecom.xml_tree import Element, read_xml
from domain.cards import (
    Answer,
    Button,
    Card,
    CardKey,
    ChoiceField,
    Facts,
    Option,
    Paragraph,
    Quote,
    Style,
    Toast,
    ToastKind,
    Tone,
)
from domain.errors import Malformed, NotAuthentic
from domain.events import CardClicked, ChatOpened, TextSaid
from domain.ids import OrgId
from tests import strategies
from tests.contract.wecom_rules import broken_rules
from tests.contract.wecom_stub import (
    AES_KEY,
    CORP,
    NOW,
    SETTINGS,
    TIMESTAMP,
    TOKEN,
    called_back,
    encrypt,
    envelope,
    event,
    sign,
)

KEY = CardKey("checkin", "c1")
TASK = "0190f0f0f0f07000800000000000beef"
WEBHOOK = WeComWebhook(SETTINGS, OrgId("acme"))
ENVELOPE = Envelope(TOKEN, AES_KEY, CORP)
CLICK = event(
    "template_card_event",
    inner=f"<EventKey>{button_key(KEY, 'submit')}</EventKey><TaskId>{TASK}</TaskId><ResponseCode>C1</ResponseCode>",
)
TOAST = Toast(ToastKind.SUCCESS, "收到")
SUBMIT = Button("submit", "提交", Style.MAIN, submits=True)


def receive(message: str) -> WebhookCall:
    return WEBHOOK.receive({}, *called_back(message), NOW)


def received(message: str = CLICK) -> Received:
    call = receive(message)
    assert isinstance(call, Received)
    return call


def opened(answer: HttpAnswer) -> Element:
    """Open an answer as the platform does."""
    assert (answer.status, answer.content_type) == (200, "application/xml; charset=utf-8")
    outer = read_xml(answer.body)
    assert [each.name for each in outer.children] == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    proof = sign(outer.said("Encrypt"), outer.said("TimeStamp"), outer.said("Nonce"))
    assert proof["msg_signature"] == outer.said("MsgSignature")
    return read_xml(ENVELOPE.open(outer.said("Encrypt")))


class TestCheckOfAddress:
    def test_it_is_answered_with_the_bare_words(self) -> None:
        echo = encrypt(b"5127093846015523")
        call = WEBHOOK.receive({}, sign(echo) | {"echostr": echo}, b"", NOW)
        assert call == Immediate(HttpAnswer(200, "text/plain; charset=utf-8", b"5127093846015523"))

    def test_a_forged_one_is_not(self) -> None:
        with pytest.raises(NotAuthentic):
            WEBHOOK.receive({}, sign("x") | {"echostr": encrypt(b"1")}, b"", NOW)


class TestEvents:
    def test_a_text_is_heard_and_answered_with_nothing(self) -> None:
        text = event("x").replace("event]]", "text]]").replace("<Event>", "<Content>").replace("</Event>", "</Content>")
        call = received(text)
        assert isinstance(call.inbound, TextSaid)
        assert call.inbound.text == "x"
        answer = call.reply(Answer(TOAST, Card(KEY, "t", "s")))
        assert answer == HttpAnswer(200, "text/plain; charset=utf-8", b"")

    def test_opening_the_chat_is_heard(self) -> None:
        assert isinstance(received(event("enter_agent")).inbound, ChatOpened)

    def test_a_repeated_callback_has_the_same_key(self) -> None:
        encrypted = encrypt(CLICK.encode(), noise=b"other noise 1234")
        later = str(int(TIMESTAMP) + 5)
        query = sign(encrypted, later, "another")
        again = WEBHOOK.receive({}, query, envelope(encrypted), NOW + timedelta(seconds=5))
        assert isinstance(again, Received)
        assert again.inbound == received().inbound


class TestAnswersToClicks:
    def test_without_a_new_face_it_is_empty_since_there_is_no_place_for_a_sentence(self) -> None:
        call = received()
        assert isinstance(call.inbound, CardClicked)
        assert call.inbound.silent
        assert call.reply(Answer(TOAST)) == HttpAnswer(200, "text/plain; charset=utf-8", b"")

    def test_a_new_face_goes_to_whoever_clicked(self) -> None:
        card = Card(
            KEY,
            "小结",
            "s",
            Tone.DONE,
            "已提交",
            (Paragraph("收到。"), Quote("成果", "a]]>b <x>&"), Facts((("提交", "周五"), ("连续", "3 期")))),
            buttons=(Button("edit", "修改"), Button("skip", "跳过")),
        )
        message = opened(received().reply(Answer(TOAST, card)))
        assert (message.said("ToUserName"), message.said("FromUserName")) == ("zhangsan", CORP)
        assert (message.said("MsgType"), message.said("CreateTime")) == ("update_template_card", TIMESTAMP)
        shown = message.find("TemplateCard")
        assert shown.said("CardType") == "button_interaction"
        assert shown.find("Source").said("Desc") == "已提交"
        assert shown.find("MainTitle").said("Title") == "小结"
        assert shown.find("QuoteArea").said("QuoteText") == "a]]>b <x>&"
        assert [row.said("KeyName") for row in shown.all("HorizontalContentList")] == ["提交", "连续"]
        assert [button.said("Text") for button in shown.all("ButtonList")] == ["修改", "跳过"]
        assert not list(shown.all("TaskId"))

    def test_a_card_that_is_done_shows_its_state_in_place_of_buttons(self) -> None:
        shown = opened(received().reply(Answer(None, Card(KEY, "t", "s", tag="已了结")))).find("TemplateCard")
        assert shown.said("ReplaceText") == "已了结"

    def test_drop_downs_and_boxes_are_spelled_as_documented(self) -> None:
        options = (Option("1", "好"), Option("2", "不好"))
        fields = (ChoiceField("mood", "状态", options, initial=("2",)), ChoiceField("pace", "节奏", options))
        drop_downs = Card(KEY, "t", "s", fields=fields, buttons=(SUBMIT,))
        shown = opened(received().reply(Answer(None, drop_downs))).find("TemplateCard")
        first, _ = shown.all("SelectList")
        assert (first.said("QuestionKey"), first.said("SelectedId")) == ("mood", "2")
        assert [option.said("Id") for option in first.all("OptionList")] == ["__choose__", "1", "2"]
        assert shown.find("SubmitButton").said("Text") == "提交"
        vote = Card(KEY, "t", "s", fields=fields[:1])
        shown = opened(received().reply(Answer(None, vote))).find("TemplateCard")
        box = shown.find("CheckBox")
        assert (box.said("Mode"), box.said("Disable")) == ("0", "true")
        assert [option.said("IsChecked") for option in box.all("OptionList")] == ["false", "true"]

    def test_the_same_answer_given_again_is_the_same(self) -> None:
        call = received()
        answer = Answer(TOAST, Card(KEY, "t", "s"))
        assert call.reply(answer) == call.reply(answer)
        assert call.reply(answer) != call.reply(Answer(TOAST, Card(KEY, "u", "s")))

    @given(strategies.cards().filter(lambda card: not card.fields))
    def test_any_face_is_well_formed(self, card: Card) -> None:
        shown = opened(received().reply(Answer(TOAST, card))).find("TemplateCard")
        assert shown.said("CardType") == "button_interaction"


def test_our_xml_holds_what_our_json_holds() -> None:
    template: dict[str, Any] = {"card_type": "x", "task_id": "t", "button_list": [{"text": "a"}, {"text": "b"}], "n": 5}
    assert broken_rules({"card_type": "vote_interaction", "main_title": {"title": "t"}, "task_id": "t"})
    assert update_message(template, "u", "c", NOW) == (
        "<xml><ToUserName><![CDATA[u]]></ToUserName><FromUserName><![CDATA[c]]></FromUserName>"
        f"<CreateTime>{TIMESTAMP}</CreateTime><MsgType><![CDATA[update_template_card]]></MsgType>"
        "<TemplateCard><CardType><![CDATA[x]]></CardType><ButtonList><Text><![CDATA[a]]></Text></ButtonList>"
        "<ButtonList><Text><![CDATA[b]]></Text></ButtonList><N>5</N></TemplateCard></xml>"
    )


@given(
    st.binary(max_size=200) | st.text("<>xml/&;![CDATA]- eventMsgType", max_size=80).map(str.encode),
    st.booleans(),
    st.booleans(),
)
def test_any_bytes_are_an_event_refused_or_malformed(raw: bytes, sealed: bool, checks: bool) -> None:
    encrypted = encrypt(raw)
    query = sign(encrypted) | ({"echostr": encrypted} if checks else {})
    try:
        call = WEBHOOK.receive({}, query, envelope(encrypted) if sealed else raw, NOW)
    except (NotAuthentic, Malformed):
        return
    assert isinstance(call, Immediate if checks else Received)
